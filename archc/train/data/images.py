"""Pictures in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from archc.opdef import attr, ints, text
from archc.sizes import FLOAT32, INT64
from archc.train.data.source import DataProblem, Field, Source

if TYPE_CHECKING:
    import numpy as np

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".ppm", ".pgm")


def image_folder(
    path: str,
    size: tuple[int, int],
    mode: str,
    classes: list[str],
    suffixes: tuple[str, ...],
) -> dict[str, np.ndarray]:
    """Give all pictures below a folder, from 0 to 1; the folders directly below it are the classes."""
    from pathlib import Path

    import numpy as np
    from PIL import Image

    files = sorted(
        file for file in Path(path).rglob("*") if file.suffix.lower() in suffixes
    )
    height, width = size
    images = np.zeros(
        (len(files), height, width, len(mode.replace("L", "1"))), "float32"
    )
    for row, file in zip(images, files, strict=True):
        with Image.open(file) as picture:
            resized = picture.convert(mode).resize((width, height))
            row[:] = np.asarray(resized, "float32").reshape(row.shape) / 255
    found = {"image": np.ascontiguousarray(images.transpose(0, 3, 1, 2))}
    if classes:
        names = [file.relative_to(path).parts[0] for file in files]
        found["label"] = np.array([classes.index(name) for name in names], "int64")
    return found


class ImageFolder(Source):
    """Pictures below a folder, resized; where it has folders inside, those are the classes.

    The size is that of the model's input `image` unless it is written. A folder that is not there is
    an error when training begins, so that a spec can be checked without its data.
    """

    name = "image_folder"
    package = "archc[data]"
    maker = staticmethod(image_folder)
    path: str = attr(text(), main=True, doc="the folder, relative to the spec")
    size: tuple[int, ...] | None = attr(
        ints(2, min=1, optional=True),
        None,
        doc="height and width; those of the input `image` by default",
    )
    mode: str = attr(text("RGB", "L"), "RGB", doc="colours, or `L` for grey")

    def fields(self) -> tuple[Field, ...]:
        """Give image, and label where there are classes."""
        channels = 3 if self.mode == "RGB" else 1
        image = Field("image", FLOAT32, (channels, *self._size()))
        classes = self._classes()
        return (
            (image, Field("label", INT64, (), 0, len(classes) - 1))
            if classes
            else (image,)
        )

    def arguments(self) -> dict[str, Any]:
        """Give the folder and how to read its pictures."""
        folder = self._folder()
        if not folder.is_dir():
            message = f"the folder `{self.path}` does not exist"
            raise DataProblem("E1030", message, "a path is relative to the spec")
        if not any(file.suffix.lower() in SUFFIXES for file in folder.rglob("*")):
            raise DataProblem(
                "E1030",
                f"the folder `{self.path}` holds no pictures",
                f"of {', '.join(SUFFIXES)}",
            )
        classes = self._classes()
        loose = [
            file.name for file in folder.iterdir() if file.suffix.lower() in SUFFIXES
        ]
        if classes and loose:
            message = f"the folder `{self.path}` has classes, and `{loose[0]}` is in none of them"
            raise DataProblem("E1031", message)
        return {
            "path": str(folder),
            "size": self._size(),
            "mode": self.mode,
            "classes": classes,
            "suffixes": SUFFIXES,
        }

    def _folder(self) -> Path:
        return self.place.folder / self.path

    def _size(self) -> tuple[int, ...]:
        if self.size is not None:
            return self.size
        wanted = self.place.inputs.get("image", ())
        sizes = tuple(each for each in wanted[-2:] if each is not None)
        if len(wanted) != 3 or len(sizes) != 2:
            message = "no model has an input `image` whose height and width are numbers"
            raise DataProblem(
                "E1031",
                message,
                "write the pictures' size: `{path: ..., size: [64, 64]}`",
            )
        return sizes

    def _classes(self) -> list[str]:
        folder = self._folder()
        inside = (
            sorted(each for each in folder.iterdir() if each.is_dir())
            if folder.is_dir()
            else []
        )
        return [
            each.name
            for each in inside
            if any(f.suffix.lower() in SUFFIXES for f in each.rglob("*"))
        ]

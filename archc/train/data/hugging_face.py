"""Datasets of Hugging Face's `datasets` on this disk, where it is installed."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Any

from archc.opdef import attr, ints, text
from archc.sizes import DTYPES, FLOAT32, INT64
from archc.train.data.source import DataProblem, Field, Source, check_memory, reading

if TYPE_CHECKING:
    import numpy as np


def hugging_face(
    path: str,
    split: str,
    saved: bool,
    columns: list[str],
    dtypes: list[str],
    size: tuple[int, int],
    mode: str,
) -> dict[str, np.ndarray]:
    """Give columns of a dataset by their element types; pictures are resized, from 0 to 1."""
    import datasets
    import numpy as np

    found = (
        datasets.load_from_disk(path)
        if saved
        else datasets.load_dataset(path, split=split)
    )
    found = found[split] if isinstance(found, dict) else found
    made = {}
    for name, dtype in zip(columns, dtypes, strict=True):
        column = found.select_columns([name])
        parts = []
        if isinstance(column.features[name], datasets.Image):
            for row in column:
                picture = row[name].convert(mode).resize(size[::-1])
                pixels = np.atleast_3d(np.asarray(picture, dtype)).transpose(2, 0, 1)
                parts.append(pixels[None] / np.float32(255))
        else:
            for batch in column.with_format("arrow").iter(1000):
                if batch.column(name).null_count:
                    raise ValueError(f"the column `{name}` has missing values")
                parts.append(np.array(batch.column(name).to_pylist(), dtype))
        made[name] = np.concatenate(parts)
    return made


class HuggingFace(Source):
    """A folder that a dataset was saved in, or of Parquet, CSV or JSON files or pictures.

    Every column of numbers, classes, pictures or lists of one length is a field; the others are left
    out. archc downloads nothing: a dataset of the hub is saved first.
    """

    name = "hugging_face"
    package = "archc[datasets]"
    maker = staticmethod(hugging_face)
    path: str = attr(text(), main=True, doc="the folder, relative to the spec")
    split: str = attr(text(), "train", doc="which part of it")
    size: tuple[int, ...] | None = attr(
        ints(2, min=1, optional=True),
        None,
        doc="height and width of pictures; those of the model's input",
    )
    mode: str = attr(
        text("RGB", "L"), "RGB", doc="of pictures: colours, or `L` for grey"
    )

    def fields(self) -> tuple[Field, ...]:
        """Give the columns that tensors hold."""
        found = [
            self._field(name, feature)
            for name, feature in self._dataset.features.items()
        ]
        fields = tuple(field for field in found if field is not None)
        if not fields:
            known = ", ".join(f"`{name}`" for name in self._dataset.features)
            raise DataProblem(
                "E1031",
                f"no column of `{self.path}` holds numbers",
                f"its columns: {known}",
            )
        return fields

    def arguments(self) -> dict[str, Any]:
        """Give the folder, its columns and how to read pictures."""
        fields = self.fields()
        rows = len(self._dataset)
        needed = (
            sum(math.prod(field.shape) * field.dtype.bytes for field in fields) * rows
        )
        check_memory(needed, self.path)
        pictures = [
            field
            for field in fields
            if self._is_picture(self._dataset.features[field.name])
        ]
        return {
            "path": str(self.place.folder / self.path),
            "split": self.split,
            "saved": self._saved,
            "columns": [field.name for field in fields],
            "dtypes": [field.dtype.name for field in fields],
            "size": self._size(pictures[0].name) if pictures else (0, 0),
            "mode": self.mode,
        }

    def meanings(self) -> dict[str, Any]:
        """Give the names of the classes."""
        features = self._dataset.features.items()
        return {
            name: list(each.names) for name, each in features if hasattr(each, "names")
        }

    @property
    def _saved(self) -> bool:
        folder = self.place.folder / self.path
        return any(
            (folder / name).is_file()
            for name in ("dataset_dict.json", "dataset_info.json")
        )

    @cached_property
    def _dataset(self) -> Any:
        folder = self.place.folder / self.path
        if not folder.is_dir():
            line = f'load_dataset("{self.path}", split="{self.split}").save_to_disk("FOLDER")'
            helps = (
                "a path is relative to the spec",
                f"save a dataset of the hub first: {line}",
            )
            raise DataProblem(
                "E1030", f"the folder `{self.path}` does not exist", *helps
            )
        package = self.bring("datasets")
        package.disable_progress_bars()
        with reading(self.path, "dataset"):
            if not self._saved:
                return package.load_dataset(str(folder), split=self.split)
            found = package.load_from_disk(str(folder))
            if isinstance(found, dict) and self.split not in found:
                known = ", ".join(f"`{name}`" for name in found)
                raise DataProblem(
                    "E1031",
                    f"`{self.path}` has no part `{self.split}`",
                    f"its parts: {known}",
                )
            return found[self.split] if isinstance(found, dict) else found

    def _is_picture(self, feature: Any) -> bool:
        return isinstance(feature, self.bring("datasets").Image)

    def _field(self, name: str, feature: Any) -> Field | None:
        if not name.isidentifier():
            return None
        if self._is_picture(feature):
            return Field(
                name, FLOAT32, (3 if self.mode == "RGB" else 1, *self._size(name))
            )
        if hasattr(feature, "names"):
            return Field(name, INT64, (), 0, len(feature.names) - 1)
        shape, element = _shape(feature)
        dtype = DTYPES.get(str(getattr(element, "dtype", "")))
        return None if dtype is None or shape is None else Field(name, dtype, shape)

    def _size(self, name: str) -> tuple[int, ...]:
        if self.size is not None:
            return self.size
        wanted = self.place.inputs.get(name, ())
        sizes = tuple(each for each in wanted[-2:] if each is not None)
        if len(wanted) != 3 or len(sizes) != 2:
            message = (
                f"no model has an input `{name}` whose height and width are numbers"
            )
            raise DataProblem(
                "E1031",
                message,
                "write the pictures' size: `{path: ..., size: [64, 64]}`",
            )
        return sizes


def _shape(feature: Any) -> tuple[tuple[int, ...] | None, Any]:
    """Give the shape of an example's value and its element; None where lists have no fixed length."""
    shape = getattr(feature, "shape", None)
    if isinstance(shape, tuple):
        return (shape if all(shape) else None), feature
    length = getattr(feature, "length", None)
    if length is None:
        return (), feature
    inner, element = _shape(feature.feature)
    return ((length, *inner) if length > 0 and inner is not None else None), element

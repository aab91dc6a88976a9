"""Sets of pictures that torchvision reads, where it is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archc.opdef import attr, text
from archc.sizes import FLOAT32, INT64
from archc.train.data.source import DataProblem, Field, Source, check_memory, reading

if TYPE_CHECKING:
    import numpy as np

_SETS = {
    "MNIST": ((1, 28, 28), 10, 60_000),
    "FashionMNIST": ((1, 28, 28), 10, 60_000),
    "KMNIST": ((1, 28, 28), 10, 60_000),
    "USPS": ((1, 16, 16), 10, 7_291),
    "CIFAR10": ((3, 32, 32), 10, 50_000),
    "CIFAR100": ((3, 32, 32), 100, 50_000),
    "SVHN": ((3, 32, 32), 10, 73_257),
    "STL10": ((3, 96, 96), 10, 8_000),
}
"""The shape of a picture, the classes, and at most how many there are of a part."""
_BY_SPLIT = ("SVHN", "STL10")


def torchvision(dataset: str, root: str, part: str | bool) -> dict[str, np.ndarray]:
    """Give the pictures of a set that torchvision reads, from 0 to 1, and their classes."""
    import numpy as np
    import torchvision

    found = getattr(torchvision.datasets, dataset)(root, part)
    first = np.asarray(found[0][0])
    images = np.empty((len(found), *np.atleast_3d(first).shape), "float32")
    labels = np.empty(len(found), "int64")
    for number in range(len(found)):
        picture, labels[number] = found[number]
        images[number] = np.atleast_3d(np.asarray(picture, "float32")) / 255
    return {
        "image": np.ascontiguousarray(images.transpose(0, 3, 1, 2)),
        "label": labels,
    }


class Torchvision(Source):
    """A set of pictures of torchvision's that is on this disk: archc downloads nothing."""

    name = "torchvision"
    package = "torchvision"
    paths = ("root",)
    maker = staticmethod(torchvision)
    dataset: str = attr(text(*_SETS), main=True, doc="the class of torchvision's")
    root: str = attr(
        text(),
        "data",
        doc="the folder that torchvision keeps it in, relative to the spec",
    )
    split: str = attr(text("train", "test"), "train", doc="which part of it")

    def fields(self) -> tuple[Field, ...]:
        """Give picture and class."""
        shape, classes, _ = _SETS[self.dataset]
        return Field("image", FLOAT32, shape), Field("label", INT64, (), 0, classes - 1)

    def arguments(self) -> dict[str, Any]:
        """Give the set's class and its arguments, where the set is there."""
        shape, _, most = _SETS[self.dataset]
        root = str(self.place.folder / self.root)
        part = self.split if self.dataset in _BY_SPLIT else self.split == "train"
        datasets = self.bring("torchvision.datasets")
        check_memory(8 * most * shape[0] * shape[1] * shape[2], self.dataset)
        with reading(f"{self.dataset} in {self.root}", "set that torchvision reads"):
            try:
                getattr(datasets, self.dataset)(root, part)
            except (RuntimeError, FileNotFoundError):
                raise self._absent(part) from None
        return {"dataset": self.dataset, "root": root, "part": part}

    def _absent(self, part: str | bool) -> DataProblem:
        given = f'"{part}"' if isinstance(part, str) else part
        call = f'{self.dataset}("{self.root}", {given}, download=True)'
        line = f"python -c 'from torchvision.datasets import {self.dataset}; {call}'"
        message = f"the data `{self.dataset}` is not whole in the folder `{self.root}`"
        where = "the folder is relative to the spec"
        return DataProblem("E1030", message, f"download it: {line}", where)

    def _title(self) -> str:
        return f"`{self.dataset}` in `{self.root}`"

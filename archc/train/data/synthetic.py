"""Sequences made by a formula, from a seed: nothing is read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from archc.opdef import attr, integer
from archc.sizes import FLOAT32, INT64
from archc.train.data.source import Field, Source, check_memory

if TYPE_CHECKING:
    import numpy as np


def copy(examples: int, length: int, symbols: int, seed: int) -> dict[str, np.ndarray]:
    """Give symbols to remember, then zeros; the target is zeros, then the symbols."""
    import numpy as np

    drawn = np.random.default_rng(seed).integers(1, symbols + 1, (examples, length))
    blank = np.zeros_like(drawn)
    sequence = np.concatenate([drawn, blank], 1)
    return {"sequence": sequence, "target": np.concatenate([blank, drawn], 1)}


def add(examples: int, length: int, seed: int) -> dict[str, np.ndarray]:
    """Give numbers beside two marks; the target is the sum of the two marked numbers.

    The adding problem of Hochreiter and Schmidhuber (1997).
    """
    import numpy as np

    random = np.random.default_rng(seed)
    values = random.random((examples, length), dtype="float32")
    marks = np.zeros_like(values)
    rows = np.arange(examples)
    marks[rows, random.integers(0, length // 2, examples)] = 1
    marks[rows, random.integers(length // 2, length, examples)] = 1
    target = (values * marks).sum(1, keepdims=True)
    return {"sequence": np.stack([values, marks], 2), "target": target}


def sine(examples: int, length: int, seed: int) -> dict[str, np.ndarray]:
    """Give pieces of sine waves of random frequency and phase; the target is one step ahead."""
    import numpy as np

    random = np.random.default_rng(seed)
    phase = random.random((examples, 1)) * 2 * np.pi
    frequency = 0.1 + 0.4 * random.random((examples, 1))
    wave = np.sin(phase + frequency * np.arange(length + 1)).astype("float32")[
        ..., None
    ]
    return {"sequence": wave[:, :-1], "target": wave[:, 1:]}


def shapes(examples: int, size: int, seed: int) -> dict[str, np.ndarray]:
    """Give noisy pictures of one disc or square each: where it is, its mask and its kind."""
    import numpy as np

    random = np.random.default_rng(seed)
    label = random.integers(0, 2, examples)
    half = random.uniform(size / 6, size / 4, (examples, 1, 1))
    middle = half[..., 0] + random.random((examples, 2)) * (size - 2 * half[..., 0])
    rows, columns = (
        np.abs(np.arange(size)[None, :, None] - middle[:, 0, None, None]),
        np.abs(np.arange(size)[None, None, :] - middle[:, 1, None, None]),
    )
    disc = rows**2 + columns**2 <= half**2
    square = np.maximum(rows, columns) <= half
    mask = np.where(label[:, None, None] == 1, square, disc)[:, None].astype("float32")
    image = (0.7 * mask + random.normal(0, 0.1, mask.shape)).astype("float32")
    box = np.concatenate([middle - half[..., 0], middle + half[..., 0]], 1) / size
    return {"image": image, "mask": mask, "box": box.astype("float32"), "label": label}


class Made(Source):
    """What made sources share: how many examples, and from which seed."""

    examples: int = attr(integer(min=1, max=10**7), 10_000, doc="how many")
    seed: int = attr(integer(min=0), 0, doc="of the random numbers")

    def arguments(self) -> dict[str, Any]:
        """Give the options, where the examples fit into memory. Raises DataProblem."""
        numbers = sum(math.prod(field.shape) for field in self.fields())
        check_memory(8 * self.examples * numbers, self.name)
        return self.options


class Sequences(Made):
    """What made sequences share: how long they are."""

    length: int = attr(
        integer(min=2, max=10**5), 20, main=True, doc="how many steps a sequence has"
    )


class Copy(Sequences):
    """Remember a sequence of symbols, and give it after it has ended."""

    name = "copy"
    maker = staticmethod(copy)
    symbols: int = attr(
        integer(min=1, max=10**6), 8, doc="how many symbols there are, beside 0"
    )

    def fields(self) -> tuple[Field, ...]:
        """Give what is shown and what is to be said."""
        shape = (2 * self.length,)
        return Field("sequence", INT64, shape, 0, self.symbols), Field(
            "target", INT64, shape, 0, self.symbols
        )


class Add(Sequences):
    """Add the two marked numbers of a sequence."""

    name = "add"
    maker = staticmethod(add)

    def fields(self) -> tuple[Field, ...]:
        """Give numbers with marks, and the sum."""
        return Field("sequence", FLOAT32, (self.length, 2)), Field(
            "target", FLOAT32, (1,)
        )


class Sine(Sequences):
    """Foretell the next value of a sine wave."""

    name = "sine"
    maker = staticmethod(sine)

    def fields(self) -> tuple[Field, ...]:
        """Give a wave, and the wave one step ahead."""
        shape = (self.length, 1)
        return Field("sequence", FLOAT32, shape), Field("target", FLOAT32, shape)


class Shapes(Made):
    """Find a disc or a square in a noisy picture: its mask, its box (top, left, bottom, right), its kind."""

    name = "shapes"
    maker = staticmethod(shapes)
    examples: int = attr(integer(min=1, max=10**6), 2_000, doc="how many")
    size: int = attr(integer(min=8, max=1_024), 32, main=True, doc="height and width")

    def fields(self) -> tuple[Field, ...]:
        """Give picture, mask, box and kind."""
        plane = (1, self.size, self.size)
        return (
            Field("image", FLOAT32, plane),
            Field("mask", FLOAT32, plane),
            Field("box", FLOAT32, (4,)),
            Field("label", INT64, (), 0, 1),
        )

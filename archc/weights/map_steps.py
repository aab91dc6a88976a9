"""The steps of a key map that change tensors: their axes, their shape, and how many they are."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from archc.weights.checkpoint import HIGHEST_RANK, MOST_TENSORS, Stored, shown
from archc.weights.elements import Array
from archc.weights.key_map import Made, Match, Step, Tensors
from archc.weights.template import Template

_NUMBER = re.compile(r"(\d+)")
Join = Callable[[list[Array], int], Array]


class Transpose(Step):
    """Put axes into another order; without `axes` the last two change places."""

    axes: tuple[int, ...]

    def made(self, matched: list[Match], tensors: Tensors) -> Iterator[Made]:
        """Keep each name."""
        for name, _ in matched:
            stored = tensors[name]
            rank = len(stored.shape)
            axes = self.axes or (*range(rank - 2), rank - 1, rank - 2)
            if rank < 2 or sorted(axes) != list(range(rank)):
                asked = f"the order {list(self.axes)}" if self.axes else "two axes to change"
                raise self.wrong(f"`{shown(name)}` is {list(stored.shape)}, which does not have {asked}")
            shape = tuple(stored.shape[axis] for axis in axes)
            yield _one(name, stored.replace(shape=shape, read=partial(_transposed, stored, axes)))


class Reshape(Step):
    """Give tensors another shape; one size may be -1, for what is left."""

    shape: tuple[int, ...]

    def made(self, matched: list[Match], tensors: Tensors) -> Iterator[Made]:
        """Keep each name."""
        for name, _ in matched:
            stored = tensors[name]
            count, known = math.prod(stored.shape), math.prod(size for size in self.shape if size >= 0)
            rest = count // known if known else 0
            shape = tuple(rest if size < 0 else size for size in self.shape)
            if math.prod(shape) != count:
                raise self.wrong(f"`{shown(name)}` is {list(stored.shape)}, which is not {list(self.shape)}")
            yield _one(name, stored.replace(shape=shape, read=partial(_reshaped, stored, shape)))


class Split(Step):
    """Cut tensors along an axis: into equal parts, or into parts of given sizes."""

    to: tuple[Template, ...]
    axis: int
    sizes: tuple[int, ...]

    def made(self, matched: list[Match], tensors: Tensors) -> Iterator[Made]:
        """Give each part its name."""
        for name, groups in matched:
            stored = tensors[name]
            sizes = self._sizes(name, stored)
            starts = [sum(sizes[:part]) for part in range(len(sizes))]
            parts = []
            for to, start, size in zip(self.to, starts, sizes, strict=True):
                shape = (*stored.shape[: self.axis], size, *stored.shape[self.axis + 1 :])
                read = partial(_cut, stored, self.axis, start, start + size)
                parts.append((to.name(groups), stored.replace(shape=shape, read=read)))
            yield Made((name,), tuple(parts))

    def _sizes(self, name: str, stored: Stored) -> tuple[int, ...]:
        if self.axis >= len(stored.shape):
            raise self.wrong(f"`{shown(name)}` is {list(stored.shape)}, which has no axis {self.axis}")
        size, parts = stored.shape[self.axis], len(self.to)
        if self.sizes and sum(self.sizes) != size:
            raise self.wrong(
                f"`{shown(name)}` has {size} on axis {self.axis}, the sizes give {sum(self.sizes)}"
            )
        if not self.sizes and size % parts:
            message = f"`{shown(name)}` has {size} on axis {self.axis}, which is not {parts} equal parts"
            raise self.wrong(message, "give `sizes`")
        return self.sizes or (size // parts,) * parts


class Concat(Step):
    """Join tensors along an axis: each that the pattern matches, and the others that belong to it."""

    others: tuple[Template, ...]
    to: Template
    axis: int

    def made(self, matched: list[Match], tensors: Tensors) -> Iterator[Made]:
        """Give one tensor for each that the pattern matches."""
        for name, groups in matched:
            names = (name, *(each.name(groups) for each in self.others))
            absent = next((each for each in names if each not in tensors), None)
            if absent is not None:
                raise self.wrong(f"there is no `{shown(absent)}` to go with `{shown(name)}`")
            if len(set(names)) < len(names):
                raise self.wrong(f"`{shown(name)}` would be joined with itself")
            parts = [tensors[each] for each in names]
            _check_alike(self, names, parts, self.axis)
            first = parts[0].shape
            size = sum(part.shape[self.axis] for part in parts)
            shape = (*first[: self.axis], size, *first[self.axis + 1 :])
            yield Made(names, ((self.to.name(groups), _joined(parts, shape, self.axis, np.concatenate)),))


class Stack(Step):
    """Put tensors that get the same name onto a new axis, in the order of the numbers in their names."""

    to: Template
    axis: int

    def made(self, matched: list[Match], tensors: Tensors) -> Iterator[Made]:
        """Give one tensor for each new name."""
        sets: dict[str, list[str]] = {}
        for name, groups in matched:
            sets.setdefault(self.to.name(groups), []).append(name)
        for new, names in sets.items():
            first = names[0]
            ordered = sorted(names, key=_by_number)
            parts = [tensors[name] for name in ordered]
            _check_alike(self, tuple(ordered), parts, None)
            shape = parts[0].shape
            if self.axis > len(shape) or len(shape) >= HIGHEST_RANK:
                raise self.wrong(f"`{shown(first)}` is {list(shape)}, which takes no new axis {self.axis}")
            shape = (*shape[: self.axis], len(parts), *shape[self.axis :])
            gone = (first, *(name for name in names if name != first))
            yield Made(gone, ((new, _joined(parts, shape, self.axis, np.stack)),))


class Unstack(Step):
    """Take tensors apart along an axis, which is then gone; each part gets its number in its name."""

    to: Template
    axis: int

    def made(self, matched: list[Match], tensors: Tensors) -> Iterator[Made]:
        """Give as many tensors as the axis is long."""
        total = 0
        for name, groups in matched:
            stored = tensors[name]
            if self.axis >= len(stored.shape):
                raise self.wrong(f"`{shown(name)}` is {list(stored.shape)}, which has no axis {self.axis}")
            size = stored.shape[self.axis]
            total += size
            if total > MOST_TENSORS:
                raise self.wrong(f"`{shown(name)}` has {size} on axis {self.axis}, more than are read")
            shape = (*stored.shape[: self.axis], *stored.shape[self.axis + 1 :])
            parts = (
                stored.replace(shape=shape, read=partial(_entry, stored, self.axis, i)) for i in range(size)
            )
            names = (self.to.name((*groups, str(number))) for number in range(size))
            yield Made((name,), tuple(zip(names, parts, strict=True)))


def _by_number(name: str) -> list[tuple[int, str]]:
    pieces = _NUMBER.split(name)
    return [(int(each) if each.isdecimal() else -1, each) for each in pieces]


def _check_alike(step: Step, names: tuple[str, ...], parts: list[Stored], axis: int | None) -> None:
    first = parts[0]
    if axis is not None and axis >= len(first.shape):
        raise step.wrong(f"`{shown(names[0])}` is {list(first.shape)}, which has no axis {axis}")
    for name, part in zip(names, parts, strict=True):
        if part.dtype is None or part.dtype is not first.dtype:
            kinds = f"`{shown(names[0])}` is {first.element_name} and `{shown(name)}` {part.element_name}"
            raise step.wrong(f"{kinds}: they cannot be one tensor")
        if _without(part.shape, axis) != _without(first.shape, axis):
            shapes = f"`{shown(names[0])}` is {list(first.shape)} and `{shown(name)}` {list(part.shape)}"
            raise step.wrong(f"{shapes}: they cannot be one tensor")


def _without(shape: tuple[int, ...], axis: int | None) -> tuple[int, ...]:
    return shape if axis is None else (*shape[:axis], -1, *shape[axis + 1 :])


def _one(name: str, stored: Stored) -> Made:
    return Made((name,), ((name, stored),))


def _joined(parts: list[Stored], shape: tuple[int, ...], axis: int, join: Join) -> Stored:
    first = parts[0]
    origin = ", ".join(part.origin for part in parts[:8])
    return first.replace(shape=shape, read=partial(_together, parts, axis, join), origin=origin)


def _transposed(stored: Stored, axes: tuple[int, ...]) -> Array:
    return stored.read().transpose(axes)


def _reshaped(stored: Stored, shape: tuple[int, ...]) -> Array:
    return stored.read().reshape(shape)


def _cut(stored: Stored, axis: int, start: int, stop: int) -> Array:
    return stored.read()[(slice(None),) * axis + (slice(start, stop),)]


def _entry(stored: Stored, axis: int, index: int) -> Array:
    return stored.read()[(slice(None),) * axis + (index,)]


def _together(parts: list[Stored], axis: int, join: Join) -> Array:
    return join([part.read() for part in parts], axis)

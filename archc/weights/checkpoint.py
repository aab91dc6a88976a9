"""A checkpoint: tensors by key, each read when it is asked for."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np

from archc.sizes import DType
from archc.source import Diagnostic, Record, SpecError
from archc.weights.elements import Array, numpy_type

MOST_TENSORS = 200_000
LONGEST_NAME = 500
HIGHEST_RANK = 32
MOST_ELEMENTS = 1 << 48


class Stored(Record):
    """One tensor of a checkpoint.

    `dtype` is None for elements that archc does not have, which cannot be read; `dtype_name` is the
    file's own word. `read` gives the elements, bfloat16 as bits in uint16. `origin` is the key, or
    the keys, in the file.
    """

    shape: tuple[int, ...]
    dtype: DType | None
    dtype_name: str
    read: Callable[[], Array]
    origin: str

    @property
    def element_name(self) -> str:
        """The element type in archc's word, or the file's own where there is none."""
        return self.dtype_name if self.dtype is None else self.dtype.name


class Checkpoint:
    """The tensors of a file or folder by key; `path` is what messages call it."""

    def __init__(self, path: Path, tensors: Mapping[str, Stored]) -> None:
        self.path = path
        self.tensors = dict(tensors)


def cannot(do: str, path: Path, error: OSError) -> Diagnostic:
    """Say that the system refused to read or write a file."""
    return Diagnostic("E0901", f"cannot {do} `{path}`: {(error.strerror or str(error)).lower()}")


def damaged(path: Path, reason: str, *help_: str) -> SpecError:
    """Refuse a file (E0902) that does not hold what its name says."""
    return SpecError([Diagnostic("E0902", f"`{path}` is not a readable weights file: {reason}", help=help_)])


def lies(path: Path, key: str, reason: str) -> SpecError:
    """Refuse a file (E0920) that says of a tensor what is not so."""
    message = f"the tensor `{shown(key)}` in `{path}` cannot be: {reason}"
    return SpecError([Diagnostic("E0920", message, help=("fetch or save the file again",))])


def too_much(path: Path, what: str, *help_: str) -> SpecError:
    """Refuse a file (E0922) that asks for more than archc is ready to read."""
    return SpecError([Diagnostic("E0922", f"`{path}` is not read: {what}", help=help_)])


def shown(key: str) -> str:
    """Give a key short enough for a message."""
    return key if len(key) <= 120 else f"{key[:120]}..."


def check_names(path: Path, keys: Iterable[str]) -> None:
    """Refuse (E0921, E0922) names that no module has, and too many of them."""
    for count, key in enumerate(keys, 1):
        if count > MOST_TENSORS:
            raise too_much(path, f"it holds more than {MOST_TENSORS:,} tensors")
        if not key:
            reason = "it is empty"
        elif len(key) > LONGEST_NAME:
            reason = f"it has more than {LONGEST_NAME} characters"
        elif not key.isprintable():
            reason = "it holds characters that cannot be printed"
        else:
            continue
        raise bad_name(path, key, reason)


def bad_name(path: Path, key: str, reason: str) -> SpecError:
    """Refuse (E0921) a name of a tensor."""
    message = f"the name of the tensor `{shown(key)}` in `{path}` cannot be used: {reason}"
    return SpecError([Diagnostic("E0921", message, help=("save the file again with other names",))])


def check_shape(path: Path, key: str, shape: object) -> tuple[int, ...]:
    """Give a shape as a tuple; refuses (E0920) what is none."""
    if not isinstance(shape, list | tuple) or not all(type(size) is int and size >= 0 for size in shape):
        raise lies(path, key, "its shape is not a list of sizes")
    if len(shape) > HIGHEST_RANK:
        raise lies(path, key, f"it has {len(shape)} axes, {HIGHEST_RANK} are allowed")
    if max(shape, default=0) > MOST_ELEMENTS or math.prod(shape) > MOST_ELEMENTS:
        raise lies(path, key, f"its shape {shown(str(list(shape)))} has more than {MOST_ELEMENTS} elements")
    return tuple(shape)


def regular(path: Path) -> Path:
    """Give the path of a regular file; SpecError (E0901) for anything else."""
    if path.exists() and not path.is_file():
        raise SpecError([Diagnostic("E0901", f"cannot read `{path}`: it is not a regular file")])
    return path


def opened(path: Path) -> BinaryIO:
    """Open a regular file for reading; SpecError (E0901)."""
    try:
        return regular(path).open("rb")
    except (OSError, ValueError) as error:
        reason = error if isinstance(error, OSError) else OSError(str(error))
        raise SpecError([cannot("read", path, reason)]) from None


def mapped(path: Path, start: int, shape: tuple[int, ...], dtype: DType, order: str = "<") -> Array:
    """Map a tensor's part of a file: what is not looked at is never read.

    Raises SpecError (E0901, E0902) where the file is no longer what it was when it was opened.
    """
    if 0 in shape:
        return np.empty(shape, numpy_type(dtype))
    elements = numpy_type(dtype).newbyteorder("<" if order == "<" else ">")
    with opened(path) as file:
        if os.fstat(file.fileno()).st_size < start + math.prod(shape) * elements.itemsize:
            raise damaged(path, "it became shorter while it was read")
        return np.memmap(file, elements, "r", start, shape or (1,)).reshape(shape)

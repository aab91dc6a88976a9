"""Read what `torch.save` writes, without running any of it.

The pickle inside is read as data (`pickled.py`), so that PyTorch's own reader is not needed: the few
names that make up a state dict are known (`torch_names.py`), any other is refused, and tensors are
mapped from the file when they are asked for.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from archc.sizes import DTYPES
from archc.source import Record
from archc.weights.checkpoint import (
    Checkpoint,
    Stored,
    check_names,
    check_shape,
    damaged,
    lies,
    mapped,
    opened,
    too_much,
)
from archc.weights.elements import Array
from archc.weights.pickled import MOST_BYTES, PickleError, read_pickle
from archc.weights.stored_zip import Entry, stored_entries
from archc.weights.torch_names import WIDTHS, Tensor, TorchNames, Unreadable

NESTED = ("state_dict", "model_state_dict", "model")
DEEPEST = 3
MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001


class _Content(Record):
    """What a file holds: the object that was saved, where its storages are, and their byte order."""

    saved: Any
    storages: Mapping[str, Entry]
    order: str


def open_torch(path: Path) -> Checkpoint:
    """Read a checkpoint of `torch.save`; SpecError (E0901, E0902, E0920, E0921, E0922)."""
    with opened(path) as file:
        archive = file.read(4) == b"PK\x03\x04"
        file.seek(0)
        try:
            content = _archive(path, file) if archive else _old(path, file)
        except PickleError as error:
            objects = "other than tensors" in str(error)
            help_ = ("save the tensors alone: `torch.save(model.state_dict(), ...)`",) if objects else ()
            raise damaged(path, str(error), *help_) from None
    found = _state_dict(path, content.saved)
    check_names(path, found)
    return Checkpoint(path, {key: _stored(path, key, each, content) for key, each in found.items()})


def _archive(path: Path, file: BinaryIO) -> _Content:
    entries = stored_entries(path, file)
    tops = [
        name[: -len("/data.pkl")] for name in entries if name.endswith("/data.pkl") and name.count("/") == 1
    ]
    if len(tops) != 1:
        raise damaged(path, "it is an archive, and not one that `torch.save` wrote")
    top = tops[0]
    if f"{top}/constants.pkl" in entries:
        help_ = "save the tensors alone: `torch.save(torch.jit.load(path).state_dict(), ...)`"
        raise damaged(path, "it holds a program of TorchScript", help_)

    def content(name: str) -> bytes:
        entry = _plain(path, entries, f"{top}/{name}")
        if entry.size > MOST_BYTES:
            raise too_much(path, f"its pickle has {entry.size:,} bytes, more than {MOST_BYTES:,}")
        file.seek(entry.start)
        return file.read(entry.size)

    names = TorchNames()
    order = ">" if content("byteorder") == b"big" else "<"
    saved = read_pickle(io.BytesIO(content("data.pkl")), names)
    return _Content(saved, {key: _plain(path, entries, f"{top}/data/{key}") for key in names.storages}, order)


def _plain(path: Path, entries: Mapping[str, Entry], name: str) -> Entry:
    """Give an entry; an empty one where it is missing."""
    entry = entries.get(name, Entry(0, 0))
    if not entry.plain:
        reason = f"the archive's file `{name[:100]}` is compressed or encrypted, which PyTorch never does"
        raise damaged(path, reason, "save it with `torch.save(model.state_dict(), ...)`")
    return entry


def _old(path: Path, file: BinaryIO) -> _Content:
    """Read the format before PyTorch 1.6: pickles, then the storages one after the other."""
    names = TorchNames()
    if read_pickle(file, names) != MAGIC or read_pickle(file, names) != PROTOCOL:
        raise damaged(path, "it is a pickle, and not one that `torch.save` wrote")
    system = read_pickle(file, names)
    order = ">" if isinstance(system, dict) and system.get("little_endian") is False else "<"
    saved = read_pickle(file, names)
    keys = read_pickle(file, names)
    if not isinstance(keys, list):
        raise PickleError("its steps do not fit together")
    storages: dict[str, Entry] = {}
    size = os.fstat(file.fileno()).st_size
    for key in keys:
        storage = names.storages.get(key) if isinstance(key, str) else None
        if storage is None or key in storages:
            raise PickleError("its list of storages is not that of its tensors")
        elements = int.from_bytes(file.read(8), "little" if order == "<" else "big")
        entry = Entry(file.tell(), elements * WIDTHS[storage.dtype_name])
        if elements != storage.elements or entry.start + entry.size > size:
            raise damaged(path, "it was cut off, or its storages are not of the size that it says")
        file.seek(entry.start + entry.size)
        storages[key] = entry
    return _Content(saved, storages, order)


def _state_dict(path: Path, saved: Any) -> dict[str, Tensor | Unreadable]:
    """Find the tensors by name: under a usual key, or in the mappings that there are."""
    for _ in range(DEEPEST):
        inside = saved if isinstance(saved, dict) else {}
        saved = next((inside[key] for key in NESTED if isinstance(inside.get(key), dict)), saved)
    if not isinstance(saved, dict):
        raise damaged(path, f"it holds {_kind(saved)}, not a mapping of names to tensors")
    found = _tensors(saved)
    if found:
        return found
    inner = {key: _tensors(value) for key, value in saved.items() if isinstance(value, dict)}
    full = {key: tensors for key, tensors in inner.items() if tensors and isinstance(key, str)}
    if len(full) == 1:
        return next(iter(full.values()))
    return {f"{top}.{key}": value for top, tensors in full.items() for key, value in tensors.items()}


def _kind(saved: Any) -> str:
    return "a tensor" if isinstance(saved, Tensor | Unreadable) else f"a {type(saved).__name__}"


def _tensors(mapping: dict[Any, Any]) -> dict[str, Tensor | Unreadable]:
    items = mapping.items()
    return {k: v for k, v in items if isinstance(k, str) and isinstance(v, Tensor | Unreadable)}


def _stored(path: Path, key: str, tensor: Tensor | Unreadable, content: _Content) -> Stored:
    if isinstance(tensor, Unreadable):
        return Stored(tensor.shape, None, tensor.dtype_name, partial(_refused, key), key)
    shape = check_shape(path, key, tensor.shape)
    if tensor.dtype_name not in WIDTHS:
        return Stored(shape, None, tensor.dtype_name, partial(_refused, key), key)
    width = WIDTHS[tensor.dtype_name]
    needed = _elements(path, key, tensor, shape)
    owner, entry = tensor.storage, content.storages.get(tensor.storage.key, Entry(0, 0))
    whole = WIDTHS[owner.dtype_name]
    if (tensor.offset + needed) * width > owner.elements * whole:
        raise lies(path, key, f"it reaches beyond the {owner.elements * whole:,} bytes of its storage")
    if (owner.start + owner.elements) * whole > entry.size:
        raise lies(path, key, f"its storage has {entry.size:,} bytes, not {owner.elements * whole:,}")
    if tensor.dtype_name not in DTYPES:
        return Stored(shape, None, tensor.dtype_name, partial(_refused, key), key)
    start = entry.start + owner.start * whole + tensor.offset * width
    read = partial(_read, path, start, needed, tensor, content.order)
    return Stored(shape, DTYPES[tensor.dtype_name], tensor.dtype_name, read, key)


def _elements(path: Path, key: str, tensor: Tensor, shape: tuple[int, ...]) -> int:
    """Give how many elements of its storage a tensor reaches over, from its first to its last."""
    steps = tensor.stride
    numbers = isinstance(steps, list | tuple) and all(type(step) is int and step >= 0 for step in steps)
    if not numbers or len(steps) != len(shape) or type(tensor.offset) is not int or tensor.offset < 0:
        raise lies(path, key, "it is not clear where its elements are")
    if 0 in shape:
        return 0
    reach: int = sum((size - 1) * step for size, step in zip(shape, steps, strict=True))
    return 1 + reach


def _read(path: Path, start: int, needed: int, tensor: Tensor, order: str) -> Array:
    dtype, shape = DTYPES[tensor.dtype_name], tuple(tensor.shape)
    flat = mapped(path, start, (needed,), dtype, order)
    if 0 in shape:
        return flat.reshape(shape)
    strides = tuple(step * flat.itemsize for step in tensor.stride)
    view = np.lib.stride_tricks.as_strided(flat, shape, strides, writeable=False)
    return np.ascontiguousarray(view, dtype=view.dtype.newbyteorder("<")).reshape(shape)


def _refused(key: str) -> Array:
    raise ValueError(f"the elements of `{key}` are of a type that archc does not have")

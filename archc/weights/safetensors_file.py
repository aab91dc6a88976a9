"""Read safetensors files: a table of names, shapes and places, and behind it the elements."""

from __future__ import annotations

import math
import os
from functools import partial
from pathlib import Path
from typing import Any

from archc.weights.bounded_json import MOST_BYTES, parse_json
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
from archc.weights.names import STORED_TYPES


def open_safetensors(path: Path) -> Checkpoint:
    """Read a file's table; SpecError (E0901, E0902, E0920, E0921, E0922).

    As the format has it, the tensors lie one after the other, without holes, and nothing else is there.
    """
    with opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        start = file.read(8)
        length = int.from_bytes(start, "little")
        if len(start) < 8 or length > size - 8:
            claim = f"its table is said to have {length:,} bytes, " if len(start) == 8 else ""
            raise damaged(path, f"{claim}the file has {size:,}", *_how_to_get())
        if length > MOST_BYTES:
            raise too_much(path, f"its table has {length:,} bytes, more than {MOST_BYTES:,}")
        text = file.read(length)
    if not text.startswith(b"{"):
        raise damaged(path, "it does not begin with a table of tensors", *_how_to_get())
    table = parse_json(path, text)
    table.pop("__metadata__", None)
    check_names(path, table)
    places = {key: _place(path, key, entry) for key, entry in table.items()}
    _check_places(path, places, size - 8 - length)
    return Checkpoint(path, {key: _stored(path, key, table[key], 8 + length) for key in table})


def _how_to_get() -> tuple[str, ...]:
    return ("a file that Git LFS stands in for, or one that was not fetched whole, looks like this",)


def _place(path: Path, key: str, entry: Any) -> tuple[int, int]:
    word = entry.get("dtype") if isinstance(entry, dict) else None
    if not isinstance(word, str) or not word.isidentifier() or len(word) > 20:
        raise lies(path, key, "the table does not say its element type")
    place: Any = entry.get("data_offsets")
    pair = isinstance(place, list) and len(place) == 2 and all(type(at) is int for at in place)
    if not pair or not 0 <= place[0] <= place[1] < 1 << 64:
        raise lies(path, key, "the table does not say where it begins and ends")
    start, stop = place
    shape = check_shape(path, key, entry.get("shape"))
    dtype = STORED_TYPES.get(word)
    if dtype is not None and math.prod(shape) * dtype.bytes != stop - start:
        takes = f"{list(shape)} of {word} takes {math.prod(shape) * dtype.bytes} bytes"
        raise lies(path, key, f"{takes}, the table gives it {stop - start}")
    return start, stop


def _check_places(path: Path, places: dict[str, tuple[int, int]], size: int) -> None:
    end, before = 0, ""
    for key, (start, stop) in sorted(places.items(), key=lambda item: item[1]):
        if start < end:
            raise lies(path, key, f"its bytes overlap those of `{before}`")
        if stop > size:
            raise lies(path, key, f"it ends at byte {stop:,} of {size:,}: the file was cut off")
        if start > end:
            raise lies(path, key, f"there are {start - end} bytes before it that belong to no tensor")
        end, before = stop, key
    if end != size:
        raise damaged(path, f"it has {size - end} bytes that belong to no tensor")


def _stored(path: Path, key: str, entry: dict[str, Any], start: int) -> Stored:
    name, shape = entry["dtype"], tuple(entry["shape"])
    dtype = STORED_TYPES.get(name)
    place = start + entry["data_offsets"][0]
    read = partial(_unreadable, key) if dtype is None else partial(mapped, path, place, shape, dtype)
    return Stored(shape, dtype, name, read, key)


def _unreadable(key: str) -> Any:
    raise ValueError(f"the elements of `{key}` are of a type that archc does not have")

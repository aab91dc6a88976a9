"""Write tensors to a safetensors file as they come, one at a time."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from archc.opdef import Param
from archc.source import Record
from archc.weights.ahead import ahead
from archc.weights.elements import Array
from archc.weights.names import STORED_NAMES

Progress = Callable[[str, int, int], None]
Table = dict[str, tuple[int, int]]


class Layout(Record):
    """Where each tensor goes: the file's header, each key's offset and length, the file's size.

    `order` holds the keys in the order of the file; tied keys share the place of their owner.
    """

    header: bytes
    table: Table
    order: tuple[str, ...]
    size: int


def layout(params: Mapping[str, Param], ties: Mapping[str, str] | None = None) -> Layout:
    """Plan a file: wide elements first, so that each tensor is aligned to its own; else in order.

    `ties` maps a key to the key that owns the tensor they share.
    """
    ties = ties or {}
    owners = [key for key in params if key not in ties]
    order = sorted(owners, key=lambda key: -params[key].dtype.bytes)
    entries: dict[str, object] = {"__metadata__": {"format": "pt"}}
    places: Table = {}
    end = 0
    for key in order:
        param = params[key]
        start, end = end, end + math.prod(param.shape) * param.dtype.bytes
        places[key] = (start, end - start)
        dtype = STORED_NAMES[param.dtype]
        entries[key] = {"dtype": dtype, "shape": list(param.shape), "data_offsets": [start, end]}
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    header = len(text).to_bytes(8, "little") + text
    table = {key: (places[key][0] + len(header), places[key][1]) for key in order}
    table.update({key: table[owner] for key, owner in ties.items()})
    return Layout(header, table, tuple(order), end + len(header))


def write(
    path: str | os.PathLike[str],
    plan: Layout,
    chunks: Callable[[str], Iterable[Array]],
    progress: Progress | None = None,
) -> str:
    """Write a planned file from flat pieces of each tensor; give the SHA-256 of its bytes."""
    digest = hashlib.sha256(plan.header)
    done = len(plan.header)
    pieces = ahead((key, chunk) for key in plan.order for chunk in chunks(key))
    written = dict.fromkeys(plan.order, 0)
    with open(path, "wb") as file:
        file.write(plan.header)
        for key, chunk in pieces:
            data = np.ascontiguousarray(chunk).reshape(-1).view(np.uint8).data
            file.write(data)
            digest.update(data)
            done += chunk.nbytes
            written[key] += chunk.nbytes
            if progress is not None:
                progress("weights", done, plan.size)
        file.flush()
        os.fsync(file.fileno())
    for key, size in written.items():
        if size != plan.table[key][1]:
            raise ValueError(f"`{key}` has {size} bytes, {plan.table[key][1]} were planned")
    return digest.hexdigest()

"""The entries of a zip archive, with their places in the file; nothing here inflates anything.

PyTorch never compresses tensors, so that they can be mapped.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from archc.source import Record
from archc.weights.checkpoint import bad_name, damaged, too_much

MOST_ENTRIES = 200_000
MOST_BYTES = 1 << 25

_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_WIDE = 0xFFFFFFFF


class Entry(Record):
    """Where an entry's bytes are, and whether they are as they were put in."""

    start: int
    size: int
    plain: bool = True


def stored_entries(path: Path, file: BinaryIO) -> dict[str, Entry]:
    """Give the entries of an archive by name; SpecError (E0902, E0921, E0922)."""
    size = os.fstat(file.fileno()).st_size
    count, length, start = _directory(path, file, size)
    if count > MOST_ENTRIES or length > MOST_BYTES:
        raise too_much(path, f"it is an archive of {count:,} files, more than {MOST_ENTRIES:,}")
    if start + length > size:
        raise _cut(path)
    file.seek(start)
    found: dict[str, Entry] = {}
    for name, entry in _listed(path, file.read(length), count):
        if name in found:
            raise bad_name(path, name, "the archive has two files of this name")
        found[name] = entry.replace(start=_data(path, file, entry.start))
    _check_apart(path, found, size)
    return found


def _cut(path: Path) -> Exception:
    return damaged(path, "the archive is damaged or was cut off", "fetch or save the file again")


def _directory(path: Path, file: BinaryIO, size: int) -> tuple[int, int, int]:
    """Give the number of entries, and the length and place of their list."""
    tail = min(size, _END.size + _LOCATOR64.size + 0xFFFF)
    file.seek(size - tail)
    data = file.read(tail)
    at = data.rfind(b"PK\x05\x06")
    if at < 0 or at + _END.size > len(data):
        raise _cut(path)
    _, _, _, _, count, length, start, _ = _END.unpack_from(data, at)
    if count != 0xFFFF and _WIDE not in (length, start):
        return count, length, start
    if at < _LOCATOR64.size or data[at - _LOCATOR64.size :][:4] != b"PK\x06\x07":
        return count, length, start
    _, _, place, _ = _LOCATOR64.unpack_from(data, at - _LOCATOR64.size)
    if place + _END64.size > size:
        raise _cut(path)
    file.seek(place)
    mark, *_, count, length, start = _END64.unpack(file.read(_END64.size))
    if mark != b"PK\x06\x06":
        raise _cut(path)
    return count, length, start


def _listed(path: Path, data: bytes, count: int) -> Iterator[tuple[str, Entry]]:
    """Give the name of each entry, and the entry from its local header on."""
    at = 0
    for _ in range(count):
        if at + _ENTRY.size > len(data) or data[at : at + 4] != b"PK\x01\x02":
            raise _cut(path)
        (_, _, _, flags, method, _, _, _, packed, size, *lengths, _, _, _, place) = _ENTRY.unpack_from(
            data, at
        )
        at += _ENTRY.size
        name_length, extra_length, comment_length = lengths
        name = data[at : at + name_length].decode("utf-8", "replace")
        extra = data[at + name_length : at + name_length + extra_length]
        at += name_length + extra_length + comment_length
        size, packed, place = _widened(path, extra, size, packed, place)
        yield name, Entry(place, packed, method == 0 and not flags & 1 and size == packed)


def _widened(path: Path, extra: bytes, size: int, packed: int, place: int) -> tuple[int, int, int]:
    """Take from the extra field what does not fit into 32 bits."""
    if _WIDE not in (size, packed, place):
        return size, packed, place
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == 1:
            wide = [each for (each,) in struct.iter_unpack("<Q", extra[at + 4 : at + 4 + length // 8 * 8])]
            narrow = [size, packed, place]
            if len(wide) < narrow.count(_WIDE):
                break
            size, packed, place = (wide.pop(0) if each == _WIDE else each for each in narrow)
            return size, packed, place
        at += 4 + length
    raise _cut(path)


def _data(path: Path, file: BinaryIO, place: int) -> int:
    """Give the place of an entry's bytes, behind its local header."""
    file.seek(place)
    header = file.read(_LOCAL.size)
    if len(header) < _LOCAL.size or header[:4] != b"PK\x03\x04":
        raise _cut(path)
    *_, name_length, extra_length = _LOCAL.unpack(header)
    return place + _LOCAL.size + int(name_length) + int(extra_length)


def _check_apart(path: Path, entries: dict[str, Entry], size: int) -> None:
    end, before = 0, ""
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].start, item[1].size)):
        if entry.start + entry.size > size:
            raise _cut(path)
        if entry.start < end:
            raise damaged(path, f"the archive's files `{before[:100]}` and `{name[:100]}` overlap")
        end, before = entry.start + entry.size, name

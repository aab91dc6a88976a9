"""Arrays in an `.npz` file of numpy's."""

from __future__ import annotations

import ast
import math
import zipfile
from typing import IO, TYPE_CHECKING, Any

from archc.opdef import attr, text
from archc.sizes import DTYPES
from archc.train.data.source import DataProblem, Field, Source, check_memory, reading

if TYPE_CHECKING:
    import numpy as np

_MAGIC = b"\x93NUMPY"
_LONGEST_HEADER = 10_000
_CODES = {"f": "float", "i": "int", "u": "uint", "b": "bool"}


def npz(path: str) -> dict[str, np.ndarray]:
    """Give the arrays of a file; their first axis counts the examples."""
    import numpy as np

    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


class Npz(Source):
    """Every array of the file is a field; its first axis counts the examples."""

    name = "npz"
    maker = staticmethod(npz)
    path: str = attr(text(), main=True, doc="the file, relative to the spec")

    def arguments(self) -> dict[str, Any]:
        """Give the file's path, where its arrays fit into memory."""
        path = self.place.file(self.path)
        with reading(self.path, "`.npz` file"), zipfile.ZipFile(path) as archive:
            check_memory(
                sum(member.file_size for member in archive.infolist()), self.path
            )
        return {"path": str(path)}

    def fields(self) -> tuple[Field, ...]:
        """Read the headers of the arrays, not the arrays."""
        path = self.place.file(self.path)
        with reading(self.path, "`.npz` file"), zipfile.ZipFile(path) as archive:
            found = tuple(self._field(archive, member) for member in archive.infolist())
        if not found:
            raise DataProblem("E1031", f"`{self.path}` holds no arrays")
        return found

    def _field(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Field:
        name = member.filename.removesuffix(".npy")
        with archive.open(member) as file:
            header = _header(file)
            begin = file.tell()
        shape, code = header["shape"], str(header["descr"])
        dtype = _CODES.get(code[1:2], "") + (
            "" if code[1:2] == "b" else str(8 * int(code[2:] or 0))
        )
        if dtype not in DTYPES or code[0] == ">" or not name.isidentifier():
            message = f"the array `{name}` of `{self.path}` has the type {code}, which no tensor has"
            raise DataProblem("E1031", message, "save it as float32 or int64")
        promised = math.prod(shape) * int(code[2:])
        if promised != member.file_size - begin:
            message = f"the array `{name}` of `{self.path}` is said to have {promised:,} bytes"
            raise DataProblem("E1031", message, f"it has {member.file_size - begin:,}")
        if not shape or header["fortran_order"] not in (True, False):
            raise DataProblem(
                "E1031", f"the array `{name}` of `{self.path}` has no axis of examples"
            )
        return Field(name, DTYPES[dtype], tuple(int(size) for size in shape[1:]))


def _header(file: IO[bytes]) -> dict[str, Any]:
    """Read the header of an `.npy` file: a dict as Python writes it, of literals."""
    if file.read(6) != _MAGIC:
        raise ValueError("an array in it has no header")
    major, _ = file.read(2)
    size = int.from_bytes(file.read(2 if major == 1 else 4), "little")
    if size > _LONGEST_HEADER:
        raise ValueError("an array in it has a header without end")
    header = ast.literal_eval(file.read(size).decode("latin1"))
    if not isinstance(header, dict):
        raise ValueError("an array in it has no header")
    return header

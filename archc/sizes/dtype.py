"""Element types of tensors, and PyTorch's promotion between them."""

from __future__ import annotations


class DType:
    """An element type; there is one object for each."""

    __slots__ = ("bits", "is_float", "is_integer", "name", "signed")

    def __init__(self, name: str, bits: int, kind: str) -> None:
        self.name = name
        self.bits = bits
        self.is_float = kind == "float"
        self.is_integer = kind in ("int", "uint")
        self.signed = kind != "uint"

    @property
    def bytes(self) -> int:
        """The size of one element in memory."""
        return max(self.bits // 8, 1)

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return self.name

    def __copy__(self) -> DType:
        return self

    def __deepcopy__(self, memo: object) -> DType:
        return self

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return dtype, (self.name,)


FLOAT64 = DType("float64", 64, "float")
FLOAT32 = DType("float32", 32, "float")
FLOAT16 = DType("float16", 16, "float")
BFLOAT16 = DType("bfloat16", 16, "float")
INT64 = DType("int64", 64, "int")
INT32 = DType("int32", 32, "int")
INT16 = DType("int16", 16, "int")
INT8 = DType("int8", 8, "int")
UINT8 = DType("uint8", 8, "uint")
BOOL = DType("bool", 1, "bool")

DTYPES: dict[str, DType] = {
    kind.name: kind for kind in (FLOAT64, FLOAT32, FLOAT16, BFLOAT16, INT64, INT32, INT16, INT8, UINT8, BOOL)
}


def dtype(name: str) -> DType:
    """Give the element type of a name."""
    return DTYPES[name]


def promote(a: DType, b: DType) -> DType:
    """Give the element type of an operation on tensors of two types, as PyTorch does."""
    if a is b or b is BOOL:
        return a
    if a is BOOL:
        return b
    if a.is_float != b.is_float:
        return a if a.is_float else b
    if a.bits == b.bits:
        return FLOAT32 if a.is_float else INT16
    return a if a.bits > b.bits else b

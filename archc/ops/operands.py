"""Tensors and Python numbers side by side: what PyTorch's promotion makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from archc.opdef import OnnxBuilder
from archc.opdef.python import Input, Lit, Py, Size
from archc.sizes import BOOL, FLOAT32, INT32, INT64, Dim, DType, Expr, TensorType, ValueRange, promote

Number = bool | int | float | Expr


class Weak(TensorType):
    """A number among tensors: it has no axes, and bends to the tensors' element type."""

    __slots__ = ("value",)

    def __init__(self, value: Number) -> None:
        kind = BOOL if isinstance(value, bool) else FLOAT32 if isinstance(value, float) else INT64
        whole = None if isinstance(value, bool | float) else ValueRange(value, value)
        super().__init__(kind, (), whole)
        self.value = value

    def __str__(self) -> str:
        return str(self.value)


def result_dtype(types: Sequence[TensorType]) -> DType:
    """Give the element type of an operation, as PyTorch: tensors with axes first, then those without,
    then numbers; a lower group changes only the kind (bool, integer, float), not the width.
    """
    numbers = [each.dtype for each in types if isinstance(each, Weak)]
    scalars = [each.dtype for each in types if not isinstance(each, Weak) and not each.rank]
    tensors = [each.dtype for each in types if each.rank]
    groups = [reduce(promote, group) for group in (numbers, scalars, tensors) if group]
    return reduce(lambda lower, higher: _combined(higher, lower), groups)


def _combined(higher: DType, lower: DType) -> DType:
    if higher.is_float:
        return higher
    return promote(higher, lower) if higher is BOOL or lower.is_float else higher


def shapes_of(types: Sequence[TensorType]) -> list[tuple[Dim, ...]]:
    """Give the shapes."""
    return [each.shape for each in types]


def number(value: Number) -> Py:
    """Give a number in PyTorch."""
    return Size(value) if isinstance(value, Expr) else Lit(value)


def argument(index: int, given: TensorType) -> Py:
    """Give an input in PyTorch; a number is written out."""
    return number(given.value) if isinstance(given, Weak) else Input(index)


def wide(dtype: DType) -> DType:
    """Give the type to compute in: runtimes have no arithmetic for integers below 32 bits."""
    return INT32 if dtype.is_integer and dtype.bits < 32 else dtype


def as_dtype(g: OnnxBuilder, name: str, given: TensorType | None, dtype: DType) -> str:
    """Give an input of an ONNX node as elements of a type; a number becomes a constant."""
    assert given is not None
    if not isinstance(given, Weak):
        return name if given.dtype is dtype else g.cast(name, dtype)
    if isinstance(given.value, Expr):
        return g.cast(g.size(given.value), dtype)
    return constant(g, given.value, dtype)


def constant(g: OnnxBuilder, value: float | int | bool, dtype: DType) -> str:
    """Give a scalar constant of a type; floats follow the model's float."""
    if dtype is FLOAT32:
        return g.scalar(float(value))
    if dtype is BOOL:
        return g.scalar(bool(value), BOOL)
    return g.scalar(float(value) if dtype.is_float else int(value), dtype)


def input_type(g: OnnxBuilder, index: int = 0) -> TensorType:
    """Give the type of an input that an ONNX node cannot do without."""
    found = g.types[index]
    assert found is not None
    return found

"""The type of a tensor: elements, sizes, and the values that its integers may take."""

from __future__ import annotations

from archc.sizes.dtype import FLOAT32, DType
from archc.sizes.expr import Dim
from archc.sizes.text import shape_text
from archc.source import Record


class ValueRange(Record):
    """The least and greatest value of an integer tensor, both included.

    `source` names the model's input whose range this is when it was not declared: it follows from use.
    """

    low: Dim | None = None
    high: Dim | None = None
    source: str | None = None


class TensorType:
    """Element type, shape, and the range of an integer tensor's values where it is known."""

    __slots__ = ("_hash", "dtype", "range", "shape")

    def __init__(self, dtype: DType, shape: tuple[Dim, ...], range: ValueRange | None = None) -> None:  # noqa: A002
        self.dtype = dtype
        self.shape = shape
        self.range = range
        self._hash: int | None = None

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def with_shape(self, shape: tuple[Dim, ...]) -> TensorType:
        """Give this type with another shape."""
        return TensorType(self.dtype, shape, self.range)

    def without_axis(self, axis: int) -> TensorType:
        """Give the type of a slice along an axis, which may be counted from the back."""
        axis %= self.rank
        return self.with_shape((*self.shape[:axis], *self.shape[axis + 1 :]))

    def with_axis(self, axis: int, size: Dim) -> TensorType:
        """Give the type of values of this one stacked along a new axis."""
        axis %= self.rank + 1
        return self.with_shape((*self.shape[:axis], size, *self.shape[axis:]))

    def with_dtype(self, dtype: DType) -> TensorType:
        """Give this type with other elements, whose range is not known."""
        return TensorType(dtype, self.shape)

    def with_range(self, range: ValueRange | None) -> TensorType:  # noqa: A002
        """Give this type with another range of values."""
        return TensorType(self.dtype, self.shape, range)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, TensorType):
            return NotImplemented
        return self.dtype is other.dtype and self.shape == other.shape and self.range == other.range

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash((self.dtype.name, self.shape, self.range))
        return self._hash

    def __str__(self) -> str:
        shown = shape_text(self.shape)
        return shown if self.dtype is FLOAT32 else f"{self.dtype.name}{shown}"

    def __repr__(self) -> str:
        return f"<{self}>"

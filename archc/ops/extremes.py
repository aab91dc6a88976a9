"""The largest and smallest values with their positions."""

from __future__ import annotations

from typing import ClassVar

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, boolean, ints, op
from archc.opdef.python import Call, Input, Lit, PyTorch, Site
from archc.ops.operands import as_dtype, wide
from archc.ops.reduction import reduce, require_axis_to_keep
from archc.sizes import BOOL, INT32, INT64, Dim, TensorType, ValueRange, product


class Extreme(Free):
    """What ops share that look for the largest or smallest value along an axis, or of all."""

    dim: tuple[int, ...] | None = attr(ints(1, optional=True), None, main=True, doc="the axis; null for all")
    keepdim: bool = attr(boolean(), False, doc="keep the axis, with size 1")
    word: ClassVar[str]

    def along(self, rule: Rule, x: TensorType) -> tuple[tuple[Dim, ...], Dim]:
        """Give the shape without the axis, and how many values there are along it."""
        if self.dim is None:
            return (), product(x.shape)
        axis = rule.axis(self.dim[0], max(x.rank, 1))
        kept = (1,) if self.keepdim and x.rank else ()
        size = x.shape[axis] if x.rank else 1
        return (*x.shape[:axis], *kept, *x.shape[axis + 1 :]), size

    def positions(self, g: OnnxBuilder, x: str) -> str:
        """Give `ArgMax` or `ArgMin`; of equal values the first."""
        source = g.types[0]
        assert source is not None
        x = as_dtype(g, x, source, INT32 if source.dtype is BOOL else wide(source.dtype))
        if self.dim is None or not source.rank:
            flat = g.emit("Reshape", x, g.ints(-1))
            return g.emit(f"Arg{self.word}", flat, axis=0, keepdims=0)
        return g.emit(f"Arg{self.word}", x, axis=self.dim[0] % source.rank, keepdims=int(self.keepdim))


class Valued(Extreme):
    """What `max` and `min` share."""

    outputs = ("values", "indices")

    examples = (
        Example("", ("[N, 8]",)),
        Example("1", ("[N, T, 8]",)),
        Example("{dim: -1, keepdim: true}", ("[N, 3, W]",)),
        Example("1", ("int64[N, 9]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType | tuple[TensorType, ...]:
        """Give the value of all, or the values along an axis and their positions."""
        require_axis_to_keep(rule, self.dim, self.keepdim)
        shape, size = self.along(rule, x)
        if self.dim is None:
            return x.with_shape(())
        return x.with_shape(shape), TensorType(INT64, shape, ValueRange(0, size - 1))

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `torch.max`."""
        if self.dim is None:
            return PyTorch(Call(f"torch.{self.name}", (Input(0),)))
        args = (Input(0), Lit(self.dim[0]))
        return PyTorch(Call(f"torch.{self.name}", args, self.keywords("keepdim")))

    def onnx(self, g: OnnxBuilder, x: str) -> str | tuple[str, ...]:
        """Give the reduction, and the positions where they are read."""
        values = self._values(g, x) if g.used[0] else ""
        if self.dim is None:
            return values
        return values, self.positions(g, x) if g.used[1] else ""

    def _values(self, g: OnnxBuilder, x: str) -> str:
        source = g.types[0]
        assert source is not None
        axes = None if self.dim is None or not source.rank else [self.dim[0] % source.rank]
        dtype = INT32 if source.dtype is BOOL else wide(source.dtype)
        made = reduce(g, f"Reduce{self.word}", as_dtype(g, x, source, dtype), axes, self.keepdim)
        return made if dtype is source.dtype else g.cast(made, source.dtype)


@op("max")
class MaxValue(Valued):
    """Give the largest value of all; with `dim` the largest along the axis and their positions."""

    word = "Max"


@op("min")
class MinValue(Valued):
    """Give the smallest value of all; with `dim` the smallest along the axis and their positions."""

    word = "Min"


class Position(Extreme):
    """What `argmax` and `argmin` share."""

    examples = (
        Example("", ("[3, 8]",)),
        Example("1", ("[N, T, 8]",)),
        Example("{dim: -1, keepdim: true}", ("[N, 3, W]",)),
        Example("-1", ("int64[N, 9]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Give int64 positions, which are below the number of values."""
        if x.dtype is BOOL:
            message = f"`{self.name}` has no meaning for booleans"
            rule.fail("E0540", message, 0, [(0, f"this is {x}")], ("convert them first: `cast: int64`",))
        require_axis_to_keep(rule, self.dim, self.keepdim)
        shape, size = self.along(rule, x)
        return TensorType(INT64, shape, ValueRange(0, size - 1))

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `torch.argmax`."""
        args = () if self.dim is None else (Lit(self.dim[0]),)
        return PyTorch(Call(f"torch.{self.name}", (Input(0), *args), self.keywords("keepdim")))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give the positions."""
        return self.positions(g, x)


@op("argmax")
class Argmax(Position):
    """Give the position of the largest value: along an axis, or among all values in order."""

    word = "Max"


@op("argmin")
class Argmin(Position):
    """Give the position of the smallest value: along an axis, or among all values in order."""

    word = "Min"

"""Sums, extremes and positions along axes."""

from __future__ import annotations

from typing import ClassVar

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, boolean, ints, op
from archc.opdef.python import Call, Input, Lit, Py, PyTorch, Site
from archc.ops.operands import as_dtype, wide
from archc.sizes import BOOL, INT32, INT64, UINT8, DType, TensorType

AXES_ARE_INPUTS_SINCE = 18


def reduce(g: OnnxBuilder, op_type: str, x: str, axes: list[int] | None, keepdim: bool) -> str:
    """Give one of ONNX's reductions; None reduces all axes."""
    keep = int(keepdim)
    if axes is None:
        return g.emit(op_type, x, keepdims=keep)
    if op_type == "ReduceSum" or g.opset >= AXES_ARE_INPUTS_SINCE:
        return g.emit(op_type, x, g.ints(*axes), keepdims=keep)
    return g.emit(op_type, x, axes=axes, keepdims=keep)


def require_axis_to_keep(rule: Rule, dim: tuple[int, ...] | None, keepdim: bool) -> None:
    """Refuse `keepdim` without `dim` (E0745), which PyTorch does not take here."""
    if keepdim and not dim:
        rule.fail("E0745", "`keepdim` needs `dim`: without it all axes are gone", "keepdim")


class Reduction(Free):
    """What reductions over one axis, several or all share."""

    dim: tuple[int, ...] | None = attr(
        ints(0, optional=True, single=True), None, main=True, doc="the axis or axes; null for all"
    )
    keepdim: bool = attr(boolean(), False, doc="keep the axes, with size 1")
    onnx_op: ClassVar[str] = ""

    examples: ClassVar[tuple[Example, ...]] = (
        Example("", ("[N, 8]",)),
        Example("1", ("[N, T, 8]",)),
        Example("{dim: [-1, -2], keepdim: true}", ("[N, 3, H, W]",)),
    )

    def axes(self, rank: int) -> list[int] | None:
        """Give the axes counted from the front; None for all."""
        if self.dim is None or not rank:
            return None
        return sorted(axis % rank for axis in self.dim) or None

    def reduced(self, rule: Rule, x: TensorType, dtype: DType) -> TensorType:
        """Give the type without the axes, or with 1 in their places."""
        named = [rule.axis(axis, max(x.rank, 1)) for axis in self.dim or ()]
        if len(set(named)) != len(named):
            rule.fail("E0444", f"`dim` names an axis twice: {list(self.dim or ())}", "dim")
        gone = named if self.dim else range(x.rank)
        sizes = [1 if axis in gone else size for axis, size in enumerate(x.shape)]
        shape = tuple(size for axis, size in enumerate(sizes) if self.keepdim or axis not in gone)
        return TensorType(dtype, shape)

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Drop the axes."""
        return self.reduced(rule, x, self.result(rule, x))

    def result(self, _rule: Rule, x: TensorType) -> DType:
        """Give the element type of the result."""
        return x.dtype

    def arguments(self) -> tuple[Py, ...]:
        """Give the axes as `torch` takes them."""
        if not self.dim:
            return ()
        return (Lit(self.dim[0] if len(self.dim) == 1 else self.dim),)

    def pytorch(self, _site: Site, x: TensorType) -> PyTorch:
        """Give the function of `torch`."""
        args = self.arguments()
        if not args and self.keepdim:
            args = (Lit(tuple(range(x.rank))),)
        return PyTorch(Call(f"torch.{self.name}", (Input(0), *args), self.keywords("keepdim")))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give the reduction, in a type that runtimes compute in."""
        source, result = g.types[0], g.outputs[0].dtype
        assert source is not None
        dtype = self.computes_in(result)
        made = self.nodes(g, as_dtype(g, x, source, dtype), self.axes(source.rank))
        return made if dtype is result else g.cast(made, result)

    def computes_in(self, result: DType) -> DType:
        """Give the type that the nodes compute in."""
        return wide(result)

    def nodes(self, g: OnnxBuilder, x: str, axes: list[int] | None) -> str:
        """Give the ONNX nodes."""
        return reduce(g, self.onnx_op, x, axes, self.keepdim)


@op("sum")
class Sum(Reduction):
    """Add up; integers and booleans give int64."""

    onnx_op = "ReduceSum"

    examples = (*Reduction.examples, Example("-1", ("int32[N, T]",)), Example("", ("bool[N, T]",)))

    def result(self, _rule: Rule, x: TensorType) -> DType:
        """Add integers as int64."""
        return x.dtype if x.dtype.is_float else INT64


@op("mean")
class Mean(Reduction):
    """Average."""

    onnx_op = "ReduceMean"

    def result(self, rule: Rule, x: TensorType) -> DType:
        """Refuse integers, as PyTorch does."""
        rule.float_input(x)
        return x.dtype


@op("prod")
class Prod(Reduction):
    """Multiply up; integers and booleans give int64."""

    onnx_op = "ReduceProd"
    dim: tuple[int, ...] | None = attr(ints(1, optional=True), None, main=True, doc="the axis; null for all")

    examples = (
        Example("", ("[N, 4]",)),
        Example("{dim: 1, keepdim: true}", ("[N, 3, H]",)),
        Example("-1", ("int32[N, 3]",)),
    )

    def result(self, rule: Rule, x: TensorType) -> DType:
        """Multiply integers as int64."""
        require_axis_to_keep(rule, self.dim, self.keepdim)
        return x.dtype if x.dtype.is_float else INT64


class Bound(Reduction):
    """What `amax` and `amin` share: the values, of any type."""

    examples = (*Reduction.examples, Example("-1", ("int64[N, T]",)))

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep what is known of the values."""
        return self.reduced(rule, x, x.dtype).with_range(x.range)

    def computes_in(self, result: DType) -> DType:
        """Order booleans as 0 and 1."""
        return INT32 if result is BOOL else wide(result)


@op("amax")
class Amax(Bound):
    """Give the largest value."""

    onnx_op = "ReduceMax"


@op("amin")
class Amin(Bound):
    """Give the smallest value."""

    onnx_op = "ReduceMin"


class Truth(Reduction):
    """What `any` and `all` share; a value that is not boolean is true where it is not zero."""

    examples = (
        Example("", ("bool[N, 8]",)),
        Example("1", ("bool[N, T, 8]",)),
        Example("{dim: -1, keepdim: true}", ("int64[N, T]",)),
        Example("0", ("[N, T]",)),
    )

    def result(self, _rule: Rule, x: TensorType) -> DType:
        """Give bool; uint8 stays, as in PyTorch."""
        return UINT8 if x.dtype is UINT8 else BOOL

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Reduce zeros and ones."""
        source = g.types[0]
        assert source is not None
        ones = g.cast(as_dtype(g, x, source, BOOL), INT32)
        return g.cast(self.nodes(g, ones, self.axes(source.rank)), g.outputs[0].dtype)


@op("any")
class AnyTrue(Truth):
    """Say whether any value is true."""

    onnx_op = "ReduceMax"


@op("all")
class AllTrue(Truth):
    """Say whether all values are true."""

    onnx_op = "ReduceMin"

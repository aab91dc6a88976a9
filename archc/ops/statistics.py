"""Spread, norms and sums of exponentials along axes; running sums."""

from __future__ import annotations

import math

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, integer, ints, number, op
from archc.opdef.python import Call, Input, Lit, Method, PyTorch, Site
from archc.ops.operands import as_dtype, constant
from archc.ops.reduction import Reduction, reduce
from archc.sizes import INT64, DType, TensorType, at_least, product, text


class FloatReduction(Reduction):
    """What reductions of floats alone share."""

    def result(self, rule: Rule, x: TensorType) -> DType:
        """Refuse integers."""
        rule.float_input(x)
        return x.dtype


class Spread(FloatReduction):
    """What `var` and `std` share."""

    correction: int = attr(integer(min=0), 1, doc="what is taken off the count; 1 is Bessel's correction")

    examples = (
        *Reduction.examples,
        Example("{dim: 1, correction: 0}", ("[N, 6, T]",)),
        Example("{dim: 2, correction: 0, keepdim: true}", ("[N, 6, T]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Require more values than the correction takes off."""
        made = super().infer(rule, x)
        count = product(x.shape[axis] for axis in self.axes(x.rank) or range(x.rank))
        if self.correction:
            message = (
                f"`{self.name}` with a correction of {self.correction} needs more values than that, "
                f"there are {text(count)}"
            )
            help_ = ("write `correction: 0`",)
            rule.require(
                at_least(count, self.correction + 1), "E0455", message, None, [(0, f"this is {x}")], help_
            )
        return made

    def pytorch(self, _site: Site, x: TensorType) -> PyTorch:
        """Give `torch.var` or `torch.std`."""
        args = self.arguments()
        if not args and self.keepdim:
            args = (Lit(tuple(range(x.rank))),)
        return PyTorch(Call(f"torch.{self.name}", (Input(0), *args), self.keywords("correction", "keepdim")))

    def nodes(self, g: OnnxBuilder, x: str, axes: list[int] | None) -> str:
        """Average the squared distances from the mean."""
        centred = g.emit("Sub", x, reduce(g, "ReduceMean", x, axes, True))
        squares = g.emit("Mul", centred, centred)
        if not self.correction:
            return reduce(g, "ReduceMean", squares, axes, self.keepdim)
        source, dtype = g.types[0], g.outputs[0].dtype
        assert source is not None
        count = product(source.shape[axis] for axis in axes or range(source.rank)) - self.correction
        divisor = constant(g, count, dtype) if isinstance(count, int) else g.cast(g.size(count), dtype)
        return g.emit("Div", reduce(g, "ReduceSum", squares, axes, self.keepdim), divisor)


@op("var")
class Var(Spread):
    """Give the variance."""


@op("std")
class Std(Spread):
    """Give the standard deviation."""

    def nodes(self, g: OnnxBuilder, x: str, axes: list[int] | None) -> str:
        """Give the root of the variance."""
        return g.emit("Sqrt", super().nodes(g, x, axes))


@op("logsumexp")
class Logsumexp(FloatReduction):
    """Give log(sum(exp(x))) without overflow."""

    dim: tuple[int, ...] = attr(ints(0, single=True), main=True, doc="the axis or axes")
    onnx_op = "ReduceLogSumExp"

    examples = (Example("1", ("[N, T, 8]",)), Example("{dim: [-1, -2], keepdim: true}", ("[N, 3, H, W]",)))

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Require an axis."""
        if not self.dim:
            rule.fail("E0745", "`logsumexp` needs at least one axis", "dim")
        return super().infer(rule, x)


@op("vector_norm")
class VectorNorm(FloatReduction):
    """Give the norm of vectors: (sum |x|^ord)^(1/ord)."""

    ord: float = attr(number(), 2.0, doc="the order: 2, 1, 0 (counts what is not zero), .inf, any other")

    examples = (
        *Reduction.examples,
        Example("{ord: 1, dim: -1}", ("[N, 8]",)),
        Example("{ord: .inf, dim: 1}", ("[N, 8]",)),
        Example("{ord: -.inf, dim: 1}", ("[N, 8]",)),
        Example("{ord: 0, dim: 1}", ("[N, 8]",)),
        Example("{ord: 3, dim: 1, keepdim: true}", ("[N, 8]",)),
    )

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `torch.linalg.vector_norm`."""
        order = (("ord", Lit(int(self.ord) if self.ord.is_integer() else self.ord)),) if self.ord != 2 else ()
        axes = tuple(("dim", each) for each in self.arguments())
        keywords = (*order, *axes, *self.keywords("keepdim"))
        return PyTorch(Call("torch.linalg.vector_norm", (Input(0),), keywords))

    def nodes(self, g: OnnxBuilder, x: str, axes: list[int] | None) -> str:
        """Give the reduction that the order stands for."""
        return norm(g, x, self.ord, axes, self.keepdim)


def norm(g: OnnxBuilder, x: str, order: float, axes: list[int] | None, keepdim: bool) -> str:
    """Give the norm of an order, in the type of the node's output."""
    if order in (1, 2):
        return reduce(g, f"ReduceL{int(order)}", x, axes, keepdim)
    sizes = g.emit("Abs", x)
    if math.isinf(order):
        return reduce(g, "ReduceMax" if order > 0 else "ReduceMin", sizes, axes, keepdim)
    dtype = g.outputs[0].dtype
    if order == 0:
        counted = g.cast(g.emit("Not", g.emit("Equal", x, constant(g, 0, dtype))), dtype)
        return reduce(g, "ReduceSum", counted, axes, keepdim)
    powers = g.emit("Pow", sizes, constant(g, order, dtype))
    return g.emit("Pow", reduce(g, "ReduceSum", powers, axes, keepdim), constant(g, 1 / order, dtype))


@op("cumsum")
class Cumsum(Free):
    """Give running sums along an axis; integers and booleans give int64."""

    dim: int = attr(integer(), main=True, doc="the axis")

    examples = (Example("1", ("[N, T, 8]",)), Example("-1", ("int64[N, T]",)), Example("0", ("bool[T]",)))

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the shape."""
        rule.axis(self.dim, max(x.rank, 1))
        return TensorType(x.dtype if x.dtype.is_float else INT64, x.shape)

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `x.cumsum(dim)`."""
        return PyTorch(Method(Input(0), "cumsum", (Lit(self.dim),)))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `CumSum`."""
        axis = g.scalar(self.dim % max(g.outputs[0].rank, 1), INT64)
        return g.emit("CumSum", as_dtype(g, x, g.types[0], g.outputs[0].dtype), axis)

"""Products, extremes and sums of exponentials of all entries up to each one.

ONNX has running sums alone. The others become a reduction of the square of the axis, of which half is
masked: exact, and fit for axes of a few thousand entries.
"""

from __future__ import annotations

import math
from typing import ClassVar

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, integer, op
from archc.opdef.python import Call, Input, Lit, PyTorch, Site
from archc.ops.operands import as_dtype, constant, input_type, wide
from archc.ops.reduction import reduce
from archc.sizes import BOOL, INT64, DType, TensorType, ValueRange


class Running(Free):
    """What running reductions share."""

    dim: int = attr(integer(), main=True, doc="the axis")
    reduction: ClassVar[str]

    examples: ClassVar[tuple[Example, ...]] = (
        Example("1", ("[N, T, 3]",)),
        Example("-1", ("[N, 5]",)),
    )

    def check(self, rule: Rule, x: TensorType) -> int:
        """Give the axis."""
        rule.at_least_rank(x, 1)
        return rule.axis(self.dim, x.rank)

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give the function of `torch`."""
        return PyTorch(Call(f"torch.{self.name}", (Input(0), Lit(self.dim))))

    def spread(self, g: OnnxBuilder, x: str, dtype: DType, neutral: float) -> str:
        """Give for each entry all entries up to it, the others neutral: the axis, and behind it itself."""
        source = input_type(g)
        axis = self.dim % source.rank
        size = source.shape[axis]
        counted = g.emit("Range", g.size(0), g.size(size), g.size(1))
        ones = [1] * (source.rank - axis - 1)
        here = g.emit("Reshape", counted, g.ints(-1, 1, *ones))
        there = g.emit("Reshape", counted, g.ints(1, -1, *ones))
        shape = (*source.shape[:axis], 1, *source.shape[axis:])
        row = g.emit("Reshape", as_dtype(g, x, source, dtype), g.sizes(shape))
        later = g.emit("Less", here, there)
        return g.emit("Where", later, constant(g, neutral, dtype), row)

    def reduced(self, g: OnnxBuilder, spread: str) -> str:
        """Reduce what `spread` gave."""
        return reduce(g, self.reduction, spread, [self.dim % input_type(g).rank + 1], False)


@op("cumprod")
class Cumprod(Running):
    """Give running products along an axis; integers and booleans give int64."""

    reduction = "ReduceProd"
    examples = (*Running.examples, Example("0", ("int64[4, 3]",)), Example("0", ("bool[T]",)))

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the shape."""
        self.check(rule, x)
        return TensorType(x.dtype if x.dtype.is_float else INT64, x.shape)

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Multiply up the masked square."""
        return self.reduced(g, self.spread(g, x, g.outputs[0].dtype, 1))


@op("logcumsumexp")
class Logcumsumexp(Running):
    """Give running logarithms of sums of exponentials along an axis, without overflow."""

    reduction = "ReduceLogSumExp"

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the type."""
        rule.float_input(x)
        self.check(rule, x)
        return x

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Add up the exponentials of the masked square."""
        return self.reduced(g, self.spread(g, x, g.outputs[0].dtype, -math.inf))


class RunningExtreme(Running):
    """What `cummax` and `cummin` share."""

    outputs = ("values", "indices")
    word: ClassVar[str]

    examples = (*Running.examples, Example("0", ("int64[T, 3]",)))

    def infer(self, rule: Rule, x: TensorType) -> tuple[TensorType, ...]:
        """Keep the shape; give positions along the axis too."""
        axis = self.check(rule, x)
        if x.dtype is BOOL:
            message = f"`{self.name}` puts numbers in order, its input holds booleans"
            rule.fail("E0540", message, 0, [(0, f"this is {x}")], ("convert it first: `cast: int32`",))
        return x, TensorType(INT64, x.shape, ValueRange(0, x.shape[axis] - 1))

    def onnx(self, g: OnnxBuilder, x: str) -> tuple[str, ...]:
        """Give the extremes of the masked square, and of equal ones the last position."""
        source = input_type(g)
        dtype = wide(source.dtype)
        least = -math.inf if dtype.is_float else -(2 ** (dtype.bits - 1))
        neutral = least if self.word == "Max" else -least - (0 if dtype.is_float else 1)
        square = self.spread(g, x, dtype, neutral)
        values = self.reduced(g, square) if g.used[0] else ""
        if values and dtype is not source.dtype:
            values = g.cast(values, source.dtype)
        if not g.used[1]:
            return values, ""
        axis = self.dim % source.rank + 1
        return values, g.emit(f"Arg{self.word}", square, axis=axis, keepdims=0, select_last_index=1)


@op("cummax")
class Cummax(RunningExtreme):
    """Give the largest value so far along an axis, and its position; of equal ones the last."""

    word = "Max"
    reduction = "ReduceMax"


@op("cummin")
class Cummin(RunningExtreme):
    """Give the smallest value so far along an axis, and its position; of equal ones the last."""

    word = "Min"
    reduction = "ReduceMin"

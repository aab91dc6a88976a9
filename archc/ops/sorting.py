"""Values in order, with their positions."""

from __future__ import annotations

from typing import ClassVar

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, boolean, integer, op
from archc.opdef.python import Call, Input, Lit, PyTorch, Site
from archc.ops.operands import as_dtype, input_type, wide
from archc.sizes import BOOL, INT64, Dim, TensorType, ValueRange, at_most, text


class Ordering(Free):
    """What ops share that put an axis in order."""

    dim: int

    def positions(self, rule: Rule, x: TensorType, count: Dim | None = None) -> TensorType:
        """Give the type of the positions along the axis; `count` of them, all by default."""
        rule.at_least_rank(x, 1)
        axis = rule.axis(self.dim, x.rank)
        if x.dtype is BOOL:
            message = f"`{self.name}` puts numbers in order, its input holds booleans"
            rule.fail("E0540", message, 0, [(0, f"this is {x}")], ("convert it first: `cast: int32`",))
        size = x.shape[axis]
        shape = (*x.shape[:axis], size if count is None else count, *x.shape[axis + 1 :])
        return TensorType(INT64, shape, ValueRange(0, size - 1))

    def ordered(self, g: OnnxBuilder, x: str, count: Dim, largest: bool) -> tuple[str, str]:
        """Give `TopK`: `count` values in order and their positions, equal ones in the order they had."""
        source = input_type(g)
        dtype = wide(source.dtype)
        axis = self.dim % source.rank
        given = as_dtype(g, x, source, dtype)
        values, indices = g.emit_many(
            2, "TopK", given, g.sizes((count,)), axis=axis, largest=int(largest), sorted=1
        )
        return (values if dtype is source.dtype or not g.used[0] else g.cast(values, source.dtype)), indices


@op("topk")
class TopK(Ordering):
    """Give the k largest values of an axis in order, and their positions; equal ones in either order."""

    outputs = ("values", "indices")
    k: int = attr(integer(min=1), main=True, doc="how many")
    dim: int = attr(integer(), -1, doc="the axis")
    largest: bool = attr(boolean(), True, doc="false for the k smallest")

    examples = (
        Example("3", ("[N, 8]",)),
        Example("{k: 1, dim: 1, largest: false}", ("[N, T, 4]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> tuple[TensorType, ...]:
        """Put k in the place of the axis, which is at least as long."""
        indices = self.positions(rule, x, self.k)
        size = x.shape[self.dim % x.rank]
        message = f"`topk` takes {self.k} values out of an axis of {text(size)}"
        rule.require(at_most(self.k, size), "E0491", message, "k", [(0, f"this is {x}")])
        return x.with_shape(indices.shape), indices

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `torch.topk`."""
        return PyTorch(Call("torch.topk", (Input(0), Lit(self.k)), self.keywords("dim", "largest")))

    def onnx(self, g: OnnxBuilder, x: str) -> tuple[str, ...]:
        """Give `TopK`."""
        return self.ordered(g, x, self.k, self.largest)


class Sorting(Ordering):
    """What `sort` and `argsort` share."""

    dim: int = attr(integer(), -1, main=True, doc="the axis")
    descending: bool = attr(boolean(), False, doc="the largest first")
    stable: bool = attr(boolean(), False, doc="keep the order of equal values")

    examples: ClassVar[tuple[Example, ...]] = (
        Example("", ("[N, 8]",)),
        Example("{dim: 1, descending: true}", ("[N, T, 4]",)),
        Example("{dim: 0, stable: true}", ("int64[T, 3]",)),
    )

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give the function of `torch`."""
        return PyTorch(Call(f"torch.{self.name}", (Input(0),), self.keywords("dim", "descending", "stable")))

    def sorted_axis(self, g: OnnxBuilder, x: str) -> tuple[str, str]:
        """Give `TopK` of the whole axis."""
        source = input_type(g)
        return self.ordered(g, x, source.shape[self.dim % source.rank], self.descending)


@op("sort")
class Sort(Sorting):
    """Give the values of an axis in order, and the positions that they had."""

    outputs = ("values", "indices")

    def infer(self, rule: Rule, x: TensorType) -> tuple[TensorType, ...]:
        """Keep the shape."""
        indices = self.positions(rule, x)
        return x, indices

    def onnx(self, g: OnnxBuilder, x: str) -> tuple[str, ...]:
        """Give `TopK` of the whole axis."""
        return self.sorted_axis(g, x)


@op("argsort")
class Argsort(Sorting):
    """Give the positions that put an axis in order."""

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the shape."""
        return self.positions(rule, x)

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give the positions of `TopK`."""
        return self.sorted_axis(g, x)[1]

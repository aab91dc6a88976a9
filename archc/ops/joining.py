"""Several tensors into one."""

from __future__ import annotations

from functools import reduce

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, integer, op
from archc.opdef.python import Call, Input, Lit, Py, PyTorch, Site, Tuple
from archc.ops.operands import as_dtype
from archc.sizes import Dim, TensorType, ValueRange, dim_max, dim_min, promote, shape_text, text


class Joining(Free):
    """What `concat` and `stack` share."""

    inputs = ("*tensors",)
    combines = True
    dim: int

    def joined(self, shape: tuple[Dim, ...], types: tuple[TensorType, ...]) -> TensorType:
        """Give the type of the result: PyTorch's promotion, and every value that any input may have."""
        dtype = reduce(promote, (each.dtype for each in types))
        return TensorType(dtype, shape, _union(types) if all(t.dtype is dtype for t in types) else None)

    def same_sizes(self, rule: Rule, types: tuple[TensorType, ...], but: int | None) -> list[Dim]:
        """Require equal shapes, on all axes but one; give them."""
        first = types[0]
        show = [(index, f"this is {each}") for index, each in enumerate(types)]
        shape = list(first.shape)
        for other in types[1:]:
            if other.rank != first.rank:
                message = f"`{self.name}` needs inputs with equally many axes, {first} and {other} differ"
                rule.fail("E0452", message, None, show)
            for axis, (a, b) in enumerate(zip(shape, other.shape, strict=True)):
                if axis == but or a == b:
                    continue
                alike = "equal shapes" if but is None else f"equal sizes on all axes but {but}"
                message = (
                    f"`{self.name}` needs {alike}, axis {axis} is {text(a)} and {text(b)} "
                    f"in {shape_text(first.shape)} and {shape_text(other.shape)}"
                )
                shape[axis] = rule.same(a, b, "E0453", message, None, show)
        return shape

    def call(self, name: str, types: tuple[TensorType, ...]) -> PyTorch:
        """Give `torch.cat` or `torch.stack`."""
        items: tuple[Py, ...] = tuple(Input(index) for index in range(len(types)))
        along = () if self.dim == 0 else (("dim", Lit(self.dim)),)
        return PyTorch(Call(name, (Tuple(items, "[]"),), along))

    def converted(self, g: OnnxBuilder, names: tuple[str, ...]) -> list[str]:
        """Give the inputs as elements of the result's type."""
        dtype = g.outputs[0].dtype
        return [as_dtype(g, name, each, dtype) for name, each in zip(names, g.types, strict=True)]


@op("concat")
class Concat(Joining):
    """Join tensors end to end along an axis; by default the channels (`torch.cat` joins along 0)."""

    dim: int = attr(integer(), 1, main=True, doc="the axis along which the sizes add up")

    examples = (
        Example("", ("[N, 3, H, W]", "[N, 5, H, W]")),
        Example("-1", ("[N, T, 8]", "[N, T, 8]", "[N, T, 2]")),
        Example("0", ("int64[N, 3]", "[2, 3]")),
        Example("2", ("[N, 4, T]", "[N, 4, 1]")),
    )

    def infer(self, rule: Rule, *types: TensorType) -> TensorType:
        """Add the sizes of the axis; all others must be equal."""
        rule.at_least_rank(types[0], 1)
        axis = rule.axis(self.dim, types[0].rank)
        shape = self.same_sizes(rule, types, axis)
        shape[axis] = reduce(lambda a, b: a + b, (each.shape[axis] for each in types))
        return self.joined(tuple(shape), types)

    def pytorch(self, _site: Site, *types: TensorType) -> PyTorch:
        """Give `torch.cat`."""
        return self.call("torch.cat", types)

    def onnx(self, g: OnnxBuilder, *names: str) -> str:
        """Give `Concat`."""
        return g.emit("Concat", *self.converted(g, names), axis=self.dim % g.outputs[0].rank)


@op("stack")
class Stack(Joining):
    """Join tensors of one shape along a new axis."""

    dim: int = attr(integer(), 0, main=True, doc="where the new axis stands in the result")

    examples = (
        Example("", ("[N, 8]", "[N, 8]", "[N, 8]")),
        Example("-1", ("[N, T]", "int64[N, T]")),
    )

    def infer(self, rule: Rule, *types: TensorType) -> TensorType:
        """Require equal shapes; the new axis counts the inputs."""
        axis = rule.axis(self.dim, types[0].rank + 1)
        shape = self.same_sizes(rule, types, None)
        return self.joined((*shape[:axis], len(types), *shape[axis:]), types)

    def pytorch(self, _site: Site, *types: TensorType) -> PyTorch:
        """Give `torch.stack`."""
        return self.call("torch.stack", types)

    def onnx(self, g: OnnxBuilder, *names: str) -> str:
        """Give each input the new axis, then `Concat`."""
        axis = self.dim % g.outputs[0].rank
        parts = [g.emit("Unsqueeze", name, g.ints(axis)) for name in self.converted(g, names)]
        return g.emit("Concat", *parts, axis=axis)


def _union(types: tuple[TensorType, ...]) -> ValueRange | None:
    ranges = [each.range for each in types]
    if len(set(ranges)) == 1:
        return ranges[0]
    low = [each.low for each in ranges if each is not None and each.low is not None]
    high = [each.high for each in ranges if each is not None and each.high is not None]
    if len(low) != len(types) or len(high) != len(types):
        return None
    return ValueRange(dim_min(*low), dim_max(*high))

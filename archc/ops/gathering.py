"""Entries picked by indices that are values themselves."""

from __future__ import annotations

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, integer, op
from archc.opdef.python import Call, Input, Lit, Method, PyTorch, Site, method
from archc.ops.operands import input_type
from archc.sizes import INT64, Dim, TensorType, at_most, product, text


def same_axes(rule: Rule, name: str, x: TensorType, index: TensorType, at: int = 1) -> None:
    """Refuse an index with another number of axes than the tensor (E0490)."""
    if index.rank != x.rank:
        message = f"the index of `{name}` needs as many axes as the tensor, they are {index} and {x}"
        show = [(0, f"this is {x}"), (at, f"this is {index}")]
        rule.fail("E0490", message, at, show, ("`unsqueeze` and `expand` add axes",))


def require_int64(rule: Rule, name: str, index: TensorType) -> None:
    """Refuse narrower indices, which PyTorch took only lately (E0502)."""
    if index.dtype.is_integer and index.dtype is not INT64:
        message = f"the index of `{name}` must be int64, it is {index.dtype}"
        rule.fail("E0502", message, 1, [(1, f"this is {index}")], ("convert it: `cast: int64`",))


def index_values(rule: Rule, name: str, index: TensorType, size: Dim, at: int = 1) -> None:
    """Require an int32 or int64 index whose values lie below a size."""
    rule.integer_input(index, at)
    message = f"`{name}` picks out of an axis of {text(size)}, its index must be in 0..{text(size - 1)}"
    rule.index_below(index, size, message, at)


def fits_inside(
    rule: Rule, name: str, index: TensorType, other: TensorType, but: int | None, at: int
) -> None:
    """Require the index to be at most as large as another input on all axes but one (E0490)."""
    for axis, (size, limit) in enumerate(zip(index.shape, other.shape, strict=True)):
        if axis != but:
            message = (
                f"the index of `{name}` has {text(size)} entries along axis {axis}, "
                f"which must be at most {text(limit)}"
            )
            show = [(1, f"this is {index}"), (at, f"this is {other}")]
            rule.require(at_most(size, limit), "E0490", message, 1, show)


@op("gather")
class Gather(Free):
    """Pick one entry of an axis for each place of an index, which has as many axes as the input."""

    inputs = ("input", "index")
    dim: int = attr(integer(), main=True, doc="the axis to pick from")

    examples = (
        Example("1", ("[N, 8]", "int64[N, 3]")),
        Example("-1", ("[N, T, 8]", "int64[N, T, 1]")),
        Example("0", ("int64[5, 4]", "int64[K, 2]")),
        Example("1", ("bool[N, 8]", "int64[N, 8]")),
    )

    def infer(self, rule: Rule, x: TensorType, index: TensorType) -> TensorType:
        """Give the shape of the index, which is no larger than the input on the other axes."""
        rule.at_least_rank(x, 1)
        axis = rule.axis(self.dim, x.rank)
        require_int64(rule, self.name, index)
        same_axes(rule, self.name, x, index)
        index_values(rule, self.name, index, x.shape[axis])
        fits_inside(rule, self.name, index, x, axis, 0)
        return x.with_shape(index.shape)

    def pytorch(self, _site: Site, _x: TensorType, _index: TensorType) -> PyTorch:
        """Give `x.gather(dim, index)`."""
        return method("gather", Lit(self.dim), Input(1))

    def onnx(self, g: OnnxBuilder, x: str, index: str) -> str:
        """Give `GatherElements`."""
        return g.emit("GatherElements", x, index, axis=self.dim % input_type(g).rank)


@op("index_select")
class IndexSelect(Free):
    """Take the entries of an axis that a list of indices names, in its order."""

    inputs = ("input", "index")
    dim: int = attr(integer(), main=True, doc="the axis to take from")

    examples = (
        Example("1", ("[N, 8, T]", "int64[3]")),
        Example("0", ("[9, 4]", "int32[K]")),
        Example("-1", ("int64[N, 5]", "int64[K]")),
    )

    def infer(self, rule: Rule, x: TensorType, index: TensorType) -> TensorType:
        """Put the number of indices in the place of the axis."""
        rule.at_least_rank(x, 1)
        axis = rule.axis(self.dim, x.rank)
        rule.rank(index, 1, at=1)
        index_values(rule, self.name, index, x.shape[axis])
        return x.with_shape((*x.shape[:axis], index.shape[0], *x.shape[axis + 1 :]))

    def pytorch(self, _site: Site, _x: TensorType, _index: TensorType) -> PyTorch:
        """Give `x.index_select(dim, index)`."""
        return method("index_select", Lit(self.dim), Input(1))

    def onnx(self, g: OnnxBuilder, x: str, index: str) -> str:
        """Give `Gather`."""
        return g.emit("Gather", x, index, axis=self.dim % input_type(g).rank)


@op("take_along_dim")
class TakeAlongDim(Free):
    """Pick along an axis by the positions that `argmax` or `argsort` give; the other axes broadcast."""

    inputs = ("input", "indices")
    dim: int | None = attr(
        integer(optional=True), None, main=True, doc="the axis; null picks out of all values in a row"
    )

    examples = (
        Example("1", ("[N, 8]", "int64[N, 3]")),
        Example("-1", ("[N, 1, 8]", "int64[1, T, 2]")),
        Example("", ("[3, 4]", "int64[2, 5]")),
    )

    def infer(self, rule: Rule, x: TensorType, indices: TensorType) -> TensorType:
        """Broadcast all axes but one, which is that of the indices."""
        if self.dim is None:
            count = product(x.shape)
            require_int64(rule, self.name, indices)
            index_values(rule, self.name, indices, count)
            return x.with_shape((product(indices.shape),))
        rule.at_least_rank(x, 1)
        axis = rule.axis(self.dim, x.rank)
        require_int64(rule, self.name, indices)
        same_axes(rule, self.name, x, indices)
        index_values(rule, self.name, indices, x.shape[axis])
        outer = self._others(rule, x, indices, axis)
        return x.with_shape((*outer[:axis], indices.shape[axis], *outer[axis + 1 :]))

    def _others(self, rule: Rule, x: TensorType, indices: TensorType, axis: int) -> tuple[Dim, ...]:
        shapes = [(*each.shape[:axis], 1, *each.shape[axis + 1 :]) for each in (x, indices)]
        return rule.broadcast(shapes, self.name)

    def pytorch(self, _site: Site, _x: TensorType, _indices: TensorType) -> PyTorch:
        """Give `torch.take_along_dim`."""
        args = (Input(0), Input(1))
        return PyTorch(Call("torch.take_along_dim", args, self.keywords("dim")))

    def onnx(self, g: OnnxBuilder, x: str, indices: str) -> str:
        """Give `GatherElements` of both, expanded."""
        source, index, made = input_type(g), input_type(g, 1), g.outputs[0]
        if self.dim is None:
            flat = g.emit("Reshape", x, g.ints(-1))
            return g.emit("Gather", flat, g.emit("Reshape", indices, g.ints(-1)), axis=0)
        axis = self.dim % source.rank
        wide = (*made.shape[:axis], source.shape[axis], *made.shape[axis + 1 :])
        x = x if source.shape == wide else g.emit("Expand", x, g.sizes(wide))
        indices = indices if index.shape == made.shape else g.emit("Expand", indices, g.sizes(made.shape))
        return g.emit("GatherElements", x, indices, axis=axis)


@op("repeat_interleave")
class RepeatInterleave(Free):
    """Repeat each entry of an axis, one copy next to the other."""

    repeats: int = attr(integer(min=1), main=True, doc="how often; the same for every entry")
    dim: int | None = attr(integer(optional=True), None, doc="the axis; null for all values in a row")

    examples = (
        Example("{repeats: 2, dim: 1}", ("[N, 4, T]",)),
        Example("{repeats: 3, dim: -1}", ("int64[N, T]",)),
        Example("2", ("[N, 3]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Multiply the size of the axis."""
        if self.dim is None:
            return x.with_shape((product(x.shape) * self.repeats,))
        rule.at_least_rank(x, 1)
        axis = rule.axis(self.dim, x.rank)
        return x.with_shape((*x.shape[:axis], x.shape[axis] * self.repeats, *x.shape[axis + 1 :]))

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `x.repeat_interleave(...)`."""
        return PyTorch(Method(Input(0), "repeat_interleave", (Lit(self.repeats),), self.keywords("dim")))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give a new axis behind, expanded and joined."""
        source, made = input_type(g), g.outputs[0]
        shape = (product(source.shape),) if self.dim is None else source.shape
        axis = 0 if self.dim is None else self.dim % source.rank
        split = g.emit("Reshape", x, g.sizes((*shape[: axis + 1], 1, *shape[axis + 1 :])))
        copies = (*shape[: axis + 1], self.repeats, *shape[axis + 1 :])
        return g.emit("Reshape", g.emit("Expand", split, g.sizes(copies)), g.sizes(made.shape))

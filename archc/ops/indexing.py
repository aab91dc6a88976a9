"""Parts of a tensor along one axis."""

from __future__ import annotations

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, integer, op, size
from archc.opdef.python import Input, Item, Lit, Py, PyTorch, Site, Slice, Tuple, method
from archc.ops.reshaping import dimension
from archc.sizes import (
    Condition,
    Dim,
    Expr,
    TensorType,
    at_least,
    at_most,
    ceil_div,
    dim_max,
    dim_min,
    less,
    text,
)

END = 2**63 - 1


def subscript(axis: int, index: Py) -> Py:
    """Give `x[:, index]`: the index on one axis, all of the axes before it."""
    items = (*[Slice()] * axis, index)
    return Item(Input(0), items[0] if len(items) == 1 else Tuple(items))


@op("slice")
class SliceOp(Free):
    """Cut a range out of an axis, as Python's slices: `x[:, start:end:step]`."""

    strided = True
    dim: int = attr(integer(), 0, doc="the axis")
    start: Dim | None = attr(size(optional=True), None, doc="the first entry; negative counts from the end")
    end: Dim | None = attr(size(optional=True), None, doc="the entry after the last; negative as for `start`")
    step: int = attr(integer(min=1), 1, doc="distance between entries")

    examples = (
        Example("{dim: 1, start: 1}", ("[N, 8, H]",)),
        Example("{dim: -1, end: -1}", ("[N, T]",)),
        Example("{dim: 1, start: 1, end: 100, step: 2}", ("[N, 9]",)),
        Example("{dim: 2, start: H // 4, end: H // 2}", ("[N, 3, H]",)),
        Example("{dim: 1, end: 3}", ("int64[N, T]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Count the entries, at least one."""
        rule.at_least_rank(x, 1)
        axis = rule.axis(self.dim, x.rank)
        length = x.shape[axis]
        start = 0 if self.start is None else position(rule, self.start, length, "start")
        end = length if self.end is None else position(rule, self.end, length, "end")
        message = f"the slice from {text(start)} to {text(end)} of an axis of {text(length)} is empty"
        at = "start" if self.end is None else "end"
        rule.require(less(start, end), "E0447", message, at, [(0, f"this is {x}")])
        count = ceil_div(end - start, self.step)
        return x.with_shape((*x.shape[:axis], count, *x.shape[axis + 1 :]))

    def pytorch(self, _site: Site, x: TensorType) -> PyTorch:
        """Give `x[:, start:end]`."""
        start, end = (None if bound is None else dimension(bound) for bound in (self.start, self.end))
        step = Lit(self.step) if self.step != 1 else None
        return PyTorch(subscript(self.dim % x.rank, Slice(start, end, step)))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Slice`."""
        start = g.sizes((0 if self.start is None else self.start,))
        end = g.ints(END) if self.end is None else g.sizes((self.end,))
        step = (g.ints(self.step),) if self.step != 1 else ()
        return g.emit("Slice", x, start, end, g.ints(self.dim % g.outputs[0].rank), *step)


def position(rule: Rule, value: Dim, length: Dim, at: str) -> Dim:
    """Give a slice's bound counted from the front.

    A number beyond the axis is cut to it, as Python does, unless the slice is then empty, which is
    refused anyway; a symbolic bound is required to be inside.
    """
    negative = rule.decide(Condition(-1, ">=", value))
    place = length + value if negative else value
    if isinstance(value, Expr):
        message = f"`{at}` is {text(value)}, which must lie inside an axis of {text(length)}"
        rule.require(at_least(place, 0), "E0448", message, at)
        rule.require(at_most(place, length), "E0448", message, at)
        return place
    if at == "start":
        return dim_max(place, 0) if negative and not rule.decide(at_least(place, 0)) else place
    return place if negative or rule.decide(at_most(place, length)) else dim_min(place, length)


@op("narrow")
class Narrow(Free):
    """Cut `length` entries out of an axis, from `start` on."""

    strided = True
    dim: int = attr(integer(), doc="the axis")
    start: Dim = attr(size(), doc="the first entry; negative counts from the end")
    length: Dim = attr(size(min=1), doc="how many entries")

    examples = (
        Example("{dim: 1, start: 2, length: 3}", ("[N, 8]",)),
        Example("{dim: 2, start: -2, length: 1}", ("[N, 3, H]",)),
        Example("{dim: 1, start: T // 2, length: 1}", ("int64[N, T]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Require the entries to be there."""
        rule.at_least_rank(x, 1)
        axis = rule.axis(self.dim, x.rank)
        start, size_ = self._start(x.shape[axis]), x.shape[axis]
        message = (
            f"`narrow` takes {text(self.length)} entries from {text(self.start)}, the axis has {text(size_)}"
        )
        rule.require(at_least(start, 0), "E0447", message, "start", [(0, f"this is {x}")])
        rule.require(at_most(start + self.length, size_), "E0447", message, "length", [(0, f"this is {x}")])
        return x.with_shape((*x.shape[:axis], self.length, *x.shape[axis + 1 :]))

    def _start(self, length: Dim) -> Dim:
        return length + self.start if isinstance(self.start, int) and self.start < 0 else self.start

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `x.narrow(...)`."""
        return method("narrow", Lit(self.dim), dimension(self.start), dimension(self.length))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Slice`."""
        source = g.types[0]
        assert source is not None
        axis = self.dim % source.rank
        start = self._start(source.shape[axis])
        return g.emit("Slice", x, g.sizes((start,)), g.sizes((start + self.length,)), g.ints(axis))


@op("select")
class Select(Free):
    """Take one entry of an axis; the axis is gone."""

    strided = True
    dim: int = attr(integer(), doc="the axis")
    index: Dim = attr(size(), doc="the entry; negative counts from the end")

    examples = (
        Example("{dim: 1, index: 0}", ("[N, T, 8]",)),
        Example("{dim: -1, index: -1}", ("int64[N, T]",)),
        Example("{dim: 1, index: T // 2}", ("[N, T, 8]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Require the entry to be there."""
        rule.at_least_rank(x, 1)
        axis = rule.axis(self.dim, x.rank)
        length = x.shape[axis]
        message = f"entry {text(self.index)} is outside of an axis of {text(length)}"
        if isinstance(self.index, int) and self.index < 0:
            inside = at_least(length, -self.index)
        else:
            rule.require(at_least(self.index, 0), "E0447", message, "index")
            inside = less(self.index, length)
        rule.require(inside, "E0447", message, "index", [(0, f"this is {x}")])
        return x.with_shape((*x.shape[:axis], *x.shape[axis + 1 :]))

    def pytorch(self, _site: Site, x: TensorType) -> PyTorch:
        """Give `x[:, index]`."""
        return PyTorch(subscript(self.dim % x.rank, dimension(self.index)))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Gather` with one index."""
        source = g.types[0]
        assert source is not None
        return g.emit("Gather", x, g.size(self.index), axis=self.dim % source.rank)

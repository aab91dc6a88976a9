"""One tensor into several."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, integer, op, sizes
from archc.opdef.python import Input, Lit, Method, Py, PyTorch, Site, Tuple, method
from archc.ops.reshaping import dimension
from archc.sizes import Dim, Expr, TensorType, at_least, divides, floor_div, shape_text, text


class Splitting(Free):
    """What ops share that cut an axis into runs; the results are numbered."""

    outputs = ()
    dim: int

    def pieces(self, x: TensorType, parts: Sequence[Dim]) -> tuple[TensorType, ...]:
        """Give the types of the runs."""
        axis = self.dim % x.rank
        return tuple(x.with_shape((*x.shape[:axis], part, *x.shape[axis + 1 :])) for part in parts)

    def method(self, how: Py) -> PyTorch:
        """Give the method of the op's name."""
        along = (("dim", Lit(self.dim)),) if self.dim else ()
        return PyTorch(Method(Input(0), self.name, (how,), along))

    def onnx(self, g: OnnxBuilder, x: str) -> str | tuple[str, ...]:
        """Give `Split` with the size of each run."""
        axis = self.dim % g.outputs[0].rank
        if len(g.outputs) == 1:
            return g.emit("Identity", x)
        return g.emit_many(
            len(g.outputs), "Split", x, g.sizes([each.shape[axis] for each in g.outputs]), axis=axis
        )


@op("split")
class Split(Splitting):
    """Cut an axis into runs of one size (the last may be shorter), or of the sizes listed."""

    strided = True
    split_size: tuple[Dim, ...] = attr(
        sizes(min=1, single=True), main=True, doc="the size of a run, or the sizes of all"
    )
    dim: int = attr(integer(), 0, doc="the axis")

    examples = (
        Example("{split_size: 3, dim: 1}", ("[N, 8]",)),
        Example("{split_size: [2, 6], dim: -1}", ("[N, T, 8]",)),
        Example("{split_size: [1, T - 1], dim: 1}", ("int64[N, T]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> tuple[TensorType, ...]:
        """Require a known number of runs that make up the axis."""
        rule.at_least_rank(x, 1)
        length = x.shape[rule.axis(self.dim, x.rank)]
        if len(self.split_size) == 1:
            return self.pieces(x, self._even(rule, x, length))
        nothing: Dim = 0
        total = reduce(lambda a, b: a + b, self.split_size, nothing)
        message = (
            f"`split` needs sizes that add up to the axis, "
            f"{shape_text(self.split_size)} makes {text(total)}, the axis has {text(length)}"
        )
        rule.same(length, total, "E0449", message, "split_size", [(0, f"this is {x}")])
        for part in self.split_size:
            message = f"a size must be at least 1, this is {text(part)}"
            rule.require(at_least(part, 1), "E0742", message, "split_size")
        return self.pieces(x, self.split_size)

    def _even(self, rule: Rule, x: TensorType, length: Dim) -> list[Dim]:
        size = self.split_size[0]
        if not isinstance(length, int) or not isinstance(size, int):
            rule.fail(
                "E0450",
                f"`split` needs to know how many runs of {text(size)} an axis of {text(length)} has",
                "split_size",
                [(0, f"this is {x}")],
                ("list the sizes of all runs", "say how many: `chunk`", "or cut another axis: `dim: 1`"),
            )
        rule.results(-(-length // size))
        return [min(size, length - start) for start in range(0, length, size)]

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `x.split(...)`."""
        parts = tuple(dimension(part) for part in self.split_size)
        size = parts[0] if len(parts) == 1 else Tuple(parts, "[]")
        return self.method(size)


@op("chunk")
class Chunk(Splitting):
    """Cut an axis into a number of equal runs; where it does not come out even the last is shorter."""

    strided = True
    chunks: int = attr(integer(min=1), main=True, doc="how many runs")
    dim: int = attr(integer(), 0, doc="the axis")

    examples = (
        Example("{chunks: 2, dim: -1}", ("[N, 8]",)),
        Example("{chunks: 3, dim: 1}", ("[N, 8]",)),
        Example("2", ("[2*N, 3]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> tuple[TensorType, ...]:
        """Divide the axis; a symbolic one must be a multiple."""
        rule.at_least_rank(x, 1)
        length = x.shape[rule.axis(self.dim, x.rank)]
        rule.results(min(self.chunks, length) if isinstance(length, int) else self.chunks)
        if isinstance(length, Expr):
            message = (
                f"`chunk` into {self.chunks} needs a multiple of {self.chunks}, the axis has {text(length)}"
            )
            rule.require(divides(self.chunks, length), "E0451", message, "chunks", [(0, f"this is {x}")])
            return self.pieces(x, [floor_div(length, self.chunks)] * self.chunks)
        size = -(-length // self.chunks)
        return self.pieces(x, [min(size, length - start) for start in range(0, length, size)])

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `x.chunk(...)`."""
        return self.method(Lit(self.chunks))


@op("unbind")
class Unbind(Splitting):
    """Give the entries of an axis one by one; the axis is gone."""

    strided = True
    dim: int = attr(integer(), 0, main=True, doc="the axis")

    examples = (Example("", ("[3, N, 8]",)), Example("-1", ("int64[N, 2]",)))

    def infer(self, rule: Rule, x: TensorType) -> tuple[TensorType, ...]:
        """Require a known number of entries."""
        rule.at_least_rank(x, 1)
        axis = rule.axis(self.dim, x.rank)
        length = x.shape[axis]
        if not isinstance(length, int):
            message = f"`unbind` gives one value for each entry, the axis has `{text(length)}`"
            rule.fail("E0450", message, "dim", [(0, f"this is {x}")], ("take single entries: `select`",))
        rule.results(length)
        return (x.with_shape((*x.shape[:axis], *x.shape[axis + 1 :])),) * length

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `x.unbind(...)`."""
        return method("unbind", *((Lit(self.dim),) if self.dim else ()))

    def onnx(self, g: OnnxBuilder, x: str) -> str | tuple[str, ...]:
        """Give a `Gather` for each entry that is used."""
        source = g.types[0]
        assert source is not None
        axis = self.dim % source.rank
        return tuple(
            g.emit("Gather", x, g.size(index), axis=axis) if used else "" for index, used in enumerate(g.used)
        )

"""Triangles and diagonals of matrices."""

from __future__ import annotations

from typing import ClassVar

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, integer, op
from archc.opdef.python import Call, Input, Method, PyTorch, Site
from archc.ops.operands import constant, input_type
from archc.sizes import BOOL, INT64, Dim, TensorType, at_least, dim_min, text


class Triangle(Free):
    """What `tril` and `triu` share."""

    upper: ClassVar[int]
    diagonal: int = attr(
        integer(), 0, main=True, doc="the last diagonal that is kept; above zero is above the main one"
    )

    examples: ClassVar[tuple[Example, ...]] = (
        Example("", ("[N, T, T]",)),
        Example("1", ("[3, 5]",)),
        Example("-1", ("int64[N, 4, T]",)),
        Example("", ("bool[T, T]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the type."""
        rule.at_least_rank(x, 2)
        return x.with_dtype(x.dtype)

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give the method."""
        return PyTorch(Method(Input(0), self.name, (), self.keywords("diagonal")))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Trilu`, in a type that runtimes know."""
        dtype = g.outputs[0].dtype
        known = dtype.is_float or dtype in (INT64, BOOL)
        given = x if known else g.cast(x, INT64)
        place = (g.scalar(self.diagonal, INT64),) if self.diagonal else ()
        made = g.emit("Trilu", given, *place, upper=self.upper)
        return made if known else g.cast(made, dtype)


@op("tril")
class Tril(Triangle):
    """Keep the lower triangle of the last two axes; the rest becomes zero."""

    upper = 0


@op("triu")
class Triu(Triangle):
    """Keep the upper triangle of the last two axes; the rest becomes zero."""

    upper = 1


class DiagonalOp(Free):
    """What ops share that take diagonals out of matrices, or make matrices of them."""

    def length(self, rule: Rule, x: TensorType, rows: Dim, columns: Dim, offset: int, at: str) -> Dim:
        """Give how many entries a diagonal has; refuse one that has none (E0492)."""
        size = dim_min(rows + min(offset, 0), columns - max(offset, 0))
        message = (
            f"diagonal {offset} lies outside of a matrix of {text(rows)} rows and {text(columns)} columns"
        )
        rule.require(at_least(size, 1), "E0492", message, at, [(0, f"this is {x}")])
        return size

    def taken(self, g: OnnxBuilder, x: str, first: int, second: int, offset: int) -> str:
        """Give a diagonal of two axes as the last axis: one `Gather` out of both in a row."""
        source, size = input_type(g), g.outputs[0].shape[-1]
        others = [axis for axis in range(source.rank) if axis not in (first, second)]
        perm = [*others, first, second]
        columns = source.shape[second]
        moved = x if perm == sorted(perm) else g.emit("Transpose", x, perm=perm)
        outer = tuple(source.shape[axis] for axis in others)
        row = g.emit("Reshape", moved, g.sizes((*outer, source.shape[first] * columns)))
        start: Dim = offset if offset >= 0 else columns * -offset
        steps = g.emit("Mul", g.emit("Range", g.size(0), g.size(size), g.size(1)), g.size(columns + 1))
        places = g.emit("Add", steps, g.size(start)) if start != 0 else steps
        return g.emit("Gather", row, places, axis=len(others))

    def placed(self, g: OnnxBuilder, x: str, size: Dim, offset: int) -> str:
        """Give a matrix for the last axis, with its values on a diagonal and zeros elsewhere."""
        source = input_type(g)
        outer = source.shape[:-1]
        row = x
        if offset:
            zeros = [g.emit("Expand", constant(g, 0, source.dtype), g.sizes((*outer, abs(offset))))]
            row = g.emit("Concat", *([*zeros, x] if offset < 0 else [x, *zeros]), axis=source.rank - 1)
        upright = g.emit("Reshape", row, g.sizes((*outer, size, 1)))
        counted = g.emit("Range", g.size(0), g.size(size), g.size(1))
        down = g.emit("Reshape", counted, g.ints(-1, 1))
        down = g.emit("Add", down, g.size(offset)) if offset else down
        there = g.emit("Equal", down, g.emit("Reshape", counted, g.ints(1, -1)))
        if source.dtype is BOOL:
            return g.emit("And", there, upright)
        return g.emit("Where", there, upright, constant(g, 0, source.dtype))


@op("diagonal")
class Diagonal(DiagonalOp):
    """Take a diagonal out of two axes; it becomes the last axis."""

    strided = True
    offset: int = attr(integer(), 0, main=True, doc="which diagonal; above zero is above the main one")
    dim1: int = attr(integer(), 0, doc="the axis of the rows")
    dim2: int = attr(integer(), 1, doc="the axis of the columns")

    examples = (
        Example("", ("[T, T]",)),
        Example("{offset: 1, dim1: -2, dim2: -1}", ("[N, 4, 6]",)),
        Example("{offset: -2, dim1: 1, dim2: 2}", ("[N, T, 3]",)),
        Example("{dim1: 2, dim2: 0}", ("int64[3, N, T]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Drop both axes, add the diagonal."""
        rule.at_least_rank(x, 2)
        axes = rule.axis(self.dim1, x.rank, "dim1"), rule.axis(self.dim2, x.rank, "dim2")
        if axes[0] == axes[1]:
            rule.fail("E0444", f"`dim1` and `dim2` are the same axis, {axes[0]}", "dim2")
        rows, columns = (x.shape[axis] for axis in axes)
        size = self.length(rule, x, rows, columns, self.offset, "offset")
        return x.with_shape((*(d for axis, d in enumerate(x.shape) if axis not in axes), size))

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `x.diagonal(...)`."""
        return PyTorch(Method(Input(0), "diagonal", (), self.keywords("offset", "dim1", "dim2")))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give a `Gather` out of both axes in a row."""
        rank = input_type(g).rank
        return self.taken(g, x, self.dim1 % rank, self.dim2 % rank, self.offset)


@op("diag")
class Diag(DiagonalOp):
    """Make a matrix with a vector on a diagonal, or take a diagonal out of a matrix."""

    diagonal: int = attr(integer(), 0, main=True, doc="which diagonal; above zero is above the main one")

    examples = (
        Example("", ("[T]",)),
        Example("1", ("[3]",)),
        Example("-1", ("[4, T]",)),
        Example("-2", ("int64[T]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Give a square of the vector's size, or the diagonal's size."""
        rule.rank(x, 1, 2)
        if x.rank == 2:
            return x.with_shape((self.length(rule, x, x.shape[0], x.shape[1], self.diagonal, "diagonal"),))
        size = x.shape[0] + abs(self.diagonal)
        return TensorType(x.dtype, (size, size))

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `torch.diag`."""
        return PyTorch(Call("torch.diag", (Input(0),), self.keywords("diagonal")))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give a `Where` on the diagonal, or a `Gather` of it."""
        if input_type(g).rank == 2:
            return self.taken(g, x, 0, 1, self.diagonal)
        return self.placed(g, x, g.outputs[0].shape[0], self.diagonal)


@op("diag_embed")
class DiagEmbed(DiagonalOp):
    """Make matrices with the last axis on a diagonal; they are the last two axes."""

    offset: int = attr(integer(), 0, main=True, doc="which diagonal; above zero is above the main one")

    examples = (Example("", ("[N, 4]",)), Example("1", ("[N, 2, T]",)), Example("-1", ("bool[N, 3]",)))

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Put a square in the place of the last axis."""
        rule.at_least_rank(x, 1)
        size = x.shape[-1] + abs(self.offset)
        return TensorType(x.dtype, (*x.shape[:-1], size, size))

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `torch.diag_embed`."""
        return PyTorch(Call("torch.diag_embed", (Input(0),), self.keywords("offset")))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give a `Where` on the diagonal."""
        return self.placed(g, x, g.outputs[0].shape[-1], self.offset)

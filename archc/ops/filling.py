"""Tensors of evenly spaced numbers, ones on a diagonal, and one number in the shape of another tensor."""

from __future__ import annotations

from archc.opdef import Example, Free, Kind, OnnxBuilder, Rule, attr, number, op, size
from archc.opdef.python import Call, Input, Lit, PyTorch, Site
from archc.ops.creation import DTYPE, FLOATS, Like, dtype_keyword, filled
from archc.ops.operands import Weak, constant, result_dtype
from archc.ops.reshaping import dimension
from archc.sizes import BOOL, DTYPES, Dim, TensorType, at_least, text


@op("full_like")
class FullLike(Like):
    """Give one number everywhere, in the shape and type of the input."""

    fill_value: float | int | bool = attr(Kind("scalar"), main=True, doc="the number")

    examples = (
        Example("0.5", ("[N, 8]",)),
        Example("7", ("int64[N, T]",)),
        Example("{fill_value: 1, dtype: int64}", ("[N, 8]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the shape; the type has to hold the number."""
        made = super().infer(rule, x)
        if result_dtype([TensorType(made.dtype, (1,)), Weak(self.fill_value)]) is not made.dtype:
            message = (
                f"`full_like` puts {self.fill_value} into a tensor of {made.dtype}, which cannot hold it"
            )
            rule.fail("E0543", message, "fill_value", [(0, f"this is {x}")], ("write `dtype: float32`",))
        return made

    def pytorch(self, _site: Site, x: TensorType) -> PyTorch:
        """Give `torch.full_like`."""
        keywords = dtype_keyword(self.dtype, str(x.dtype))
        return PyTorch(Call("torch.full_like", (Input(0), Lit(self.fill_value)), keywords))

    def onnx(self, g: OnnxBuilder, _x: str) -> str:
        """Expand a constant."""
        return filled(g, self.fill_value)


@op("linspace")
class Linspace(Free):
    """Count evenly from `start` to `end`, both included."""

    inputs = ()
    start: float = attr(number(), doc="the first number")
    end: float = attr(number(), doc="the last number")
    steps: Dim = attr(size(min=1), doc="how many")
    dtype: str | None = attr(FLOATS, None, doc="the element type; float32 by default")

    examples = (
        Example("{start: 0, end: 1, steps: 5}", ()),
        Example("{start: -1, end: 1, steps: N}", ()),
        Example("{start: 2.5, end: 7, steps: 1}", ()),
    )

    def infer(self, rule: Rule) -> TensorType:
        """Give `steps` numbers."""
        message = f"`linspace` gives at least one number, `steps` is {text(self.steps)}"
        rule.require(at_least(self.steps, 1), "E0742", message, "steps")
        return TensorType(DTYPES[self.dtype or "float32"], (self.steps,))

    def pytorch(self, _site: Site) -> PyTorch:
        """Give `torch.linspace`."""
        args = (Lit(self.start), Lit(self.end), dimension(self.steps))
        return PyTorch(Call("torch.linspace", args, dtype_keyword(self.dtype)))

    def onnx(self, g: OnnxBuilder) -> str:
        """Count from the nearer end, as PyTorch does."""
        made = g.outputs[0]
        [count] = made.shape
        start, end = (constant(g, each, made.dtype) for each in (self.start, self.end))
        counted = g.emit("Range", g.size(0), g.size(count), g.size(1))
        gaps = g.cast(g.emit("Max", g.size(count - 1), g.size(1)), made.dtype)
        step = g.emit("Div", constant(g, self.end - self.start, made.dtype), gaps)
        left = g.cast(g.emit("Sub", g.size(count - 1), counted), made.dtype)
        up = g.emit("Add", start, g.emit("Mul", step, g.cast(counted, made.dtype)))
        down = g.emit("Sub", end, g.emit("Mul", step, left))
        early = g.emit("Less", counted, g.size((count + 1) // 2))
        return g.emit("Where", early, up, down)


@op("eye")
class Eye(Free):
    """Give ones on the diagonal and zeros elsewhere."""

    inputs = ()
    n: Dim = attr(size(min=1), main=True, doc="number of rows")
    m: Dim | None = attr(
        size(min=1, optional=True), None, doc="number of columns; that of the rows by default"
    )
    dtype: str | None = attr(DTYPE, None, doc="the element type; float32 by default")

    examples = (
        Example("3", ()),
        Example("{n: N, m: 4}", ()),
        Example("{n: N, dtype: int64}", ()),
        Example("{n: 2, dtype: bool}", ()),
    )

    def infer(self, rule: Rule) -> TensorType:
        """Give [n, m]."""
        shape = (self.n, self.n if self.m is None else self.m)
        for name, each in zip(("n", "m"), shape, strict=True):
            message = f"a size must be at least 1, this is {text(each)}"
            rule.require(at_least(each, 1), "E0742", message, name)
        return TensorType(DTYPES[self.dtype or "float32"], shape)

    def pytorch(self, _site: Site) -> PyTorch:
        """Give `torch.eye`."""
        args = (dimension(self.n), *(() if self.m is None else (dimension(self.m),)))
        return PyTorch(Call("torch.eye", args, dtype_keyword(self.dtype)))

    def onnx(self, g: OnnxBuilder) -> str:
        """Compare the numbers of rows and columns."""
        made = g.outputs[0]
        rows, columns = (g.emit("Range", g.size(0), g.size(each), g.size(1)) for each in made.shape)
        there = g.emit("Equal", g.emit("Reshape", rows, g.ints(-1, 1)), columns)
        return there if made.dtype is BOOL else g.cast(there, made.dtype)

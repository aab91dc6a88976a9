"""Functions of one value, element by element."""

from __future__ import annotations

from math import log
from typing import ClassVar

from archc.opdef import Example, Free, OnnxBuilder, Rule, op
from archc.opdef.python import Binary, Call, Input, Lit, PyTorch, Site, Unary, function, method
from archc.ops.arithmetic import truncated
from archc.ops.binary import refuse_bool
from archc.ops.operands import as_dtype, constant, wide
from archc.sizes import BOOL, FLOAT32, INT64, DType, TensorType


class Pointwise(Free):
    """The base of functions to floats: integers and booleans become floats, as in PyTorch.

    A leaf says its ONNX op, or overrides `nodes`.
    """

    elementwise = True
    onnx_op: ClassVar[str] = ""

    examples: ClassVar[tuple[Example, ...]] = (Example("", ("[N, 8]",)), Example("", ("int64[N, T]",)))

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the shape."""
        dtype = self.result(rule, x)
        return x if dtype is x.dtype and dtype.is_float else TensorType(dtype, x.shape)

    def result(self, _rule: Rule, x: TensorType) -> DType:
        """Give the element type of the result."""
        return x.dtype if x.dtype.is_float else FLOAT32

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give the function of `torch`."""
        return function(f"torch.{self.name}", Input(0))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give the nodes, in the type of the result."""
        dtype = g.outputs[0].dtype
        return self.nodes(g, as_dtype(g, x, g.types[0], dtype))

    def nodes(self, g: OnnxBuilder, x: str) -> str:
        """Give the ONNX nodes."""
        return g.emit(self.onnx_op, x)


class Keeping(Pointwise):
    """The base of functions that keep integers; PyTorch has none of them for booleans."""

    def result(self, rule: Rule, x: TensorType) -> DType:
        """Keep the element type."""
        refuse_bool(rule, self.name, (x,), any)
        return x.dtype

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Compute narrow integers in wider ones."""
        dtype = g.outputs[0].dtype
        made = self.nodes(g, as_dtype(g, x, g.types[0], wide(dtype)))
        return made if wide(dtype) is dtype else g.cast(made, dtype)


class Rounding(Keeping):
    """The base of roundings; integers stay as they are."""

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Round floats."""
        return self.nodes(g, x) if g.outputs[0].dtype.is_float else g.emit("Identity", x)


@op("exp")
class Exp(Pointwise):
    """Raise e to each value."""

    onnx_op = "Exp"


@op("expm1")
class Expm1(Pointwise):
    """Give exp(x) - 1, exact near zero too."""

    def nodes(self, g: OnnxBuilder, x: str) -> str:
        """Give tanh(x / 2) * (exp(x) + 1), which does not cancel near zero."""
        half = g.emit("Tanh", g.emit("Mul", x, constant(g, 0.5, FLOAT32)))
        return g.emit("Mul", half, g.emit("Add", g.emit("Exp", x), g.scalar(1.0)))


@op("log")
class Log(Pointwise):
    """Give the natural logarithm."""

    onnx_op = "Log"


@op("log2")
class Log2(Pointwise):
    """Give the logarithm to base 2."""

    def nodes(self, g: OnnxBuilder, x: str) -> str:
        """Divide the natural logarithm."""
        return g.emit("Div", g.emit("Log", x), g.scalar(log(2)))


@op("log1p")
class Log1p(Pointwise):
    """Give log(1 + x), exact near zero too."""

    def nodes(self, g: OnnxBuilder, x: str) -> str:
        """Correct log(1 + x) by what the sum has rounded away (Kahan)."""
        one = g.scalar(1.0)
        shifted = g.emit("Add", x, one)
        kept = g.emit("Sub", shifted, one)
        ratio = g.emit("Where", g.emit("Equal", kept, x), one, g.emit("Div", x, kept))
        return g.emit("Where", g.emit("Equal", shifted, one), x, g.emit("Mul", g.emit("Log", shifted), ratio))


@op("sqrt")
class Sqrt(Pointwise):
    """Give the square root."""

    onnx_op = "Sqrt"


@op("rsqrt")
class Rsqrt(Pointwise):
    """Give one over the square root."""

    def nodes(self, g: OnnxBuilder, x: str) -> str:
        """Give `Reciprocal` of `Sqrt`."""
        return g.emit("Reciprocal", g.emit("Sqrt", x))


@op("reciprocal")
class Reciprocal(Pointwise):
    """Give one over each value."""

    onnx_op = "Reciprocal"


@op("sin")
class Sin(Pointwise):
    """Give the sine."""

    onnx_op = "Sin"


@op("cos")
class Cos(Pointwise):
    """Give the cosine."""

    onnx_op = "Cos"


@op("tan")
class Tan(Pointwise):
    """Give the tangent."""

    onnx_op = "Tan"


@op("asin")
class Asin(Pointwise):
    """Give the angle of a sine."""

    onnx_op = "Asin"


@op("acos")
class Acos(Pointwise):
    """Give the angle of a cosine."""

    onnx_op = "Acos"


@op("atan")
class Atan(Pointwise):
    """Give the angle of a tangent."""

    onnx_op = "Atan"


@op("sinh")
class Sinh(Pointwise):
    """Give the hyperbolic sine."""

    onnx_op = "Sinh"


@op("cosh")
class Cosh(Pointwise):
    """Give the hyperbolic cosine."""

    onnx_op = "Cosh"


@op("asinh")
class Asinh(Pointwise):
    """Give the inverse of the hyperbolic sine."""

    onnx_op = "Asinh"


@op("acosh")
class Acosh(Pointwise):
    """Give the inverse of the hyperbolic cosine."""

    onnx_op = "Acosh"


@op("atanh")
class Atanh(Pointwise):
    """Give the inverse of the hyperbolic tangent."""

    onnx_op = "Atanh"


@op("erf")
class Erf(Pointwise):
    """Give the error function."""

    onnx_op = "Erf"


@op("abs")
class Abs(Keeping):
    """Give the distance from zero."""

    onnx_op = "Abs"


@op("neg")
class Neg(Keeping):
    """Change the sign."""

    onnx_op = "Neg"

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `-x`."""
        return PyTorch(Unary("-", Input(0)))


@op("square")
class Square(Keeping):
    """Multiply each value by itself."""

    def result(self, _rule: Rule, x: TensorType) -> DType:
        """Keep the element type; booleans become integers."""
        return INT64 if x.dtype is BOOL else x.dtype

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `x**2`."""
        return PyTorch(Binary("**", Input(0), Lit(2)))

    def nodes(self, g: OnnxBuilder, x: str) -> str:
        """Give a product."""
        return g.emit("Mul", x, x)


@op("sign")
class Sign(Keeping):
    """Give -1, 0 or 1."""

    onnx_op = "Sign"

    def result(self, _rule: Rule, x: TensorType) -> DType:
        """Keep the element type; booleans too."""
        return x.dtype

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Leave booleans as they are."""
        return g.emit("Identity", x) if g.outputs[0].dtype is BOOL else super().onnx(g, x)


@op("floor")
class Floor(Rounding):
    """Round down."""

    onnx_op = "Floor"


@op("ceil")
class Ceil(Rounding):
    """Round up."""

    onnx_op = "Ceil"


@op("round")
class Round(Rounding):
    """Round to the nearest whole number, halves to the even one."""

    onnx_op = "Round"


@op("trunc")
class Trunc(Rounding):
    """Round towards zero."""

    def nodes(self, g: OnnxBuilder, x: str) -> str:
        """Round down what is positive, up what is negative."""
        return truncated(g, x)


@op("isnan")
class IsNan(Pointwise):
    """Say where a value is not a number."""

    def result(self, _rule: Rule, _x: TensorType) -> DType:
        """Give bool."""
        return BOOL

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `IsNaN`, of floats."""
        source = g.types[0]
        assert source is not None
        return g.emit("IsNaN", x if source.dtype.is_float else g.cast(x, FLOAT32))


@op("identity")
class Identity(Free):
    """Give the value as it is."""

    elementwise = True

    examples = (Example("", ("[N, 8]",)), Example("", ("int64[N, T]",)))

    def infer(self, _rule: Rule, x: TensorType) -> TensorType:
        """Keep the type."""
        return x

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give the value; `nn.Identity` where a module is needed."""
        return PyTorch(Input(0), as_module=Call("nn.Identity"))

    def onnx(self, _g: OnnxBuilder, x: str) -> str:
        """Give the value itself."""
        return x


@op("detach")
class Detach(Identity):
    """Give the value without its history: no gradient flows back through it."""

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `x.detach()`."""
        return method("detach")

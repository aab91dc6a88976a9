"""More functions of one value: other bases, angles, fractions, and what is not finite."""

from __future__ import annotations

from math import log, pi, sqrt

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, number, op
from archc.opdef.python import Call, Input, PyTorch, Site
from archc.ops.arithmetic import truncated
from archc.ops.elementwise import Pointwise
from archc.ops.operands import constant, input_type
from archc.sizes import BOOL, FLOAT32, DType, TensorType

LARGEST = {
    "float64": 1.7976931348623157e308,
    "float32": 3.4028234663852886e38,
    "float16": 65504.0,
    "bfloat16": 3.3895313892515355e38,
}


@op("exp2")
class Exp2(Pointwise):
    """Raise 2 to each value."""

    def nodes(self, g: OnnxBuilder, x: str) -> str:
        """Give `Pow`."""
        return g.emit("Pow", g.scalar(2.0), x)


@op("log10")
class Log10(Pointwise):
    """Give the logarithm to base 10."""

    def nodes(self, g: OnnxBuilder, x: str) -> str:
        """Divide the natural logarithm."""
        return g.emit("Div", g.emit("Log", x), g.scalar(log(10)))


@op("sinc")
class Sinc(Pointwise):
    """Give sin(pi x) / (pi x), which is one at zero."""

    def nodes(self, g: OnnxBuilder, x: str) -> str:
        """Give the quotient, away from zero."""
        one = g.scalar(1.0)
        zero = g.emit("Equal", x, g.scalar(0.0))
        angle = g.emit("Mul", g.emit("Where", zero, one, x), g.scalar(pi))
        return g.emit("Where", zero, one, g.emit("Div", g.emit("Sin", angle), angle))


@op("deg2rad")
class Deg2Rad(Pointwise):
    """Turn degrees into radians."""

    def nodes(self, g: OnnxBuilder, x: str) -> str:
        """Multiply by pi / 180."""
        return g.emit("Mul", x, g.scalar(pi / 180))


@op("rad2deg")
class Rad2Deg(Pointwise):
    """Turn radians into degrees."""

    def nodes(self, g: OnnxBuilder, x: str) -> str:
        """Multiply by 180 / pi."""
        return g.emit("Mul", x, g.scalar(180 / pi))


@op("frac")
class Frac(Pointwise):
    """Give what stands behind the point, with the sign of the value."""

    examples = (Example("", ("[N, 8]",)), Example("", ("[N, 3, H, W]",)))

    def result(self, rule: Rule, x: TensorType) -> DType:
        """Refuse integers, as PyTorch does."""
        rule.float_input(x)
        return x.dtype

    def nodes(self, g: OnnxBuilder, x: str) -> str:
        """Take the whole part away."""
        return g.emit("Sub", x, truncated(g, x))


@op("logit")
class Logit(Pointwise):
    """Give log(x / (1 - x)), the inverse of the sigmoid."""

    eps: float | None = attr(
        number(min=0, max=0.5, optional=True), None, main=True, doc="keep values in eps to 1 - eps first"
    )

    examples = (
        Example("0.1", ("[N, 8]",)),
        Example("", ("[N, 3, H, W]",)),
        Example("0.01", ("int64[N, T]",)),
    )

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `torch.logit`."""
        return PyTorch(Call("torch.logit", (Input(0),), self.keywords("eps")))

    def nodes(self, g: OnnxBuilder, x: str) -> str:
        """Give the logarithm of the odds."""
        if self.eps is not None:
            x = g.emit("Clip", x, g.scalar(self.eps), g.scalar(1 - self.eps))
        return g.emit("Log", g.emit("Div", x, g.emit("Sub", g.scalar(1.0), x)))


@op("erfinv")
class ErfInv(Pointwise):
    """Give the value whose error function this is; it lies between -1 and 1, which are at infinity."""

    examples = (
        Example("", ("[N, 8]",), between=(-0.99, 0.99)),
        Example("", ("[N, 3, H, W]",), between=(-0.7, 0.7)),
    )

    def nodes(self, g: OnnxBuilder, y: str) -> str:
        """Compute as PyTorch does: by quotients of polynomials, then two steps of Newton's."""
        one, size = g.scalar(1.0), g.emit("Abs", y)
        square = g.emit("Mul", y, y)
        middle = g.emit("Mul", y, _ratio(g, square, *_ERFINV_MIDDLE))
        left = g.emit("Div", g.emit("Sub", one, size), g.scalar(2.0))
        root = g.emit("Sqrt", g.emit("Neg", g.emit("Log", left)))
        far = g.emit("Mul", g.emit("Sign", y), _ratio(g, root, *_ERFINV_FAR))
        near = g.emit("LessOrEqual", size, g.scalar(0.7))
        x = g.emit("Where", near, middle, far)
        for _ in range(2):
            slope = g.emit("Mul", g.scalar(2 / sqrt(pi)), g.emit("Exp", g.emit("Neg", g.emit("Mul", x, x))))
            x = g.emit("Sub", x, g.emit("Div", g.emit("Sub", g.emit("Erf", x), y), slope))
        infinity = g.emit("Div", y, g.scalar(0.0))
        return g.emit("Where", g.emit("Equal", size, one), infinity, x)


_ERFINV_MIDDLE = (
    (-0.140543331, 0.914624893, -1.645349621, 0.886226899),
    (0.012229801, -0.329097515, 1.442710462, -2.118377725, 1.0),
)
_ERFINV_FAR = ((1.641345311, 3.429567803, -1.624906493, -1.970840454), (1.637067800, 3.543889200, 1.0))


def _ratio(g: OnnxBuilder, x: str, above: tuple[float, ...], below: tuple[float, ...]) -> str:
    """Give a quotient of polynomials, whose factors begin with that of the highest power."""
    return g.emit("Div", _polynomial(g, x, above), _polynomial(g, x, below))


def _polynomial(g: OnnxBuilder, x: str, factors: tuple[float, ...]) -> str:
    value = g.scalar(factors[0])
    for factor in factors[1:]:
        value = g.emit("Add", g.emit("Mul", value, x), g.scalar(factor))
    return value


class Finiteness(Pointwise):
    """What ops share that look for what is not finite."""

    def result(self, _rule: Rule, _x: TensorType) -> DType:
        """Give bool."""
        return BOOL

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Look at floats; integers are finite."""
        source = input_type(g)
        return self.nodes(g, x if source.dtype.is_float else g.cast(x, FLOAT32))


@op("isinf")
class IsInf(Finiteness):
    """Say where a value is infinite."""

    onnx_op = "IsInf"


@op("isfinite")
class IsFinite(Finiteness):
    """Say where a value is neither infinite nor not a number."""

    def nodes(self, g: OnnxBuilder, x: str) -> str:
        """Give the opposite of `IsInf` and `IsNaN`."""
        return g.emit("Not", g.emit("Or", g.emit("IsInf", x), g.emit("IsNaN", x)))


@op("nan_to_num")
class NanToNum(Free):
    """Put numbers in the place of what is not a number, and of infinite values."""

    elementwise = True
    nan: float = attr(number(), 0.0, main=True, doc="in place of what is not a number")
    posinf: float | None = attr(
        number(optional=True), None, doc="in place of infinity; null is the largest number of the type"
    )
    neginf: float | None = attr(
        number(optional=True), None, doc="in place of minus infinity; null is the smallest number"
    )

    examples = (
        Example("", ("[N, 8]",)),
        Example("{nan: 1.0, posinf: 2.0, neginf: -2.0}", ("[N, 8]",)),
        Example("", ("int64[N, T]",)),
    )

    def infer(self, _rule: Rule, x: TensorType) -> TensorType:
        """Keep the type."""
        return x

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `torch.nan_to_num`."""
        keywords = self.keywords("nan", "posinf", "neginf")
        return PyTorch(Call("torch.nan_to_num", (Input(0),), keywords))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give a `Where` for each."""
        dtype = g.outputs[0].dtype
        if not dtype.is_float:
            return g.emit("Identity", x)
        largest = LARGEST[dtype.name]
        high = largest if self.posinf is None else self.posinf
        low = -largest if self.neginf is None else self.neginf
        made = g.emit("Where", g.emit("IsNaN", x), constant(g, self.nan, dtype), x)
        above = g.emit("IsInf", x, detect_negative=0)
        made = g.emit("Where", above, constant(g, high, dtype), made)
        below = g.emit("IsInf", x, detect_positive=0)
        return g.emit("Where", below, constant(g, low, dtype), made)

"""Arithmetic on two values: PyTorch's promotion and broadcasting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from archc.opdef import Example, OnnxBuilder, Rule, attr, op, text
from archc.opdef.python import Call, Lit, Method, Py, Size
from archc.ops.binary import Pairwise, refuse_bool
from archc.ops.operands import Weak, constant, result_dtype
from archc.ops.ranges import difference, product_of, remainder_of, total
from archc.sizes import BOOL, FLOAT32, DType, TensorType, ValueRange

MOST_PRODUCTS: Final = 64


@op("add")
class Add(Pairwise):
    """Add values, with broadcasting; any number of them."""

    inputs = ("input", "*other?")
    operator = "+"
    any_number = True

    examples = (
        *Pairwise.examples,
        Example("", ("[N, T, 8]", "[N, T, 8]", "[T, 8]")),
    )

    def value_range(self, operands: Sequence[TensorType]) -> ValueRange | None:
        """Add the bounds."""
        return total(operands)

    def nodes(self, g: OnnxBuilder, a: str, b: str, dtype: DType) -> str:
        """Give `Add`; `Or` for booleans."""
        return g.emit("Or" if dtype is BOOL else "Add", a, b)


@op("sub")
class Sub(Pairwise):
    """Subtract the second value from the first, with broadcasting."""

    operator = "-"
    onnx_op = "Sub"

    def result(self, rule: Rule, operands: Sequence[TensorType]) -> DType:
        """Promote; PyTorch refuses booleans."""
        refuse_bool(rule, self.name, operands, any)
        return result_dtype(operands)

    def value_range(self, operands: Sequence[TensorType]) -> ValueRange | None:
        """Subtract the bounds."""
        return difference(operands)


@op("mul")
class Mul(Pairwise):
    """Multiply values element by element, with broadcasting; any number of them."""

    inputs = ("input", "*other?")
    operator = "*"
    any_number = True

    examples = (
        *Pairwise.examples,
        Example("", ("[N, T, 8]", "[N, T, 1]", "[T, 8]")),
    )

    def value_range(self, operands: Sequence[TensorType]) -> ValueRange | None:
        """Multiply the bounds, where one operand is a number."""
        return product_of(operands)

    def nodes(self, g: OnnxBuilder, a: str, b: str, dtype: DType) -> str:
        """Give `Mul`; `And` for booleans."""
        return g.emit("And" if dtype is BOOL else "Mul", a, b)


class Division(Pairwise):
    """What divisions that round share."""

    def result(self, rule: Rule, operands: Sequence[TensorType]) -> DType:
        """Promote; PyTorch has no such division of booleans alone."""
        refuse_bool(rule, self.name, operands, all)
        return result_dtype(operands)


@op("div")
class Div(Division):
    """Divide the first value by the second, with broadcasting; integers give floats unless rounded."""

    operator = "/"
    onnx_op = "Div"
    rounding_mode: str | None = attr(
        text("trunc", "floor", optional=True), None, doc="how to round the quotient; null keeps fractions"
    )

    examples = (
        *Pairwise.examples,
        Example("{rounding_mode: floor}", ("[N, 8]", "[N, 8]")),
        Example("{rounding_mode: trunc, other: 3}", ("int64[N, T]",)),
        Example("{rounding_mode: floor, other: -3}", ("int64[N, T]",)),
    )

    def result(self, rule: Rule, operands: Sequence[TensorType]) -> DType:
        """Promote; a true quotient is a float."""
        if self.rounding_mode is not None:
            return super().result(rule, operands)
        dtype = result_dtype(operands)
        return dtype if dtype.is_float else FLOAT32

    def python(self, a: Py, b: Py, operands: Sequence[TensorType]) -> Py:
        """Give `a / b`, or `torch.div` with the rounding."""
        if self.rounding_mode is None:
            return super().python(a, b, operands)
        return Call("torch.div", (a, b), (("rounding_mode", Lit(self.rounding_mode)),))

    def computes_in(self, dtype: DType) -> DType:
        """Divide floats, unless rounded."""
        return super().computes_in(dtype if dtype.is_float or self.rounding_mode else FLOAT32)

    def nodes(self, g: OnnxBuilder, a: str, b: str, dtype: DType) -> str:
        """Give `Div` and the rounding; ONNX truncates integers."""
        if self.rounding_mode == "floor":
            return floor_quotient(g, a, b, dtype)
        quotient = g.emit("Div", a, b)
        return truncated(g, quotient) if self.rounding_mode and dtype.is_float else quotient


@op("floor_divide")
class FloorDivide(Division):
    """Divide and round down, with broadcasting."""

    operator = "//"

    def nodes(self, g: OnnxBuilder, a: str, b: str, dtype: DType) -> str:
        """Give the quotient without its remainder."""
        return floor_quotient(g, a, b, dtype)


@op("remainder")
class Remainder(Division):
    """Give what is left of a division that rounds down; it has the sign of the divisor, as in Python."""

    operator = "%"

    def value_range(self, operands: Sequence[TensorType]) -> ValueRange | None:
        """Stay below a divisor that is a number."""
        return remainder_of(operands)

    def nodes(self, g: OnnxBuilder, a: str, b: str, dtype: DType) -> str:
        """Give `Mod`; for floats C's remainder, moved to the divisor's side."""
        if not dtype.is_float:
            return g.emit("Mod", a, b)
        rest = g.emit("Mod", a, b, fmod=1)
        return g.emit("Where", _other_side(g, rest, b), g.emit("Add", rest, b), rest)


@op("fmod")
class Fmod(Division):
    """Give what is left of a division that rounds towards zero; it has the sign of the dividend, as in C."""

    def result(self, rule: Rule, operands: Sequence[TensorType]) -> DType:
        """Promote; PyTorch takes no number as the dividend."""
        if isinstance(operands[0], Weak):
            message = f"the first input of `fmod` must be a tensor, it is the number {operands[0]}"
            rule.fail("E0740", message, 0, help=("use `remainder`, or `full` to make a tensor",))
        return super().result(rule, operands)

    def nodes(self, g: OnnxBuilder, a: str, b: str, _dtype: DType) -> str:
        """Give `Mod` with `fmod`."""
        return g.emit("Mod", a, b, fmod=1)


@op("pow")
class Pow(Pairwise):
    """Raise the first value to the power of the second, with broadcasting."""

    operator = "**"

    examples = (
        Example("2", ("[N, 8]",)),
        Example("0.5", ("[N, 8]",)),
        Example("3", ("int64[N, T]",)),
        Example("-1", ("[N, 8]",)),
        Example("1.5", ("[N, 8]",)),
    )

    def result(self, rule: Rule, operands: Sequence[TensorType]) -> DType:
        """Promote; integers have no negative powers."""
        refuse_bool(rule, self.name, operands, all)
        dtype = result_dtype(operands)
        exponent = _number(operands[-1])
        if dtype.is_integer and exponent is not None and exponent < 0:
            rule.fail(
                "E0541",
                f"integers have no negative powers, the exponent is {exponent}",
                "other",
                [(0, f"this is {operands[0]}")],
                ("convert the values first: `cast: float32`",),
            )
        return dtype

    def onnx(self, g: OnnxBuilder, *names: str) -> str:
        """Give products for small whole exponents (exact for integers), roots and inverses; else `Pow`."""
        operands = self.operands(g.types)
        exponent = _number(operands[-1])
        dtype = g.outputs[0].dtype
        if exponent is None or not _is_simple(exponent, dtype) or isinstance(operands[0], Weak):
            return super().onnx(g, *names)
        computed = self.computes_in(dtype)
        base = names[0] if operands[0].dtype is computed else g.cast(names[0], computed)
        made = self._power(g, base, exponent)
        return made if computed is dtype else g.cast(made, dtype)

    def _power(self, g: OnnxBuilder, base: str, exponent: float) -> str:
        if exponent in (0.5, -1):
            return g.emit("Sqrt" if exponent == 0.5 else "Reciprocal", base)
        result, square, left = "", base, int(exponent)
        while True:
            if left % 2:
                result = g.emit("Mul", result, square) if result else square
            left //= 2
            if not left:
                return g.emit("Identity", result) if result == base else result
            square = g.emit("Mul", square, square)

    def nodes(self, g: OnnxBuilder, a: str, b: str, _dtype: DType) -> str:
        """Give `Pow`."""
        return g.emit("Pow", a, b)


class Extreme(Pairwise):
    """What `maximum` and `minimum` share."""

    inputs = ("input", "*other?")
    any_number = True
    bound: ClassVar[str]

    examples = (*Pairwise.examples, Example("", ("[N, 8]", "[N, 1]", "[8]")))

    def python(self, a: Py, b: Py, _operands: Sequence[TensorType]) -> Py:
        """Give `torch.maximum`; against a number `x.clamp(min=...)`."""
        for value, number in ((a, b), (b, a)):
            if isinstance(number, Lit | Size):
                return Method(value, "clamp", (), ((self.bound, number),))
        return Call(f"torch.{self.name}", (a, b))


@op("maximum")
class Maximum(Extreme):
    """Keep the larger value at each position, with broadcasting; any number of them."""

    bound = "min"

    def nodes(self, g: OnnxBuilder, a: str, b: str, dtype: DType) -> str:
        """Give `Max`; `Or` for booleans."""
        return g.emit("Or" if dtype is BOOL else "Max", a, b)


@op("minimum")
class Minimum(Extreme):
    """Keep the smaller value at each position, with broadcasting; any number of them."""

    bound = "max"

    def nodes(self, g: OnnxBuilder, a: str, b: str, dtype: DType) -> str:
        """Give `Min`; `And` for booleans."""
        return g.emit("And" if dtype is BOOL else "Min", a, b)


def truncated(g: OnnxBuilder, x: str) -> str:
    """Round floats towards zero."""
    negative = g.emit("Less", x, g.scalar(0.0))
    return g.emit("Where", negative, g.emit("Ceil", x), g.emit("Floor", x))


def floor_quotient(g: OnnxBuilder, a: str, b: str, dtype: DType) -> str:
    """Divide and round down, as exactly as PyTorch: by way of the remainder."""
    if not dtype.is_float:
        return g.emit("Div", g.emit("Sub", a, g.emit("Mod", a, b)), b)
    zero, one = constant(g, 0, dtype), constant(g, 1, dtype)
    rest = g.emit("Mod", a, b, fmod=1)
    quotient = g.emit("Div", g.emit("Sub", a, rest), b)
    quotient = g.emit("Where", _other_side(g, rest, b), g.emit("Sub", quotient, one), quotient)
    low = g.emit("Floor", quotient)
    far = g.emit("Greater", g.emit("Sub", quotient, low), constant(g, 0.5, dtype))
    rounded = g.emit("Where", far, g.emit("Add", low, one), low)
    return g.emit("Where", g.emit("Equal", b, zero), g.emit("Div", a, b), rounded)


def _other_side(g: OnnxBuilder, rest: str, divisor: str) -> str:
    """Say where a remainder has another sign than the divisor: their product is then negative."""
    signs = g.emit("Mul", g.emit("Sign", rest), g.emit("Sign", divisor))
    return g.emit("Less", signs, g.scalar(0.0))


def _number(given: TensorType) -> float | None:
    return given.value if isinstance(given, Weak) and isinstance(given.value, int | float) else None


def _is_simple(exponent: float, dtype: DType) -> bool:
    if dtype.is_float:
        return exponent in (-1, 0.5, 1, 2, 3)
    return 1 <= exponent <= MOST_PRODUCTS

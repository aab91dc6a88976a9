"""Values chosen by conditions and bounds."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from archc.opdef import Example, Free, Kind, OnnxBuilder, Rule, attr, op
from archc.opdef.python import Call, Input, Lit, Method, Py, PyTorch, Site, method
from archc.ops.operands import Weak, argument, as_dtype, constant, result_dtype, shapes_of, wide
from archc.sizes import BOOL, Dim, TensorType, ValueRange, dim_max, dim_min

NUMBER = Kind("scalar", optional=True)


def require_condition(rule: Rule, condition: TensorType, name: str, at: int) -> None:
    """Refuse a condition that is not boolean (E0542)."""
    if condition.dtype is not BOOL or isinstance(condition, Weak):
        found = f"the number {condition}" if isinstance(condition, Weak) else str(condition.dtype)
        rule.fail(
            "E0542",
            f"the condition of `{name}` must be a boolean tensor, it is {found}",
            at,
            [(at, f"this is {condition}")],
            ("compare it first: `expr: mask != 0`", "or convert it: `cast: bool`"),
        )


@op("where")
class Where(Free):
    """Take `input` where the condition is true and `other` where not, with broadcasting."""

    inputs = ("condition", "input?", "other?")
    combines = True
    elementwise = True
    takes_numbers = True
    input: float | int | bool | None = attr(NUMBER, None, doc="a number in place of the input")
    other: float | int | bool | None = attr(NUMBER, None, main=True, doc="a number in place of the other")

    examples = (
        Example("", ("bool[N, T]", "[N, T]", "[T]")),
        Example("-1.0", ("bool[N, 1]", "[N, T]")),
        Example("{input: 1, other: 0.5}", ("bool[N, T]",)),
        Example("{input: 0}", {"condition": "bool[N, T]", "other": "int64[N, T]"}),
    )

    def operands(
        self, given: TensorType | None, other: TensorType | None = None
    ) -> tuple[TensorType | None, TensorType | None]:
        """Give the types of both sides, with numbers in their places."""
        return (
            Weak(self.input) if self.input is not None else given,
            Weak(self.other) if self.other is not None else other,
        )

    def infer(
        self, rule: Rule, condition: TensorType, given: TensorType | None, other: TensorType | None
    ) -> TensorType:
        """Promote both sides and broadcast them with the condition."""
        require_condition(rule, condition, self.name, 0)
        sides = self.operands(given, other)
        named = zip(("input", "other"), (given, other), (self.input, self.other), sides, strict=True)
        for name, value, number, side in named:
            if side is None:
                help_ = ("name three values: `where: [condition, a, b]`", f"or write a number: `{name}: 0`")
                rule.fail("E0311", f"`where` is missing its input `{name}`", help=help_)
            if value is not None and number is not None:
                rule.fail("E0740", f"`{name}` of `where` is given twice, as a value and as {number}", name)
        types = [condition, *(side for side in sides if side is not None)]
        return TensorType(result_dtype(types[1:]), rule.broadcast(shapes_of(types), self.name))

    def pytorch(self, _site: Site, *types: TensorType | None) -> PyTorch:
        """Give `torch.where`."""
        sides = self.operands(*types[1:])
        args: list[Py] = [argument(i + 1, each) for i, each in enumerate(sides) if each is not None]
        return PyTorch(Call("torch.where", (Input(0), *args)))

    def onnx(self, g: OnnxBuilder, condition: str, given: str, other: str) -> str:
        """Give `Where`."""
        dtype = g.outputs[0].dtype
        sides = self.operands(*g.types[1:])
        a, b = (as_dtype(g, n, t, dtype) for n, t in zip((given, other), sides, strict=True))
        return g.emit("Where", condition, a, b)


@op("masked_fill")
class MaskedFill(Free):
    """Put a number where the mask is true."""

    inputs = ("input", "mask")
    combines = True
    elementwise = True
    value: float | int | bool = attr(Kind("scalar"), main=True, doc="the number")

    examples = (
        Example("-1e9", ("[N, 4, T, T]", "bool[N, 1, 1, T]")),
        Example("0", ("int64[N, T]", "bool[T]")),
        Example("-.inf", ("[N, T]", "bool[N, T]")),
    )

    def infer(self, rule: Rule, x: TensorType, mask: TensorType) -> TensorType:
        """Keep the input's elements; broadcast it with the mask."""
        require_condition(rule, mask, self.name, 1)
        if result_dtype([TensorType(x.dtype, (1,)), Weak(self.value)]) is not x.dtype:
            message = f"`masked_fill` puts {self.value} into a tensor of {x.dtype}, which cannot hold it"
            rule.fail("E0543", message, "value", [(0, f"this is {x}")], ("convert the tensor first: `cast`",))
        return TensorType(x.dtype, rule.broadcast((x.shape, mask.shape), self.name))

    def pytorch(self, _site: Site, _x: TensorType, _mask: TensorType) -> PyTorch:
        """Give `x.masked_fill(mask, value)`."""
        return method("masked_fill", Input(1), Lit(self.value))

    def onnx(self, g: OnnxBuilder, x: str, mask: str) -> str:
        """Give `Where`."""
        return g.emit("Where", mask, constant(g, self.value, g.outputs[0].dtype), x)


@op("clamp")
class Clamp(Free):
    """Bound values from below and above."""

    elementwise = True
    min: float | int | None = attr(NUMBER, None, doc="the least value; null for no bound")
    max: float | int | None = attr(NUMBER, None, doc="the greatest value; null for no bound")

    examples = (
        Example("{min: 0}", ("[N, 8]",)),
        Example("{min: -1.5, max: 1.5}", ("[N, 8]",)),
        Example("{max: 3}", ("int64[N, T]",)),
        Example("{min: 0.5}", ("int64[N, T]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Promote with the bounds."""
        if self.min is None and self.max is None:
            rule.fail("E0743", "`clamp` needs `min`, `max`, or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            rule.fail("E0744", f"`min` is above `max`: {self.min} and {self.max}", "min")
        bounds = [Weak(bound) for bound in (self.min, self.max) if bound is not None]
        dtype = result_dtype([x, *bounds])
        return TensorType(dtype, x.shape, self._values(x.range) if dtype is x.dtype else None)

    def _values(self, before: ValueRange | None) -> ValueRange | None:
        low: Dim | None = self.min if isinstance(self.min, int) else None
        high: Dim | None = self.max if isinstance(self.max, int) else None
        if before is not None and before.source is None:
            low = _tighter(dim_max, before.low, low)
            high = _tighter(dim_min, before.high, high)
        return ValueRange(low, high) if low is not None and high is not None else None

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `x.clamp(...)`."""
        if self.min is not None and self.max is not None:
            return method("clamp", Lit(self.min), Lit(self.max))
        bound = ("min", Lit(self.min)) if self.min is not None else ("max", Lit(self.max))
        return PyTorch(Method(Input(0), "clamp", (), (bound,)))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Clip`; a bound that it is not given is the largest finite number, so floats get infinity."""
        result = g.outputs[0].dtype
        dtype = wide(result)
        least, most = self.min, self.max
        if dtype.is_float:
            least, most = -inf if least is None else least, inf if most is None else most
        bounds = ("" if bound is None else constant(g, bound, dtype) for bound in (least, most))
        made = g.emit("Clip", as_dtype(g, x, g.types[0], dtype), *bounds)
        return made if dtype is result else g.cast(made, result)


def _tighter(choose: Callable[..., Dim], a: Dim | None, b: Dim | None) -> Dim | None:
    if a is None or b is None:
        return b if a is None else a
    return choose(a, b)

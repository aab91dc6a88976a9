"""Comparisons and logic: what comes out is boolean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from archc.opdef import Example, Free, OnnxBuilder, Rule, op
from archc.opdef.python import Binary, Call, Input, Py, PyTorch, Site, Unary
from archc.ops.binary import Pairwise
from archc.ops.operands import Weak, as_dtype, wide
from archc.sizes import BOOL, INT32, DType, TensorType


class Comparison(Pairwise):
    """What comparisons share: promotion before, booleans after."""

    def result(self, _rule: Rule, _operands: Sequence[TensorType]) -> DType:
        """Give bool."""
        return BOOL

    def computes_in(self, dtype: DType) -> DType:
        """Order booleans as 0 and 1."""
        return INT32 if dtype is BOOL else wide(dtype)

    def gives(self, _dtype: DType) -> DType:
        """Give bool."""
        return BOOL


@op("eq")
class Eq(Comparison):
    """Say where the values are equal, with broadcasting."""

    operator = "=="
    onnx_op = "Equal"


@op("ne")
class Ne(Comparison):
    """Say where the values differ, with broadcasting."""

    operator = "!="

    def nodes(self, g: OnnxBuilder, a: str, b: str, _dtype: DType) -> str:
        """Give the opposite of `Equal`."""
        return g.emit("Not", g.emit("Equal", a, b))


@op("lt")
class Lt(Comparison):
    """Say where the first value is less than the second, with broadcasting."""

    operator = "<"
    onnx_op = "Less"


@op("le")
class Le(Comparison):
    """Say where the first value is at most the second, with broadcasting."""

    operator = "<="
    onnx_op = "LessOrEqual"


@op("gt")
class Gt(Comparison):
    """Say where the first value is greater than the second, with broadcasting."""

    operator = ">"
    onnx_op = "Greater"


@op("ge")
class Ge(Comparison):
    """Say where the first value is at least the second, with broadcasting."""

    operator = ">="
    onnx_op = "GreaterOrEqual"


class Logical(Pairwise):
    """What logic on two or more values shares; a value that is not boolean is true where it is not zero."""

    inputs = ("input", "*other?")
    any_number = True

    examples: ClassVar[tuple[Example, ...]] = (
        Example("", ("bool[N, 8]", "bool[N, 8]")),
        Example("", ("bool[N, T]", "bool[T]", "bool[N, 1]")),
        Example("", ("[N, 8]", "int64[8]")),
    )

    def result(self, rule: Rule, operands: Sequence[TensorType]) -> DType:
        """Give bool; refuse numbers, which PyTorch does not take here."""
        for each in operands:
            if isinstance(each, Weak):
                message = f"`{self.name}` combines tensors, {each} is a number"
                rule.fail("E0740", message, "other", help=("name a second value",))
        return BOOL

    def python(self, a: Py, b: Py, operands: Sequence[TensorType]) -> Py:
        """Give the operator where all values are boolean."""
        if all(each.dtype is BOOL for each in operands):
            return Binary(self.operator, a, b)
        return Call(f"torch.{self.name}", (a, b))

    def computes_in(self, _dtype: DType) -> DType:
        """Compute in bool."""
        return BOOL


@op("logical_and")
class LogicalAnd(Logical):
    """Say where all values are true, with broadcasting; any number of them."""

    operator = "&"
    onnx_op = "And"


@op("logical_or")
class LogicalOr(Logical):
    """Say where a value is true, with broadcasting; any number of them."""

    operator = "|"
    onnx_op = "Or"


@op("logical_xor")
class LogicalXor(Logical):
    """Say where one of two values is true and the other is not, with broadcasting."""

    inputs = ("input", "other?")
    any_number = False
    operator = "^"
    onnx_op = "Xor"

    examples = (
        Example("", ("bool[N, 8]", "bool[8]")),
        Example("", ("[N, 8]", "bool[N, 8]")),
    )


@op("logical_not")
class LogicalNot(Free):
    """Say where the value is false, or zero."""

    elementwise = True

    examples = (
        Example("", ("bool[N, 8]",)),
        Example("", ("int64[N, T]",)),
        Example("", ("[N, 8]",)),
    )

    def infer(self, _rule: Rule, x: TensorType) -> TensorType:
        """Give bool."""
        return x.with_dtype(BOOL)

    def pytorch(self, _site: Site, x: TensorType) -> PyTorch:
        """Give `~x` for booleans."""
        return PyTorch(Unary("~", Input(0)) if x.dtype is BOOL else Call("torch.logical_not", (Input(0),)))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Not`."""
        return g.emit("Not", as_dtype(g, x, g.types[0], BOOL))

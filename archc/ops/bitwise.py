"""Logic on the bits of integers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from archc.opdef import Example, Free, OnnxBuilder, Rule, op
from archc.opdef.python import Input, PyTorch, Site, Unary
from archc.ops.binary import Pairwise
from archc.ops.operands import input_type, result_dtype, wide
from archc.sizes import BOOL, DType, TensorType

BITS_SINCE = 18


def refuse_floats(rule: Rule, name: str, operands: Sequence[TensorType]) -> None:
    """Refuse what has no bits to combine (E0545)."""
    for at, each in enumerate(operands):
        if each.dtype.is_float:
            rule.fail(
                "E0545",
                f"`{name}` combines bits of integers or booleans, this is {each.dtype}",
                at if at < 2 else None,
                [(at, f"this is {each}")] if at < 2 else (),
                ("convert it first: `cast: int64`",),
            )


def bits(g: OnnxBuilder, name: str, *values: str) -> str:
    """Give one of ONNX's operators on bits, from opset 18 on."""
    if g.opset < BITS_SINCE:
        g.refuse(f"`{name}` exists from opset {BITS_SINCE} on")
    return g.emit(name, *values)


class Bitwise(Pairwise):
    """What logic on two values' bits shares."""

    word: ClassVar[str]

    examples: ClassVar[tuple[Example, ...]] = (
        Example("", ("int64[N, 8]", "int64[8]")),
        Example("6", ("int64[N, T]",)),
        Example("", ("bool[N, 8]", "bool[N, 1]")),
        Example("", ("uint8[N, 8]", "uint8[N, 8]")),
    )

    def result(self, rule: Rule, operands: Sequence[TensorType]) -> DType:
        """Promote; refuse floats."""
        refuse_floats(rule, self.name, operands)
        return result_dtype(operands)

    def nodes(self, g: OnnxBuilder, a: str, b: str, dtype: DType) -> str:
        """Give `And` and its like for booleans, `BitwiseAnd` and its like for integers."""
        return g.emit(self.word, a, b) if dtype is BOOL else bits(g, f"Bitwise{self.word}", a, b)


@op("bitwise_and")
class BitwiseAnd(Bitwise):
    """Keep the bits that both values have, with broadcasting."""

    operator = "&"
    word = "And"


@op("bitwise_or")
class BitwiseOr(Bitwise):
    """Keep the bits that either value has, with broadcasting."""

    operator = "|"
    word = "Or"


@op("bitwise_xor")
class BitwiseXor(Bitwise):
    """Keep the bits that one of two values has, with broadcasting."""

    operator = "^"
    word = "Xor"


@op("bitwise_not")
class BitwiseNot(Free):
    """Turn every bit around; for booleans, say where the value is false."""

    elementwise = True

    examples = (Example("", ("int64[N, T]",)), Example("", ("bool[N, 8]",)), Example("", ("int8[N]",)))

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the shape and the element type."""
        refuse_floats(rule, self.name, (x,))
        return x.with_dtype(x.dtype)

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `~x`."""
        return PyTorch(Unary("~", Input(0)))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Not` for booleans, `BitwiseNot` for integers."""
        dtype = input_type(g).dtype
        if dtype is BOOL:
            return g.emit("Not", x)
        return (
            bits(g, "BitwiseNot", x)
            if wide(dtype) is dtype
            else g.cast(bits(g, "BitwiseNot", g.cast(x, wide(dtype))), dtype)
        )

"""What operations on two values share: promotion, broadcasting, a number in place of the second."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import ClassVar

from archc.opdef import Example, Free, Kind, OnnxBuilder, Rule, attr
from archc.opdef.python import Binary, Call, Lit, Py, PyTorch, Site
from archc.ops.operands import Weak, argument, as_dtype, result_dtype, shapes_of, wide
from archc.sizes import BOOL, DType, TensorType, ValueRange

SCALAR = Kind("scalar", optional=True)


class Pairwise(Free):
    """The base of elementwise operations on two values, of which the second may be a number.

    A leaf says the Python `operator`, or overrides `python`; and the ONNX op, or overrides `nodes`.
    """

    inputs = ("input", "other?")
    combines = True
    elementwise = True
    takes_numbers = True
    operator: ClassVar[str] = ""
    onnx_op: ClassVar[str] = ""
    any_number: ClassVar[bool] = False
    other: float | int | bool | None = attr(
        SCALAR, None, main=True, doc="a number in place of the second input"
    )

    examples: ClassVar[tuple[Example, ...]] = (
        Example("", ("[N, 8]", "[N, 8]")),
        Example("", ("[N, 3, H, W]", "[3, 1, W]")),
        Example("", ("int64[N, T]", "[T]")),
        Example("2.5", ("[N, 8]",)),
        Example("3", ("int64[N, T]",)),
    )

    def operands(self, types: Sequence[TensorType | None]) -> list[TensorType]:
        """Give the types of what is combined, the number last."""
        given = [each for each in types if each is not None]
        return given if self.other is None else [*given, Weak(self.other)]

    def infer(self, rule: Rule, *types: TensorType | None) -> TensorType:
        """Promote the element types and broadcast the shapes."""
        operands = self.operands(types)
        if len(operands) < 2:
            rule.fail(
                "E0311",
                f"`{self.name}` is missing its input `other`",
                help=(f"name two values: `{self.name}: [a, b]`", f"or write a number: `{self.name}: 2`"),
            )
        if len(operands) > 2 and not self.any_number:
            message = f"`{self.name}` takes one second value, an input and the number {self.other} are given"
            rule.fail("E0740", message, "other", help=("leave one of them out",))
        dtype = self.result(rule, operands)
        shape = rule.broadcast(shapes_of(operands), self.name)
        return TensorType(dtype, shape, self.value_range(operands) if dtype.is_integer else None)

    def result(self, _rule: Rule, operands: Sequence[TensorType]) -> DType:
        """Give the element type of the result; refuse what PyTorch refuses."""
        return result_dtype(operands)

    def value_range(self, _operands: Sequence[TensorType]) -> ValueRange | None:
        """Give the range of an integer result."""
        return None

    def pytorch(self, _site: Site, *types: TensorType | None) -> PyTorch:
        """Give the expression."""
        args = [argument(index, each) for index, each in enumerate(types) if each is not None]
        args += [] if self.other is None else [Lit(self.other)]
        operands = self.operands(types)
        return PyTorch(reduce(lambda a, b: self.python(a, b, operands), args))

    def python(self, a: Py, b: Py, _operands: Sequence[TensorType]) -> Py:
        """Combine two expressions."""
        return Binary(self.operator, a, b) if self.operator else Call(f"torch.{self.name}", (a, b))

    def onnx(self, g: OnnxBuilder, *names: str) -> str:
        """Give the nodes, one pair after the other, in the type that each pair is promoted to."""
        operands = self.operands(g.types)
        given = [name for name, each in zip(names, g.types, strict=True) if each is not None]
        given += [] if self.other is None else [""]
        made, so_far = given[0], operands[0]
        for place, (name, each) in enumerate(zip(given[1:], operands[1:], strict=True), 2):
            promoted = result_dtype((so_far, each))
            dtype = self.computes_in(promoted)
            result = g.outputs[0].dtype if place == len(operands) else promoted
            made = self.nodes(g, as_dtype(g, made, so_far, dtype), as_dtype(g, name, each, dtype), dtype)
            made = made if self.gives(dtype) is result else g.cast(made, result)
            so_far = TensorType(result, (1,) * max(so_far.rank, each.rank))
        return made

    def computes_in(self, dtype: DType) -> DType:
        """Give the type that the ONNX nodes compute in."""
        return wide(dtype)

    def gives(self, dtype: DType) -> DType:
        """Give the type of what the ONNX nodes give."""
        return dtype

    def nodes(self, g: OnnxBuilder, a: str, b: str, _dtype: DType) -> str:
        """Give the ONNX nodes for two values of one type."""
        return g.emit(self.onnx_op, a, b)


def refuse_bool(
    rule: Rule, name: str, operands: Sequence[TensorType], what: Callable[[Sequence[bool]], bool]
) -> None:
    """Refuse booleans (E0540) where `what` (any, all) of the operands are."""
    if what([each.dtype is BOOL for each in operands]):
        at = next(index for index, each in enumerate(operands) if each.dtype is BOOL)
        rule.fail(
            "E0540",
            f"`{name}` has no meaning for booleans",
            at,
            [(at, f"this is {operands[at]}")],
            ("convert them first: `cast: float32`", "or use `logical_and`, `logical_or`, `logical_not`"),
        )

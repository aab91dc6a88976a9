"""Three values combined, element by element."""

from __future__ import annotations

from typing import ClassVar

from archc.opdef import Example, Free, Kind, OnnxBuilder, Rule, attr, number, op
from archc.opdef.python import Call, Input, Lit, Py, PyTorch, Site
from archc.ops.matmul import require_one_dtype
from archc.ops.operands import constant
from archc.sizes import TensorType


class Blend(Free):
    """What these ops share: floats of one type, with broadcasting."""

    combines = True

    def common(self, rule: Rule, *types: TensorType) -> TensorType:
        """Give the type that all broadcast to."""
        rule.float_input(types[0])
        require_one_dtype(rule, self.name, types)
        return TensorType(types[0].dtype, rule.broadcast([each.shape for each in types], self.name))


@op("lerp")
class Lerp(Blend):
    """Go from one value towards another: input + weight * (end - input), with broadcasting."""

    inputs = ("input", "end", "weight?")
    weight: float | None = attr(
        Kind("float", optional=True), None, main=True, doc="a number in place of the weight"
    )

    examples = (
        Example("0.3", ("[N, 8]", "[N, 8]")),
        Example("0.75", ("[N, 8]", "[8]")),
        Example("", ("[N, T, 4]", "[T, 1]", "[N, 1, 4]")),
    )

    def infer(self, rule: Rule, start: TensorType, end: TensorType, weight: TensorType | None) -> TensorType:
        """Broadcast."""
        if (weight is None) == (self.weight is None):
            given = "neither is" if weight is None else "both are"
            rule.fail(
                "E0754", f"`lerp` takes either a third value or a number as `weight`, {given} given", "weight"
            )
        return self.common(rule, start, end, *(() if weight is None else (weight,)))

    def pytorch(self, _site: Site, *_types: TensorType | None) -> PyTorch:
        """Give `torch.lerp`."""
        weight: Py = Input(2) if self.weight is None else Lit(self.weight)
        return PyTorch(Call("torch.lerp", (Input(0), Input(1), weight)))

    def onnx(self, g: OnnxBuilder, start: str, end: str, weight: str) -> str:
        """Go from the nearer end, as PyTorch does."""
        dtype = g.outputs[0].dtype
        apart = g.emit("Sub", end, start)
        if self.weight is not None:
            return self._from_end(g, start, end, apart, constant(g, self.weight, dtype), self.weight >= 0.5)
        near = self._from_end(g, start, end, apart, weight, False)
        far = self._from_end(g, start, end, apart, weight, True)
        return g.emit("Where", g.emit("Less", g.emit("Abs", weight), constant(g, 0.5, dtype)), near, far)

    def _from_end(self, g: OnnxBuilder, start: str, end: str, apart: str, weight: str, far: bool) -> str:
        if not far:
            return g.emit("Add", start, g.emit("Mul", weight, apart))
        rest = g.emit("Sub", constant(g, 1, g.outputs[0].dtype), weight)
        return g.emit("Sub", end, g.emit("Mul", apart, rest))


class AddCombined(Blend):
    """What `addcmul` and `addcdiv` share."""

    inputs = ("input", "tensor1", "tensor2")
    onnx_op: ClassVar[str]
    value: float = attr(number(), 1.0, main=True, doc="what is multiplied with before adding")

    examples: ClassVar[tuple[Example, ...]] = (
        Example("", ("[N, 8]", "[N, 8]", "[N, 8]")),
        Example("0.5", ("[N, 8]", "[N, 1]", "[8]")),
    )

    def infer(self, rule: Rule, *types: TensorType) -> TensorType:
        """Broadcast."""
        return self.common(rule, *types)

    def pytorch(self, _site: Site, *_types: TensorType) -> PyTorch:
        """Give the function of `torch`."""
        args = (Input(0), Input(1), Input(2))
        return PyTorch(Call(f"torch.{self.name}", args, self.keywords("value")))

    def onnx(self, g: OnnxBuilder, x: str, first: str, second: str) -> str:
        """Give the combination, its factor, and `Add`."""
        made = g.emit(self.onnx_op, first, second)
        if self.value != 1:
            made = g.emit("Mul", made, constant(g, self.value, g.outputs[0].dtype))
        return g.emit("Add", x, made)


@op("addcmul")
class Addcmul(AddCombined):
    """Add a product: input + value * tensor1 * tensor2, with broadcasting."""

    onnx_op = "Mul"


@op("addcdiv")
class Addcdiv(AddCombined):
    """Add a quotient: input + value * tensor1 / tensor2, with broadcasting."""

    onnx_op = "Div"

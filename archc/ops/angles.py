"""Angles of points."""

from __future__ import annotations

from math import pi

from archc.opdef import Example, Free, OnnxBuilder, Rule, op
from archc.opdef.python import Call, Input, PyTorch, Site
from archc.ops.matmul import require_one_dtype
from archc.ops.operands import constant
from archc.sizes import TensorType


@op("atan2")
class Atan2(Free):
    """Give the angle of the point that is `input` up and `other` to the right, with broadcasting."""

    inputs = ("input", "other")
    combines = True

    examples = (Example("", ("[N, 8]", "[N, 8]")), Example("", ("[N, 3, T]", "[T]")))

    def infer(self, rule: Rule, y: TensorType, x: TensorType) -> TensorType:
        """Broadcast floats of one type."""
        rule.float_input(y)
        require_one_dtype(rule, self.name, (y, x))
        return TensorType(y.dtype, rule.broadcast((y.shape, x.shape), self.name))

    def pytorch(self, _site: Site, *_types: TensorType) -> PyTorch:
        """Give `torch.atan2`."""
        return PyTorch(Call("torch.atan2", (Input(0), Input(1))))

    def onnx(self, g: OnnxBuilder, y: str, x: str) -> str:
        """Take the angle of the shorter side over the longer, and turn it to where the point is."""
        zero, one = (constant(g, number, g.outputs[0].dtype) for number in (0.0, 1.0))
        up, right = g.emit("Abs", y), g.emit("Abs", x)
        short, long = g.emit("Min", up, right), g.emit("Max", up, right)
        nowhere = g.emit("Equal", long, zero)
        ratio = g.emit("Div", short, g.emit("Where", nowhere, one, long))
        diagonal = g.emit("And", g.emit("Equal", up, right), g.emit("Not", nowhere))
        angle = g.emit("Atan", g.emit("Where", diagonal, one, ratio))  # two infinities have no quotient
        steep = g.emit("Sub", constant(g, pi / 2, g.outputs[0].dtype), angle)
        angle = g.emit("Where", g.emit("Greater", up, right), steep, angle)
        left = g.emit("Sub", constant(g, pi, g.outputs[0].dtype), angle)
        angle = g.emit("Where", _negative(g, x, zero, one), left, angle)
        side = g.emit("Where", _negative(g, y, zero, one), g.emit("Neg", one), one)
        return g.emit("Mul", angle, side)  # runtimes choose among zeros without their sign


def _negative(g: OnnxBuilder, x: str, zero: str, one: str) -> str:
    """Say where a value is below zero, or is the zero of that side."""
    below = g.emit("Less", x, zero)
    at_zero = g.emit("And", g.emit("Equal", x, zero), g.emit("Less", g.emit("Div", one, x), zero))
    return g.emit("Or", below, at_zero)

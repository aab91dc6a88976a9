"""Activations: one value in, one value out."""

from __future__ import annotations

from archc.opdef import Example, Free, OnnxBuilder, Rule, op
from archc.opdef.python import Call, Input, PyTorch, Site, function, method
from archc.sizes import TensorType


class Activation(Free):
    """The base of elementwise activations on floats: the output has the input's type."""

    examples = (Example("", ("[N, 8]",)), Example("", ("[N, 3, H, W]",)))

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the type."""
        rule.float_input(x)
        return x


@op("relu")
class Relu(Activation):
    """Set negative values to zero: max(x, 0)."""

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.relu`."""
        return function("F.relu", Input(0), as_module=Call("nn.ReLU"))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Relu`."""
        return g.emit("Relu", x)


@op("tanh")
class Tanh(Activation):
    """Squash into (-1, 1) with the hyperbolic tangent."""

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give the method."""
        return method("tanh", as_module=Call("nn.Tanh"))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Tanh`."""
        return g.emit("Tanh", x)

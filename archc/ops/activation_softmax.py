"""Softmax and its logarithm."""

from __future__ import annotations

from typing import ClassVar

from archc.opdef import Example, OnnxBuilder, Rule, attr, integer, op
from archc.opdef.python import Call, Input, Lit, Method, PyTorch, Site
from archc.ops.activation import Activation
from archc.sizes import TensorType


class SoftmaxLike(Activation):
    """What softmax and its relatives share."""

    elementwise = False
    module: ClassVar[str]
    dim: int = attr(integer(), main=True, doc="the axis along which the values are weighed")

    examples = (
        Example("-1", ("[N, T, 8]",)),
        Example("1", ("[N, 4, H, W]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the type."""
        rule.axis(self.dim, x.rank)
        return super().infer(rule, x)

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give the method of the same name."""
        dim = (("dim", Lit(self.dim)),)
        return PyTorch(Method(Input(0), self.name, (), dim), as_module=Call(f"nn.{self.module}", (), dim))


@op("softmax")
class Softmax(SoftmaxLike):
    """Turn values along an axis into weights that sum to one: exp(x) / sum(exp(x))."""

    module = "Softmax"

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Softmax`."""
        return g.emit("Softmax", x, axis=self.dim)


@op("log_softmax")
class LogSoftmax(SoftmaxLike):
    """Give the logarithm of softmax, without losing precision."""

    module = "LogSoftmax"

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `LogSoftmax`."""
        return g.emit("LogSoftmax", x, axis=self.dim)


@op("softmin")
class Softmin(SoftmaxLike):
    """Turn values along an axis into weights that favour the smallest: softmax(-x)."""

    module = "Softmin"

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.softmin`, as there is no method."""
        dim = (("dim", Lit(self.dim)),)
        return PyTorch(Call("F.softmin", (Input(0),), dim), as_module=Call("nn.Softmin", (), dim))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Softmax` of the negated values."""
        return g.emit("Softmax", g.emit("Neg", x), axis=self.dim)

"""Activations made of straight pieces."""

from __future__ import annotations

from collections.abc import Mapping

from archc.opdef import Example, Init, OnnxBuilder, Op, Param, Rule, attr, integer, number, op
from archc.opdef.python import Call, Input, Lit, Py, PyTorch, Site, function, layer
from archc.ops.activation import Activation
from archc.sizes import Dim, TensorType


@op("leaky_relu")
class LeakyRelu(Activation):
    """Multiply negative values by a small slope."""

    negative_slope: float = attr(number(), 0.01, main=True, doc="the factor of negative values")

    examples = (Example("", ("[N, 8]",)), Example("0.2", ("[N, 3, H, W]",)))

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.leaky_relu`."""
        return self.same_call("leaky_relu", "LeakyReLU", "negative_slope")

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `LeakyRelu`."""
        return g.emit("LeakyRelu", x, alpha=self.negative_slope)


@op("relu6")
class Relu6(Activation):
    """Limit to 0..6."""

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.relu6`."""
        return self.same_call("relu6", "ReLU6")

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Clip`."""
        return g.emit("Clip", x, g.scalar(0.0), g.scalar(6.0))


@op("hardtanh")
class Hardtanh(Activation):
    """Limit to `min_val`..`max_val`."""

    min_val: float = attr(number(), -1.0, doc="the least value")
    max_val: float = attr(number(), 1.0, doc="the greatest value")

    examples = (Example("", ("[N, 8]",)), Example("{min_val: 0, max_val: 0.5}", ("[N, 8]",)))

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the type; the limits are in order."""
        if self.min_val >= self.max_val:
            rule.fail(
                "E0722",
                f"`min_val` must be below `max_val`, they are {self.min_val} and {self.max_val}",
                "min_val",
            )
        return super().infer(rule, x)

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.hardtanh`."""
        return self.same_call("hardtanh", "Hardtanh", "min_val", "max_val")

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Clip`."""
        return g.emit("Clip", x, g.scalar(self.min_val), g.scalar(self.max_val))


@op("hardsigmoid")
class Hardsigmoid(Activation):
    """Approximate the sigmoid by straight pieces: relu6(x + 3) / 6."""

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.hardsigmoid`."""
        return self.same_call("hardsigmoid", "Hardsigmoid")

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `HardSigmoid` with a slope of 1/6."""
        return g.emit("HardSigmoid", x, alpha=1 / 6, beta=0.5)


@op("hardswish")
class Hardswish(Activation):
    """Weigh each value by its hard sigmoid: x * relu6(x + 3) / 6."""

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.hardswish`."""
        return self.same_call("hardswish", "Hardswish")

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `HardSwish`."""
        return g.emit("HardSwish", x)


class Shrink(Activation):
    """What the shrinking activations share."""

    lambd: float = attr(number(min=0), 0.5, main=True, doc="values up to this, of either sign, become zero")

    examples = (Example("", ("[N, 8]",)), Example("0.1", ("[N, 8]",)))


@op("hardshrink")
class Hardshrink(Shrink):
    """Set small values to zero and keep the others."""

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.hardshrink`."""
        return self.same_call("hardshrink", "Hardshrink", "lambd")

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Shrink`."""
        return g.emit("Shrink", x, lambd=self.lambd, bias=0.0)


@op("softshrink")
class Softshrink(Shrink):
    """Move values towards zero by `lambd`, small ones to zero."""

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.softshrink`."""
        return self.same_call("softshrink", "Softshrink", "lambd")

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Shrink` with a bias."""
        return g.emit("Shrink", x, lambd=self.lambd, bias=self.lambd)


@op("threshold")
class Threshold(Activation):
    """Keep values above a threshold, replace the others."""

    threshold: float = attr(number(), doc="values above this are kept")
    value: float = attr(number(), doc="what the others become")

    examples = (Example("{threshold: 0.1, value: -2}", ("[N, 8]",)),)

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.threshold`."""
        args = (Lit(self.threshold), Lit(self.value))
        return function("F.threshold", Input(0), *args, as_module=Call("nn.Threshold", args))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Greater` and `Where`."""
        above = g.emit("Greater", x, g.scalar(self.threshold))
        return g.emit("Where", above, x, g.scalar(self.value))


@op("prelu")
class Prelu(Op):
    """Multiply negative values by a learned slope, one for all or one a channel."""

    num_parameters: int = attr(integer(min=1), 1, main=True, doc="1, or the number of channels")
    init: float = attr(number(), 0.25, doc="the slope to start from")

    examples = (
        Example("", ("[N, 8]",)),
        Example("{num_parameters: 3, init: 0.1}", ("[N, 3, H, W]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the type; as many slopes as channels."""
        rule.float_input(x)
        if self.num_parameters > 1:
            rule.at_least_rank(x, 2)
            rule.same(
                x.shape[1],
                self.num_parameters,
                "E0422",
                f"`num_parameters` must be 1 or the size of axis 1, which is {x.shape[1]}, "
                f"it is {self.num_parameters}",
                "num_parameters",
                [(0, f"this is {x}")],
            )
        return x

    def weights(self, _x: TensorType) -> tuple[Param, ...]:
        """Give weight [num_parameters], all equal."""
        return (Param("weight", (self.num_parameters,), Init("constant", (("val", self.init),))),)

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `nn.PReLU`."""
        return layer(Call("nn.PReLU", (), self.keywords("num_parameters", "init")))

    def functional(self, weights: Mapping[str, Py], _x: TensorType) -> PyTorch:
        """Give `F.prelu`."""
        return function("F.prelu", Input(0), weights["weight"])

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `PRelu`, the slopes lined up with axis 1."""
        source = g.types[0]
        assert source is not None
        slope = g.param("weight")
        if self.num_parameters > 1 and source.rank > 2:
            slope = g.emit("Reshape", slope, g.ints(self.num_parameters, *[1] * (source.rank - 2)))
        return g.emit("PRelu", x, slope)

    def multiply_adds(self, _out: TensorType, _x: TensorType) -> Dim:
        """Contract nothing."""
        return 0

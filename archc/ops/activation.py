"""Activations that are smooth, or nearly: one value in, one value out."""

from __future__ import annotations

from math import pi, sqrt
from typing import ClassVar

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, integer, number, op, text
from archc.opdef.python import Call, Input, PyTorch, Site, method
from archc.sizes import FLOAT32, TensorType, divides
from archc.sizes import text as size_text


class Activation(Free):
    """The base of elementwise activations on floats: the output has the input's type."""

    elementwise = True
    examples: ClassVar[tuple[Example, ...]] = (Example("", ("[N, 8]",)), Example("", ("[N, 3, H, W]",)))

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the type."""
        rule.float_input(x)
        return x

    def same_call(self, name: str, module: str, *attributes: str) -> PyTorch:
        """Give a function of `torch.nn.functional`, with the module that takes the same arguments."""
        keywords = self.keywords(*attributes)
        return PyTorch(Call(f"F.{name}", (Input(0),), keywords), as_module=Call(f"nn.{module}", (), keywords))


@op("relu")
class Relu(Activation):
    """Set negative values to zero: max(x, 0)."""

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.relu`."""
        return self.same_call("relu", "ReLU")

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


@op("sigmoid")
class Sigmoid(Activation):
    """Squash into (0, 1): 1 / (1 + exp(-x))."""

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give the method."""
        return method("sigmoid", as_module=Call("nn.Sigmoid"))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Sigmoid`."""
        return g.emit("Sigmoid", x)


@op("silu")
class Silu(Activation):
    """Weigh each value by its sigmoid: x * sigmoid(x), also called swish."""

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.silu`."""
        return self.same_call("silu", "SiLU")

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Sigmoid` and `Mul`, which runtimes fuse."""
        return g.emit("Mul", x, g.emit("Sigmoid", x))


@op("gelu")
class Gelu(Activation):
    """Weigh each value by the normal distribution's probability below it: x * Phi(x)."""

    approximate: str = attr(
        text("none", "tanh"), "none", main=True, doc="`tanh` for the faster approximation"
    )

    examples = (
        Example("", ("[N, T, 8]",)),
        Example("tanh", ("[N, 8]",)),
    )

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.gelu`."""
        return self.same_call("gelu", "GELU", "approximate")

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Gelu` from opset 20 on, its formula before."""
        if g.opset >= 20:
            return g.emit("Gelu", x, approximate=self.approximate)
        weight = self._tanh(g, x) if self.approximate == "tanh" else self._erf(g, x)
        return g.emit("Mul", g.emit("Mul", x, g.emit("Add", weight, g.scalar(1.0))), g.scalar(0.5))

    def _erf(self, g: OnnxBuilder, x: str) -> str:
        return g.emit("Erf", g.emit("Div", x, g.scalar(sqrt(2.0))))

    def _tanh(self, g: OnnxBuilder, x: str) -> str:
        cube = g.emit("Mul", g.emit("Mul", x, x), x)
        inner = g.emit("Add", x, g.emit("Mul", cube, g.scalar(0.044715)))
        return g.emit("Tanh", g.emit("Mul", inner, g.scalar(sqrt(2.0 / pi))))


@op("elu")
class Elu(Activation):
    """Keep positive values, let negative ones approach -alpha: alpha * (exp(x) - 1)."""

    alpha: float = attr(number(), 1.0, main=True, doc="the value that negative inputs approach, negated")

    examples = (Example("", ("[N, 8]",)), Example("0.5", ("[N, 8]",)))

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.elu`."""
        return self.same_call("elu", "ELU", "alpha")

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Elu`."""
        return g.emit("Elu", x, alpha=self.alpha)


@op("celu")
class Celu(Activation):
    """Keep positive values, let negative ones approach -alpha smoothly: alpha * (exp(x / alpha) - 1)."""

    alpha: float = attr(number(), 1.0, main=True, doc="the value that negative inputs approach, negated")

    examples = (Example("", ("[N, 8]",)), Example("0.5", ("[N, 8]",)))

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the type; `alpha` divides, so it is not zero."""
        if self.alpha == 0:
            rule.fail("E0721", "`alpha` of `celu` must not be zero", "alpha")
        return super().infer(rule, x)

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.celu`."""
        return self.same_call("celu", "CELU", "alpha")

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Celu`, which knows single precision alone; its formula for other floats."""
        if g.outputs[0].dtype is FLOAT32:
            return g.emit("Celu", x, alpha=self.alpha)
        bent = g.emit("Sub", g.emit("Exp", g.emit("Div", x, g.scalar(self.alpha))), g.scalar(1.0))
        below = g.emit("Min", g.emit("Mul", bent, g.scalar(self.alpha)), g.scalar(0.0))
        return g.emit("Add", g.emit("Relu", x), below)


@op("selu")
class Selu(Activation):
    """Scale an ELU so that activations keep zero mean and unit variance (Klambauer et al., 2017)."""

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.selu`."""
        return self.same_call("selu", "SELU")

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Selu`."""
        return g.emit("Selu", x)


@op("mish")
class Mish(Activation):
    """Weigh each value by tanh(softplus(x))."""

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.mish`."""
        return self.same_call("mish", "Mish")

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Mish` from opset 18 on, its formula before."""
        if g.opset >= 18:
            return g.emit("Mish", x)
        return g.emit("Mul", x, g.emit("Tanh", g.emit("Softplus", x)))


@op("softplus")
class Softplus(Activation):
    """Give a smooth relu: log(1 + exp(beta * x)) / beta."""

    beta: float = attr(number(), 1.0, doc="how sharp the bend is")
    threshold: float = attr(number(), 20.0, doc="above this, beta * x, the value stays as it is")

    examples = (
        Example("", ("[N, 8]",)),
        Example("{beta: 2.0, threshold: 1.0}", ("[N, 8]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the type; `beta` divides, so it is not zero."""
        if self.beta == 0:
            rule.fail("E0721", "`beta` of `softplus` must not be zero", "beta")
        return super().infer(rule, x)

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.softplus`."""
        return self.same_call("softplus", "Softplus", "beta", "threshold")

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Softplus`; a threshold that can be seen in a float becomes a `Where`."""
        scaled = x if self.beta == 1 else g.emit("Mul", x, g.scalar(self.beta))
        bent = g.emit("Softplus", scaled)
        bent = bent if self.beta == 1 else g.emit("Div", bent, g.scalar(self.beta))
        if self.threshold >= 20:
            return bent
        return g.emit("Where", g.emit("Greater", scaled, g.scalar(self.threshold)), x, bent)


@op("softsign")
class Softsign(Activation):
    """Squash into (-1, 1): x / (1 + |x|)."""

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.softsign`."""
        return self.same_call("softsign", "Softsign")

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Softsign`."""
        return g.emit("Softsign", x)


@op("logsigmoid")
class Logsigmoid(Activation):
    """Give the logarithm of the sigmoid, without losing precision."""

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.logsigmoid`."""
        return self.same_call("logsigmoid", "LogSigmoid")

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give -softplus(-x)."""
        return g.emit("Neg", g.emit("Softplus", g.emit("Neg", x)))


@op("tanhshrink")
class Tanhshrink(Activation):
    """Take the hyperbolic tangent away: x - tanh(x)."""

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.tanhshrink`."""
        return self.same_call("tanhshrink", "Tanhshrink")

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Tanh` and `Sub`."""
        return g.emit("Sub", x, g.emit("Tanh", x))


@op("glu")
class Glu(Free):
    """Halve an axis; weigh the first half by the sigmoid of the second."""

    dim: int = attr(integer(), -1, main=True, doc="the axis to halve")

    examples = (
        Example("", ("[N, T, 8]",)),
        Example("1", ("[N, 6, T]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Halve the axis."""
        rule.float_input(x)
        dim = rule.axis(self.dim, x.rank)
        size = x.shape[dim]
        rule.require(
            divides(2, size),
            "E0421",
            f"`glu` halves axis {dim}, its size must be even, it is {size_text(size)}",
            "dim",
            [(0, f"this is {x}")],
        )
        return x.with_shape((*x.shape[:dim], size // 2, *x.shape[dim + 1 :]))

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.glu`."""
        keywords = self.keywords("dim")
        return PyTorch(Call("F.glu", (Input(0),), keywords), as_module=Call("nn.GLU", (), keywords))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Split`, `Sigmoid`, `Mul`."""
        count = {} if g.opset < 18 else {"num_outputs": 2}
        kept, gate = g.emit_many(2, "Split", x, axis=self.dim, **count)
        return g.emit("Mul", kept, g.emit("Sigmoid", gate))

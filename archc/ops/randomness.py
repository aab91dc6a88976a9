"""Values that are random in training, or always."""

from __future__ import annotations

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, boolean, integer, number, op, text
from archc.opdef.python import Call, Input, Lit, PyTorch, Site, layer
from archc.ops.operands import constant, input_type
from archc.sizes import TensorType

STOCHASTIC_DEPTH = (
    "StochasticDepth",
    '''\
class StochasticDepth(nn.Module):
    """Drop the input in training, by rows or as a whole; scale up what is kept."""

    def __init__(self, p: float, mode: str = "row") -> None:
        super().__init__()
        self.p = p
        self.mode = mode

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0.0:
            return x
        rows = x.shape[0] if self.mode == "row" else 1
        shape = (rows, *[1] * (x.dim() - 1))
        kept = torch.rand(shape, dtype=x.dtype, device=x.device) >= self.p
        return x * kept / (1.0 - self.p) if self.p < 1.0 else x * kept
''',
)


@op("stochastic_depth")
class StochasticDepth(Free):
    """Set whole examples to zero in training, and scale the others up by 1 / (1 - p) (Huang et al., 2016)."""

    p: float = attr(number(min=0, max=1), main=True, doc="probability of an example to be dropped")
    mode: str = attr(text("batch", "row"), "row", doc="`row` drops single examples, `batch` all or none")

    examples = (
        Example("0.1", ("[N, 4, H, W]",)),
        Example("{p: 0.2, mode: batch}", ("[N, T, 8]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the type."""
        rule.float_input(x)
        rule.at_least_rank(x, 1)
        return x

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give a module of its own, whose source goes into the file."""
        form = layer(Call("StochasticDepth", (Lit(self.p),), self.keywords("mode")))
        return form.replace(support=(STOCHASTIC_DEPTH,))

    def onnx(self, _g: OnnxBuilder, x: str) -> str:
        """Give the input: a graph is for evaluation."""
        return x


@op("rrelu")
class RRelu(Free):
    """Keep positive values, scale negative ones by a slope: random in training, the middle in evaluation."""

    lower: float = attr(number(), 1 / 8, doc="the least slope")
    upper: float = attr(number(), 1 / 3, doc="the greatest slope")

    examples = (Example("", ("[N, 8]",)), Example("{lower: 0.1, upper: 0.2}", ("[N, 3, H, W]",)))

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the type."""
        rule.float_input(x)
        if self.lower > self.upper:
            message = f"`lower` must be at most `upper`, they are {self.lower} and {self.upper}"
            rule.fail("E0757", message, "lower")
        return x

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `nn.RReLU`, so that training and evaluation differ."""
        return layer(Call("nn.RReLU", (), self.keywords("lower", "upper")))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `LeakyRelu` with the slope in the middle: a graph is for evaluation."""
        return g.emit("LeakyRelu", x, alpha=(self.lower + self.upper) / 2)


@op("gumbel_softmax")
class GumbelSoftmax(Free):
    """Draw from the distribution that scores stand for, softly, with a gradient (Jang et al., 2016)."""

    inputs = ("logits",)
    random = True
    tau: float = attr(number(), 1.0, main=True, doc="the temperature; towards zero one value takes all")
    hard: bool = attr(boolean(), False, doc="give ones and zeros, with the gradient of the soft values")
    dim: int = attr(integer(), -1, doc="the axis of the scores")

    examples = (Example("", ("[N, 8]",)), Example("{tau: 0.5, hard: true, dim: 1}", ("[N, 4, T]",)))

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the type."""
        rule.float_input(x)
        rule.at_least_rank(x, 1)
        rule.axis(self.dim, x.rank)
        if self.tau <= 0:
            rule.fail("E0757", f"`tau` must be above zero, it is {self.tau}", "tau")
        return x

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.gumbel_softmax`."""
        return PyTorch(Call("F.gumbel_softmax", (Input(0),), self.keywords("tau", "hard", "dim")))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Add noise of Gumbel's distribution to the scores before `Softmax`."""
        source, dtype = input_type(g), g.outputs[0].dtype
        axis = self.dim % source.rank
        drawn = g.emit("RandomUniformLike", x)
        noise = g.emit("Neg", g.emit("Log", g.emit("Neg", g.emit("Log", drawn))))
        noisy = g.emit("Div", g.emit("Add", x, noise), constant(g, self.tau, dtype))
        if not self.hard:
            return g.emit("Softmax", noisy, axis=axis)
        chosen = g.emit("ArgMax", noisy, axis=axis, keepdims=0)
        values = g.constant([0.0, 1.0], dtype, (2,))
        return g.emit("OneHot", chosen, g.size(source.shape[axis]), values, axis=axis)

"""Normalization by what neighbouring channels respond."""

from __future__ import annotations

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, integer, number, op
from archc.opdef.python import Call, Input, Lit, PyTorch, Site
from archc.ops.operands import constant, input_type
from archc.sizes import TensorType, product


@op("local_response_norm")
class LocalResponseNorm(Free):
    """Divide by the squares of neighbouring channels (Krizhevsky et al., 2012).

    It gives x / (k + alpha * mean of the squares)^beta.
    """

    size: int = attr(integer(min=1), main=True, doc="how many neighbouring channels count")
    alpha: float = attr(number(), 1e-4, doc="what the mean of their squares is multiplied by")
    beta: float = attr(number(), 0.75, doc="the exponent")
    k: float = attr(number(), 1.0, doc="added to the mean")

    examples = (
        Example("5", ("[N, 8, H, W]",)),
        Example("{size: 2, alpha: 0.5, k: 2.0}", ("[N, 4, H, W]",)),
        Example("{size: 3, alpha: 0.1, beta: 0.5}", ("[N, 4, T]",)),
        Example("{size: 3, alpha: 1.0}", ("[N, 4, D, 3, 2]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the type; axis 1 holds the channels."""
        rule.float_input(x)
        rule.at_least_rank(x, 3)
        return x

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.local_response_norm`."""
        keywords = self.keywords("alpha", "beta", "k")
        module = Call("nn.LocalResponseNorm", (Lit(self.size),), keywords)
        return PyTorch(Call("F.local_response_norm", (Input(0), Lit(self.size)), keywords), as_module=module)

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `LRN` for images and an odd size, which it has alike; else an average over the channels.

        Runtimes take positive numbers alone.
        """
        source = input_type(g)
        if source.rank == 4 and self.size % 2 and self.alpha > 0 and self.beta > 0:
            return g.emit("LRN", x, size=self.size, alpha=self.alpha, beta=self.beta, bias=self.k)
        batch, channels, *rest = source.shape
        flat = g.sizes((batch, 1, channels, product(rest)))
        planes = g.emit("Reshape", g.emit("Mul", x, x), flat)
        before, after = self.size // 2, (self.size - 1) // 2
        padded = g.emit("Pad", planes, g.ints(0, 0, before, 0, 0, 0, after, 0))
        averaged = g.emit("AveragePool", padded, kernel_shape=[self.size, 1], strides=[1, 1])
        mean = g.emit("Reshape", averaged, g.sizes(source.shape))
        dtype = g.outputs[0].dtype
        scaled = g.emit(
            "Add", g.emit("Mul", mean, constant(g, self.alpha, dtype)), constant(g, self.k, dtype)
        )
        return g.emit("Div", x, g.emit("Pow", scaled, constant(g, self.beta, dtype)))

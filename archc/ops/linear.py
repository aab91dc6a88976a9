"""Fully connected layers and look-up tables."""

from __future__ import annotations

from math import sqrt

from archc.opdef import (
    Example,
    Op,
    OnnxBuilder,
    Param,
    Rule,
    attr,
    boolean,
    integer,
    op,
    uniform,
)
from archc.opdef.python import Call, Lit, PyTorch, Site, layer
from archc.sizes import Dim, TensorType, product


@op("linear")
class Linear(Op):
    """Multiply the last axis by a weight matrix and add a bias."""

    out_features: int = attr(integer(min=1), main=True, doc="size of the last axis of the output")
    bias: bool = attr(boolean(), True, doc="add a learned bias")

    examples = (
        Example("120", ("[N, 400]",)),
        Example("{out_features: 16, bias: false}", ("[N, T, 8]",)),
        Example("3", ("[7]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Replace the last axis by `out_features`."""
        rule.float_input(x)
        rule.at_least_rank(x, 1)
        rule.number(x.shape[-1], "the number of input features of `linear`")
        return x.with_shape((*x.shape[:-1], self.out_features))

    def weights(self, x: TensorType) -> tuple[Param, ...]:
        """Give weight [out, in] and bias [out], both uniform in 1/sqrt(in), as PyTorch."""
        fan_in = int(str(x.shape[-1]))
        init = uniform(1 / sqrt(fan_in))
        weight = Param("weight", (self.out_features, fan_in), init)
        return (weight, Param("bias", (self.out_features,), init)) if self.bias else (weight,)

    def pytorch(self, _site: Site, x: TensorType) -> PyTorch:
        """Give `nn.Linear`."""
        return layer(Call("nn.Linear", (Lit(x.shape[-1]), Lit(self.out_features)), self.keywords("bias")))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Gemm` with the weight as stored; other ranks are folded into two axes around it."""
        inputs = (g.param("weight"), *((g.param("bias"),) if self.bias else ()))
        shape = g.outputs[0].shape
        if len(shape) == 2:
            return g.emit("Gemm", x, *inputs, transB=1)
        source = g.types[0]
        assert source is not None
        flat = g.emit("Reshape", x, g.ints(-1, int(str(source.shape[-1]))))
        return g.emit("Reshape", g.emit("Gemm", flat, *inputs, transB=1), g.sizes(shape))

    def multiply_adds(self, out: TensorType, x: TensorType) -> Dim:
        """Count one multiply-add for each weight and position."""
        return product(out.shape) * x.shape[-1]

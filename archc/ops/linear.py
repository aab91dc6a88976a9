"""Fully connected layers and look-up tables."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

from archc.opdef import (
    Example,
    Init,
    OnnxBuilder,
    Op,
    Param,
    Rule,
    attr,
    boolean,
    integer,
    known,
    op,
    uniform,
)
from archc.opdef.python import Call, Input, Lit, Py, PyTorch, Site, function, in_order, layer
from archc.sizes import FLOAT32, Dim, TensorType, product


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
        fan_in = known(x.shape[-1])
        init = uniform(1 / sqrt(fan_in))
        weight = Param("weight", (self.out_features, fan_in), init)
        return (weight, Param("bias", (self.out_features,), init)) if self.bias else (weight,)

    def pytorch(self, _site: Site, x: TensorType) -> PyTorch:
        """Give `nn.Linear`."""
        return layer(Call("nn.Linear", (Lit(x.shape[-1]), Lit(self.out_features)), self.keywords("bias")))

    def functional(self, weights: Mapping[str, Py], _x: TensorType) -> PyTorch:
        """Give `F.linear`."""
        return function("F.linear", Input(0), *in_order(weights, "weight", "bias"))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Gemm` with the weight as stored; other ranks are folded into two axes around it."""
        inputs = (g.param("weight"), *((g.param("bias"),) if self.bias else ()))
        shape = g.outputs[0].shape
        if len(shape) == 2:
            return g.emit("Gemm", x, *inputs, transB=1)
        source = g.types[0]
        assert source is not None
        flat = g.emit("Reshape", x, g.ints(-1, known(source.shape[-1])))
        return g.emit("Reshape", g.emit("Gemm", flat, *inputs, transB=1), g.sizes(shape))

    def multiply_adds(self, out: TensorType, x: TensorType) -> Dim:
        """Count one multiply-add for each weight and position."""
        return product(out.shape) * x.shape[-1]


@op("embedding")
class Embedding(Op):
    """Look up a learned vector for each integer."""

    num_embeddings: int = attr(integer(min=1), doc="number of vectors; the integers are below it")
    embedding_dim: int = attr(integer(min=1), doc="size of each vector")
    padding_idx: int | None = attr(
        integer(optional=True), None, doc="the integer whose vector starts at zero and is not trained"
    )

    examples = (
        Example("{num_embeddings: 100, embedding_dim: 16}", ("int64[N, T]",)),
        Example("{num_embeddings: 10, embedding_dim: 4, padding_idx: 0}", ("int32[N]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Add an axis of `embedding_dim` at the end; the integers must be below `num_embeddings`."""
        rule.integer_input(x)
        count = self.num_embeddings
        rule.index_below(x, count, f"`embedding` has {count} vectors, its input must be in 0..{count - 1}")
        if self.padding_idx is not None and not -count <= self.padding_idx < count:
            rule.fail(
                "E0520",
                f"`padding_idx` must be below `num_embeddings`, it is {self.padding_idx} of {count}",
                "padding_idx",
            )
        return TensorType(FLOAT32, (*x.shape, self.embedding_dim))

    def weights(self, _x: TensorType) -> tuple[Param, ...]:
        """Give weight [num_embeddings, embedding_dim], normal, the padding's row zero."""
        zero = () if self.padding_idx is None else (("zero_row", self.padding_idx % self.num_embeddings),)
        return (Param("weight", (self.num_embeddings, self.embedding_dim), Init("normal", zero)),)

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `nn.Embedding`."""
        args = (Lit(self.num_embeddings), Lit(self.embedding_dim))
        return layer(Call("nn.Embedding", args, self.keywords("padding_idx")))

    def functional(self, weights: Mapping[str, Py], _x: TensorType) -> PyTorch:
        """Give `F.embedding`."""
        return PyTorch(Call("F.embedding", (Input(0), weights["weight"]), self.keywords("padding_idx")))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Gather`."""
        return g.emit("Gather", g.param("weight"), x, axis=0)

    def multiply_adds(self, _out: TensorType, _x: TensorType) -> Dim:
        """Contract nothing."""
        return 0

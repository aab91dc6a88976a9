"""Learned vectors of several integers, combined."""

from __future__ import annotations

import math
from collections.abc import Mapping

from archc.opdef import Example, Init, OnnxBuilder, Op, Param, Rule, attr, integer, op, text
from archc.opdef.python import Call, Input, Lit, Own, Py, PyTorch, Site
from archc.ops.operands import constant, input_type
from archc.ops.reduction import reduce
from archc.sizes import FLOAT32, INT64, Dim, DType, TensorType


@op("embedding_bag")
class EmbeddingBag(Op):
    """Look up a learned vector for each integer of a row, and combine them into one."""

    inputs = ("input", "per_sample_weights?")
    num_embeddings: int = attr(integer(min=1), doc="number of vectors; the integers are below it")
    embedding_dim: int = attr(integer(min=1), doc="size of each vector")
    mode: str = attr(text("sum", "mean", "max"), "mean", doc="how they are combined")
    padding_idx: int | None = attr(
        integer(optional=True), None, doc="the integer that is left out, whose vector is not trained"
    )

    examples = (
        Example("{num_embeddings: 100, embedding_dim: 8}", ("int64[N, T]",)),
        Example("{num_embeddings: 10, embedding_dim: 4, mode: sum}", ("int64[N, 3]", "[N, 3]")),
        Example("{num_embeddings: 3, embedding_dim: 4, mode: max, padding_idx: 0}", ("int64[N, T]",)),
        Example("{num_embeddings: 3, embedding_dim: 4, mode: mean, padding_idx: -1}", ("int32[N, 3]",)),
    )

    def infer(self, rule: Rule, x: TensorType, weights: TensorType | None) -> TensorType:
        """Put `embedding_dim` in the place of the row."""
        rule.integer_input(x)
        rule.rank(x, 2, layout="[batch, entries of a bag]")
        count = self.num_embeddings
        rule.index_below(
            x, count, f"`embedding_bag` has {count} vectors, its input must be in 0..{count - 1}"
        )
        if self.padding_idx is not None and not -count <= self.padding_idx < count:
            message = f"`padding_idx` must be below `num_embeddings`, it is {self.padding_idx} of {count}"
            rule.fail("E0520", message, "padding_idx")
        if weights is not None:
            self._check_weights(rule, x, weights)
        return TensorType(FLOAT32, (x.shape[0], self.embedding_dim))

    def _check_weights(self, rule: Rule, x: TensorType, weights: TensorType) -> None:
        if self.mode != "sum":
            rule.fail("E0756", f"`per_sample_weights` need `mode: sum`, it is `{self.mode}`", "mode")
        if weights.dtype is not FLOAT32:
            message = f"the weights of a bag must be of the model's float, they are {weights.dtype}"
            rule.fail("E0544", message, 1, [(1, f"this is {weights}")], ("convert them: `cast: float32`",))
        rule.rank(weights, 2, at=1)
        for a, b in zip(x.shape, weights.shape, strict=True):
            message = f"there is a weight for each integer, the shapes are {x} and {weights}"
            rule.same(a, b, "E0453", message, 1, [(0, f"this is {x}"), (1, f"this is {weights}")])

    def weights(self, *_types: TensorType | None) -> tuple[Param, ...]:
        """Give weight [num_embeddings, embedding_dim], normal, the padding's row zero."""
        zero = () if self.padding_idx is None else (("zero_row", self.padding_idx % self.num_embeddings),)
        return (Param("weight", (self.num_embeddings, self.embedding_dim), Init("normal", zero)),)

    def pytorch(self, _site: Site, _x: TensorType, weights: TensorType | None) -> PyTorch:
        """Give `nn.EmbeddingBag`."""
        args = (Lit(self.num_embeddings), Lit(self.embedding_dim))
        module = Call("nn.EmbeddingBag", args, self.keywords("mode", "padding_idx"))
        given: tuple[tuple[str, Py], ...] = (("per_sample_weights", Input(1)),) if weights is not None else ()
        return PyTorch(Call(Own(), (Input(0),), given), module)

    def functional(self, weights: Mapping[str, Py], _x: TensorType, each: TensorType | None) -> PyTorch:
        """Give `F.embedding_bag`."""
        given: tuple[tuple[str, Py], ...] = (("per_sample_weights", Input(1)),) if each is not None else ()
        keywords = self.keywords("mode", "padding_idx")
        return PyTorch(Call("F.embedding_bag", (Input(0), weights["weight"]), (*keywords, *given)))

    def onnx(self, g: OnnxBuilder, x: str, weights: str) -> str:
        """Give `Gather` and a reduction, without what is padding."""
        dtype = g.outputs[0].dtype
        found = g.emit("Gather", g.param("weight"), x, axis=0)
        if weights:
            found = g.emit("Mul", found, g.emit("Unsqueeze", weights, g.ints(2)))
        if self.padding_idx is None:
            return reduce(
                g,
                {"sum": "ReduceSum", "mean": "ReduceMean", "max": "ReduceMax"}[self.mode],
                found,
                [1],
                False,
            )
        padding = g.cast(g.scalar(self.padding_idx % self.num_embeddings, INT64), input_type(g).dtype)
        kept = g.emit("Not", g.emit("Equal", g.emit("Unsqueeze", x, g.ints(2)), padding))
        return self._without_padding(g, found, kept, dtype)

    def _without_padding(self, g: OnnxBuilder, found: str, kept: str, dtype: DType) -> str:
        zero = constant(g, 0, dtype)
        if self.mode == "max":
            masked = g.emit("Where", kept, found, constant(g, -math.inf, dtype))
            largest = reduce(g, "ReduceMax", masked, [1], False)
            nothing = g.emit("Equal", self._count(g, kept, dtype), zero)
            return g.emit("Where", nothing, zero, largest)
        total = reduce(g, "ReduceSum", g.emit("Where", kept, found, zero), [1], False)
        if self.mode == "sum":
            return total
        return g.emit("Div", total, g.emit("Max", self._count(g, kept, dtype), constant(g, 1, dtype)))

    def _count(self, g: OnnxBuilder, kept: str, dtype: DType) -> str:
        return reduce(g, "ReduceSum", g.cast(kept, dtype), [1], False)

    def multiply_adds(self, *_types: TensorType | None) -> Dim:
        """Contract nothing."""
        return 0

"""Lengths, angles and distances of vectors."""

from __future__ import annotations

from collections.abc import Sequence

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, boolean, integer, number, op
from archc.opdef.python import Call, Input, PyTorch, Site
from archc.ops.matmul import require_one_dtype
from archc.ops.operands import constant, input_type
from archc.ops.reduction import reduce
from archc.ops.statistics import norm
from archc.sizes import Dim, TensorType, text


@op("normalize")
class Normalize(Free):
    """Divide vectors by their length, so that it becomes one."""

    p: float = attr(number(), 2.0, doc="the order of the norm")
    dim: int = attr(integer(), 1, main=True, doc="the axis that the vectors lie along")
    eps: float = attr(number(min=0), 1e-12, doc="the least length that is divided by")

    examples = (
        Example("", ("[N, 8]",)),
        Example("-1", ("[N, T, 4]",)),
        Example("{p: 1, dim: 1, eps: 0.1}", ("[N, 3, H, W]",)),
        Example("{p: .inf, dim: 0}", ("[T, 2]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the type."""
        rule.float_input(x)
        rule.axis(self.dim, x.rank)
        return x

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.normalize`."""
        return PyTorch(Call("F.normalize", (Input(0),), self.keywords("p", "dim", "eps")))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give the norm, bounded from below, and `Div`."""
        length = norm(g, x, self.p, [self.dim % input_type(g).rank], True)
        return g.emit("Div", x, g.emit("Max", length, constant(g, self.eps, g.outputs[0].dtype)))


class TwoVectors(Free):
    """What ops on pairs of vectors share."""

    inputs = ("x1", "x2")
    combines = True

    def common(self, rule: Rule, a: TensorType, b: TensorType) -> TensorType:
        """Give the type that both broadcast to."""
        rule.float_input(a)
        rule.float_input(b, 1)
        require_one_dtype(rule, self.name, (a, b))
        return TensorType(a.dtype, rule.broadcast((a.shape, b.shape), self.name))


@op("cosine_similarity")
class CosineSimilarity(TwoVectors):
    """Give the cosine of the angle between vectors: their product over both lengths, with broadcasting."""

    dim: int = attr(integer(), 1, main=True, doc="the axis that the vectors lie along")
    eps: float = attr(number(min=0), 1e-8, doc="the least length that is divided by")

    examples = (
        Example("", ("[N, 8]", "[N, 8]")),
        Example("-1", ("[N, T, 1, 4]", "[N, 1, T, 4]")),
        Example("{dim: 1, eps: 0.5}", ("[N, 3, H]", "[3, H]")),
    )

    def infer(self, rule: Rule, a: TensorType, b: TensorType) -> TensorType:
        """Drop the axis."""
        both = self.common(rule, a, b)
        axis = rule.axis(self.dim, both.rank)
        return both.with_shape((*both.shape[:axis], *both.shape[axis + 1 :]))

    def pytorch(self, _site: Site, *_types: TensorType) -> PyTorch:
        """Give `F.cosine_similarity`."""
        return PyTorch(Call("F.cosine_similarity", (Input(0), Input(1)), self.keywords("dim", "eps")))

    def onnx(self, g: OnnxBuilder, a: str, b: str) -> str:
        """Scale both to length one, multiply and add up."""
        rank = g.outputs[0].rank + 1
        axis = self.dim % rank
        scaled = [self._scaled(g, name, index, axis, rank) for index, name in enumerate((a, b))]
        return reduce(g, "ReduceSum", g.emit("Mul", *scaled), [axis], False)

    def _scaled(self, g: OnnxBuilder, x: str, index: int, axis: int, rank: int) -> str:
        source, other = input_type(g, index), input_type(g, 1 - index)
        place = axis - (rank - source.rank)
        if place < 0 or source.shape[place] == 1 != _size(other.shape, axis - rank):
            size = _size(other.shape, axis - rank)
            shape: Sequence[Dim] = [size if each == axis else 1 for each in range(rank)]
            x = g.emit("Expand", x, g.sizes(shape))
            place = axis
        length = norm(g, x, 2, [place], True)
        return g.emit("Div", x, g.emit("Max", length, constant(g, self.eps, g.outputs[0].dtype)))


def _size(shape: tuple[Dim, ...], axis: int) -> Dim:
    return shape[axis] if -axis <= len(shape) else 1


@op("pairwise_distance")
class PairwiseDistance(TwoVectors):
    """Give the distance between vectors of the last axis: the norm of x1 - x2 + eps, with broadcasting."""

    p: float = attr(number(), 2.0, main=True, doc="the order of the norm")
    eps: float = attr(number(), 1e-6, doc="added to each difference")
    keepdim: bool = attr(boolean(), False, doc="keep the axis, with size 1")

    examples = (
        Example("", ("[N, 8]", "[N, 8]")),
        Example("{p: 1, keepdim: true}", ("[N, T, 4]", "[T, 4]")),
    )

    def infer(self, rule: Rule, a: TensorType, b: TensorType) -> TensorType:
        """Drop the last axis."""
        both = self.common(rule, a, b)
        rule.at_least_rank(both, 1)
        return both.with_shape((*both.shape[:-1], *((1,) if self.keepdim else ())))

    def pytorch(self, _site: Site, *_types: TensorType) -> PyTorch:
        """Give `F.pairwise_distance`."""
        keywords = self.keywords("p", "eps", "keepdim")
        return PyTorch(Call("F.pairwise_distance", (Input(0), Input(1)), keywords))

    def onnx(self, g: OnnxBuilder, a: str, b: str) -> str:
        """Give the norm of the difference."""
        dtype = g.outputs[0].dtype
        apart = g.emit("Add", g.emit("Sub", a, b), constant(g, self.eps, dtype))
        return norm(g, apart, self.p, [-1], self.keepdim)


@op("cdist")
class Cdist(TwoVectors):
    """Give the distance between every vector of one set and every vector of another."""

    p: float = attr(number(min=0), 2.0, main=True, doc="the order of the norm")

    examples = (
        Example("", ("[N, T, 3]", "[N, 5, 3]")),
        Example("1", ("[T, 4]", "[K, 4]")),
        Example(".inf", ("[N, 2, T, 3]", "[1, 2, 5, 3]")),
        Example("3", ("[2, 3]", "[2, 3]")),
    )

    def infer(self, rule: Rule, a: TensorType, b: TensorType) -> TensorType:
        """Give [.., vectors of x1, vectors of x2]; axes before them broadcast."""
        rule.float_input(a)
        rule.float_input(b, 1)
        require_one_dtype(rule, self.name, (a, b))
        rule.at_least_rank(a, 2)
        rule.at_least_rank(b, 2, 1)
        show = [(0, f"this is {a}"), (1, f"this is {b}")]
        message = f"`cdist` needs vectors of one size, they have {text(a.shape[-1])} and {text(b.shape[-1])}"
        rule.same(a.shape[-1], b.shape[-1], "E0453", message, None, show)
        outer = rule.broadcast((a.shape[:-2], b.shape[:-2]), self.name) if a.rank + b.rank > 4 else ()
        return TensorType(a.dtype, (*outer, a.shape[-2], b.shape[-2]))

    def pytorch(self, _site: Site, *_types: TensorType) -> PyTorch:
        """Give `torch.cdist`."""
        return PyTorch(Call("torch.cdist", (Input(0), Input(1)), self.keywords("p")))

    def onnx(self, g: OnnxBuilder, a: str, b: str) -> str:
        """Give the norms of all differences."""
        rows, columns = g.emit("Unsqueeze", a, g.ints(-2)), g.emit("Unsqueeze", b, g.ints(-3))
        return norm(g, g.emit("Sub", rows, columns), self.p, [-1], False)

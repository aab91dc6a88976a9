"""Losses of several inputs beside a target: pairs, triplets, distributions, sequences."""

from __future__ import annotations

import math

from archc.opdef import Example, OnnxBuilder, Rule, attr, boolean, integer, number, op
from archc.opdef.python import Call, Input, Lit, Py, PyTorch, Site
from archc.ops.loss import (
    REDUCTION,
    Loss,
    put_together,
    require_float_target,
    require_same_shape,
    target_argument,
)
from archc.ops.operands import Weak, as_dtype
from archc.ops.reduction import reduce
from archc.sizes import INT64, DType, TensorType, text


class SeveralLoss(Loss):
    """What losses of several float inputs share."""

    reduction: str = attr(REDUCTION, "mean", doc="`mean` or `sum` over the batch, or `none`")

    def floats(self, rule: Rule, x: TensorType, *others: TensorType) -> None:
        """Require floats of one type and shape."""
        rule.float_input(x)
        for position, each in enumerate(others, 1):
            require_float_target(rule, each, position, x)
            require_same_shape(rule, x, each, (0, position))

    def reduced(self, x: TensorType) -> TensorType:
        """Give the type after the reduction."""
        return x if self.reduction == "none" else x.with_shape(())

    def called(self, *args: Py) -> PyTorch:
        """Give the call of the function of `torch.nn.functional`."""
        return PyTorch(Call(f"F.{self.name}", args, self.keywords(*self.attributes)))


@op("gaussian_nll_loss")
class GaussianNLLLoss(SeveralLoss):
    """Give the negative log-likelihood of a target with normal distributions of mean and variance."""

    inputs = ("input", "target", "var")
    full: bool = attr(boolean(), False, doc="add the constant log(2 pi) / 2")
    eps: float = attr(number(min=1e-30), 1e-6, doc="the least variance")

    examples = (
        Example("", ("[N, 8]", "[N, 8]", "[N, 8]"), between=(0.1, 2.0)),
        Example("{full: true, reduction: sum}", ("[N, 8]", "[N, 8]", "[N, 1]"), between=(0.1, 2.0)),
        Example("{reduction: none}", ("[N, 8]", "[N, 8]", "[N, 8]"), between=(0.1, 2.0)),
    )

    def infer(self, rule: Rule, x: TensorType, target: TensorType, var: TensorType) -> TensorType:
        """Take a variance for each element, or one for the last axis."""
        self.floats(rule, x, target)
        if not isinstance(var, Weak) and (var.rank != x.rank or var.shape[-1] != 1):
            require_float_target(rule, var, 2, x)
            require_same_shape(rule, x, var, (0, 2))
        return self.reduced(x)

    def pytorch(self, _site: Site, _x: TensorType, target: TensorType, var: TensorType) -> PyTorch:
        """Give the function of `torch.nn.functional`."""
        spread = Lit(float(var.value)) if isinstance(var, Weak) else Input(2)  # type: ignore[arg-type]
        return self.called(Input(0), target_argument(1, target), spread)

    def onnx(self, g: OnnxBuilder, x: str, target: str, var: str) -> str:
        """Give (log v + (x - t)^2 / v) / 2."""
        dtype = g.outputs[0].dtype
        spread = g.emit("Max", as_dtype(g, var, g.types[2], dtype), g.scalar(self.eps, dtype))
        difference = g.emit("Sub", x, as_dtype(g, target, g.types[1], dtype))
        ratio = g.emit("Div", g.emit("Mul", difference, difference), spread)
        losses = g.emit("Mul", g.scalar(0.5, dtype), g.emit("Add", g.emit("Log", spread), ratio))
        if self.full:
            losses = g.emit("Add", losses, g.scalar(0.5 * math.log(2 * math.pi), dtype))
        return put_together(g, losses, self.reduction)


@op("cosine_embedding_loss")
class CosineEmbeddingLoss(SeveralLoss):
    """Bring the directions of two rows together where the target is 1, apart where it is -1."""

    inputs = ("input1", "input2", "target")
    margin: float = attr(number(min=-1, max=1), 0.0, doc="the cosine that unlike rows may have")

    examples = (
        Example("", ("[N, 8]", "[N, 8]", "[N]")),
        Example("{margin: 0.2, reduction: none}", ("[N, 8]", "[N, 8]", "int64[N]")),
    )

    def infer(self, rule: Rule, x: TensorType, other: TensorType, target: TensorType) -> TensorType:
        """Compare rows; the target is one number a row."""
        rule.rank(x, 2, layout="rows [N, D]")
        self.floats(rule, x, other)
        row = x.with_shape(x.shape[:1])
        require_same_shape(rule, row, target, (0, 2))
        return self.reduced(row)

    def pytorch(self, _site: Site, _x: TensorType, _other: TensorType, target: TensorType) -> PyTorch:
        """Give the function of `torch.nn.functional`."""
        row = Call("torch.sum", (Input(0), Lit(1)))
        return self.called(Input(0), Input(1), target_argument(2, target, row))

    def onnx(self, g: OnnxBuilder, x: str, other: str, target: str) -> str:
        """Give 1 - cos where the target is 1, max(0, cos - margin) where it is -1."""
        dtype = g.outputs[0].dtype
        tiny, one, zero = g.scalar(1e-12, dtype), g.scalar(1.0, dtype), g.scalar(0.0, dtype)

        def product(a: str, b: str) -> str:
            return reduce(g, "ReduceSum", g.emit("Mul", a, b), [1], False)

        lengths = g.emit(
            "Mul", g.emit("Add", product(x, x), tiny), g.emit("Add", product(other, other), tiny)
        )
        cosine = g.emit("Div", product(x, other), g.emit("Sqrt", lengths))
        aim = as_dtype(g, target, g.types[2], dtype)
        like = g.emit("Where", g.emit("Equal", aim, one), g.emit("Sub", one, cosine), zero)
        apart = g.emit("Relu", g.emit("Sub", cosine, g.scalar(self.margin, dtype)))
        unlike = g.emit("Where", g.emit("Equal", aim, g.scalar(-1.0, dtype)), apart, zero)
        return put_together(g, g.emit("Add", like, unlike), self.reduction)


@op("margin_ranking_loss")
class MarginRankingLoss(SeveralLoss):
    """Rank the first input above the second where the target is 1, below where it is -1."""

    inputs = ("input1", "input2", "target")
    margin: float = attr(number(), 0.0, doc="how far apart they should be")

    examples = (
        Example("", ("[N]", "[N]", "[N]")),
        Example("{margin: 0.5, reduction: none}", ("[N, 8]", "[N, 8]", "[N, 8]")),
    )

    def infer(self, rule: Rule, x: TensorType, other: TensorType, target: TensorType) -> TensorType:
        """Compare elements."""
        self.floats(rule, x, other, target)
        return self.reduced(x)

    def pytorch(self, _site: Site, _x: TensorType, _other: TensorType, target: TensorType) -> PyTorch:
        """Give the function of `torch.nn.functional`."""
        return self.called(Input(0), Input(1), target_argument(2, target))

    def onnx(self, g: OnnxBuilder, x: str, other: str, target: str) -> str:
        """Give max(0, margin - t (x1 - x2))."""
        dtype = g.outputs[0].dtype
        ahead = g.emit("Mul", as_dtype(g, target, g.types[2], dtype), g.emit("Sub", x, other))
        return put_together(
            g, g.emit("Relu", g.emit("Sub", g.scalar(self.margin, dtype), ahead)), self.reduction
        )


@op("triplet_margin_loss")
class TripletMarginLoss(SeveralLoss):
    """Keep an anchor nearer to a like row than to an unlike one, by a margin."""

    inputs = ("anchor", "positive", "negative")
    margin: float = attr(number(min=1e-9), 1.0, doc="how much nearer")
    p: float = attr(number(min=1), 2.0, doc="the norm of the distance")
    eps: float = attr(number(min=0), 1e-6, doc="added to each difference")
    swap: bool = attr(boolean(), False, doc="take the positive's distance from the negative if it is less")

    examples = (
        Example("", ("[N, 8]", "[N, 8]", "[N, 8]")),
        Example("{margin: 0.5, swap: true, reduction: none}", ("[N, 8]", "[N, 8]", "[N, 8]")),
        Example("{p: 1, reduction: sum}", ("[N, 8]", "[N, 8]", "[N, 8]")),
    )

    def infer(self, rule: Rule, anchor: TensorType, positive: TensorType, negative: TensorType) -> TensorType:
        """Measure along the last axis."""
        rule.at_least_rank(anchor, 2)
        self.floats(rule, anchor, positive, negative)
        return self.reduced(anchor.with_shape(anchor.shape[:-1]))

    def pytorch(self, _site: Site, *_: TensorType) -> PyTorch:
        """Give the function of `torch.nn.functional`."""
        return self.called(Input(0), Input(1), Input(2))

    def onnx(self, g: OnnxBuilder, anchor: str, positive: str, negative: str) -> str:
        """Give max(0, near - far + margin)."""
        dtype = g.outputs[0].dtype
        near, far = self._distance(g, anchor, positive, dtype), self._distance(g, anchor, negative, dtype)
        if self.swap:
            far = g.emit("Min", far, self._distance(g, positive, negative, dtype))
        ahead = g.emit("Add", g.emit("Sub", near, far), g.scalar(self.margin, dtype))
        return put_together(g, g.emit("Relu", ahead), self.reduction)

    def _distance(self, g: OnnxBuilder, a: str, b: str, dtype: DType) -> str:
        difference = g.emit("Add", g.emit("Sub", a, b), g.scalar(self.eps, dtype))
        if self.p == 2:
            return g.emit("Sqrt", reduce(g, "ReduceSum", g.emit("Mul", difference, difference), [-1], False))
        size = g.emit("Abs", difference)
        if self.p != 1:
            size = g.emit("Pow", size, g.scalar(self.p, dtype))
        total = reduce(g, "ReduceSum", size, [-1], False)
        return total if self.p == 1 else g.emit("Pow", total, g.scalar(1 / self.p, dtype))


@op("ctc_loss")
class CTCLoss(SeveralLoss):
    """Give the loss of label sequences over all alignments (Graves et al., 2006)."""

    inputs = ("log_probs", "targets", "input_lengths", "target_lengths")
    blank: int = attr(integer(min=0), 0, doc="the class that stands for nothing")
    zero_infinity: bool = attr(boolean(), False, doc="count sequences that cannot be aligned as 0")

    examples = (
        Example("{zero_infinity: true}", ("[T, N, 8]", "int64[N, 3]", "int64[N]", "int64[N]")),
        Example("{blank: 7, reduction: none}", ("[T, N, 8]", "int64[N, 3]", "int64[N]", "int64[N]")),
    )

    def infer(
        self,
        rule: Rule,
        log_probs: TensorType,
        targets: TensorType,
        input_lengths: TensorType,
        target_lengths: TensorType,
    ) -> TensorType:
        """Take log-probabilities [T, N, C], padded targets [N, S], and lengths [N]."""
        rule.float_input(log_probs)
        rule.rank(log_probs, 3, layout="log-probabilities [T, N, C]")
        rule.rank(targets, 2, at=1, layout="padded targets [N, S]")
        time, batch, classes = log_probs.shape
        for position, each in enumerate((targets, input_lengths, target_lengths), 1):
            if each.dtype is not INT64:
                message = f"`ctc_loss` takes int64 here, this holds {each.dtype}"
                rule.fail("E1002", message, position, [(position, f"this is {each}")], ("`cast: int64`",))
            wanted = (batch, *targets.shape[1:]) if position == 1 else (batch,)
            require_same_shape(rule, TensorType(INT64, wanted), each, (0, position))
        if isinstance(classes, int) and self.blank >= classes:
            rule.fail("E1003", f"there is no class {self.blank} among {classes}", "blank")
        rule.index_below(targets, classes, f"`ctc_loss` tells {text(classes)} classes apart", 1)
        rule.index_below(input_lengths, time + 1, f"sequences are at most {text(time)} long", 2)
        longest = targets.shape[1]
        rule.index_below(target_lengths, longest + 1, f"targets are at most {text(longest)} long", 3)
        return self.reduced(log_probs.with_shape((batch,)))

    def pytorch(self, _site: Site, *_: TensorType) -> PyTorch:
        """Give the function of `torch.nn.functional`."""
        return self.called(Input(0), Input(1), Input(2), Input(3))

    def onnx(self, g: OnnxBuilder, log_probs: str, *_: str) -> str:
        """Refuse: ONNX has no sum over alignments."""
        g.refuse("`ctc_loss` sums over alignments, which ONNX has no operator for")
        return log_probs

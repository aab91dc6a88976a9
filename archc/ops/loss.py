"""Losses that compare a value with a target of its shape, element by element."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import ClassVar

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, boolean, number, op, text
from archc.opdef.python import Call, Input, Py, PyTorch, Site
from archc.ops.operands import Weak, as_dtype
from archc.ops.operands import number as number_in_python
from archc.ops.reduction import reduce
from archc.sizes import Dim, DType, TensorType, shape_text

REDUCTION = text("mean", "sum", "none")


def require_float_target(rule: Rule, target: TensorType, at: int, input_type: TensorType) -> None:
    """Refuse a target that does not hold floats of the input's type (E1002)."""
    if isinstance(target, Weak) or target.dtype is input_type.dtype:
        return
    name = rule.subject.rpartition("of ")[2]
    rule.fail(
        "E1002",
        f"{name} compares {input_type.dtype} with a target of {target.dtype}",
        at,
        [(0, f"this is {input_type}"), (at, f"this is {target}")],
        (f"convert the target first: `cast: {input_type.dtype}`",),
    )


def require_same_shape(rule: Rule, left: TensorType, right: TensorType, at: tuple[int, int]) -> None:
    """Require two inputs of one shape (E1001): a loss does not broadcast."""
    if isinstance(right, Weak):
        return
    name = rule.subject.rpartition("of ")[2]
    message = f"{name} compares {shape_text(left.shape)} with {shape_text(right.shape)}"
    shown = [(at[0], f"this is {left}"), (at[1], f"this is {right}")]
    if left.rank != right.rank:
        rule.fail("E1001", message, at[1], shown, _reshapes(left, right))
    for a, b in zip(left.shape, right.shape, strict=True):
        rule.same(a, b, "E1001", message, at[1], shown)


def _reshapes(left: TensorType, right: TensorType) -> tuple[str, ...]:
    if left.shape == (*right.shape, 1):
        return ("drop the last axis of the first: `squeeze: -1`",)
    if (*left.shape, 1) == right.shape:
        return ("drop the last axis of the target: `squeeze: -1`",)
    return ("bring both into one shape, with `flatten` or `reshape`",)


def target_argument(index: int, target: TensorType, like: Py = Input(0)) -> Py:  # noqa: B008 - immutable
    """Give a target in PyTorch; a number stands for a tensor of it."""
    if not isinstance(target, Weak):
        return Input(index)
    if target.value in (0, 1):
        return Call("torch.ones_like" if target.value else "torch.zeros_like", (like,))
    return Call("torch.full_like", (like, number_in_python(target.value)))


def put_together(g: OnnxBuilder, losses: str, how: str) -> str:
    """Give the mean, the sum or all of the losses in ONNX."""
    if how == "none":
        return losses
    return reduce(g, "ReduceMean" if how == "mean" else "ReduceSum", losses, None, False)


class Loss(Free):
    """What losses share: they end a graph, and take a number where a target is wanted."""

    loss = True
    takes_numbers = True


class ElementLoss(Loss):
    """The base of losses of single elements; a leaf says `nodes`."""

    inputs: ClassVar[tuple[str, ...]] = ("input", "target")
    reduction: str = attr(REDUCTION, "mean", doc="`mean` or `sum` over all elements, or `none`")
    nodes: Callable[..., str]

    examples: ClassVar[tuple[Example, ...]] = (
        Example("", ("[N, 8]", "[N, 8]")),
        Example("{reduction: sum}", ("[N, 3, H]", "[N, 3, H]")),
        Example("{reduction: none}", ("[N]", "[N]")),
    )

    def infer(self, rule: Rule, x: TensorType, target: TensorType, *more: TensorType | None) -> TensorType:
        """Compare elements of one type, in one shape."""
        self.check(rule, x, target, *more)
        rule.float_input(x)
        require_float_target(rule, target, 1, x)
        require_same_shape(rule, x, target, (0, 1))
        return TensorType(x.dtype, self.left(x))

    def check(self, rule: Rule, x: TensorType, target: TensorType, *more: TensorType | None) -> None:
        """Check what is particular to this loss."""

    def left(self, x: TensorType) -> tuple[Dim, ...]:
        """Give the shape of what the reduction leaves."""
        return x.shape if self.reduction == "none" else ()

    def options(self) -> tuple[tuple[str, Py], ...]:
        """Give the attributes as keyword arguments."""
        return self.keywords(*self.attributes)

    def pytorch(self, _site: Site, _x: TensorType, target: TensorType, *more: TensorType | None) -> PyTorch:
        """Give the function of `torch.nn.functional`."""
        declared = self.input_list()[2:]
        extra = tuple(
            (each.name, Input(2 + index))
            for index, (each, type_) in enumerate(zip(declared, more, strict=True))
            if type_ is not None
        )
        args = (Input(0), target_argument(1, target))
        return PyTorch(Call(f"F.{self.name}", args, (*extra, *self.options())))

    def onnx(self, g: OnnxBuilder, x: str, target: str, *more: str) -> str:
        """Give the formula."""
        dtype = g.outputs[0].dtype
        losses = self.nodes(g, x, as_dtype(g, target, g.types[1], dtype), dtype, *more)
        return self.whole(g, losses)

    def whole(self, g: OnnxBuilder, losses: str) -> str:
        """Give the reduced losses."""
        return put_together(g, losses, self.reduction)


@op("mse_loss")
class MSELoss(ElementLoss):
    """Square the difference."""

    def nodes(self, g: OnnxBuilder, x: str, target: str, _dtype: DType) -> str:
        """Give the square."""
        difference = g.emit("Sub", x, target)
        return g.emit("Mul", difference, difference)


@op("l1_loss")
class L1Loss(ElementLoss):
    """Take the absolute difference."""

    def nodes(self, g: OnnxBuilder, x: str, target: str, _dtype: DType) -> str:
        """Give the magnitude."""
        return g.emit("Abs", g.emit("Sub", x, target))


@op("smooth_l1_loss")
class SmoothL1Loss(ElementLoss):
    """Square small differences, over `beta`; take the absolute value of large ones."""

    beta: float = attr(number(min=0), 1.0, doc="where the square ends")

    examples = (
        *ElementLoss.examples,
        Example("{beta: 0.5}", ("[N, 8]", "[N, 8]")),
        Example("{beta: 0}", ("[N, 8]", "[N, 8]")),
    )

    def nodes(self, g: OnnxBuilder, x: str, target: str, dtype: DType) -> str:
        """Choose by magnitude."""
        size = g.emit("Abs", g.emit("Sub", x, target))
        if not self.beta:
            return size
        square = g.emit("Mul", g.scalar(0.5 / self.beta, dtype), g.emit("Mul", size, size))
        linear = g.emit("Sub", size, g.scalar(0.5 * self.beta, dtype))
        return g.emit("Where", g.emit("Less", size, g.scalar(self.beta, dtype)), square, linear)


@op("huber_loss")
class HuberLoss(ElementLoss):
    """Square small differences; go on linearly from `delta` (Huber, 1964)."""

    delta: float = attr(number(min=1e-9), 1.0, doc="where the square ends")

    examples = (*ElementLoss.examples, Example("{delta: 0.5}", ("[N, 8]", "[N, 8]")))

    def nodes(self, g: OnnxBuilder, x: str, target: str, dtype: DType) -> str:
        """Choose by magnitude."""
        size = g.emit("Abs", g.emit("Sub", x, target))
        delta = g.scalar(self.delta, dtype)
        square = g.emit("Mul", g.scalar(0.5, dtype), g.emit("Mul", size, size))
        linear = g.emit("Mul", delta, g.emit("Sub", size, g.scalar(0.5 * self.delta, dtype)))
        return g.emit("Where", g.emit("LessOrEqual", size, delta), square, linear)


class BinaryLoss(ElementLoss):
    """What the binary cross entropies share: an optional weight."""

    def check(self, rule: Rule, x: TensorType, _target: TensorType, *more: TensorType | None) -> None:
        """Let the weights broadcast to the input."""
        for position, each in enumerate(more, 2):
            if each is not None:
                require_float_target(rule, each, position, x)
                shape = rule.broadcast((x.shape, each.shape), self.name)
                require_same_shape(rule, x, TensorType(x.dtype, shape), (0, position))


@op("binary_cross_entropy")
class BinaryCrossEntropy(BinaryLoss):
    """Give the cross entropy of probabilities with targets from 0 to 1."""

    inputs = ("input", "target", "weight?")

    examples = (
        Example("", ("[N, 8]", "[N, 8]"), between=(0.0, 1.0)),
        Example("{reduction: sum}", ("[N, 8]", "[N, 8]", "[8]"), between=(0.0, 1.0)),
    )

    def nodes(self, g: OnnxBuilder, x: str, target: str, dtype: DType, weight: str) -> str:
        """Bound the logarithms from below by -100, as PyTorch does."""
        least = g.scalar(-100.0, dtype)
        yes = g.emit("Max", g.emit("Log", x), least)
        no = g.emit("Max", g.emit("Log", g.emit("Sub", g.scalar(1.0, dtype), x)), least)
        part = g.emit("Mul", g.emit("Sub", target, g.scalar(1.0, dtype)), no)
        losses = g.emit("Sub", part, g.emit("Mul", target, yes))
        return g.emit("Mul", losses, weight) if weight else losses


@op("binary_cross_entropy_with_logits")
class BinaryCrossEntropyWithLogits(BinaryLoss):
    """Give the cross entropy of logits with targets from 0 to 1."""

    inputs = ("input", "target", "weight?", "pos_weight?")

    examples = (
        *ElementLoss.examples,
        Example("", ("[N, 8]", "[N, 8]", "[N, 1]")),
        Example("", {"input": "[N, 8]", "target": "[N, 8]", "pos_weight": "[8]"}),
    )

    def nodes(self, g: OnnxBuilder, x: str, target: str, dtype: DType, weight: str, pos_weight: str) -> str:
        """Give (1 - t) x + softplus(-x), the latter weighted where there is a `pos_weight`."""
        one = g.scalar(1.0, dtype)
        part = g.emit("Mul", g.emit("Sub", one, target), x)
        size = g.emit("Exp", g.emit("Neg", g.emit("Abs", x)))
        soft = g.emit("Log", g.emit("Add", one, size))
        soft = g.emit("Add", soft, g.emit("Relu", g.emit("Neg", x)))
        if pos_weight:
            factor = g.emit("Mul", g.emit("Sub", pos_weight, one), target)
            soft = g.emit("Mul", g.emit("Add", factor, one), soft)
        losses = g.emit("Add", part, soft)
        return g.emit("Mul", losses, weight) if weight else losses


@op("soft_margin_loss")
class SoftMarginLoss(ElementLoss):
    """Give the logistic loss of a value with a target of 1 or -1."""

    def nodes(self, g: OnnxBuilder, x: str, target: str, dtype: DType) -> str:
        """Give log(1 + exp(-t x))."""
        wrong = g.emit("Exp", g.emit("Neg", g.emit("Mul", target, x)))
        return g.emit("Log", g.emit("Add", g.scalar(1.0, dtype), wrong))


@op("hinge_embedding_loss")
class HingeEmbeddingLoss(ElementLoss):
    """Take a distance where the target is 1, and what it lacks of a margin where it is -1."""

    margin: float = attr(number(), 1.0, doc="the distance that unlike pairs keep")

    examples = (*ElementLoss.examples, Example("{margin: 0.5}", ("[N, 8]", "[N, 8]")))

    def nodes(self, g: OnnxBuilder, x: str, target: str, dtype: DType) -> str:
        """Add both parts."""
        zero = g.scalar(0.0, dtype)
        short = g.emit("Relu", g.emit("Sub", g.scalar(self.margin, dtype), x))
        unlike = g.emit("Where", g.emit("Equal", target, g.scalar(1.0, dtype)), zero, short)
        like = g.emit("Where", g.emit("Equal", target, g.scalar(-1.0, dtype)), zero, x)
        return g.emit("Add", unlike, like)


@op("kl_div")
class KLDiv(ElementLoss):
    """Give the Kullback-Leibler divergence of log-probabilities from a target distribution."""

    reduction: str = attr(
        text("mean", "sum", "none", "batchmean"),
        "mean",
        doc="`batchmean` is the divergence; `mean` divides it by the number of elements too",
    )
    log_target: bool = attr(boolean(), False, doc="the target holds log-probabilities as well")

    examples = (
        Example("{reduction: batchmean}", ("[N, 8]", "[N, 8]"), between=(0.0, 1.0)),
        Example("{reduction: sum, log_target: true}", ("[N, 8]", "[N, 8]")),
        Example("{reduction: none}", ("[N, 8]", "[N, 8]"), between=(0.0, 1.0)),
    )

    def check(self, rule: Rule, x: TensorType, _target: TensorType, *_more: TensorType | None) -> None:
        """Need a batch to divide by."""
        rule.at_least_rank(x, 1)

    def nodes(self, g: OnnxBuilder, x: str, target: str, dtype: DType) -> str:
        """Give t (log t - x), which is 0 where t is."""
        if self.log_target:
            return g.emit("Mul", g.emit("Exp", target), g.emit("Sub", target, x))
        zero = g.scalar(0.0, dtype)
        own = g.emit("Mul", target, g.emit("Log", target))
        own = g.emit("Where", g.emit("Equal", target, zero), zero, own)
        return g.emit("Sub", own, g.emit("Mul", target, x))

    def whole(self, g: OnnxBuilder, losses: str) -> str:
        """Divide by the batch for `batchmean`."""
        if self.reduction != "batchmean":
            return put_together(g, losses, self.reduction)
        source = g.types[0]
        assert source is not None
        batch = g.cast(g.size(source.shape[0]), g.outputs[0].dtype)
        return g.emit("Div", put_together(g, losses, "sum"), batch)


@op("poisson_nll_loss")
class PoissonNLLLoss(ElementLoss):
    """Give the negative log-likelihood of counts with a Poisson distribution."""

    log_input: bool = attr(boolean(), True, doc="the input is the logarithm of the rate")
    full: bool = attr(boolean(), False, doc="add Stirling's approximation of log(target!)")
    eps: float = attr(number(min=0), 1e-8, doc="added to a rate before its logarithm")

    examples = (
        *ElementLoss.examples,
        Example("{full: true}", ("[N, 8]", "[N, 8]"), between=(0.0, 4.0)),
        Example("{log_input: false, reduction: sum}", ("[N, 8]", "[N, 8]"), between=(0.0, 1.0)),
    )

    def nodes(self, g: OnnxBuilder, x: str, target: str, dtype: DType) -> str:
        """Give exp(x) - t x, or x - t log(x)."""
        if self.log_input:
            losses = g.emit("Sub", g.emit("Exp", x), g.emit("Mul", target, x))
        else:
            rate = g.emit("Log", g.emit("Add", x, g.scalar(self.eps, dtype)))
            losses = g.emit("Sub", x, g.emit("Mul", target, rate))
        return g.emit("Add", losses, _stirling(g, target, dtype)) if self.full else losses


def _stirling(g: OnnxBuilder, target: str, dtype: DType) -> str:
    """Give t log(t) - t + log(2 pi t) / 2 where t is above 1."""
    one = g.scalar(1.0, dtype)
    count = g.emit("Max", target, one)
    log = g.emit("Log", count)
    rest = g.emit(
        "Mul", g.scalar(0.5, dtype), g.emit("Log", g.emit("Mul", g.scalar(2 * math.pi, dtype), count))
    )
    value = g.emit("Add", g.emit("Sub", g.emit("Mul", count, log), count), rest)
    return g.emit("Where", g.emit("Greater", target, one), value, g.scalar(0.0, dtype))

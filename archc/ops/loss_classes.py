"""Losses of classes: one of several, or any of them."""

from __future__ import annotations

from typing import ClassVar

from archc.opdef import Example, OnnxBuilder, Rule, attr, integer, number, op
from archc.opdef.python import Call, Input, Item, Lit, Name, Py, PyTorch, Site, Slice, Tuple
from archc.ops.loss import (
    REDUCTION,
    ElementLoss,
    Loss,
    put_together,
    require_float_target,
    require_same_shape,
)
from archc.ops.operands import Weak
from archc.ops.reduction import reduce
from archc.sizes import INT64, Dim, DType, TensorType, shape_text, text


def require_classes(rule: Rule, x: TensorType, target: TensorType, name: str) -> None:
    """Require class indices (E1002) of the input's shape without its axis of classes (E1001)."""
    if isinstance(target, Weak):
        return
    shown = [(0, f"this is {x}"), (1, f"this is {target}")]
    if target.dtype is not INT64:
        message = f"`{name}` needs class indices (int64) as its target, this holds {target.dtype}"
        rule.fail("E1002", message, 1, shown, ("convert the target first: `cast: int64`",))
    wanted = (x.shape[0], *x.shape[2:])
    message = (
        f"`{name}` needs one class for each of {shape_text(wanted)}, the target is {shape_text(target.shape)}"
    )
    if target.rank != len(wanted):
        helps = ("drop the target's last axis: `squeeze: -1`",) if target.shape == (*wanted, 1) else ()
        helps = (
            ("put the classes on axis 1: `transpose: {dim0: 1, dim1: -1}`",)
            if _classes_last(x, target)
            else helps
        )
        rule.fail("E1001", message, 1, shown, helps)
    for a, b in zip(wanted, target.shape, strict=True):
        helps = (
            ("put the classes on axis 1: `transpose: {dim0: 1, dim1: -1}`",)
            if _classes_last(x, target)
            else ()
        )
        rule.same(a, b, "E1001", message, 1, shown, helps)


_CLASSES_FIRST = ("put the classes on axis 1: `transpose: {dim0: 1, dim1: -1}`",)


def _classes_last(x: TensorType, target: TensorType) -> bool:
    return x.rank > 2 and x.shape[:-1] == target.shape


def class_weights(rule: Rule, x: TensorType, weight: TensorType | None, at: int) -> None:
    """Require one weight a class."""
    if weight is not None:
        require_float_target(rule, weight, at, x)
        require_same_shape(rule, TensorType(x.dtype, (x.shape[1],)), weight, (0, at))


class ClassLoss(Loss):
    """What losses of one class out of several share; the classes are on axis 1."""

    inputs = ("input", "target", "weight?")
    reduction: str = attr(REDUCTION, "mean", doc="`mean` or `sum` over all targets, or `none`")
    probabilities: ClassVar[bool] = False

    def infer(self, rule: Rule, x: TensorType, target: TensorType, weight: TensorType | None) -> TensorType:
        """Compare scores of classes with class indices, or with probabilities of all classes."""
        rule.float_input(x)
        rule.at_least_rank(x, 2)
        class_weights(rule, x, weight, 2)
        if self.probabilities and not isinstance(target, Weak) and target.dtype.is_float:
            require_float_target(rule, target, 1, x)
            require_same_shape(rule, x, target, (0, 1))
        else:
            require_classes(rule, x, target, self.name)
            count = text(x.shape[1])
            rule.index_below(target, x.shape[1], f"`{self.name}` tells {count} classes apart", 1)
        return TensorType(x.dtype, self.left(x))

    def left(self, x: TensorType) -> tuple[Dim, ...]:
        """Give the shape of what the reduction leaves."""
        return (x.shape[0], *x.shape[2:]) if self.reduction == "none" else ()

    def pytorch(self, _site: Site, _x: TensorType, target: TensorType, weight: TensorType | None) -> PyTorch:
        """Give the function of `torch.nn.functional`."""
        extra = () if weight is None else (("weight", Input(2)),)
        args = (Input(0), _target(target))
        return PyTorch(Call(f"F.{self.name}", args, (*extra, *self.keywords(*self.attributes))))


def _target(target: TensorType) -> Py:
    if not isinstance(target, Weak):
        return Input(1)
    one_class = Item(Input(0), Tuple((Slice(), Lit(0))))
    return Call("torch.full_like", (one_class, Lit(target.value)), (("dtype", Name("torch.int64")),))


def as_classes(g: OnnxBuilder, target: str) -> str:
    """Give the class indices; a number as one for each place."""
    source, scores = g.types[1], g.types[0]
    assert source is not None
    assert scores is not None
    if not isinstance(source, Weak):
        return target
    shape = g.sizes((scores.shape[0], *scores.shape[2:]))
    return g.emit("Expand", g.scalar(int(source.value), INT64), shape)  # type: ignore[arg-type]


def one_hot(g: OnnxBuilder, target: str, x: TensorType, dtype: DType) -> str:
    """Give 1 at the class on axis 1, 0 elsewhere."""
    return g.emit("OneHot", target, g.size(x.shape[1]), g.constant([0.0, 1.0], dtype, (2,)), axis=1)


class LogLikelihood(ClassLoss):
    """What `cross_entropy` and `nll_loss` share."""

    ignore_index: int = attr(integer(), -100, doc="a class that is not counted")
    smoothing: ClassVar[float] = 0.0

    def infer(self, rule: Rule, x: TensorType, target: TensorType, weight: TensorType | None) -> TensorType:
        """Refuse to leave out a class where the target holds probabilities, as PyTorch does."""
        made = super().infer(rule, x, target, weight)
        if self.ignore_index >= 0 and not isinstance(target, Weak) and target.dtype.is_float:
            message = (
                f"`ignore_index` of `{self.name}` leaves out a class index, the target holds probabilities"
            )
            rule.fail("E0758", message, "ignore_index", [(1, f"this is {target}")])
        return made

    def log_probabilities(self, _g: OnnxBuilder, x: str) -> str:
        """Give the logarithms of the classes' probabilities."""
        return x

    def onnx(self, g: OnnxBuilder, x: str, target: str, weight: str) -> str:
        """Weigh the log-probabilities with the target."""
        source, aim, dtype = g.types[0], g.types[1], g.outputs[0].dtype
        assert source is not None
        assert aim is not None
        log = self.log_probabilities(g, x)
        scale = weight
        if weight:
            scale = g.emit("Reshape", weight, g.ints(1, -1, *[1] * (source.rank - 2)))
        if not isinstance(aim, Weak) and aim.dtype.is_float:
            return self._dense(g, log, target, scale, source, dtype)
        classes = as_classes(g, target)
        counted = g.emit("Not", g.emit("Equal", classes, g.scalar(self.ignore_index, INT64)))
        known = g.emit("Where", counted, classes, g.scalar(0, INT64))
        hot = g.emit(
            "Mul", one_hot(g, known, source, dtype), g.emit("Unsqueeze", g.cast(counted, dtype), g.ints(1))
        )
        hot = g.emit("Mul", hot, scale) if weight else hot
        losses = g.emit("Neg", reduce(g, "ReduceSum", g.emit("Mul", hot, log), [1], False))
        share = reduce(g, "ReduceSum", hot, [1], False)
        if self.smoothing:
            losses = self._smoothed(g, losses, log, scale, counted, source)
        if self.reduction != "mean":
            return put_together(g, losses, self.reduction)
        return g.emit("Div", put_together(g, losses, "sum"), put_together(g, share, "sum"))

    def _smoothed(
        self, g: OnnxBuilder, losses: str, log: str, scale: str, counted: str, source: TensorType
    ) -> str:
        dtype = g.outputs[0].dtype
        weighed = g.emit("Mul", log, scale) if scale else log
        every = g.emit("Neg", reduce(g, "ReduceSum", weighed, [1], False))
        every = g.emit("Where", counted, every, g.scalar(0.0, dtype))
        count = g.cast(g.size(source.shape[1]), dtype)
        rest = g.emit("Mul", g.emit("Div", g.scalar(self.smoothing, dtype), count), every)
        return g.emit("Add", g.emit("Mul", g.scalar(1 - self.smoothing, dtype), losses), rest)

    def _dense(
        self, g: OnnxBuilder, log: str, target: str, scale: str, source: TensorType, dtype: DType
    ) -> str:
        if self.smoothing:
            count = g.cast(g.size(source.shape[1]), dtype)
            share = g.emit("Div", g.scalar(self.smoothing, dtype), count)
            target = g.emit("Add", g.emit("Mul", target, g.scalar(1 - self.smoothing, dtype)), share)
        product = g.emit("Mul", log, target)
        product = g.emit("Mul", product, scale) if scale else product
        losses = g.emit("Neg", reduce(g, "ReduceSum", product, [1], False))
        return put_together(g, losses, self.reduction)


@op("cross_entropy")
class CrossEntropy(LogLikelihood):
    """Give the cross entropy of logits, classes on axis 1, with class indices or probabilities."""

    label_smoothing: float = attr(number(min=0, max=1), 0.0, doc="how much of the target is spread evenly")
    probabilities = True

    examples = (
        Example("", ("[N, 10]", "int64[N]")),
        Example("{reduction: none}", ("[N, 5, T]", "int64[N, T]")),
        Example("{reduction: sum, label_smoothing: 0.1}", ("[N, 10]", "int64[N]", "[10]")),
        Example("{label_smoothing: 0.1, ignore_index: 3}", ("[N, 10]", "int64[N]", "[10]")),
        Example("{label_smoothing: 0.2}", ("[N, 5]", "[N, 5]")),
        Example("", ("[N, 3, H, W]", "[N, 3, H, W]", "[3]")),
    )

    @property
    def smoothing(self) -> float:  # type: ignore[override]
        """How much of the target is spread evenly."""
        return self.label_smoothing

    def log_probabilities(self, g: OnnxBuilder, x: str) -> str:
        """Give the logarithms of the softmax."""
        return g.emit("LogSoftmax", x, axis=1)


@op("nll_loss")
class NLLLoss(LogLikelihood):
    """Give the negative of the target classes' log-probabilities."""

    examples = (
        Example("", ("[N, 10]", "int64[N]")),
        Example("{reduction: sum, ignore_index: 2}", ("[N, 10]", "int64[N]", "[10]")),
        Example("{reduction: none}", ("[N, 5, T]", "int64[N, T]")),
    )


@op("multi_margin_loss")
class MultiMarginLoss(ClassLoss):
    """Take what the target class lacks of a margin over each other class."""

    p: int = attr(integer(min=1, max=2), 1, doc="the power, 1 or 2")
    margin: float = attr(number(), 1.0, doc="how far ahead the target class should be")

    examples = (
        Example("", ("[N, 10]", "int64[N]")),
        Example("{p: 2, margin: 0.5, reduction: sum}", ("[N, 10]", "int64[N]", "[10]")),
        Example("{reduction: none}", ("[N, 10]", "int64[N]")),
    )

    def infer(self, rule: Rule, x: TensorType, target: TensorType, weight: TensorType | None) -> TensorType:
        """Take one row of scores for each target."""
        rule.rank(x, 2, layout="scores [N, C]")
        return super().infer(rule, x, target, weight)

    def onnx(self, g: OnnxBuilder, x: str, target: str, weight: str) -> str:
        """Add the shortfalls up, without the target's own."""
        source, dtype = g.types[0], g.outputs[0].dtype
        assert source is not None
        hot = one_hot(g, as_classes(g, target), source, dtype)
        own = reduce(g, "ReduceSum", g.emit("Mul", hot, x), [1], True)
        short = g.emit("Relu", g.emit("Add", g.emit("Sub", g.scalar(self.margin, dtype), own), x))
        short = g.emit("Mul", short, short) if self.p == 2 else short
        others = g.emit("Mul", short, g.emit("Sub", g.scalar(1.0, dtype), hot))
        if weight:
            others = g.emit("Mul", others, reduce(g, "ReduceSum", g.emit("Mul", hot, weight), [1], True))
        total = reduce(g, "ReduceSum", others, [1], False)
        losses = g.emit("Div", total, g.cast(g.size(source.shape[1]), dtype))
        return put_together(g, losses, self.reduction)


@op("multilabel_margin_loss")
class MultilabelMarginLoss(Loss):
    """Take what several target classes lack of a margin over all others; -1 ends a row of targets."""

    inputs = ("input", "target")
    reduction: str = attr(REDUCTION, "mean", doc="`mean` or `sum` over the batch, or `none`")

    examples = (
        Example("", ("[N, 10]", "int64[N, 10]")),
        Example("{reduction: none}", ("[N, 10]", "int64[N, 10]")),
    )

    def infer(self, rule: Rule, x: TensorType, target: TensorType) -> TensorType:
        """Compare rows of scores with rows of classes."""
        rule.float_input(x)
        rule.rank(x, 2, layout="scores [N, C]")
        if target.dtype is not INT64:
            message = f"`{self.name}` needs class indices (int64) as its target, this holds {target.dtype}"
            rule.fail("E1002", message, 1, [(1, f"this is {target}")], ("convert it: `cast: int64`",))
        require_same_shape(rule, x, target, (0, 1))
        return TensorType(x.dtype, (x.shape[0],) if self.reduction == "none" else ())

    def pytorch(self, _site: Site, _x: TensorType, _target: TensorType) -> PyTorch:
        """Give the function of `torch.nn.functional`."""
        return PyTorch(Call(f"F.{self.name}", (Input(0), Input(1)), self.keywords("reduction")))

    def onnx(self, g: OnnxBuilder, x: str, _target: str) -> str:
        """Refuse: how many targets a row has is not known before it runs."""
        g.refuse("`multilabel_margin_loss` reads a list of classes that ends at -1")
        return x


@op("multilabel_soft_margin_loss")
class MultilabelSoftMarginLoss(ElementLoss):
    """Average the logistic losses of a row of classes, any of which may be true."""

    inputs = ("input", "target", "weight?")

    examples = (
        Example("", ("[N, 8]", "[N, 8]")),
        Example("{reduction: sum}", ("[N, 8]", "[N, 8]", "[8]")),
        Example("{reduction: none}", ("[N, T, 8]", "[N, T, 8]")),
    )

    def check(self, rule: Rule, x: TensorType, _target: TensorType, *more: TensorType | None) -> None:
        """Need classes on the last axis, with a weight for each."""
        rule.at_least_rank(x, 1)
        if more[0] is not None:
            require_float_target(rule, more[0], 2, x)
            require_same_shape(rule, TensorType(x.dtype, (x.shape[-1],)), more[0], (0, 2))

    def left(self, x: TensorType) -> tuple[Dim, ...]:
        """Leave out the axis of classes."""
        return x.shape[:-1] if self.reduction == "none" else ()

    def nodes(self, g: OnnxBuilder, x: str, target: str, dtype: DType, weight: str) -> str:
        """Give softplus(x) - t x, averaged over the last axis."""
        one = g.scalar(1.0, dtype)
        small = g.emit("Log", g.emit("Add", one, g.emit("Exp", g.emit("Neg", g.emit("Abs", x)))))
        losses = g.emit("Sub", g.emit("Add", small, g.emit("Relu", x)), g.emit("Mul", target, x))
        losses = g.emit("Mul", losses, weight) if weight else losses
        return reduce(g, "ReduceMean", losses, [-1], False)

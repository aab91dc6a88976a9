"""What the steps of a plan compare: results of models with fields, in losses and metrics."""

from __future__ import annotations

from collections.abc import Iterator

from archc.ir.program import CallNode, Module, Node, OpNode, Value
from archc.ops.formula import Apply, Expr, Given, Term
from archc.passes.pipeline import run_passes
from archc.source import Record
from archc.train.training import Training

CLASSES, LOGITS, SHARES, VALUES = "classes", "logits", "shares", "values"
_METRICS = {
    "accuracy": CLASSES,
    "binary_accuracy": LOGITS,
    "binary_iou": LOGITS,
    "mean_absolute_error": VALUES,
}
_LOSSES = {
    "cross_entropy": CLASSES,
    "nll_loss": CLASSES,
    "binary_cross_entropy_with_logits": LOGITS,
    "binary_cross_entropy": SHARES,
    "mse_loss": VALUES,
    "l1_loss": VALUES,
    "smooth_l1_loss": VALUES,
    "huber_loss": VALUES,
}


class Compared(Record):
    """A result and its target in a step. `field` names the target where it is a field.

    `kind` says what the result is: scores of classes on axis 1, logits or shares of what is true, or
    values like the target's.
    """

    step: str
    kind: str
    value: Value
    target: Value
    field: str


def compared_in(training: Training) -> tuple[Compared, ...]:
    """Give what is compared in all steps: with metrics first, and with losses where the target is a field."""
    found: dict[tuple[str, str, str], Compared] = {}
    for step in training.steps:
        module = _graph(training, step.model)
        inputs = {value.name for value in module.inputs}
        metrics = [pair for node in module.nodes for pair in _by_metric(node)]
        losses = [pair for node in module.nodes for pair in _by_loss(node) if pair[2].name in inputs]
        for kind, value, target in (*metrics, *losses):
            field = target.name if target.name in inputs else ""
            each = Compared(step.name, kind, value, target, field)
            found.setdefault((step.name, value.name, target.name), each)
    return tuple(found.values())


def with_compared(training: Training, compared: tuple[Compared, ...]) -> Training:
    """Let the steps give what they compare, value then target, instead of their losses."""
    models = {model.name: model for model in training.program.models}
    for step in training.steps:
        own = [each for each in compared if each.step == step.name]
        outputs = tuple(
            (f"{word}_{index}", value)
            for index, each in enumerate(own)
            for word, value in (("value", each.value), ("target", each.target))
        )
        if outputs:
            model = models[step.model]
            models[step.model] = model.replace(module=model.module.replace(outputs=outputs))
    return training.replace(program=run_passes(training.program.replace(models=tuple(models.values()))))


def _graph(training: Training, name: str) -> Module:
    return next(model.module for model in training.program.models if model.name == name)


def _by_metric(node: Node) -> Iterator[tuple[str, Value, Value]]:
    if isinstance(node, CallNode) and node.module.name in _METRICS:
        given = [value for value in node.inputs if value is not None]
        if len(given) == 2:
            yield _METRICS[node.module.name], given[0], given[1]


def _by_loss(node: Node) -> Iterator[tuple[str, Value, Value]]:
    if not isinstance(node, OpNode):
        return
    if isinstance(node.op, Expr):
        for name, first, second in _calls(node.op.formula.root):
            value, target = node.inputs[first], node.inputs[second]
            if name in _LOSSES and value is not None and target is not None:
                yield _LOSSES[name], value, target
    elif node.op.name in _LOSSES and len(node.inputs) > 1:
        value, target = node.inputs[:2]
        if value is not None and target is not None:
            yield _LOSSES[node.op.name], value, target


def _calls(term: Term | None) -> Iterator[tuple[str, int, int]]:
    """Give the ops of a formula whose first two operands are values, with these."""
    if isinstance(term, Apply):
        first, second = (*term.args, None, None)[:2]
        if isinstance(first, Given) and isinstance(second, Given):
            yield term.op.name, first.index, second.index
        for each in term.args:
            yield from _calls(each)

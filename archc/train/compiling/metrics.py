"""Metrics: blocks of the standard library, and the loss functions."""

from __future__ import annotations

from archc.elaborate.context import Mistake
from archc.sizes import TensorType, shape_text
from archc.source import Diagnostic, Diagnostics, Label, Span
from archc.spec.document import BlockDecl
from archc.spec.document_reader import read_spec
from archc.spec.files import read_source
from archc.spec.imports import STANDARD
from archc.spec.library import Library
from archc.spec.limits import Limits
from archc.spec.tree import Entry, Mapping, Scalar, Sequence
from archc.train.compiling.configured import refuse

_FILE = str(STANDARD / "metrics.yaml")
METRICS = ("accuracy", "binary_accuracy", "binary_iou", "mean_absolute_error")
LARGEST = ("accuracy", "binary_accuracy", "binary_iou")
"""Of these more is better; of all else less."""


def with_metrics(library: Library) -> Library:
    """Give a library that has the metrics too; the spec's own blocks win."""
    source = read_source(_FILE, Limits())
    spec = read_spec(source, Diagnostics(), Limits())
    assert spec is not None
    made = Library(library.spec)
    made.blocks = {**Library(spec).blocks, **library.blocks}
    return made


def metric_op(entry: Entry) -> tuple[Scalar, Sequence]:
    """Give the op or block of a metric and its inputs. Raises Mistake (E1020)."""
    tree = entry.value
    if isinstance(tree, Sequence):
        return entry.key, tree
    if isinstance(tree, Mapping) and len(tree.entries) == 1 and isinstance(tree.entries[0].value, Sequence):
        return tree.entries[0].key, tree.entries[0].value
    help_ = f"write `{entry.key.text}: [scores, label]`, or `{entry.key.text}: {{accuracy: [scores, label]}}`"
    raise refuse("E1020", "a metric is a measure with its inputs", tree.span, help_)


def check_metric(
    name: str, block: BlockDecl | None, inputs: tuple[tuple[TensorType, Span], ...], place: Span
) -> None:
    """Hold the inputs of a metric against each other: it does not broadcast. Raises Mistake (E1063).

    A spec's own block of that name is its own affair.
    """
    if block is None or block.key.span.source.name != _FILE or len(inputs) != 2:
        return
    (given, _), (target, _) = inputs
    right = given.shape == target.shape
    if name == "accuracy":
        right = given.rank > 1 and target.shape == (*given.shape[:1], *given.shape[2:])
        right = right and target.dtype.is_integer
    if right:
        return
    what = (
        "takes scores with the classes on axis 1, and a class for each of them"
        if name == "accuracy"
        else ("compares values of one shape")
    )
    message = f"`{name}` {what}, not {shape_text(given.shape)} and {shape_text(target.shape)}"
    labels = tuple(Label(span, f"this is {type_}") for type_, span in inputs)
    swapped = name == "accuracy" and given.dtype.is_integer and target.dtype.is_float
    helps = ("the scores are the first input, the target is the second",) if swapped else ()
    raise Mistake(Diagnostic("E1063", message, place, labels=labels, help=helps))

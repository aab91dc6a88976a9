"""Metrics: blocks of the standard library, and the loss functions."""

from __future__ import annotations

from archc.source import Diagnostics
from archc.spec.document_reader import read_spec
from archc.spec.files import read_source
from archc.spec.imports import STANDARD
from archc.spec.library import Library
from archc.spec.limits import Limits
from archc.spec.tree import Entry, Mapping, Scalar, Sequence, Tree
from archc.train.compiling.configured import refuse

METRICS = ("accuracy", "binary_accuracy", "binary_iou", "mean_absolute_error")
LARGEST = ("accuracy", "binary_accuracy", "binary_iou")
"""Of these more is better; of all else less."""


def with_metrics(library: Library) -> Library:
    """Give a library that has the metrics too; the spec's own blocks win."""
    source = read_source(str(STANDARD / "metrics.yaml"), Limits())
    spec = read_spec(source, Diagnostics(), Limits())
    assert spec is not None
    made = Library(library.spec)
    made.blocks = {**Library(spec).blocks, **library.blocks}
    return made


def metric_op(entry: Entry) -> tuple[Scalar, Tree]:
    """Give the op or block of a metric and its inputs. Raises Mistake (E1020)."""
    tree = entry.value
    if isinstance(tree, Sequence):
        return entry.key, tree
    if isinstance(tree, Mapping) and len(tree.entries) == 1 and isinstance(tree.entries[0].value, Sequence):
        return tree.entries[0].key, tree.entries[0].value
    help_ = f"write `{entry.key.text}: [scores, label]`, or `{entry.key.text}: {{accuracy: [scores, label]}}`"
    raise refuse("E1020", "a metric is a measure with its inputs", tree.span, help_)

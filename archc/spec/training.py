"""The typed `train` section: what it says, every piece with its place, nothing evaluated."""

from __future__ import annotations

from archc.source import Record, Span
from archc.spec.document import LayerDecl
from archc.spec.tree import Entry, Scalar, Sequence, Tree


class Named(Record):
    """A name with arguments: `Adam: {lr: 0.001}`, `csv: prices.csv`, or the name alone."""

    name: Scalar
    arguments: Tree | None
    span: Span


class DataDecl(Record):
    """Where examples come from and how they are prepared.

    `layers` prepare every batch, `augment` those that are learned from alone. `settings` are the
    scalars: batch_size, validation, shuffle.
    """

    source: Named | None
    layers: tuple[LayerDecl, ...]
    augment: tuple[LayerDecl, ...]
    settings: dict[str, Scalar]
    key: Span
    span: Span


class StepDecl(Record):
    """One step: a graph, its loss, and which models it changes.

    The only step of a section without `steps` has no `key`, and no name.
    """

    name: Scalar | None
    layers: tuple[LayerDecl, ...]
    loss: Scalar | None
    update: Sequence | None
    repeat: Scalar | None
    optimizer: Named | None
    schedule: Named | None
    metrics: tuple[Entry, ...]
    span: Span


class TrainDecl(Record):
    """The section. `settings` are its scalars, `several` tells whether it was written with `steps`."""

    data: DataDecl | None
    steps: tuple[StepDecl, ...]
    several: bool
    settings: dict[str, Scalar]
    ema: tuple[Entry, ...]
    early_stopping: tuple[Entry, ...]
    freeze: Sequence | None
    groups: tuple[Entry, ...]
    key: Span
    span: Span

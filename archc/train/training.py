"""What a `train` section says, resolved: the plan that the loop and the emitted loop follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from archc.ir.program import Program
from archc.sizes import TensorType
from archc.source import Record, Span
from archc.train.data import Source

Arguments = Mapping[str, Any]


class Configured(Record):
    """A class of torch's by name, with its arguments."""

    name: str
    arguments: Arguments
    span: Span


class Schedule(Record):
    """A schedule of torch's; its arguments depend on how long training is.

    `arguments` takes the numbers of steps and epochs.
    """

    name: str
    arguments: Callable[[int, int], Arguments]
    span: Span

    @property
    def by_epoch(self) -> bool:
        """Whether it looks at a measure once an epoch, instead of counting steps."""
        return self.name == "ReduceLROnPlateau"


class Step(Record):
    """One step: the model of the program that is its graph, and what it changes.

    The graph gives the loss first, then the metrics by name. `inputs` are the fields that it reads.
    `keeps_graph` says that it takes gradients itself, so that it cannot run without them.
    """

    name: str
    model: str
    inputs: tuple[str, ...]
    update: tuple[str, ...]
    repeat: int
    optimizer: Configured
    schedule: Schedule | None
    metrics: tuple[str, ...]
    keeps_graph: bool


class Prepared(Record):
    """A graph over the fields, as a model of the program: what it reads and what it gives."""

    model: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


class Group(Record):
    """Parameters by glob, with settings of the optimizer of their own."""

    pattern: str
    settings: Arguments


class Data(Record):
    """The examples: their source, the shapes that fields are laid out in, and how they are taken.

    `validation` is a share below 1, or a number of examples.
    """

    source: Source
    types: tuple[tuple[str, TensorType], ...]
    layouts: tuple[tuple[str, tuple[int, ...]], ...]
    batch_size: int
    validation: float
    shuffle: bool
    prepare: Prepared | None
    augment: Prepared | None


class Watched(Record):
    """What decides which checkpoint is the best: a measure on the validation examples."""

    metric: str
    largest: bool
    patience: int | None
    min_delta: float


class Settings(Record):
    """The rest. `epochs` is None where `max_steps` alone ends training."""

    epochs: int | None
    max_steps: int | None
    warmup: int
    clip_grad_norm: float | None
    accumulate: int
    precision: str
    seed: int
    ema: tuple[tuple[str, float], ...]
    freeze: tuple[str, ...]
    groups: tuple[Group, ...]
    watched: Watched


class Chosen(Record):
    """What was chosen from outside the spec: parameters as they were given, a variant, settings."""

    parameters: Mapping[str, object]
    variant: str | None
    settings: Mapping[str, int]


class Training(Record):
    """A compiled `train` section.

    `program` holds the spec's models, by name `models`, and the graphs of the steps beside them.
    `deployed` gives the models with those beside them that prepare their data first, and the names of
    these by model; it raises SpecError where there are none.
    """

    program: Program
    models: tuple[str, ...]
    data: Data
    steps: tuple[Step, ...]
    settings: Settings
    span: Span
    deployed: Callable[[], tuple[Program, dict[str, str]]]
    chosen: Chosen

    def with_settings(self, settings: Mapping[str, int]) -> Training:
        """Give a plan with `epochs`, `max_steps` or `seed` in place of the spec's."""
        chosen = self.chosen.replace(settings=dict(settings))
        return self.replace(settings=self.settings.replace(**settings), chosen=chosen)

    def plain_program(self) -> Program:
        """Give the program of the models alone."""
        models = tuple(model for model in self.program.models if model.name in self.models)
        return self.program.replace(models=models)

"""What a run tells while it goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from archc.source import Record

Measures = Mapping[str, float]


class Begun(Record):
    """What is known when the first step is about to begin."""

    examples: int
    validation: int
    parameters: int
    steps: int
    epochs: int
    step: int
    device: str
    processes: int


class Watcher(Protocol):
    """Is told of a run; the command line draws it."""

    def begin(self, begun: Begun) -> None:
        """Hear what is to be done."""
        ...

    def step(self, step: int, measures: Measures) -> None:
        """Hear of a step."""
        ...

    def epoch(self, epoch: int, step: int, measures: Measures, best: bool) -> None:
        """Hear of an epoch, with what was measured on the validation examples."""
        ...


class Silence:
    """Is told of a run, and says nothing."""

    def begin(self, begun: Begun) -> None:
        """Pass over it."""

    def step(self, step: int, measures: Measures) -> None:
        """Pass over it."""

    def epoch(self, epoch: int, step: int, measures: Measures, best: bool) -> None:
        """Pass over it."""

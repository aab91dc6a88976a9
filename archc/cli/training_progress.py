"""What a person sees of training: a bar where there is a terminal, a line an epoch elsewhere."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from archc.train.engine.watching import Begun


class Lines:
    """Writes a line for each epoch."""

    def __init__(self) -> None:
        self.begun: Begun | None = None

    def begin(self, begun: Begun) -> None:
        """Say what is to be done."""
        self.begun = begun
        where = f"{begun.device}, {begun.processes} process{'es' * (begun.processes > 1)}"
        kept = f", {begun.validation:,} for validation" if begun.validation else ""
        self.say(
            f"{begun.examples:,} examples{kept}; {begun.parameters:,} parameters; "
            f"{begun.steps:,} steps in {begun.epochs:,} epoch{'s' * (begun.epochs != 1)}; {where}"
        )
        if begun.step:
            self.say(f"going on from step {begun.step:,}")

    def step(self, step: int, measures: Mapping[str, float]) -> None:
        """Pass over single steps."""

    def epoch(self, epoch: int, step: int, measures: Mapping[str, float], best: bool) -> None:  # noqa: ARG002
        """Say what was measured."""
        self.say(f"epoch {epoch}: {written(measures)}{'  (best)' if best else ''}")

    def end(self, out: Path) -> None:
        """Say where everything is."""
        self.say(f"{out}")

    def say(self, line: str) -> None:
        """Write a line."""
        click.echo(line)


class Bar(Lines):
    """Draws a bar with loss, measures, speed and time left beside the lines."""

    def __init__(self, bar: Any) -> None:
        super().__init__()
        self.bar = bar
        self.task: Any = None

    def begin(self, begun: Begun) -> None:
        """Begin the bar."""
        super().begin(begun)
        self.task = self.bar.add_task("training", total=begun.steps, completed=begun.step, shown="")

    def step(self, step: int, measures: Mapping[str, float]) -> None:
        """Move the bar."""
        self.bar.update(self.task, completed=step, shown=written(measures))

    def say(self, line: str) -> None:
        """Write a line above the bar."""
        self.bar.console.print(line, highlight=False, markup=False)


def written(measures: Mapping[str, float]) -> str:
    """Write measures in one line."""
    return "  ".join(f"{name} {value:.4g}" for name, value in measures.items())


@contextlib.contextmanager
def watching() -> Iterator[Lines]:
    """Give what is to be told of the run."""
    if not sys.stderr.isatty():
        yield Lines()
        return
    from rich import progress
    from rich.console import Console
    from rich.text import Text

    class Speed(progress.ProgressColumn):
        """Steps a second."""

        def render(self, task: Any) -> Text:
            """Write it."""
            return Text(f"{task.speed:.1f}/s" if task.speed else "")

    columns = (
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        Speed(),
        progress.TimeRemainingColumn(),
        progress.TextColumn("{task.fields[shown]}"),
    )
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield Bar(bar)

"""Run a plan: the door to the engine, which needs torch and accelerate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from archc.source import Diagnostic, SpecError
from archc.train.training import Training

if TYPE_CHECKING:
    from archc.train.engine.loop import Result
    from archc.train.engine.watching import Watcher
    from archc.verify.gradients import Gradient


def run(
    training: Training,
    out: Path,
    resume: bool = False,
    device: str = "auto",
    tensorboard: bool = False,
    watcher: Watcher | None = None,
) -> Result:
    """Train; give where it ended. Raises SpecError where a package or the data is missing, or it fails."""
    try:
        from archc.train.engine.loop import Options, Run
    except ImportError as error:
        raise _missing(error) from None
    return Run(training, Options(out, resume, device, tensorboard), watcher).train()


def check_steps(training: Training, seed: int) -> Iterator[tuple[str, tuple[Gradient, ...]]]:
    """Compare the gradients of each step with finite differences. Raises SpecError as `run` does."""
    from archc.train.engine.gradients import check_steps as checked

    return checked(training, seed)


def _missing(error: ImportError) -> SpecError:
    message = f"training needs a package that is not installed: {error.name}"
    return SpecError([Diagnostic("E1033", message, help=('pip install "archc[train]"',))])

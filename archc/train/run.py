"""Run a plan: the door to the engine, which needs torch and accelerate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from archc.source import Diagnostic, SpecError
from archc.train.training import Training

if TYPE_CHECKING:
    from archc.train.engine.loop import Result
    from archc.train.engine.watching import Watcher


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
        message = f"training needs a package that is not installed: {error.name}"
        raise SpecError([Diagnostic("E1033", message, help=('pip install "archc[train]"',))]) from None
    return Run(training, Options(out, resume, device, tensorboard), watcher).train()

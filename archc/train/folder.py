"""The names of what a run leaves in its folder."""

from __future__ import annotations

from pathlib import Path

WEIGHTS = "weights.safetensors"
STATE = "state.pt"
MEASURES = "metrics.jsonl"
BEST, LAST = "best", "last"


def weights_of_run(path: Path) -> Path:
    """Give the weights of a run's folder, the best, else the last; any other path as it is."""
    found = (path / name / WEIGHTS for name in (BEST, LAST))
    return next((file for file in found if file.is_file()), path)

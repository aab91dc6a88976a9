"""What is measured: averages over batches, the lines of `metrics.jsonl`, TensorBoard's files."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from archc.source import Diagnostic, SpecError


def require_board() -> None:
    """Refuse TensorBoard's files where it is not installed (E1045)."""
    try:
        importlib.import_module("torch.utils.tensorboard")
    except ImportError:
        message = "TensorBoard is not installed"
        help_ = 'install it: pip install "archc[tensorboard]"'
        raise SpecError([Diagnostic("E1045", message, help=(help_,))]) from None


class Means:
    """Averages, each value counted as often as it has examples."""

    def __init__(self, totals: Mapping[str, list[float]] | None = None) -> None:
        self.totals: dict[str, list[float]] = {name: list(pair) for name, pair in (totals or {}).items()}

    def add(self, measures: Mapping[str, float], count: int) -> None:
        """Count what was measured on some examples."""
        for name, value in measures.items():
            total = self.totals.setdefault(name, [0.0, 0.0])
            total[0] += value * count
            total[1] += count

    def values(self, prefix: str = "") -> dict[str, float]:
        """Give the averages."""
        return {f"{prefix}{name}": total / count for name, (total, count) in self.totals.items() if count}


class Log:
    """Lines of JSON, and TensorBoard's events where they are asked for."""

    def __init__(self, path: Path, board: Path | None) -> None:
        self.file = path.open("a", encoding="utf-8")
        self.board: Any = None
        if board is not None:
            self.board = importlib.import_module("torch.utils.tensorboard").SummaryWriter(str(board))

    def write(self, facts: Mapping[str, int], measures: Mapping[str, float]) -> None:
        """Add a line; `facts` say where it was measured."""
        self.file.write(json.dumps({**facts, **measures}) + "\n")
        if self.board is not None:
            for name, value in measures.items():
                self.board.add_scalar(name, value, facts["step"])

    def flush(self) -> None:
        """Let everything be on disk."""
        self.file.flush()
        if self.board is not None:
            self.board.flush()

    def close(self) -> None:
        """End."""
        self.file.close()
        if self.board is not None:
            self.board.close()

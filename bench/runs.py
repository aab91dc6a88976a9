"""Runs of `archc train`, several seeds of each, and what they reached."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path

from archc.cli import root
from archc.cli.failures import run_guarded

SEEDS = 5


def trained(spec: Path, options: tuple[str, ...], seed: int, out: Path) -> Path:
    """Train once, as from the command line; give the run's folder."""
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(shown):
        arguments = ["train", str(spec), *options, "--seed", str(seed), "--device", "cpu", "-o", str(out)]
        code = run_guarded(root, arguments)
    assert code == 0, shown.getvalue()
    return out


def measured(run: Path, figure: str) -> float:
    """Give what was measured of a run when its last epoch ended."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    return float([line for line in lines if "epoch" in line][-1][figure])


def span(values: list[float]) -> str:
    """Write a range, to three figures."""
    low, high = (_short(value) for value in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def _short(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:#.3g}".rstrip(".")

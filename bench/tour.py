"""The figures of the tour, `python -m bench.tour`: what five seeds of each of its specs reach."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import tempfile
from pathlib import Path

from archc.cli import root
from archc.cli.failures import run_guarded

TOUR = Path(__file__).parent.parent / "docs" / "tour" / "en"
SEEDS = 5
ROWS = "cell={{{}: {{hidden_size: 64, batch_first: true}}}}"
CASES: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    *(
        ("02-layers-and-activations.md", "mlp.yaml", ("-p", f"activation={name}"), "val_accuracy")
        for name in ("relu", "sigmoid", "tanh")
    ),
    ("04-convolution.md", "cnn.yaml", (), "val_accuracy"),
    *(
        ("05-recurrence.md", "rows.yaml", ("-p", ROWS.format(name), "--epochs", "10"), "val_accuracy")
        for name in ("rnn", "lstm", "gru")
    ),
    ("08-autoencoders.md", "autoencoder.yaml", (), "val_loss"),
)


def main() -> None:
    """Train every case and print its range."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for page, name, options, figure in CASES:
            text = (TOUR / page).read_text(encoding="utf-8")
            spec = re.search(rf"`{name}`:\n\n```yaml\n(.*?)```", text, re.DOTALL)
            assert spec is not None, f"{page} holds no {name}"
            Path(name).write_text(spec[1], encoding="utf-8")
            reached = [trained(name, options, figure, seed) for seed in range(SEEDS)]
            print(
                f"{name} {' '.join(options)}: {figure} {min(reached):.4f} to {max(reached):.4f}", flush=True
            )


def trained(name: str, options: tuple[str, ...], figure: str, seed: int) -> float:
    """Train once; give the figure of the last epoch."""
    run = Path(tempfile.mkdtemp(dir=".")) / "run"
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(shown):
        code = run_guarded(
            root, ["train", name, *options, "--seed", str(seed), "--device", "cpu", "-o", str(run)]
        )
    assert code == 0, shown.getvalue()
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    return float([line for line in lines if "epoch" in line][-1][figure])


if __name__ == "__main__":
    main()

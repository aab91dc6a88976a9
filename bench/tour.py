"""The figures of the tour, `python -m bench.tour`: what five seeds of each of its specs reach."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from bench.runs import SEEDS, measured, span, trained

TOUR = Path(__file__).parent.parent / "docs" / "tour" / "en"
ROWS = "cell={{{}: {{hidden_size: 64, batch_first: true}}}}"
FEW: tuple[tuple[str, ...], ...] = ((), ("-p", "drop=0.3"), ("-p", "noise=0.3"))
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
    ("07-lstm-and-gru.md", "letters.yaml", (), "val_loss"),
    *(("10-practice.md", "few.yaml", options, "val_accuracy") for options in FEW),
    ("08-autoencoders.md", "autoencoder.yaml", (), "val_loss"),
)


def main() -> None:
    """Train every case and print its range."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for index, (page, name, options, figure) in enumerate(CASES):
            text = (TOUR / page).read_text(encoding="utf-8")
            spec = re.search(rf"`{name}`:\n\n```yaml\n(.*?)```", text, re.DOTALL)
            assert spec is not None, f"{page} holds no {name}"
            (folder / name).write_text(spec[1], encoding="utf-8")
            reached = [
                measured(trained(folder / name, options, seed, folder / f"run{index}-{seed}"), figure)
                for seed in range(SEEDS)
            ]
            print(f"{name} {' '.join(options)}: {figure} {span(reached)}", flush=True)


if __name__ == "__main__":
    main()

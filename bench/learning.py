"""The figures of `specs/learning`, `python -m bench.learning [CASE...]`: what five seeds of each reach.

They are written into the table of `docs/learning.md`, row by row, as they are measured.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from archc.train.data.letters import python_help
from bench.judging import (
    SPECS,
    entropy,
    judged,
    module_of,
    principal_error,
    reconstruction_error,
)
from bench.runs import SEEDS, measured, span, trained

PAGE = Path(__file__).parent.parent / "docs" / "learning.md"
Figures = dict[str, float]
Judge = Callable[[str, Path, int], Figures]


class Case:
    """A spec with options, what is measured of a run of it, and what is asked."""

    def __init__(self, spec: str, options: str, judge: Judge, asked: str) -> None:
        self.spec = spec
        self.options = tuple(options.split())
        self.name = f"{spec} {options}".strip()
        self.judge = judge
        self.asked = asked

    def row(self, folder: Path) -> str:
        """Train five seeds; give the row of the table."""
        found: list[Figures] = []
        for seed in range(SEEDS):
            run = folder / f"{self.name.replace(' ', '_')}-{seed}"
            options = tuple(word for each in self.options for word in ("-p", each))
            if self.options and "=" not in self.options[0]:
                options = ("--variant", *self.options)
            trained(SPECS / f"{self.spec}.yaml", options, seed, run)
            found.append(self.judge(self.spec, run, seed))
            print(self.name, seed, json.dumps(found[-1]), flush=True)
        shown = "; ".join(f"{word} {span([each[word] for each in found])}" for word in found[0])
        link = f"[{self.spec}](../specs/learning/{self.spec}.yaml)"
        options_shown = f" `{' '.join(self.options)}`" if self.options else ""
        return f"| {link}{options_shown} | {shown} | {self.asked} |"


def of_run(**figures: str) -> Judge:
    """Take what a run measures itself, by the words that the table shows."""

    def judge(_: str, run: Path, _seed: int) -> Figures:
        return {word.replace("_", " "): measured(run, figure) for word, figure in figures.items()}

    return judge


def of_code(noise: float = 0.0) -> Judge:
    """Hold an autoencoder against principal components."""

    def judge(name: str, run: Path, seed: int) -> Figures:
        error = reconstruction_error(name, run, seed, noise)
        return {"error": error, "that of 8 principal components": principal_error(seed, noise)}

    return judge


def of_bound(_: str, run: Path, _seed: int) -> Figures:
    """Give the evidence's bound at the first and at the last epoch."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    epochs = [line["val_loss"] for line in lines if "epoch" in line]
    return {"bound after the first epoch": -epochs[0], "after the last": -epochs[-1]}


def of_generator(name: str, run: Path, _seed: int) -> Figures:
    """Let a classifier judge what a generator makes."""
    judge = run.parent / "judge"
    if not judge.exists():
        trained(SPECS / "digits_cnn.yaml", (), 0, judge)
    classes, confidence = judged(name, run, module_of("digits_cnn", judge))
    return {"classes": classes, "confidence": confidence}


def of_text(_: str, run: Path, _seed: int) -> Figures:
    """Hold the loss of a language model against the entropy of single characters."""
    return {
        "loss": measured(run, "val_loss"),
        "entropy of single characters": entropy(python_help(64)["target"]),
    }


ACCURACY = of_run(accuracy="val_accuracy")
CASES = (
    Case("digits_perceptron", "", ACCURACY, "0.95"),
    *(Case("digits_mlp", f"activation={word}", ACCURACY, "0.95") for word in ("relu", "sigmoid", "tanh")),
    Case("digits_cnn", "", ACCURACY, "0.97"),
    *(
        Case(f"digits_{word}{kind}", "", ACCURACY, "0.93")
        for word in ("rnn", "lstm", "gru")
        for kind in ("", "_cell")
    ),
    *(
        Case("adding", variant, of_run(error="val_loss"), asked)
        for variant, asked in (
            ("", "below 0.02"),
            ("adding_lstm", "below 0.02"),
            ("adding_rnn", "more: the mean has 0.167"),
        )
    ),
    Case("char_lm", "", of_text, "far below the entropy"),
    Case("digits_autoencoder", "", of_code(), "below that of the components"),
    Case("digits_autoencoder", "noise=0.2", of_code(0.2), "below that of the components"),
    Case("digits_conv_autoencoder", "", of_code(), "below that of the components"),
    Case("digits_conv_autoencoder", "noise=0.2", of_code(0.2), "below that of the components"),
    Case("digits_vae", "", of_bound, "the bound rises"),
    Case("digits_gan", "", of_generator, "8 classes of 10, 0.8"),
    Case("digits_wgan_gp", "", of_generator, "8 classes of 10, 0.8"),
    Case("shapes_unet", "", of_run(IoU="val_iou"), "0.9"),
    Case("shapes_detector", "", of_run(accuracy="val_accuracy", distance="val_distance"), "0.9; below 0.03"),
    Case("copying", "", ACCURACY, "0.99"),
)


def main(names: list[str]) -> None:
    """Measure the cases of these names, or all; write their rows."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        for case in CASES:
            if not names or case.name in names:
                write(case, case.row(Path(place)))


def write(case: Case, row: str) -> None:
    """Put a row into the table, in the order of the cases."""
    text = PAGE.read_text(encoding="utf-8")
    begin, rest = text.split(_HEAD)
    rows = dict(_named(rest.strip("\n").splitlines()))
    rows[case.name] = row
    ordered = [rows[each.name] for each in CASES if each.name in rows]
    PAGE.write_text(f"{begin}{_HEAD}{chr(10).join(ordered)}\n", encoding="utf-8")


def _named(lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        first = line.split("|")[1].strip()
        name, _, options = first.partition("](")
        yield f"{name[1:]} {options.partition('`')[2].rstrip('`')}".strip(), line


_HEAD = "| spec | seen over five seeds | asked |\n| --- | --- | --- |\n"

if __name__ == "__main__":
    main(sys.argv[1:])

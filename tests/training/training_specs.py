"""Small specs with `train` sections, and runs of them."""

from __future__ import annotations

from pathlib import Path

import archc
from archc.train.engine.loop import Result
from archc.train.run import run
from archc.train.training import Training

MLP = """\
name: net
inputs: {image: [N, 1, 8, 8]}
layers:
  - flatten
  - {name: hidden, linear: 16}
  - relu
  - {dropout: 0.1}
  - {name: scores, linear: 10}
"""
DATA = "data: {source: digits, batch_size: 64, validation: 0.2}"
LOSS = "loss: cross_entropy(scores, label)"
OPTIMIZER = "optimizer: {Adam: {lr: 0.01}}"
METRICS = "metrics: {accuracy: [scores, label]}"


def spec(*lines: str, model: str = MLP, **parts: str) -> str:
    """Give a spec whose `train` section has further lines, and some lines in place of the usual ones."""
    usual = {"data": DATA, "loss": LOSS, "optimizer": OPTIMIZER, "metrics": METRICS, "long": "epochs: 2"}
    found = [*{**usual, **parts}.values(), *lines]
    return model + "train:\n" + "".join(f"  {line}\n" for line in found if line)


def training_of(text: str, **parameters: object) -> Training:
    """Compile a spec that is right, and give its plan."""
    training = archc.compile(text, **parameters).training
    assert training is not None
    return training


def run_spec(text: str, out: Path, resume: bool = False, **settings: object) -> Result:
    """Train a spec on the CPU; settings in place of its own."""
    training = training_of(text)
    training = training.replace(settings=training.settings.replace(**settings))
    return run(training, out, resume, "cpu")

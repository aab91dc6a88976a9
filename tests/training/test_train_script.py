"""`train.py`: the loop as source, which learns what `archc train` learns, without archc."""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from test_runs import GAN
from training_specs import DATA, MLP, run_spec, spec

import archc
from archc.source import SpecError
from archc.train import data as sources

PLAIN = MLP.replace("  - {dropout: 0.1}\n", "")
CASES = {
    "usual": spec("schedule: {CosineAnnealingLR: {T_max: steps}}"),
    "settings": spec(
        "accumulate: 2",
        "clip_grad_norm: 0.5",
        "warmup: 3",
        'freeze: ["hidden.bias"]',
        'groups: {"scores.*": {lr: 0.001}}',
        "ema: {decay: 0.9}",
        "early_stopping: {metric: accuracy, patience: 3}",
        schedule="schedule: {StepLR: {step_size: steps // epochs}}",
        data=DATA[:-1] + ", layers: [{name: image, expr: image * 2 - 1, from: {image: image}}]}",
    ),
    "plateau": spec("schedule: ReduceLROnPlateau", "max_steps: 30", "precision: bfloat16", model=PLAIN),
    "rows": spec(
        data=DATA[:-1] + ", augment: [{name: image, from: image, dropout: 0.1}]}",
        model=PLAIN.replace("[N, 1, 8, 8]", "[N, 8, 8]").replace("name: net", "name: digits"),
    ),
    "gan": GAN.replace("max_steps: 4", "epochs: 1"),
}


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def numbers(line: str) -> dict[str, float]:
    """Give what a line of the script says was measured."""
    return {name: float(value) for name, value in re.findall(r"(\S+) (-?[\d.]+(?:e-?\d+)?)(?:  |$)", line)}


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_the_script_learns_what_the_command_learns(name: str, tmp_path: Path) -> None:
    text = CASES[name]
    folder = tmp_path / "build"
    archc.compile(text).build(folder, targets=("train",))
    assert sorted(path.name for path in folder.glob("*.py")) == ["model.py", "train.py"]
    for command in (["ruff", "format", "--isolated", "--check", "."], ["ruff", "check", "--isolated", "."]):
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": ""}
    command = [sys.executable, "-c", "import sys; sys.modules['archc'] = None; import train; train.main()"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    run_spec(text, tmp_path / "run")
    written = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    epochs = [found for found in map(json.loads, written) if "epoch" in found]
    said = [numbers(line.partition(": ")[2]) for line in done.stdout.splitlines()]
    assert len(said) == len(epochs) > 0
    for ours, theirs in zip(said, epochs, strict=True):
        assert ours == pytest.approx({key: theirs[key] for key in ours}, rel=1e-4)
        assert set(ours) == set(theirs) - {"epoch", "step"}
    assert list(folder.glob("trained*.safetensors"))


def ruff(text: str, *command: str) -> str:
    """Give what ruff, as it is without settings, has against a file."""
    command = (sys.executable, "-m", "ruff", *command, "--isolated", "-")
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode else ""


@pytest.mark.parametrize("name", sources.KNOWN)
def test_the_function_of_a_source_is_laid_out_as_the_formatter_does(name: str) -> None:
    source = sources.find(name)
    assert source is not None
    text = f"import numpy as np\n\n\n{inspect.getsource(source.maker)}"
    assert ruff(text, "format", "--diff") == ""
    assert ruff(text, "check") == ""


TEXT = """\
name: net
inputs: {tokens: "int64[N, T]"}
layers:
  - {name: embedding, embedding: {num_embeddings: 40, embedding_dim: 4}}
  - {name: head, linear: 40}
  - {name: scores, transpose: {dim0: 1, dim1: 2}}
train:
  data: {source: {text: {path: a.txt, length: 8}}, batch_size: 2, validation: 0.1}
  loss: cross_entropy(scores, target)
  optimizer: {SGD: {lr: 0.1}}
  epochs: 1
"""


@pytest.mark.slow
def test_the_script_finds_its_data_from_where_it_stands(tmp_path: Path) -> None:
    spec_file = tmp_path / "a.yaml"
    spec_file.write_text(TEXT)
    (tmp_path / "a.txt").write_text("\"it's\", she said: \\ 'no' \n" * 9)
    folder = tmp_path / "deep" / "build"
    archc.compile(spec_file).build(folder, targets=("train",))
    text = (folder / "train.py").read_text()
    assert 'path="../../a.txt"' in text
    assert ruff(text, "format", "--diff") == ""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "train.py"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.startswith("epoch 1: loss ")) == (0, True), done.stderr


def test_a_script_without_its_data_is_refused(tmp_path: Path) -> None:
    spec_file = tmp_path / "a.yaml"
    spec_file.write_text(
        spec(
            model="inputs: {image: [N, 3, 4, 4]}\nlayers: [{name: made, linear: 4}]\n",
            data="data: {source: {image_folder: none}}",
            loss="loss: mse_loss(made, image)",
            metrics="",
        )
    )
    with pytest.raises(SpecError, match="E1030"):
        archc.compile(spec_file).to_script()


def test_what_the_script_cannot_say_is_refused(tmp_path: Path) -> None:
    for text in (spec("schedule: {StepLR: {step_size: steps // 3}}"), spec("precision: float16")):
        with pytest.raises(SpecError, match="E1032"):
            archc.compile(text).to_script()
    with pytest.raises(SpecError, match="E1010"):
        archc.compile(MLP).build(tmp_path / "build", targets=("train",))

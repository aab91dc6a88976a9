"""`archc train` as a user runs it, and what follows: a build with what was learned."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from training_specs import spec

from archc.train.data.digits import digits

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "NO_COLOR": "1"}


def archc(*arguments: str, at: Path) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    command = [sys.executable, "-m", "archc", *arguments]
    return subprocess.run(command, cwd=at, env=ENVIRONMENT, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net.yaml").write_text(spec(long="epochs: 12"))
    return tmp_path


@pytest.mark.slow
def test_what_was_learned_runs_in_onnx(folder: Path) -> None:
    done = archc("train", "net.yaml", "--out", "run", "--device", "cpu", at=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0].startswith("1,438 examples, 359 for validation")
    assert archc("train", "net.yaml", "--out", "run", at=folder).returncode == 3
    assert archc("build", "net.yaml", "--weights", "run", "-o", "build", at=folder).returncode == 0
    examples = digits()
    session = onnxruntime.InferenceSession(folder / "build" / "model.onnx")
    [scores] = session.run(None, {"image": examples["image"]})
    assert (np.argmax(scores, 1) == examples["label"]).mean() > 0.95


@pytest.mark.slow
def test_ctrl_c_saves_and_says_how_to_go_on(folder: Path) -> None:
    command = [sys.executable, "-m", "archc", "train", "net.yaml", "--out", "run", "--device", "cpu"]
    long = [*command, "--epochs", "100000"]
    with subprocess.Popen(long, cwd=folder, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True) as process:
        while not (folder / "run" / "last").exists():
            time.sleep(0.1)
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.strip().endswith("archc train net.yaml --out run --resume")
    manifest = json.loads((folder / "run" / "last" / "manifest.json").read_text())
    more = str(manifest["step"] + 3)
    done = archc("train", "net.yaml", "--out", "run", "--resume", "--max-steps", more, at=folder)
    assert done.returncode == 0
    assert "going on from step" in done.stdout


def test_what_is_wrong_is_said_before_anything_runs(folder: Path) -> None:
    (folder / "plain.yaml").write_text(spec().partition("train:")[0])
    for arguments, code, word in (
        (("plain.yaml",), 1, "E1010"),
        (("net.yaml", "--out", ".", "--resume"), 3, "E1041"),
        (("net.yaml", "--out", "."), 3, "E1040"),
    ):
        done = archc("train", *arguments, at=folder)
        assert (done.returncode, word in done.stderr) == (code, True), done.stderr


@pytest.mark.slow
def test_two_processes_learn_as_one(folder: Path) -> None:
    text = spec(data="data: {source: digits, batch_size: 64, validation: 0.2}").replace(
        "  - {dropout: 0.1}\n", ""
    )
    (folder / "net.yaml").write_text(text)
    assert archc("train", "net.yaml", "--out", "one", "--device", "cpu", at=folder).returncode == 0
    launch = [
        sys.executable,
        "-m",
        "torch.distributed.run",
        "--nproc_per_node",
        "2",
        "--master_port",
        "29511",
    ]
    command = [*launch, "-m", "archc", "train", "net.yaml", "--out", "two", "--device", "cpu"]
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    strategy = json.loads((folder / "two" / "manifest.json").read_text())["strategy"]
    assert strategy == {
        "wrapped": "DistributedDataParallel",
        "type": "MULTI_CPU",
        "processes": 2,
        "device": "cpu",
    }
    one, two = (
        [json.loads(line) for line in (folder / name / "metrics.jsonl").read_text().splitlines()]
        for name in ("one", "two")
    )
    assert [line.keys() for line in one] == [line.keys() for line in two]
    for alone, together in zip(one, two, strict=True):
        assert list(together.values()) == pytest.approx(list(alone.values()), rel=1e-3, abs=1e-5)

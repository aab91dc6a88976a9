"""What a run was begun with counts again where it is gone on with, built or looked at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.numpy import load_file
from training_specs import MLP, spec

from archc.cli import root, run_guarded

WIDE = "params: {width: 16, act: relu}\nvariants: {wide: {width: 24}}\n" + MLP.replace(
    "linear: 16", "linear: width"
)


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(1)
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(spec(model=WIDE, long="epochs: 1"))


def archc(*arguments: str) -> int:
    return run_guarded(root, [*arguments])


def manifest() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path("run/manifest.json").read_text())
    return found


def begin(*more: str) -> None:
    assert archc("train", "net.yaml", "--out", "run", "--device", "cpu", *more) == 0


def test_a_variant_and_parameters_need_not_be_said_again(capsys: pytest.CaptureFixture[str]) -> None:
    begin("--variant", "wide", "-p", "act=tanh")
    assert manifest()["chosen"]["variant"] == "wide"
    assert archc("build", "net.yaml", "--weights", "run", "-o", "built") == 0
    assert load_file("built/model.safetensors")["hidden.weight"].shape == (24, 64)
    assert "as `run` was trained: --variant wide -p act=tanh" in capsys.readouterr().err
    assert archc("build", "net.yaml", "--weights", "run/best", "-o", "built") == 0
    assert archc("train", "net.yaml", "--out", "run", "--resume", "--epochs", "2") == 0
    assert manifest()["chosen"]["variant"] == "wide"
    assert archc("report", "run") == 0
    page = Path("run/report.html").read_text()
    assert "Confusion matrix" in page
    assert "wide" in page


def test_what_is_said_again_wins_and_has_to_fit(capsys: pytest.CaptureFixture[str]) -> None:
    begin("-p", "width=9")
    assert archc("train", "net.yaml", "--out", "run", "--resume", "-p", "width=10") == 3
    assert "was begun with width=9" in capsys.readouterr().err
    assert archc("build", "net.yaml", "--weights", "run", "-p", "width=10", "-o", "built") != 0
    assert "E0903" in capsys.readouterr().err


def test_the_length_and_the_seed_of_a_run_hold_until_others_are_given() -> None:
    begin("--seed", "5", "--epochs", "3", "--max-steps", "4")
    assert archc("train", "net.yaml", "--out", "run", "--resume", "--max-steps", "30") == 0
    found = manifest()
    assert found["chosen"]["settings"] == {"epochs": 3, "max_steps": 30, "seed": 5}
    assert (found["settings"]["seed"], found["steps"]) == (5, 30)


def test_a_parameter_that_the_spec_has_no_more_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    begin("-p", "width=9")
    Path("net.yaml").write_text(spec(model=MLP, long="epochs: 1"))
    assert archc("train", "net.yaml", "--out", "run", "--resume") == 3
    assert "E1041" in capsys.readouterr().err


@pytest.mark.parametrize("chosen", ["[]", '{"parameters": 1, "variant": [], "settings": {"seed": "x"}}'])
def test_a_damaged_manifest_chooses_nothing(chosen: str) -> None:
    begin()
    found = {**manifest(), "chosen": json.loads(chosen)}
    Path("run/manifest.json").write_text(json.dumps(found))
    assert archc("build", "net.yaml", "--weights", "run", "-o", "built") == 0
    assert archc("report", "run") == 0


@pytest.mark.parametrize("command", ["train", "gradcheck", "build", "verify"])
def test_a_seed_that_torch_does_not_take_is_a_mistake_of_use(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert archc(command, "net.yaml", "--seed", str(2**70)) == 2
    assert "--seed" in capsys.readouterr().err

"""Gradients are held against finite differences, closely enough to see a wrong one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from training_specs import spec

import archc
from archc.cli import root
from archc.cli.failures import run_guarded
from archc.train.run import check_steps
from archc.verify.gradients import check_model, compare


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


class SlightlyWrong(torch.autograd.Function):
    """A square whose gradient is off by a thousandth."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        return x**2

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> torch.Tensor:
        [x] = ctx.saved_tensors
        return gradients[0] * 2 * x * 1.001


@pytest.mark.parametrize(("wrong", "agrees"), [(True, False), (False, True)])
def test_a_gradient_that_is_slightly_wrong_is_found(wrong: bool, agrees: bool) -> None:
    x = torch.linspace(-1, 2, 7, dtype=torch.float64)
    [found] = compare(lambda: (SlightlyWrong.apply(x) if wrong else x**2).sum(), {"x": x}, 0)
    assert (found.agrees, found.entries) == (agrees, 5)


def test_a_kink_is_no_error() -> None:
    x = torch.zeros(3, dtype=torch.float64)
    [found] = compare(lambda: x.abs().sum(), {"x": x}, 0)
    assert (found.kinks, found.agrees) == (3, True)


@pytest.mark.parametrize("name", ["basics/mlp", "images/lenet5", "sequences/gru_classifier"])
def test_the_gradients_of_models_agree(name: str) -> None:
    program = archc.compile(f"specs/{name}.yaml").program
    for model in program.models:
        found = check_model(program, model.name, 0)
        assert [each.key for each in found if not each.agrees] == []
        assert max(each.error for each in found) > 0


@pytest.mark.slow
def test_the_gradients_of_steps_agree() -> None:
    for name in ("digits_wgan_gp", "digits_vae"):
        training = archc.compile(f"specs/learning/{name}.yaml").training
        assert training is not None
        for _, found in check_steps(training, 0):
            assert [each.key for each in found if not each.agrees] == []


def test_the_command_says_what_agrees(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(spec())
    runner = CliRunner()
    done = runner.invoke(root, ["gradcheck", str(tmp_path / "net.yaml")])
    first, second = done.output.splitlines()
    assert done.exit_code == 0
    assert first.startswith("net agrees: 25 entries of 5 tensors")
    assert second.startswith("the step `train` agrees: 20 entries of 4 tensors")
    assert run_guarded(root, ["gradcheck", str(tmp_path / "none.yaml")]) == 3

"""Every kind of network learns, for real: short runs of `specs/learning`, on the CPU."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import archc
from archc.train.data.digits import digits
from archc.train.engine.loop import Result
from archc.train.run import run

SPECS = Path(__file__).parents[2] / "specs" / "learning"

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def learned(name: str, out: Path, variant: str | None = None, **parameters: object) -> Result:
    """Train a spec."""
    training = archc.compile(SPECS / f"{name}.yaml", variant=variant, **parameters).training
    assert training is not None
    return run(training, out, device="cpu")


def losses(out: Path, name: str = "loss") -> list[float]:
    """Give what was measured at each step."""
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    return [line[name] for line in lines if "epoch" not in line]


def module_of(name: str, out: Path, model: str | None = None) -> torch.nn.Module:
    """Give a trained model, for evaluation."""
    module = archc.compile(SPECS / f"{name}.yaml").module(model, weights=out)
    return module.eval()


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_a_perceptron_of_several_layers(activation: str, tmp_path: Path) -> None:
    assert learned("digits_mlp", tmp_path, activation=activation).best["val_accuracy"] >= 0.95


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("digits_cnn", 0.97),
        ("digits_rnn", 0.93),
        ("digits_lstm", 0.93),
        ("digits_gru", 0.93),
        ("digits_gru_cell", 0.93),
        ("copying", 0.99),
    ],
)
def test_what_tells_classes_apart(name: str, least: float, tmp_path: Path) -> None:
    assert learned(name, tmp_path).best["val_accuracy"] >= least


def test_gates_remember_what_a_plain_cell_forgets(tmp_path: Path) -> None:
    error = {
        cell: learned("adding", tmp_path / cell, None if cell == "gru" else f"adding_{cell}").best["val_loss"]
        for cell in ("gru", "lstm", "rnn")
    }
    # Always giving the mean, 1, has an error of 1/6.
    assert error["gru"] < 0.02
    assert error["lstm"] < 0.02
    assert error["rnn"] > 0.1


@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_an_autoencoder_is_better_than_principal_components(noise: float, tmp_path: Path) -> None:
    learned("digits_autoencoder", tmp_path, noise=noise)
    pixels = digits()["image"].reshape(-1, 64)
    order = np.random.default_rng([0, 0]).permutation(len(pixels))
    kept = round(len(pixels) * 0.2)
    seen, fresh = pixels[order[kept:]], pixels[order[:kept]]
    with torch.no_grad():
        module = module_of("digits_autoencoder", tmp_path)
        error = float(((module(torch.from_numpy(fresh)) - torch.from_numpy(fresh)) ** 2).mean())
    mean = seen.mean(0)
    axes = np.linalg.svd(seen - mean, full_matrices=False)[2][:8]
    principal = float((((fresh - mean) @ axes.T @ axes + mean - fresh) ** 2).mean())
    assert error < principal


def test_a_variational_autoencoder(tmp_path: Path) -> None:
    result = learned("digits_vae", tmp_path)
    before = losses(tmp_path)[0]
    assert result.best["val_loss"] < 0.65 * before
    with torch.no_grad():
        samples = torch.sigmoid(module_of("digits_vae", tmp_path, "decoder")(torch.randn(64, 8)))
    assert float(samples.std(0).mean()) > 0.1


@pytest.mark.parametrize(("name", "players"), [("digits_gan", "discriminator"), ("digits_wgan_gp", "critic")])
def test_a_generator_makes_every_digit(name: str, players: str, tmp_path: Path) -> None:
    learned(name, tmp_path / "gan")
    assert np.isfinite(losses(tmp_path / "gan", f"{players}.loss")).all()
    assert np.isfinite(losses(tmp_path / "gan", "generator.loss")).all()
    learned("digits_cnn", tmp_path / "judge")
    judge = module_of("digits_cnn", tmp_path / "judge")
    torch.manual_seed(0)
    with torch.no_grad():
        made = module_of(name, tmp_path / "gan", "generator")(torch.randn(1000, 32))
        confidence, classes = judge(made).softmax(1).max(1)
    assert len([count for count in np.bincount(classes.numpy()) if count >= 20]) >= 8
    assert float(confidence.mean()) >= 0.8


def test_a_u_net_finds_shapes(tmp_path: Path) -> None:
    assert learned("shapes_unet", tmp_path).best["val_iou"] >= 0.9


def test_a_detector_finds_boxes_and_kinds(tmp_path: Path) -> None:
    best = learned("shapes_detector", tmp_path).best
    assert best["val_accuracy"] >= 0.9
    assert best["val_distance"] <= 0.03

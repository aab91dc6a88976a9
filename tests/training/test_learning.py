"""Every kind of network learns, for real: short runs of `specs/learning`, on the CPU."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import archc
from archc.train.data.letters import python_help
from archc.train.engine.loop import Result
from archc.train.run import run
from bench.judging import SPECS, entropy, judged, module_of, principal_error, reconstruction_error

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


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_a_perceptron_of_several_layers(activation: str, tmp_path: Path) -> None:
    assert learned("digits_mlp", tmp_path, activation=activation).best["val_accuracy"] >= 0.95


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("digits_perceptron", 0.95),
        ("digits_cnn", 0.97),
        ("digits_rnn", 0.93),
        ("digits_rnn_cell", 0.93),
        ("digits_lstm", 0.93),
        ("digits_lstm_cell", 0.93),
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


def test_a_language_model_knows_more_than_how_frequent_letters_are(tmp_path: Path) -> None:
    training = archc.compile(SPECS / "char_lm.yaml").training
    assert training is not None
    result = run(training.replace(settings=training.settings.replace(max_steps=150)), tmp_path, device="cpu")
    assert result.best["val_loss"] < 0.75 * entropy(python_help(64)["target"])
    characters = json.loads((tmp_path / "manifest.json").read_text())["data"]["meanings"]["tokens"]
    model, written = module_of("char_lm", tmp_path), [0]
    torch.manual_seed(0)
    with torch.no_grad():
        for _ in range(200):
            logits = model(torch.tensor([written]))[0, -1]
            written.append(int(torch.multinomial((logits / 0.5).softmax(0), 1)))
    text = "".join(characters[number] for number in written)
    assert {"the", "a", "of", "to", "in", "and", "is"} & set(text.split())


@pytest.mark.parametrize("name", ["digits_autoencoder", "digits_conv_autoencoder"])
@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_an_autoencoder_is_better_than_principal_components(name: str, noise: float, tmp_path: Path) -> None:
    learned(name, tmp_path, noise=noise)
    assert reconstruction_error(name, tmp_path, 0, noise) < principal_error(0, noise)


def test_a_variational_autoencoder(tmp_path: Path) -> None:
    result = learned("digits_vae", tmp_path)
    before = losses(tmp_path)[0]
    assert result.best["val_loss"] < 0.65 * before
    torch.manual_seed(0)
    with torch.no_grad():
        samples = torch.sigmoid(module_of("digits_vae", tmp_path, "decoder")(torch.randn(64, 8)))
    assert float(samples.std(0).mean()) > 0.1
    sheet = samples.reshape(8, 8, 8, 8).permute(0, 2, 1, 3).reshape(64, 64)
    Image.fromarray((255 * sheet).byte().numpy()).save(tmp_path / "samples.png")
    with Image.open(tmp_path / "samples.png") as picture:
        assert picture.size == (64, 64)


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> torch.nn.Module:
    """A classifier of real digits."""
    run_folder = tmp_path_factory.mktemp("judge")
    learned("digits_cnn", run_folder)
    return module_of("digits_cnn", run_folder)


@pytest.mark.parametrize(("name", "players"), [("digits_gan", "discriminator"), ("digits_wgan_gp", "critic")])
def test_a_generator_makes_every_digit(
    name: str, players: str, tmp_path: Path, judge: torch.nn.Module
) -> None:
    learned(name, tmp_path)
    assert np.isfinite(losses(tmp_path, f"{players}.loss")).all()
    assert np.isfinite(losses(tmp_path, "generator.loss")).all()
    classes, confidence = judged(name, tmp_path, judge)
    assert classes >= 8
    assert confidence >= 0.8


def test_a_u_net_finds_shapes(tmp_path: Path) -> None:
    assert learned("shapes_unet", tmp_path).best["val_iou"] >= 0.9


def test_a_detector_finds_boxes_and_kinds(tmp_path: Path) -> None:
    best = learned("shapes_detector", tmp_path).best
    assert best["val_accuracy"] >= 0.9
    assert best["val_distance"] <= 0.03

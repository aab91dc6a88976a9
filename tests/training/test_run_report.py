"""`archc report` and `archc train --plot`: the page of a run."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import torch
from training_specs import run_spec, spec

from archc.cli import root, run_guarded

GAN = """\
name: gan
models:
  generator:
    inputs: {noise: [N, 4]}
    layers: [{name: fc, linear: 64}, sigmoid, {name: image, reshape: [N, 1, 8, 8]}]
  critic:
    inputs: {image: [N, 1, 8, 8]}
    layers: [flatten, {name: score, linear: 1}]
train:
  data: {source: digits, batch_size: 64}
  optimizer: {Adam: {lr: 0.001}}
  steps:
    - name: generator
      update: [generator]
      layers: [{name: noise, randn: [N, 4]}, generator, critic]
      loss: binary_cross_entropy_with_logits(critic, 1.0)
  epochs: 1
"""
AUTOENCODER = """\
name: coder
inputs: {image: [N, 1, 8, 8]}
layers: [flatten, {name: fc, linear: 4}, {name: back, linear: 64}, {name: made, reshape: [N, 1, 8, 8]}]
"""
VAE = """\
name: vae
models:
  encoder:
    inputs: {image: [N, 64]}
    layers: [{name: mean, linear: 4}, {name: spread, from: image, linear: 4}]
    outputs: [mean, spread]
  decoder:
    inputs: {z: [N, 4], label: "int64[N]"}
    layers:
      - {name: kind, from: label, embedding: {num_embeddings: 10, embedding_dim: 4}}
      - add: [z, kind]
      - {name: fc, linear: 64}
train:
  data: {source: digits, batch_size: 64, validation: 0.2}
  layers:
    - {name: coded, from: image, encoder: }
    - {name: noise, from: coded.mean, randn_like: }
    - {name: z, expr: coded.mean + exp(coded.spread) * noise}
    - {name: made, from: {z: z, label: label}, decoder: }
  loss: binary_cross_entropy_with_logits(made, image)
  optimizer: {Adam: {lr: 0.001}}
  epochs: 1
"""
IRIS = """\
name: irises
inputs: {features: [N, 4]}
layers: [{name: scores, linear: 3}]
train:
  data: {source: iris, batch_size: 16, validation: 0.2}
  loss: cross_entropy(scores, target)
  optimizer: {Adam: {lr: 0.01}}
  epochs: 1
"""
SHAPES = """\
name: shapes_net
inputs: {image: [N, 1, 16, 16]}
layers: [{name: scores, conv2d: {out_channels: CHANNELS, kernel_size: 3, padding: 1}}]
train:
  data: {source: {shapes: {size: 16, examples: 40}}, batch_size: 8LAYERS}
  loss: LOSS
  optimizer: {Adam: {lr: 0.001}}
  epochs: 1
"""


def page_of(run: Path) -> ET.Element:
    assert run_guarded(root, ["report", str(run)]) == 0
    text = (run / "report.html").read_text()
    assert run_guarded(root, ["report", str(run), "-o", str(run / "again.html")]) == 0
    assert (run / "again.html").read_text() == text
    return ET.fromstring(text.removeprefix("<!DOCTYPE html>\n"))


def titles(page: ET.Element) -> list[str]:
    return [each.text or "" for each in page.iter("h2")]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def test_a_classifier_has_curves_and_a_matrix(tmp_path: Path) -> None:
    run_spec(spec(), tmp_path / "run")
    page = page_of(tmp_path / "run")
    assert [each.text for each in page.iter("title")] == ["net", "loss", "accuracy"]
    assert len(list(page.iter("polyline"))) == 4
    [matrix] = [each for each in page.iter("table") if each.get("class") == "matrix"]
    rows = [[int(cell.text or "") for cell in row.iter("td")] for row in matrix.iter("tr")][1:]
    assert sum(map(sum, rows)) == 359
    right = sum(rows[at][at] for at in range(10)) / 359
    best = next(row for row in page.iter("tr") if row[0].text == "val_accuracy")[2].text
    assert float(best or "") == pytest.approx(right, abs=1e-5)


def test_classes_have_the_names_that_the_data_gives_them(tmp_path: Path) -> None:
    run_spec(IRIS, tmp_path / "run")
    [matrix] = [each for each in page_of(tmp_path / "run").iter("table") if each.get("class") == "matrix"]
    head, *rows = [[cell.text for cell in row] for row in matrix.iter("tr")]
    assert head == [None, "setosa", "versicolor", "virginica"]
    assert [row[0] for row in rows] == head[1:]


def test_a_gan_has_samples(tmp_path: Path) -> None:
    run_spec(GAN, tmp_path / "run")
    page = page_of(tmp_path / "run")
    assert "Samples from generator" in titles(page)
    assert sum(each.get("class") == "picture" for each in page.iter("svg")) == 10


def test_an_autoencoder_has_reconstructions(tmp_path: Path) -> None:
    run_spec(spec(model=AUTOENCODER, loss="loss: mse_loss(made, image)", metrics=""), tmp_path / "run")
    page = page_of(tmp_path / "run")
    assert any(title.startswith("Reconstructions by coder") for title in titles(page))
    assert sum(each.get("class") == "picture" for each in page.iter("svg")) == 20


def test_what_is_no_run_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_guarded(root, ["report", str(tmp_path)]) == 3
    assert "E1060" in capsys.readouterr().err
    run_spec(spec(long="epochs: 1"), tmp_path / "run")
    (tmp_path / "run" / "best" / "weights.safetensors").write_bytes(b"damaged")
    assert "No pictures" in "".join(page_of(tmp_path / "run").itertext())
    (tmp_path / "run" / "metrics.jsonl").write_text('{"epoch": 1, "lo')
    assert run_guarded(root, ["report", str(tmp_path / "run")]) == 3
    assert "E1061" in capsys.readouterr().err


def test_train_plots(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(spec(long="epochs: 1"))
    run = tmp_path / "run"
    assert (
        run_guarded(root, ["train", str(tmp_path / "net.yaml"), "-o", str(run), "--device", "cpu", "--plot"])
        == 0
    )
    assert "polyline" in (run / "curves.svg").read_text()
    ET.parse(run / "curves.svg")


def matrix_of(page: ET.Element) -> list[list[int]]:
    [matrix] = [each for each in page.iter("table") if each.get("class") == "matrix"]
    return [[int(cell.text or "") for cell in row.iter("td")] for row in matrix.iter("tr")][1:]


def test_a_variational_autoencoder_has_samples_and_reconstructions(tmp_path: Path) -> None:
    run_spec(VAE, tmp_path / "run")
    page = page_of(tmp_path / "run")
    assert "Samples from decoder" in titles(page)
    assert any(title.startswith("Reconstructions of `image`") for title in titles(page))
    assert not any(title.startswith("Confusion") for title in titles(page))


@pytest.mark.parametrize("metrics", ["metrics: {right: {binary_accuracy: [odds, even]}}", ""])
def test_what_is_true_or_false_has_a_matrix(tmp_path: Path, metrics: str) -> None:
    text = spec(
        data="""data:
    source: digits
    batch_size: 64
    validation: 0.2
    layers: [{name: even, expr: "cast(label % 2 == 0, 'float32')"}]""",
        loss="loss: binary_cross_entropy_with_logits(odds, even)",
        model="""\
name: parity
inputs: {image: [N, 1, 8, 8]}
layers: [flatten, {name: fc, linear: 1}, {name: odds, flatten: {start_dim: 0}}]
""",
        metrics=metrics,
    )
    run_spec(text, tmp_path / "run", epochs=1)
    rows = matrix_of(page_of(tmp_path / "run"))
    assert [len(row) for row in rows] == [2, 2]
    assert sum(map(sum, rows)) == 359


@pytest.mark.parametrize(
    ("channels", "loss", "layers"),
    [
        ("1", "binary_cross_entropy_with_logits(scores, mask)", ""),
        (
            "2",
            "cross_entropy(scores, kinds)",
            ", layers: [{name: flat, from: mask, squeeze: 1}, {name: kinds, from: flat, cast: int64}]",
        ),
    ],
)
def test_masks_are_shown_beside_their_pictures(tmp_path: Path, channels: str, loss: str, layers: str) -> None:
    text = SHAPES.replace("CHANNELS", channels).replace("LOSS", loss).replace("LAYERS", layers)
    run_spec(text.replace("batch_size: 8", "batch_size: 8, validation: 0.2"), tmp_path / "run")
    page = page_of(tmp_path / "run")
    assert sum(title.startswith("Masks of") for title in titles(page)) == 1
    assert sum(each.get("class") == "picture" for each in page.iter("svg")) == 3 * 8
    assert sum(map(sum, matrix_of(page))) == 8 * 256
    assert not any(title.startswith("Reconstructions") for title in titles(page))


def test_a_denoiser_is_no_generator(tmp_path: Path) -> None:
    text = spec(
        "layers: [{name: noise, from: image, randn_like: }, {name: noisy, expr: image + noise}, coder]",
        model=AUTOENCODER,
        loss="loss: mse_loss(coder, image)",
        metrics="",
    )
    run_spec(text, tmp_path / "run", epochs=1)
    assert not any(title.startswith("Samples") for title in titles(page_of(tmp_path / "run")))

"""`--with-preprocess`: models that take data as it comes, in PyTorch and in ONNX alike."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from click.testing import CliRunner
from safetensors.numpy import load_file
from safetensors.torch import load_file as load_tensors
from training_specs import DATA, MLP, run_spec, spec

import archc
from archc.cli import root
from archc.source import SpecError
from archc.verify import verify

LARGER = MLP.replace("[N, 1, 8, 8]", "[N, 1, 12, 12]")
PREPARED = spec(
    data="""data:
    source: digits
    batch_size: 64
    validation: 0.2
    layers:
      - {name: mean, constant: {value: 0.3}}
      - {name: centred, sub: [image, mean]}
      - {name: image, interpolate: {size: [12, 12], mode: bilinear}}
      - {name: target, from: label, add: 0}
    augment: [{name: image, from: image, dropout: 0.5}]""",
    loss="loss: cross_entropy(scores, target)",
    model=LARGER,
)
SEVERAL = """\
name: several
params: {nz: 4}
models:
  encoder:
    inputs: {x: [B, 64], z: [B, nz]}
    layers:
      - {name: both, concat: [x, z]}
      - {name: fc, linear: 16}
      - {name: norm, batch_norm: }
      - {name: code, linear: nz}
    outputs: {code: code, wide: norm}
  decoder:
    inputs: {code: [N, nz]}
    layers: [{name: fc, linear: 64}]
  auto:
    inputs: {pixels: [N, 64], z: [N, nz]}
    layers: [{name: inner, from: {x: pixels, z: z}, encoder: }, {name: made, from: inner.code, decoder: }]
    outputs: [made]
train:
  data:
    source: digits
    batch_size: 64
    layers:
      - {name: flat, from: image, flatten: }
      - {name: pixels, expr: flat * 2 - 1}
  layers:
    - {name: noise, randn: [N, nz]}
    - {name: out, from: {pixels: pixels, z: noise}, auto: }
  loss: mse_loss(out, pixels)
  optimizer: {Adam: {lr: 0.01}}
  epochs: 1
"""
BYTES = """\
name: pictures
inputs: {image: [N, 3, 8, 8]}
layers: [{name: conv, conv2d: {out_channels: 4, kernel_size: 3}}, relu, flatten, {name: scores, linear: 3}]
train:
  data:
    source: {npz: pictures.npz}
    layers:
      - {name: floats, from: image, cast: float32}
      - {name: scaled, div: [floats, 255.0]}
      - {name: first, from: scaled, permute: [0, 3, 1, 2]}
      - {name: image, from: first, interpolate: {size: [8, 8], mode: nearest}}
  loss: cross_entropy(scores, label)
  optimizer: {SGD: {lr: 0.1}}
  epochs: 1
"""


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def imported(folder: Path) -> Any:
    """Import the `model.py` of a build."""
    found = importlib.util.spec_from_file_location("built_model", folder / "model.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def inputs_of(graph: Path) -> dict[str, tuple[str, list[object]]]:
    session = onnxruntime.InferenceSession(graph)
    return {each.name: (each.type, each.shape) for each in session.get_inputs()}


def test_the_trained_graph_takes_the_fields_as_they_come(tmp_path: Path) -> None:
    run_spec(PREPARED, tmp_path / "run", epochs=1)
    built = archc.compile(PREPARED).with_preprocess()
    built.build(tmp_path / "build", weights=tmp_path / "run")
    assert inputs_of(tmp_path / "build" / "model.onnx") == {"image": ("tensor(float)", ["N", 1, 8, 8])}
    manifest = json.loads((tmp_path / "build" / "manifest.json").read_text())
    assert manifest["build"]["with_preprocess"] is True
    assert manifest["models"]["net"]["inputs"]["image"]["shape"] == ["N", 1, 8, 8]
    trained = load_file(tmp_path / "run" / "best" / "weights.safetensors")
    stored = load_file(tmp_path / "build" / "model.safetensors")
    assert trained.keys() == stored.keys()
    image = np.random.default_rng(0).random((3, 1, 8, 8), dtype=np.float32)
    [given] = onnxruntime.InferenceSession(tmp_path / "build" / "model.onnx").run(None, {"image": image})
    source = imported(tmp_path / "build")
    plain = source.Net().eval()
    plain.load_state_dict(load_tensors(tmp_path / "build" / "model.safetensors"))
    with torch.no_grad():
        by_hand = torch.nn.functional.interpolate(
            torch.from_numpy(image) - 0.3, size=(12, 12), mode="bilinear"
        )
        wanted = plain(by_hand)
        prepared = source.PreparedNet(plain).eval()(torch.from_numpy(image))
    np.testing.assert_allclose(given, wanted.numpy(), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(prepared, wanted)


def test_the_command_builds_and_verifies_it(tmp_path: Path) -> None:
    place = tmp_path / "net.yaml"
    place.write_text(PREPARED)
    runner = CliRunner()
    built = runner.invoke(root, ["build", str(place), "--with-preprocess", "-o", str(tmp_path / "b")])
    assert built.exit_code == 0, built.output
    assert 'load_file("model.safetensors")' in (tmp_path / "b" / "model.py").read_text()
    for given in ([str(tmp_path / "b")], [str(place), "--with-preprocess"]):
        verified = runner.invoke(root, ["verify", *given])
        assert (verified.exit_code, " agrees at " in verified.output) == (0, True), verified.output


def test_another_preparation_in_model_py_is_seen(tmp_path: Path) -> None:
    compiled = archc.compile(PREPARED).with_preprocess()
    compiled.build(tmp_path)
    source = tmp_path / "model.py"
    source.write_text(source.read_text().replace("torch.tensor(0.3", "torch.tensor(0.4"))
    assert not verify(compiled.program, tmp_path, deployed=compiled.deployed).agrees


@pytest.mark.parametrize("opset", [17, 20, 25])
def test_several_models_take_what_they_are_fed(tmp_path: Path, opset: int) -> None:
    compiled = archc.compile(SEVERAL).with_preprocess()
    compiled.build(tmp_path, opset=opset)
    image = ("tensor(float)", ["N", 1, 8, 8])
    noise = ("tensor(float)", ["N", 4])
    assert inputs_of(tmp_path / "encoder.onnx") == {"image": image, "z": noise}
    assert inputs_of(tmp_path / "auto.onnx") == {"image": image, "z": noise}
    assert inputs_of(tmp_path / "decoder.onnx") == {"code": noise}
    assert (
        load_file(tmp_path / "auto.safetensors").keys()
        == archc.compile(SEVERAL).module("auto").state_dict().keys()
    )
    assert verify(compiled.program, tmp_path, deployed=compiled.deployed).agrees


def test_pictures_of_bytes(tmp_path: Path) -> None:
    generator = np.random.default_rng(0)
    image = generator.integers(0, 256, (12, 10, 6, 3)).astype(np.uint8)
    np.savez(tmp_path / "pictures.npz", image=image, label=generator.integers(0, 3, 12))
    place = tmp_path / "pictures.yaml"
    place.write_text(BYTES)
    compiled = archc.compile(place).with_preprocess()
    compiled.build(tmp_path / "build")
    assert inputs_of(tmp_path / "build" / "model.onnx") == {"image": ("tensor(uint8)", ["N", 10, 6, 3])}
    assert compiled.verify().agrees


CLASHING = spec(
    data=DATA[:-1] + ", layers: [{name: net, expr: image * 2}, {name: image, from: net, dropout: 0.1}]}",
    model=MLP.replace("{name: hidden, linear: 16}", "{name: prepare, sequential: [linear: 16, tanh]}"),
)
STEPWISE = """\
name: stepwise
inputs: {image: [N, 8, 8]}
layers: [flatten, {name: scores, linear: 10}]
blocks:
  smooth:
    inputs: {x: [N, D], h: [N, D]}
    layers: [{name: next, expr: x + 0.5 * h}]
    outputs: {h: next}
train:
  data:
    source: digits
    layers:
      - {name: rows, smooth: , scan: {axis: 1, over: image, state: {h: zeros}}}
      - {name: image, from: rows, mul: 0.5}
  loss: cross_entropy(scores, label)
  optimizer: {SGD: {lr: 0.1}}
  epochs: 1
"""


@pytest.mark.parametrize("text", [CLASHING, STEPWISE])
def test_names_and_loops_of_the_preparation_are_apart_from_the_models(text: str, tmp_path: Path) -> None:
    compiled = archc.compile(text).with_preprocess()
    compiled.build(tmp_path)
    assert verify(compiled.program, tmp_path, deployed=compiled.deployed).agrees
    plain = archc.compile(text).module().state_dict().keys()
    assert load_file(tmp_path / "model.safetensors").keys() == plain


def test_a_noisy_input_is_the_field_of_its_name() -> None:
    noisy = spec(
        "layers: [{name: noise, randn: [N, 1, 8, 8]}, {name: noisy, expr: image + noise}, net]",
        data=DATA[:-1] + ", layers: [{name: image, expr: image * 2 - 1}]}",
        loss="loss: cross_entropy(net, label)",
        metrics="",
    )
    assert "image * 2 - 1" in archc.compile(noisy).with_preprocess().to_pytorch()


@pytest.mark.parametrize(
    ("layers", "more", "code", "words"),
    [
        ("", (), "E1050", "nothing to put in front"),
        ("layers: [{name: wanted, from: label, add: 0}]", (), "E1051", "`wanted`"),
        (
            "layers: [{name: a, expr: image * 2}, {name: b, expr: image * 3}]",
            ("layers: [{name: c, from: a, net: }, {name: d, from: b, net: }, {name: scores, add: [c, d]}]",),
            "E1051",
            "`a` and `b`",
        ),
    ],
)
def test_what_cannot_be_said_is_refused(layers: str, more: tuple[str, ...], code: str, words: str) -> None:
    text = spec(*more, data=f"{DATA[:-1]}{', ' if layers else ''}{layers}}}")
    with pytest.raises(SpecError) as caught:
        archc.compile(text).with_preprocess()
    [found] = caught.value.diagnostics
    assert found.code == code
    assert words in found.message
    assert found.span is not None


def test_a_spec_that_does_not_train_is_refused() -> None:
    with pytest.raises(SpecError) as caught:
        archc.compile(MLP).with_preprocess()
    assert [each.code for each in caught.value.diagnostics] == ["E1010"]


def test_the_loop_as_source_still_trains_the_plain_model(tmp_path: Path) -> None:
    archc.compile(PREPARED).with_preprocess().build(tmp_path, targets=("train",))
    text = (tmp_path / "train.py").read_text()
    assert "from model import Net\n" in text
    assert "PreparedNet" not in text

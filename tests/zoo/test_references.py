"""The zoo's published models: the same keys, shapes, counts and numbers, in PyTorch and in ONNX Runtime.

The weights are made by the references' own rule. PyTorch gets them in memory; ONNX Runtime gets them
from a folder that was built with `--weights`, so that files are read and written on the way.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors.numpy import save_file
from zoo_specs import SPECS

import archc
from archc.backends.build import build
from archc.source import SpecError
from archc.weights.torch_state import find_model

REFERENCES = Path(__file__).parents[1] / "reference"
sys.path.insert(0, str(REFERENCES))

import check  # noqa: E402 - the references' own checker

torch.set_num_threads(1)


class Published(NamedTuple):
    """Where a reference's model is in the zoo."""

    spec: str
    model: str | None = None
    variant: str | None = None


MODELS = {
    "alexnet": Published("images/alexnet"),
    "vgg16": Published("images/vgg", variant="vgg16"),
    "resnet18": Published("images/resnet", variant="resnet18"),
    "resnet50": Published("images/resnet", variant="resnet50"),
    "mobilenet_v2": Published("images/mobilenet_v2"),
    "lenet5": Published("images/lenet5"),
    "mlp": Published("basics/mlp"),
    "unet": Published("images/unet"),
    "unet_small": Published("images/unet", variant="unet_small"),
    "unet2015": Published("images/unet2015"),
    "dcgan_generator": Published("generative/dcgan", "generator"),
    "dcgan_discriminator": Published("generative/dcgan", "discriminator"),
    "conv_autoencoder": Published("generative/conv_autoencoder"),
    "vae": Published("generative/vae"),
}
RECURRENT = {
    name: Published(f"sequences/{name}") for name in ("rnn_classifier", "lstm_classifier", "gru_classifier")
}
LARGE = ("alexnet", "vgg16", "resnet50", "unet2015")
slow = pytest.mark.slow
BY_SIZE = [pytest.param(name, marks=slow if name in LARGE else ()) for name in MODELS]


def compiled(name: str) -> archc.Compiled:
    place = (MODELS | RECURRENT)[name]
    return archc.compile(SPECS / f"{place.spec}.yaml", variant=place.variant)


def failed(lines: list[dict[str, Any]]) -> list[str]:
    return [f"{line['check']}: {line['text']}" for line in lines if line["ok"] is False]


@pytest.mark.parametrize("name", BY_SIZE)
def test_pytorch_is_the_reference(name: str) -> None:
    module = compiled(name).module(MODELS[name].model)
    assert failed(check.check_module(check.load(name), module)) == []


@pytest.mark.parametrize("name", BY_SIZE)
def test_onnx_with_the_reference_weights_gives_its_numbers(name: str) -> None:
    reference, place = check.load(name), MODELS[name]
    found = compiled(name)
    several = len(found.models) > 1
    # A folder of a test's own would keep gigabytes until pytest's next runs.
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for case in reference["cases"]:
            weights = check.weights_of(reference, case["name"])
            program = found.program
            if several:
                program = program.replace(models=(find_model(program, place.model),))
            save_file(weights, folder / "given.safetensors")
            result = build(
                program, folder / "built", targets=("onnx",), weights_file=folder / "given.safetensors"
            )
            assert result.report is not None
            assert set(result.report.matched) == set(weights)
            lines = check.check_onnx(reference, str(folder / "built" / "model.onnx"), case["name"])
            assert failed(lines) == []


@pytest.mark.parametrize("name", [*MODELS, *RECURRENT])
def test_parameter_counts_are_the_published_ones(name: str) -> None:
    reference, place = check.load(name), (MODELS | RECURRENT)[name]
    found = compiled(name)
    summary = next(each for each in found.summary() if place.model in (None, each.model))
    assert summary.parameters == reference["params_total"]
    published = reference.get("published")
    if published:
        assert summary.parameters == published["num_params"]
    buffers = sum(
        int(np.prod(shape))
        for key, _, shape in reference["state_dict"]
        if key.rpartition(".")[2] in ("running_mean", "running_var", "num_batches_tracked")
    )
    assert summary.buffers == buffers


# The convention is fvcore's for convolutions, linear layers and matrix products (`fvcore_multiplies`):
# a multiply and the add after it are one; normalisation, pooling and activations count nothing, which is
# what torchvision publishes as "GFLOPS". Recurrent layers, which fvcore cannot see, are
# gates * hidden * (input + hidden) for each step, as the references' `analytic` count has it.
@pytest.mark.parametrize("name", [each for each in (*MODELS, *RECURRENT) if each != "rnn_classifier"])
def test_multiply_adds_are_the_published_ones(name: str) -> None:
    reference, place = check.load(name), (MODELS | RECURRENT)[name]
    found = compiled(name)
    sizes: dict[str, int] = {}
    module = find_model(found.program, place.model).module
    shapes = reference["macs"]["input_shapes"].values()
    for value, shape in zip(module.inputs, shapes, strict=True):
        for dim, size in zip(value.type.shape, shape, strict=True):
            if not isinstance(dim, int):
                sizes[str(dim)] = size
    summary = next(
        each for each in found.summary(**sizes) if each.model == module.name or place.model is None
    )
    counted = reference["macs"].get("analytic", reference["macs"]["fvcore_multiplies"])
    assert summary.multiply_adds == counted
    published = reference.get("published")
    if published:
        assert round(summary.multiply_adds / 1e9, 3) == published["gmacs"]


def given(name: str) -> dict[str, np.ndarray]:
    return dict(check.weights_of(check.load(name)))


def test_a_checkpoint_of_torch_is_read(tmp_path: Path) -> None:
    found = compiled("unet_small")
    theirs = found.module()
    torch.save(theirs.state_dict(), tmp_path / "w.pt")
    found.build(tmp_path / "built", weights_file=tmp_path / "w.pt")
    x = np.random.default_rng(0).standard_normal((1, 3, 32, 48), dtype=np.float32)
    session = onnxruntime.InferenceSession(tmp_path / "built" / "model.onnx")
    [result] = session.run(None, {"image": x})
    with torch.no_grad():
        expected = theirs.eval()(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-6)


def refused(tmp_path: Path, weights: dict[str, np.ndarray]) -> str:
    save_file(weights, tmp_path / "w.safetensors")
    with pytest.raises(SpecError) as caught:
        compiled("lenet5").build(tmp_path / "built", weights_file=tmp_path / "w.safetensors")
    [diagnostic] = caught.value.diagnostics
    assert diagnostic.code == "E0903"
    assert not (tmp_path / "built").exists()
    return "\n".join((diagnostic.message, *diagnostic.notes, *diagnostic.help))


def test_missing_and_misnamed_weights_are_told_with_the_nearest_names(tmp_path: Path) -> None:
    weights = given("lenet5")
    weights["fc1.weigth"] = weights.pop("fc1.weight")
    said = refused(tmp_path, weights)
    assert "1 missing, 1 unexpected" in said
    assert "missing: `fc1.weight` (the file has `fc1.weigth`)" in said


def test_weights_of_another_shape_are_told_with_both_shapes(tmp_path: Path) -> None:
    weights = given("lenet5")
    weights["fc3.weight"] = np.zeros((12, 84), np.float32)
    assert "shape: `fc3.weight` is [12, 84], [10, 84] is needed" in refused(tmp_path, weights)


def test_a_prefix_that_all_keys_have_is_told(tmp_path: Path) -> None:
    weights = {f"module.{key}": value for key, value in given("lenet5").items()}
    assert "take the prefix `module.` off the file's keys" in refused(tmp_path, weights)

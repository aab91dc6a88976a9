"""The zoo's published models: the same keys, shapes, counts and numbers, in PyTorch and in ONNX Runtime.

The weights are made by the references' own rule. PyTorch gets them in memory; ONNX Runtime gets them
from a folder that was built with `--weights`, so that files are read and written on the way.
"""

from __future__ import annotations

import sys
import tempfile
import tracemalloc
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
from archc.ir.program import modules, ties
from archc.ir.program import weights as stored_weights
from archc.source import SpecError
from archc.weights.models import find_model

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
    "bert_base": Published("transformers/bert"),
    "bert_small": Published("transformers/bert", variant="bert_small"),
    "bert_small_classifier": Published("transformers/bert_classifier", variant="bert_small_classifier"),
    "gpt2": Published("transformers/gpt2"),
    "gpt2_small": Published("transformers/gpt2", variant="gpt2_small"),
    "llama_small": Published("transformers/llama", variant="llama_small"),
    "llama_small_tied": Published("transformers/llama", variant="llama_small_tied"),
    "vit_base": Published("transformers/vit"),
    "vit_small": Published("transformers/vit", variant="vit_small"),
}
RECURRENT = {
    name: Published(f"sequences/{name}") for name in ("rnn_classifier", "lstm_classifier", "gru_classifier")
}
LARGE = ("alexnet", "vgg16", "resnet50", "unet2015", "bert_base", "gpt2", "vit_base")
slow = pytest.mark.slow
BY_SIZE = [pytest.param(name, marks=slow if name in LARGE else ()) for name in MODELS]


def compiled(name: str, case: str = "main") -> archc.Compiled:
    """Compile a reference's model; what is masked is a parameter of the specs."""
    place = (MODELS | RECURRENT)[name]
    masked = {"masked": True} if case == "masked" else {}
    return archc.compile(SPECS / f"{place.spec}.yaml", variant=place.variant, **masked)


def failed(lines: list[dict[str, Any]]) -> list[str]:
    return [f"{line['check']}: {line['text']}" for line in lines if line["ok"] is False]


@pytest.mark.parametrize("name", BY_SIZE)
def test_pytorch_is_the_reference(name: str) -> None:
    reference = check.load(name)
    cases = [case["name"] for case in reference["cases"]]
    for chosen in (
        [case for case in cases if case != "masked"],
        [case for case in cases if case == "masked"],
    ):
        if chosen:
            module = compiled(name, chosen[0]).module(MODELS[name].model)
            assert failed(check.check_module(reference, module, chosen)) == []


@pytest.mark.parametrize("name", BY_SIZE)
def test_onnx_with_the_reference_weights_gives_its_numbers(name: str) -> None:
    reference, place = check.load(name), MODELS[name]
    # A folder of a test's own would keep gigabytes until pytest's next runs.
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for case in reference["cases"]:
            weights = check.weights_of(reference, case["name"])
            program = compiled(name, case["name"]).program
            if len(program.models) > 1:
                program = program.replace(models=(find_model(program, place.model),))
            save_file(weights, folder / "given.safetensors")
            result = build(program, folder / "built", targets=("onnx",), weights=folder / "given.safetensors")
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


def test_a_billion_parameters_are_told_without_making_one() -> None:
    reference = check.load("llama_3_2_1b")
    path = SPECS / "transformers/llama.yaml"
    archc.compile(path, variant="llama_small").summary()  # so that what is imported once does not count
    tracemalloc.start()
    found = archc.compile(path)
    [summary] = found.summary()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 32 * 2**20
    assert summary.parameters == reference["params_total"]
    [model] = found.program.models
    owned = {key: list(param.shape) for key, param in stored_weights(model.module)}
    assert owned == {key: shape for key, _, shape in reference["state_dict"]}
    groups = [[owner, key] for key, owner in ties(model.module).items()]
    assert groups == reference["tied"]


def test_eighty_layers_of_llama_70b_are_elaborated_at_once() -> None:
    path = SPECS / "transformers/llama.yaml"
    found = archc.compile(path, dim=8192, hidden=28672, depth=80, heads=64, tied=False)
    assert len({id(each) for each in modules(found.program.models[0].module)}) < 20  # one for all layers
    [summary] = found.summary()
    assert summary.parameters == 70_553_706_496  # what the published files of Llama 3 70B hold


def test_layers_as_arguments_do_not_make_equal_layers_unequal() -> None:
    """`decoder` gives its norm to each layer: what only the loop's index tells apart is one block."""
    few, many = (
        {
            id(each)
            for model in archc.compile(path, depth=depth).program.models
            for each in modules(model.module)
        }
        for path in [SPECS / "transformers/decoder.yaml"]
        for depth in (4, 40)
    )
    assert len(few) == len(many)


TORCHVISION = {
    "vit.embeddings.patch_embeddings.projection.": "conv_proj.",
    "vit.embeddings.cls_token": "class_token",
    "vit.embeddings.position_embeddings": "encoder.pos_embedding",
    "vit.layernorm.": "encoder.ln.",
    "classifier.": "heads.head.",
    "vit.layers.": "encoder.layers.encoder_layer_",
    ".layernorm_before.": ".ln_1.",
    ".layernorm_after.": ".ln_2.",
    ".attention.o_proj.": ".self_attention.out_proj.",
    ".mlp.fc1.": ".mlp.0.",
    ".mlp.fc2.": ".mlp.3.",
}


def test_torchvisions_vit_is_transformers_under_other_keys() -> None:
    reference = check.load("vit_small")
    state: dict[str, torch.Tensor] = {}
    gathered: dict[str, list[torch.Tensor]] = {}
    for key, value in check.weights_of(reference).items():
        for theirs, ours in TORCHVISION.items():
            key = key.replace(theirs, ours)
        before, found, after = key.partition(".attention.")
        if found:  # the three projections, in order
            gathered.setdefault(f"{before}.self_attention.in_proj_{after[7:]}", []).append(
                torch.from_numpy(value)
            )
        else:
            state[key] = torch.from_numpy(value)
    state |= {key: torch.cat(parts) for key, parts in gathered.items()}
    small: dict[str, object] = {"image_size": 32, "patch": 8, "dim": 32, "depth": 2, "num_heads": 4}
    small |= {"hidden": 64, "classes": 10, "eps": 1e-12}
    module = archc.compile(SPECS / "transformers/vit_b_16.yaml", **small).module().eval()
    module.load_state_dict(state)
    with torch.no_grad():
        logits = module(torch.from_numpy(check.inputs_of(reference)["pixel_values"]))
    assert failed(check.compare_outputs(reference, "main", {"logits": logits.numpy()})) == []


def test_torchvisions_vit_has_its_number_of_parameters() -> None:
    [summary] = archc.compile(SPECS / "transformers/vit_b_16.yaml").summary()
    assert summary.parameters == 86_567_656  # num_params of torchvision's ViT_B_16_Weights.IMAGENET1K_V1


def given(name: str) -> dict[str, np.ndarray]:
    return dict(check.weights_of(check.load(name)))


def test_a_checkpoint_of_torch_is_read(tmp_path: Path) -> None:
    found = compiled("unet_small")
    theirs = found.module()
    torch.save(theirs.state_dict(), tmp_path / "w.pt")
    found.build(tmp_path / "built", weights=tmp_path / "w.pt")
    x = np.random.default_rng(0).standard_normal((1, 3, 32, 48), dtype=np.float32)
    session = onnxruntime.InferenceSession(tmp_path / "built" / "model.onnx")
    [result] = session.run(None, {"image": x})
    with torch.no_grad():
        expected = theirs.eval()(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-6)


def refused(tmp_path: Path, weights: dict[str, np.ndarray]) -> str:
    save_file(weights, tmp_path / "w.safetensors")
    with pytest.raises(SpecError) as caught:
        compiled("lenet5").build(tmp_path / "built", weights=tmp_path / "w.safetensors")
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

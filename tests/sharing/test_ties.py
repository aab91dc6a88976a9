"""`tie`: two keys, one tensor, in every output."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from safetensors.numpy import load_file, save_file
from safetensors.torch import load_model
from zoo_specs import SPECS

import archc
from archc.source import SpecError
from archc.verify import verify

REFERENCES = Path(__file__).parents[1] / "reference"
sys.path.insert(0, str(REFERENCES))

import check  # noqa: E402 - the references' own checker

torch.set_num_threads(1)

LLAMA = SPECS / "transformers" / "llama.yaml"
GPT2 = SPECS / "transformers" / "gpt2.yaml"
TIED = """\
name: tied
inputs:
  ids: int64[N, T]
layers:
  - name: body
    layers:
      - {name: embed, embedding: {num_embeddings: 12, embedding_dim: 8}}
      - {name: fc, linear: 8}
      - tanh
  - name: head
    sequential:
      - {linear: 8, tie: {weight: body.fc.weight, bias: body.fc.bias}}
      - relu
      - {linear: {out_features: 12, bias: false}, tie: {weight: body.embed.weight}}
"""

INSIDE = """\
name: inside
inputs:
  x: [N, 8]
layers:
  - {name: twice, pair: , repeat: 2}
  - {name: third, linear: 8, tie: {weight: twice.1.b.weight}}
blocks:
  pair:
    layers:
      - {name: a, linear: 8}
      - relu
      - {name: b, linear: 8, tie: {weight: a.weight}}
"""


def compiled(text: str) -> archc.Compiled:
    found, diagnostics = archc.check(text)
    assert [each.message for each in diagnostics] == []
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("gpt2_small", lambda: archc.compile(GPT2, variant="gpt2_small")),
        ("llama_small", lambda: archc.compile(LLAMA, variant="llama_small")),
        pytest.param("gpt2", lambda: archc.compile(GPT2), marks=pytest.mark.slow),
    ],
)
def test_published_models_are_the_reference(name: str, found: Any, tmp_path: Path) -> None:
    reference, made = check.load(name), found()
    cases = [case["name"] for case in reference["cases"] if case["name"] != "masked"]
    lines = check.check_module(reference, made.module(), cases=cases)
    assert [line for line in lines if line["ok"] is False] == []
    assert made.summary()[0].parameters == reference["params_total"]
    save_file(check.weights_of(reference, "main"), tmp_path / "w.safetensors")
    made.build(tmp_path / "built", weights=tmp_path / "w.safetensors")
    lines = check.check_onnx(reference, str(tmp_path / "built" / "model.onnx"), "main")
    assert [line for line in lines if line["ok"] is False] == []


@pytest.mark.parametrize("cache", [False, True])
@pytest.mark.parametrize("tied", [False, True])
def test_llama_agrees(tied: bool, cache: bool, tmp_path: Path) -> None:
    found = archc.compile(LLAMA, variant="llama_small", tied=tied, cache=cache)
    found.build(tmp_path / "built")
    report = verify(found.program, tmp_path / "built")
    assert report.agrees, report.failures[:3]
    assert ("lm_head.weight" in load_file(tmp_path / "built" / "model.safetensors")) is not tied


@pytest.mark.parametrize("text", [TIED, INSIDE], ids=["containers", "blocks"])
def test_both_keys_are_one_tensor(text: str, tmp_path: Path) -> None:
    found = compiled(text)
    module = found.module(seed=1)
    keys = {key: value.data_ptr() for key, value in module.state_dict().items()}
    stored = sum(value.numel() for value in module.parameters())
    assert stored == found.summary()[0].parameters < sum(v.numel() for v in module.state_dict().values())
    if text == TIED:
        assert keys["head.2.weight"] == keys["body.embed.weight"]
        assert keys["head.0.bias"] == keys["body.fc.bias"]
    else:
        assert keys["twice.0.b.weight"] == keys["twice.0.a.weight"] != keys["twice.1.a.weight"]
        assert keys["third.weight"] == keys["twice.1.b.weight"] == keys["twice.1.a.weight"]
    result = found.build(tmp_path / "built", seed=1)
    [model] = result.manifest["models"].values()
    assert model["parameters"] == stored
    assert len(model["ties"]) == len(keys) - model["tensors"]
    graph = onnx.load(tmp_path / "built" / "model.onnx", load_external_data=False).graph
    assert sum(int(np.prod(each.dims)) for each in graph.initializer if each.external_data) == stored
    loaded = found.module()
    load_model(loaded, tmp_path / "built" / "model.safetensors")
    for key, value in loaded.state_dict().items():
        assert torch.equal(value, module.state_dict()[key]), key
    assert verify(found.program, tmp_path / "built").agrees
    assert verify(found.program).agrees


def test_the_source_shows_how_to_load_tied_weights() -> None:
    assert 'safetensors.torch.load_model(model, "model.safetensors")' in compiled(TIED).to_pytorch()


def test_equal_blocks_with_ties_are_one_class() -> None:
    source = compiled(INSIDE).to_pytorch()
    assert source.count("self.b.weight = self.a.weight") == 1
    assert 'self.third.weight = self.get_parameter("twice.1.b.weight")' in source


def test_the_owner_says_the_first_values(tmp_path: Path) -> None:
    text = """\
inputs: {ids: "int64[N, T]"}
init:
  linear: {weight: zeros}
layers:
  - {name: embed, embedding: {num_embeddings: 100, embedding_dim: 50}, init: {weight: {normal: {std: 3.0}}}}
  - {name: fc, linear: 50}
  - {name: head, linear: 100, tie: {weight: embed.weight}}
"""
    found = compiled(text)
    assert found.module().state_dict()["head.weight"].std() > 2
    found.build(tmp_path / "built")
    assert load_file(tmp_path / "built" / "model.safetensors")["embed.weight"].std() > 2


def given(tmp_path: Path, change: Any) -> archc.Compiled:
    found = compiled(TIED)
    weights = {key: value.numpy().copy() for key, value in found.module(seed=3).state_dict().items()}
    change(weights)
    save_file(weights, tmp_path / "w.safetensors")
    return found


@pytest.mark.parametrize("missing", ["body.embed.weight", "head.2.weight", None])
def test_a_checkpoint_may_have_either_key_or_both(missing: str | None, tmp_path: Path) -> None:
    found = given(tmp_path, lambda weights: weights.pop(missing, None))
    found.build(tmp_path / "built", weights=tmp_path / "w.safetensors")
    stored = load_file(tmp_path / "built" / "model.safetensors")
    expected = found.module(seed=3).state_dict()["head.2.weight"].numpy()
    np.testing.assert_array_equal(stored["body.embed.weight"], expected)


def test_a_checkpoint_that_has_neither_key_lacks_the_weight(tmp_path: Path) -> None:
    def change(weights: dict[str, Any]) -> None:
        del weights["body.embed.weight"], weights["head.2.weight"]

    found = given(tmp_path, change)
    with pytest.raises(SpecError) as caught:
        found.build(tmp_path / "built", weights=tmp_path / "w.safetensors")
    assert caught.value.diagnostics[0].code == "E0903"


def test_a_checkpoint_with_two_values_for_one_tensor_is_refused(tmp_path: Path) -> None:
    def change(weights: dict[str, Any]) -> None:
        weights["head.2.weight"] += 1

    found = given(tmp_path, change)
    with pytest.raises(SpecError) as caught:
        found.build(tmp_path / "built", weights=tmp_path / "w.safetensors")
    [diagnostic] = caught.value.diagnostics
    assert "`body.embed.weight` and `head.2.weight` differ" in diagnostic.message
    note, *others = diagnostic.notes
    assert "they are one tensor" in note
    assert others == []
    assert r"`- {drop: 'head\.2\.weight'}`" in diagnostic.help[1]


def test_how_two_tensors_for_one_differ_is_said(tmp_path: Path) -> None:
    def other_elements(weights: dict[str, Any]) -> None:
        weights["head.2.weight"] = weights["head.2.weight"].astype(np.float16)

    def other_shape(weights: dict[str, Any]) -> None:
        weights["head.2.weight"] = weights["head.2.weight"][:3]

    for change, said in (
        (other_elements, "one is float32, the other float16"),
        (other_shape, "one is [12, 8], the other [3, 8]"),
    ):
        found = given(tmp_path, change)
        with pytest.raises(SpecError) as caught:
            found.build(tmp_path / "built", weights=tmp_path / "w.safetensors")
        assert said in caught.value.diagnostics[0].notes


def test_a_map_may_leave_out_one_of_two_tensors_for_one(tmp_path: Path) -> None:
    def change(weights: dict[str, Any]) -> None:
        weights["head.2.weight"] += 1

    found = given(tmp_path, change)
    steps = [{"drop": r"head\.2\.weight"}]
    found.build(tmp_path / "built", weights=tmp_path / "w.safetensors", weights_map=steps)
    stored = load_file(tmp_path / "built" / "model.safetensors")
    kept = load_file(tmp_path / "w.safetensors")["body.embed.weight"]
    np.testing.assert_array_equal(stored["body.embed.weight"], kept)

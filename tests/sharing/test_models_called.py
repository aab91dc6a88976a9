"""A model of a spec called as an op inside another one: one set of weights."""

from __future__ import annotations

import sys
from pathlib import Path

import onnx
import pytest
import torch
from safetensors.numpy import load_file, save_file

import archc
from archc.verify import verify

torch.set_num_threads(1)

GAN = """\
name: gan_small
params: {nz: 8}
models:
  gan:
    inputs: {noise: [B, nz]}
    layers:
      - {name: fake, generator: }
      - {name: score, discriminator: }
  generator:
    inputs: {z: [N, nz]}
    layers:
      - {name: fc, linear: 32}
      - {name: bn, batch_norm: }
      - relu
      - {name: out, linear: 16}
  discriminator:
    inputs: {x: [N, 16]}
    outputs: [score, hidden]
    layers:
      - {name: hidden, linear: 32}
      - leaky_relu: 0.2
      - {name: score, linear: 1}
"""

MANY = """\
models:
  encoder:
    inputs: {x: [N, 8]}
    layers: [{name: fc, linear: 8}, tanh]
  pair:
    inputs: {a: [N, 8], b: [M, 8]}
    outputs: {sum: both, far: loop, head: head, tied: tied}
    layers:
      - {name: head, from: a, sequential: [linear: 8, relu, encoder, linear: 8]}
      - {name: left, from: a, encoder: }
      - {name: right, from: b, encoder: }
      - {name: both, from: [left, right], concat: 0}
      - {name: tied, from: b, tie: {weight: encoder.fc.weight}, linear: 8}
      - {name: loop, from: b, encoder: , repeat: 3}
  nest:
    inputs: {a: [K, 8]}
    outputs: [sum]
    layers:
      - {name: first, encoder: }
      - {name: second, from: [a, first], pair: }
      - {name: sum, add: [second, second.sum]}
"""


def test_the_weights_are_filed_under_the_name_of_the_model_that_is_called() -> None:
    gan = archc.compile(GAN).module("gan", seed=3)
    generator = archc.compile(GAN).module("generator", seed=3)
    keys = list(gan.state_dict())
    assert [key for key in keys if key.startswith("generator.")] == [
        f"generator.{key}" for key in generator.state_dict()
    ]
    assert {key.partition(".")[0] for key in keys} == {"generator", "discriminator"}
    for key, value in generator.state_dict().items():
        assert torch.equal(gan.state_dict()[f"generator.{key}"], value)


def test_the_class_takes_the_models_that_it_calls_or_makes_them() -> None:
    source = archc.compile(GAN).to_pytorch()
    assert "self.generator = Generator() if generator is None else generator" in source
    assert "    gan = Gan(generator, discriminator)\n" in source
    assert source.index("class Generator(") < source.index("class Gan(")


@pytest.mark.parametrize("spec", [GAN, MANY])
def test_outputs_agree(spec: str) -> None:
    report = verify(archc.compile(spec).program, None, seed=0)
    assert report.agrees


def test_every_call_shares_the_weights_however_deep_it_stands() -> None:
    compiled = archc.compile(MANY)
    pair, nest = compiled.module("pair"), compiled.module("nest")
    assert [key for key in pair.state_dict() if "encoder" in key] == ["encoder.fc.weight", "encoder.fc.bias"]
    assert nest.pair.encoder is nest.encoder
    graph = compiled.to_onnx("nest")
    weights = [each.name for each in graph.graph.initializer if each.name.endswith("fc.weight")]
    assert weights == ["encoder.fc.weight"]


def test_a_build_of_them_is_read_back_from_one_copy_of_each_weight(tmp_path: Path) -> None:
    compiled = archc.compile(MANY)
    compiled.build(tmp_path / "first", seed=5)
    stored = {
        f"encoder.{key}": value
        for key, value in load_file(tmp_path / "first" / "encoder.safetensors").items()
    }
    stored |= {
        f"pair.{key}": value
        for key, value in load_file(tmp_path / "first" / "pair.safetensors").items()
        if not key.startswith("encoder.")
    }
    save_file(stored, tmp_path / "given.safetensors")
    compiled.build(tmp_path / "second", weights=tmp_path / "given.safetensors")
    compiled.build(tmp_path / "third", weights=tmp_path / "first")
    for name in ("encoder", "pair", "nest"):
        assert (tmp_path / "third" / f"{name}.safetensors").read_bytes() == (
            tmp_path / "first" / f"{name}.safetensors"
        ).read_bytes()
        first, second = (tmp_path / each / f"{name}.safetensors" for each in ("first", "second"))
        assert first.read_bytes() == second.read_bytes()
    onnx.checker.check_model(tmp_path / "second" / "nest.onnx", full_check=True)


def test_one_symbol_in_two_models_is_two_sizes() -> None:
    spec = """\
models:
  even:
    inputs: {x: [N, 3, H]}
    layers: [{unflatten: {dim: 2, unflattened_size: [-1, 2]}}]
  long:
    inputs: {x: [N, 3, H]}
    layers: [{name: c, conv1d: {out_channels: 3, kernel_size: 7}}]
"""
    even, long = archc.compile(spec).summary()
    assert even.requirements == ("H % 2 == 0",)
    assert long.requirements == ("H >= 7",)


def test_a_call_asks_of_its_own_sizes_what_the_model_needs() -> None:
    spec = """\
models:
  halves:
    inputs: {x: [N, 3, H]}
    layers: [{unflatten: {dim: 2, unflattened_size: [-1, 2]}}, {flatten: 2}]
  whole:
    inputs: {x: [B, 3, L]}
    layers: [{avg_pool1d: 2}, halves]
"""
    assert archc.compile(spec).summary()[1].requirements == ("L >= 4", "L % 4 in {0, 1}")


def test_a_layer_has_no_name_that_a_called_model_has() -> None:
    spec = GAN.replace("{name: fake, generator: }", "{name: x, generator: }").replace(
        "{name: score, discriminator: }\n",
        "{name: score, discriminator: }\n      - {name: generator, tanh: }\n",
        1,
    )
    assert [each.code for each in archc.check(spec)[1]] == ["E0302"]


def test_a_trained_model_keeps_its_weights_inside_one_with_first_values_of_its_own() -> None:
    source = archc.compile(
        """\
init: {linear: {weight: {normal: {std: 0.02}}}}
models:
  layer:
    inputs: {x: [N, 8]}
    layers: [{name: fc, linear: 8}, relu, {name: last, linear: 8}]
  other:
    inputs: {x: [N, 8]}
    layers: [{name: fc, linear: 8}, relu, {name: last, linear: 8}]
  both:
    inputs: {x: [N, 8]}
    layers: [layer, other, {name: fc, linear: 8}, {name: tail, sequential: [relu, linear: 8]}]
"""
    ).module("both")
    made = sys.modules[type(source).__module__]
    layer, other = made.Layer(), made.Other()
    for trained in (layer, other):
        for weight in trained.parameters():
            torch.nn.init.constant_(weight, 3.0)
    both = made.Both(layer, other)
    for key, weight in both.named_parameters():
        held = key.startswith(("layer.", "other."))
        assert (weight == 3.0).all() if held else not (weight == 3.0).any(), key
        assert held or key.endswith("bias") or weight.std() < 0.05, key

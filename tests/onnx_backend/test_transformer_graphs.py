"""Graphs of transformers hold no more than they need: helping nodes once, operators where ONNX has them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import onnx
import pytest
from zoo_specs import SPECS

import archc
from archc.backends.onnx import embedded

LAYERS = 2


def graph(spec: str, opset: int = 20, **parameters: Any) -> onnx.GraphProto:
    path = SPECS / "transformers" / f"{spec.split('_')[0]}.yaml"
    return embedded(archc.compile(path, variant=spec, **parameters).program, opset=opset).graph


def counts(found: onnx.GraphProto) -> Counter[str]:
    return Counter(node.op_type for node in found.node)


MASKED = [(spec, masked) for spec in ("gpt2_small", "bert_small", "llama_small") for masked in (False, True)]


@pytest.mark.parametrize(("spec", "masked"), [*MASKED, ("vit_small", None)])
def test_nothing_is_done_twice(spec: str, masked: bool | None) -> None:
    found = graph(spec, **({} if masked is None else {"masked": masked}))
    kinds = counts(found)
    assert kinds["Identity"] == 0
    helpers = [node for node in found.node if "/" in node.output[0]]
    done = Counter(
        (node.op_type, *node.input, *(each.SerializeToString() for each in node.attribute))
        for node in helpers
    )
    assert {key for key, times in done.items() if times > 1} == set()
    if masked or spec in ("gpt2_small", "llama_small"):
        assert sum("float32(-inf)" in node.input for node in found.node) == 1
    weights = {tensor.name for tensor in found.initializer}
    turned = [node for node in found.node if node.op_type == "Transpose" and node.input[0] in weights]
    assert turned == []


@pytest.mark.parametrize("spec", ["gpt2_small", "bert_small", "vit_small"])
def test_operators_that_onnx_has_are_used(spec: str) -> None:
    kinds = counts(graph(spec))
    assert kinds["LayerNormalization"] == 2 * LAYERS + 1
    assert kinds["Gelu"] == LAYERS
    assert kinds["Erf"] == 0
    assert kinds["ReduceMean"] == 0


def test_llama_says_its_normalization_from_opset_23_on() -> None:
    before, after = counts(graph("llama_small")), counts(graph("llama_small", opset=23))
    assert (before["RMSNormalization"], after["RMSNormalization"]) == (0, 2 * LAYERS + 1)
    assert after["Sqrt"] == 0
    assert after["Attention"] == 0  # runtimes align its causal mask in different ways


def test_random_values_are_never_shared() -> None:
    spec = """
inputs: {x: [N, 4]}
layers:
  - {name: a, from: x, rand_like: }
  - {name: b, from: x, rand_like: }
  - {name: c, from: [a, b], sub: }
  - {name: d, from: [x, c], add: }
"""
    assert counts(embedded(archc.compile(spec).program).graph)["RandomUniformLike"] == 2

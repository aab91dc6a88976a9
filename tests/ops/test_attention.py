"""Attention ops hold to torch's: keys, values and ONNX, masked in every way."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention as attention

import archc
from archc.weights import keys_of
from archc.weights.torch_state import load_initial

torch.set_num_threads(1)
BATCH, HEADS, QUERIES, KEYS, WIDTH = 2, 4, 5, 7, 8
Arrays = dict[str, np.ndarray]


def random_arrays(shapes: dict[str, tuple[int, ...]]) -> Arrays:
    random = np.random.default_rng(0)
    return {name: random.standard_normal(shape, dtype=np.float32) for name, shape in shapes.items()}


def boolean_mask(shape: tuple[int, ...], keep: float = 0.6) -> np.ndarray:
    """Give a mask with one row that is all false."""
    mask = np.random.default_rng(1).random(shape) < keep
    mask.reshape(-1, shape[-1])[0] = False
    return mask


def float_mask(shape: tuple[int, ...]) -> np.ndarray:
    return np.where(boolean_mask(shape), np.float32(0.5), np.float32("-inf"))


def spec_of(op: str, options: dict[str, Any], given: Arrays, outputs: dict[str, str]) -> dict[str, Any]:
    inputs = {name: {"dtype": str(array.dtype), "shape": list(array.shape)} for name, array in given.items()}
    layer = {"name": "layer", "from": {name: name for name in given}, op: options}
    return {"name": "one", "inputs": inputs, "layers": [layer], "outputs": outputs}


def onnx_results(compiled: Any, feeds: Arrays, opset: int) -> list[np.ndarray]:
    """Give what ONNX Runtime computes, once without and once with its optimisations."""
    graph = compiled.to_onnx(opset=opset).SerializeToString()
    found = []
    for level in (ort.GraphOptimizationLevel.ORT_DISABLE_ALL, ort.GraphOptimizationLevel.ORT_ENABLE_ALL):
        settings = ort.SessionOptions()
        settings.graph_optimization_level = level
        settings.intra_op_num_threads = 1
        found.append(ort.InferenceSession(graph, settings, ["CPUExecutionProvider"]).run(None, feeds))
    for plain, optimized in zip(*found, strict=True):
        np.testing.assert_allclose(plain, optimized, rtol=1e-5, atol=1e-6)
    return found[0]


def assert_close(expected: torch.Tensor, found: np.ndarray) -> None:
    assert tuple(expected.shape) == found.shape
    np.testing.assert_allclose(expected.detach().numpy(), found, rtol=1e-5, atol=2e-6)


HEADED = (BATCH, HEADS, QUERIES, WIDTH), (BATCH, HEADS, KEYS, WIDTH), (BATCH, HEADS, KEYS, 6)
SCORES = (BATCH, HEADS, QUERIES, KEYS)


@pytest.mark.parametrize("opset", [17, 23])
@pytest.mark.parametrize(
    "mask",
    [
        None,
        boolean_mask((QUERIES, KEYS)),
        boolean_mask((BATCH, 1, 1, KEYS)),
        boolean_mask(SCORES),
        float_mask((QUERIES, KEYS)),
        float_mask((HEADS, QUERIES, KEYS)),
        float_mask(SCORES),
    ],
    ids=["none", "bool 2", "bool padding", "bool 4", "float 2", "float 3", "float 4"],
)
def test_masks_of_scaled_dot_product_attention(mask: np.ndarray | None, opset: int) -> None:
    given = random_arrays(dict(zip(("query", "key", "value"), HEADED, strict=True)))
    if mask is not None:
        given["attn_mask"] = mask
    compiled = archc.compile(spec_of("scaled_dot_product_attention", {}, given, {"y": "layer"}))
    expected = attention(*map(torch.from_numpy, given.values()))
    assert_close(expected, onnx_results(compiled, given, opset)[0])


@pytest.mark.parametrize(
    ("options", "shapes"),
    [
        ({"is_causal": True}, HEADED),
        ({"is_causal": True, "scale": 0.3}, (HEADED[1], HEADED[0], HEADED[0])),
        ({"scale": 1.0}, ((QUERIES, WIDTH), (KEYS, WIDTH), (KEYS, 3))),
        ({}, ((3, QUERIES, WIDTH), (1, KEYS, WIDTH), (1, KEYS, WIDTH))),
        ({"enable_gqa": True}, (HEADED[0], (BATCH, 2, KEYS, WIDTH), (BATCH, 2, KEYS, 6))),
        ({"enable_gqa": True, "is_causal": True}, (HEADED[0], (1, 1, KEYS, WIDTH), (1, 1, KEYS, WIDTH))),
    ],
    ids=["causal", "scaled", "two axes", "broadcast", "grouped", "one key head"],
)
def test_options_of_scaled_dot_product_attention(
    options: dict[str, Any], shapes: tuple[tuple[int, ...], ...]
) -> None:
    given = random_arrays(dict(zip(("query", "key", "value"), shapes, strict=True)))
    compiled = archc.compile(spec_of("scaled_dot_product_attention", options, given, {"y": "layer"}))
    expected = attention(*map(torch.from_numpy, given.values()), **options)
    assert_close(expected, onnx_results(compiled, given, 20)[0])


def test_grouped_queries_with_a_mask_of_their_own() -> None:
    shapes = {"query": HEADED[0], "key": (BATCH, 2, KEYS, WIDTH), "value": (BATCH, 2, KEYS, 6)}
    given = {**random_arrays(shapes), "attn_mask": boolean_mask(SCORES)}
    options = {"enable_gqa": True}
    compiled = archc.compile(spec_of("scaled_dot_product_attention", options, given, {"y": "layer"}))
    expected = attention(*map(torch.from_numpy, given.values()), **options)
    assert_close(expected, onnx_results(compiled, given, 20)[0])


def projected(options: dict[str, Any], given: Arrays, weights: bool) -> tuple[Any, list[torch.Tensor]]:
    """Compile a `multihead_attention`; give it and what torch's module gives with its weights."""
    outputs = {"y": "layer", **({"w": "layer.attn_output_weights"} if weights else {})}
    compiled = archc.compile(spec_of("multihead_attention", options, given, outputs))
    query, key, value, padding, mask = (
        torch.from_numpy(given[name]) if name in given else None
        for name in ("query", "key", "value", "key_padding_mask", "attn_mask")
    )
    key = query if key is None else key
    value = key if value is None else value
    kept = {name: options[name] for name in ("bias", "batch_first") if name in options}
    layer = nn.MultiheadAttention(query.shape[-1], HEADS, kdim=key.shape[-1], vdim=value.shape[-1], **kept)
    module = nn.Module()
    module.add_module("layer", layer)
    load_initial(compiled.program, module, None, 0)
    assert set(module.state_dict()) == set(keys_of(compiled.program))
    if options.get("is_causal"):
        steps = 1 if options.get("batch_first") else 0
        mask = torch.ones(query.shape[steps], key.shape[steps], dtype=torch.bool).triu(1)
    averaged = options.get("average_attn_weights", True)
    found = layer(query, key, value, padding, weights, mask, averaged)
    return compiled, [each for each in found if each is not None]


FIRST = {"query": (BATCH, QUERIES, WIDTH), "key": (BATCH, KEYS, WIDTH), "value": (BATCH, KEYS, WIDTH)}
LATER = {name: (shape[1], shape[0], shape[2]) for name, shape in FIRST.items()}
MASKS: dict[str, Arrays] = {
    "none": {},
    "padding": {"key_padding_mask": ~boolean_mask((BATCH, KEYS))},
    "bool": {"attn_mask": ~boolean_mask((QUERIES, KEYS))},
    "float": {"attn_mask": float_mask((QUERIES, KEYS))},
    "heads": {"attn_mask": ~boolean_mask((BATCH * HEADS, QUERIES, KEYS))},
    "both": {"key_padding_mask": ~boolean_mask((BATCH, KEYS)), "attn_mask": ~boolean_mask((QUERIES, KEYS))},
}


@pytest.mark.parametrize("weights", [False, True], ids=["", "weights"])
@pytest.mark.parametrize("batch_first", [False, True], ids=["", "batch_first"])
@pytest.mark.parametrize("masks", MASKS)
def test_masks_of_multihead_attention(masks: str, batch_first: bool, weights: bool) -> None:
    given = {**random_arrays(FIRST if batch_first else LATER), **MASKS[masks]}
    compiled, expected = projected({"num_heads": HEADS, "batch_first": batch_first}, given, weights)
    for each, found in zip(expected, onnx_results(compiled, given, 17 if weights else 20), strict=True):
        assert_close(each, found)


@pytest.mark.parametrize(
    ("options", "shapes"),
    [
        ({}, {"query": LATER["query"]}),
        ({"bias": False}, {"query": LATER["query"], "key": LATER["key"]}),
        ({"is_causal": True}, {"query": LATER["query"], "key": LATER["key"]}),
        ({"is_causal": True, "batch_first": True}, {"query": FIRST["query"]}),
        ({"average_attn_weights": False}, {"query": LATER["query"]}),
        ({}, {**LATER, "value": (KEYS, BATCH, 5)}),
        ({"bias": False}, {"query": LATER["query"], "key": (KEYS, BATCH, 3)}),
    ],
    ids=["self", "memory", "causal", "causal self", "each head", "vdim", "kdim"],
)
def test_options_of_multihead_attention(options: dict[str, Any], shapes: dict[str, tuple[int, ...]]) -> None:
    given = random_arrays(shapes)
    for weights in (False, True):
        compiled, expected = projected({"num_heads": HEADS, **options}, given, weights)
        for each, found in zip(expected, onnx_results(compiled, given, 20), strict=True):
            assert_close(each, found)


@pytest.mark.parametrize("causal", [False, True])
def test_a_sequence_of_padding_alone_gives_no_nan(causal: bool) -> None:
    given = {**random_arrays({"query": FIRST["query"]}), "key_padding_mask": ~boolean_mask((BATCH, QUERIES))}
    options = {"num_heads": HEADS, "batch_first": True, "is_causal": causal}
    compiled = archc.compile(spec_of("multihead_attention", options, given, {"y": "layer"}))
    module = compiled.module(seed=0).eval()
    tensors = [torch.from_numpy(each) for each in given.values()]
    with torch.no_grad():
        without = module(*tensors)
    assert torch.isfinite(without).all()
    assert_close(without, module(*tensors).detach().numpy())
    assert_close(without, onnx_results(compiled, given, 20)[0])

"""Recurrent ops hold to torch.nn: keys, values and ONNX, for all their attributes."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
import torch
from torch import nn

import archc
from archc.weights import keys_of
from archc.weights.torch_state import load_initial

torch.set_num_threads(1)
STEPS, BATCH, WIDTH, HIDDEN = 5, 3, 4, 6
MODULES: dict[str, type[nn.RNNBase]] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
LENGTHS = np.array([3, 5, 1], dtype=np.int64)


def width_of(state: str, options: dict[str, Any]) -> int:
    return options.get("proj_size", HIDDEN) if state == "hx" else HIDDEN


def spec_of(kind: str, options: dict[str, Any], states: bool, lengths: bool) -> dict[str, Any]:
    """Give a spec of one recurrent layer, named `layer`."""
    batch_first = options.get("batch_first", False)
    rows = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
    inputs: dict[str, Any] = {"x": ["N", "T", WIDTH] if batch_first else ["T", "N", WIDTH]}
    given = {"input": "x"}
    for name in ("hx", "cx")[: 0 if not states else 2 if kind == "lstm" else 1]:
        inputs[name] = [rows, "N", width_of(name, options)]
        given[name] = name
    if lengths:
        inputs["lengths"] = {"dtype": "int64", "shape": ["N"]}
        given["lengths"] = "lengths"
    outputs = {"output": "layer", "h_n": "layer.h_n", **({"c_n": "layer.c_n"} if kind == "lstm" else {})}
    layer = {"name": "layer", "from": given, kind: {"hidden_size": HIDDEN, **options}}
    return {"name": "one", "inputs": inputs, "layers": [layer], "outputs": outputs}


def feeds_of(options: dict[str, Any], states: int, lengths: bool) -> dict[str, np.ndarray]:
    """Give values for the spec's inputs."""
    random = np.random.default_rng(0)
    rows = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
    shape = (BATCH, STEPS, WIDTH) if options.get("batch_first") else (STEPS, BATCH, WIDTH)
    feeds = {"x": random.standard_normal(shape, dtype=np.float32)}
    for name in ("hx", "cx")[:states]:
        feeds[name] = random.standard_normal((rows, BATCH, width_of(name, options)), dtype=np.float32)
    return {**feeds, "lengths": LENGTHS} if lengths else feeds


def run_torch(module: nn.Module, feeds: dict[str, np.ndarray], batch_first: bool) -> list[np.ndarray]:
    """Give the results of torch's own module, packing where there are lengths."""
    x, *states = (torch.from_numpy(feeds[name]) for name in ("x", "hx", "cx") if name in feeds)
    hx = None if not states else states[0] if len(states) == 1 else tuple(states)
    with torch.no_grad():
        if "lengths" not in feeds:
            output, last = module(x, hx)
        else:
            packed = nn.utils.rnn.pack_padded_sequence(
                x, torch.from_numpy(feeds["lengths"]), batch_first, enforce_sorted=False
            )
            packed, last = module(packed, hx)
            output, _ = nn.utils.rnn.pad_packed_sequence(packed, batch_first, total_length=STEPS)
    return [each.numpy() for each in (output, *(last if isinstance(last, tuple) else (last,)))]


def onnx_results(compiled: Any, feeds: dict[str, np.ndarray], opset: int = 20) -> list[np.ndarray]:
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


def assert_equal(expected: list[np.ndarray], found: list[np.ndarray]) -> None:
    assert len(expected) == len(found)
    for each, other in zip(expected, found, strict=True):
        assert each.shape == other.shape
        np.testing.assert_allclose(each, other, rtol=1e-5, atol=2e-6)


CHOICES = [
    {"num_layers": layers, "bidirectional": both, "batch_first": first, "bias": bias}
    for layers, both, first, bias in itertools.product((1, 2), (False, True), (False, True), (True, False))
]


@pytest.mark.parametrize("given", ["alone", "states", "lengths", "states and lengths"])
@pytest.mark.parametrize("kind", MODULES)
def test_onnx_equals_the_modules_of_torch(kind: str, given: str) -> None:
    for options in CHOICES:
        states, lengths = "states" in given, "lengths" in given
        compiled = archc.compile(spec_of(kind, options, states, lengths))
        module = nn.Module()
        module.add_module("layer", MODULES[kind](WIDTH, HIDDEN, **options).eval())
        load_initial(compiled.program, module, None, 0)
        assert list(module.state_dict()) == list(keys_of(compiled.program))
        feeds = feeds_of(options, (2 if kind == "lstm" else 1) if states else 0, lengths)
        expected = run_torch(module.get_submodule("layer"), feeds, options["batch_first"])
        assert_equal(expected, onnx_results(compiled, feeds))


@pytest.mark.parametrize("lengths", [False, True])
def test_relu_is_a_nonlinearity_of_rnn(lengths: bool) -> None:
    options = {"nonlinearity": "relu", "bidirectional": True, "num_layers": 2}
    compiled = archc.compile(spec_of("rnn", options, False, lengths))
    module = nn.Module()
    module.add_module("layer", nn.RNN(WIDTH, HIDDEN, **options).eval())
    load_initial(compiled.program, module, None, 0)
    feeds = feeds_of(options, 0, lengths)
    assert_equal(run_torch(module.get_submodule("layer"), feeds, False), onnx_results(compiled, feeds, 17))


@pytest.mark.parametrize("options", CHOICES[::3], ids=str)
def test_reset_before_the_product_agrees_with_onnx(options: dict[str, Any]) -> None:
    compiled = archc.compile(spec_of("gru", {**options, "reset_after": False}, True, True))
    module = compiled.module(seed=0).eval()
    feeds = feeds_of(options, 1, True)
    with torch.no_grad():
        expected = [
            each.numpy() for each in module(*(torch.from_numpy(feeds[n]) for n in ("x", "hx", "lengths")))
        ]
    assert_equal(expected, onnx_results(compiled, feeds))
    same = nn.GRU(WIDTH, HIDDEN, **options).state_dict()
    assert {f"layer.{key}": value.shape for key, value in same.items()} == {
        key: value.shape for key, value in module.state_dict().items()
    }


def test_reset_before_the_product_trains() -> None:
    options = {"reset_after": False, "num_layers": 2, "dropout": 0.5, "bias": False}
    module = archc.compile(spec_of("gru", options, False, False)).module(seed=0).train()
    output, _ = module(torch.randn(STEPS, BATCH, WIDTH))
    output.sum().backward()
    assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in module.parameters())


@pytest.mark.parametrize("given", ["alone", "states", "lengths", "states and lengths"])
def test_a_projection_is_torchs(given: str) -> None:
    for first in (False, True):
        options = {"proj_size": 3, "num_layers": 2, "bidirectional": True, "batch_first": first}
        states, lengths = "states" in given, "lengths" in given
        compiled = archc.compile(spec_of("lstm", options, states, lengths))
        module = nn.Module()
        module.add_module("layer", nn.LSTM(WIDTH, HIDDEN, **options).eval())
        load_initial(compiled.program, module, None, 0)
        assert list(module.state_dict()) == list(keys_of(compiled.program))
        feeds = feeds_of(options, 2 if states else 0, lengths)
        expected = run_torch(module.get_submodule("layer"), feeds, first)
        assert_equal(expected, onnx_results(compiled, feeds))

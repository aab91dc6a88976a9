"""Sequence models of the zoo: equal to the references, to torch, and each does what it is for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
import torch
from torch import nn

import archc

ROOT = Path(__file__).parents[2]
SPECS = ROOT / "specs"
sys.path.insert(0, str(ROOT / "tests" / "reference"))

import check  # noqa: E402 - the references' own checker

torch.set_num_threads(1)


@pytest.mark.parametrize("name", ["rnn_classifier", "lstm_classifier", "gru_classifier"])
def test_is_the_reference(name: str) -> None:
    module = archc.compile(SPECS / "sequences" / f"{name}.yaml").module()
    lines = check.check_module(check.load(name), module.eval())
    assert [line["text"] for line in lines if line["ok"] is False] == []


def run_onnx(compiled: Any, **feeds: np.ndarray) -> list[np.ndarray]:
    graph = compiled.to_onnx(seed=0).SerializeToString()
    return ort.InferenceSession(graph, providers=["CPUExecutionProvider"]).run(None, feeds)


def ids(high: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(1, high, shape)


def run_torch(module: nn.Module, **feeds: np.ndarray) -> list[np.ndarray]:
    with torch.no_grad():
        found = module(**{name: torch.from_numpy(each) for name, each in feeds.items()})
    return [each.numpy() for each in (found if isinstance(found, tuple) else (found,))]


def assert_agree(compiled: Any, **feeds: np.ndarray) -> list[np.ndarray]:
    """Hold ONNX Runtime against PyTorch with the same weights; give PyTorch's results."""
    expected = run_torch(compiled.module(seed=0).eval(), **feeds)
    for each, found in zip(expected, run_onnx(compiled, **feeds), strict=True):
        np.testing.assert_allclose(found, each, rtol=1e-4, atol=1e-5)
    return expected


def test_a_text_generated_by_character_is_the_text_at_once() -> None:
    compiled = archc.compile(SPECS / "sequences" / "char_lm.yaml", hidden=32)
    zeros = np.zeros((2, 3, 32), dtype=np.float32)
    text = ids(96, 3, 7)
    logits, h, c = assert_agree(compiled, ids=text, h=zeros, c=zeros)
    module = compiled.module(seed=0).eval()
    states = {"h": zeros, "c": zeros}
    for step in range(7):
        one, *last = run_torch(module, ids=text[:, step : step + 1], **states)
        states = dict(zip("hc", last, strict=True))
        np.testing.assert_allclose(one[:, 0], logits[:, step], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(states["h"], h, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(states["c"], c, rtol=1e-4, atol=1e-6)


def test_padding_does_not_change_tags() -> None:
    compiled = archc.compile(SPECS / "sequences" / "tagger.yaml")
    words = ids(1000, 2, 6)
    (scores,) = assert_agree(compiled, words=words, lengths=np.array([6, 4]))
    (alone,) = assert_agree(compiled, words=words[1:, :4], lengths=np.array([4]))
    np.testing.assert_allclose(scores[1:, :4], alone, rtol=1e-4, atol=1e-6)


def test_lengths_lie_between_one_and_the_steps() -> None:
    compiled = archc.compile(SPECS / "sequences" / "tagger.yaml")
    low, high = dict(compiled.program.models[0].ranges)["lengths"]
    assert (low, str(high)) == (1, "T")


def test_translation_looks_at_real_words_only_and_never_ahead() -> None:
    compiled = archc.compile(SPECS / "sequences" / "translation.yaml", hidden=32)
    source, target = ids(800, 2, 6), ids(900, 2, 5)
    (logits,) = assert_agree(compiled, source=source, source_lengths=np.array([6, 4]), target=target)
    source[1, 4:] = 7
    target[:, 3:] = 7
    (changed,) = assert_agree(compiled, source=source, source_lengths=np.array([6, 4]), target=target)
    np.testing.assert_allclose(logits[:, :3], changed[:, :3], rtol=1e-4, atol=1e-6)
    assert np.abs(logits[:, 3:] - changed[:, 3:]).max() > 1e-3


def test_encoder_layers_are_those_of_torch() -> None:
    compiled = archc.compile(SPECS / "transformers" / "encoder_classifier.yaml")
    module = compiled.module(seed=0).eval()
    layer = nn.TransformerEncoderLayer(64, 4, 256, batch_first=True)
    encoder = nn.TransformerEncoder(layer, 3, enable_nested_tensor=False).eval()
    state = {key: value for key, value in module.state_dict().items() if key.startswith("layers.")}
    encoder.load_state_dict(state)
    tokens = ids(1000, 2, 7)
    tokens[1, 4:] = 0
    (scores,) = assert_agree(compiled, tokens=tokens)
    given = torch.from_numpy(tokens)
    with torch.no_grad():
        embedded = module.get_submodule("embedding")(given) + module.get_submodule("position").weight[:7]
        hidden = encoder(embedded, src_key_padding_mask=given == 0)
        expected = module.get_submodule("head")(hidden[:, 0])
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-6)


def test_gpt_never_looks_ahead() -> None:
    compiled = archc.compile(SPECS / "transformers" / "gpt.yaml", depth=2)
    text = ids(256, 2, 9)
    (logits,) = assert_agree(compiled, ids=text)
    text[:, 5:] = 3
    (changed,) = assert_agree(compiled, ids=text)
    np.testing.assert_allclose(logits[:, :5], changed[:, :5], rtol=1e-4, atol=1e-5)
    assert np.abs(logits[:, 5:] - changed[:, 5:]).max() > 1e-3

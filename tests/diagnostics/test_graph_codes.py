"""Codes of ONNX graphs that a spec alone does not raise."""

from __future__ import annotations

import pytest

import archc
from archc.source import SpecError


def refused(text: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        archc.compile(text).to_onnx()
    return [one.code for one in caught.value.diagnostics]


def test_a_size_that_no_input_tells() -> None:
    text = """\
inputs: {x: [N, S + T]}
layers:
  - {name: steps, arange: T}
  - {name: most, max: 0}
  - add: [x, most]
"""
    assert refused(text) == ["E0906"]


def test_weights_too_large_to_be_embedded() -> None:
    text = "inputs: {x: [N, 40000]}\nlayers:\n  - {name: fc, linear: 20000}\n"
    assert refused(text) == ["E0907"]

"""Functions of several ONNX nodes, where arguments are zeros of both signs, infinite or at an edge."""

from __future__ import annotations

import itertools

import numpy as np
import onnxruntime
import pytest
import torch

import archc

INFINITY = float("inf")
CORNERS = (-INFINITY, -2.0, -0.5, -0.0, 0.0, 0.5, 2.0, INFINITY, float("nan"))


def both(layer: str, arrays: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Give what PyTorch and ONNX Runtime make of arrays of one axis."""
    inputs = ", ".join(f"{name}: [N]" for name in arrays)
    compiled = archc.compile(f"inputs: {{{inputs}}}\nlayers: [{layer}]\n")
    eager = compiled.module()(*map(torch.from_numpy, arrays.values())).numpy()
    graph = compiled.to_onnx().SerializeToString()
    [found] = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"]).run(None, arrays)
    return eager, found


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def test_atan2_in_every_direction() -> None:
    pairs = np.array(list(itertools.product(CORNERS, CORNERS)), np.float32)
    eager, found = both("{atan2: [y, x]}", {"y": pairs[:, 0].copy(), "x": pairs[:, 1].copy()})
    np.testing.assert_allclose(found, eager, rtol=3e-7)
    number = ~np.isnan(eager)
    np.testing.assert_array_equal(np.signbit(found[number]), np.signbit(eager[number]))


def test_erfinv_up_to_its_ends() -> None:
    inside = np.linspace(-0.999, 0.999, 1001, dtype=np.float32)
    eager, found = both("erfinv", {"x": np.array([*inside, -1, 1, -0.7, 0.7, -2, 2, np.nan], np.float32)})
    np.testing.assert_allclose(found, eager, rtol=3e-5, atol=1e-7)

"""Sizes computed in a graph equal those that were inferred, at every size of the symbols."""

from __future__ import annotations

import itertools

import onnx
import onnxruntime
import pytest

from archc.backends.onnx.constants import Constants
from archc.backends.onnx.shapes import Shapes, UnknownSizeError
from archc.ir.program import Value
from archc.sizes import (
    FLOAT32,
    Dim,
    Facts,
    TensorType,
    ceil_div,
    dim_max,
    dim_min,
    evaluate,
    floor_div,
    mod,
    symbol,
    text,
)

N, T, K = symbol("N"), symbol("T"), symbol("K")
H = symbol("H", 8)
W = symbol("W", 4, 3)
INPUTS = {"image": (N, 3, H, W), "past": (2 * T + 1, N), "all": (T + K, 5)}
SIZES: list[Dim] = [
    7,
    N,
    H,
    H // 4,
    floor_div(H - 1, 2) + 1,
    floor_div(floor_div(W - 1, 2) + 1 - 3, 2) + 5,
    N * H * W,
    H * W // 16 + 3,
    ceil_div(W, 5) * N,
    2 * N - H + 100,
    T,
    K,
    T * K + N,
    dim_max(H, W),
    dim_min(N, T, 3),
    mod(W, 5) + 1,
    floor_div(N - T - 4, 3) + 40,
    floor_div(N * T, K + 1) + 1,
    3 - N + 50,
    (T + 1) * (N + 2),
]


def graph_of(dims: list[Dim]) -> tuple[onnxruntime.InferenceSession, onnx.ModelProto]:
    constants = Constants()
    values = [Value(name, TensorType(FLOAT32, shape)) for name, shape in INPUTS.items()]
    shapes = Shapes(values, list(INPUTS.values()), Facts(), constants)
    names = [shapes.vector(dims), *(shapes.scalar(dim) for dim in dims)]
    outputs = [
        onnx.helper.make_tensor_value_info(f"out{i}", 7, [None] if i == 0 else []) for i in range(len(names))
    ]
    ends = [onnx.helper.make_node("Identity", [n], [f"out{i}"]) for i, n in enumerate(names)]
    inputs = [
        onnx.helper.make_tensor_value_info(name, 1, [None] * len(shape)) for name, shape in INPUTS.items()
    ]
    nodes = [*shapes.nodes, *ends]
    graph = onnx.helper.make_graph(nodes, "sizes", inputs, outputs, list(constants.protos.values()))
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=10)

    return onnxruntime.InferenceSession(model.SerializeToString()), model


def test_every_form_of_size() -> None:
    session, _ = graph_of(SIZES)
    for n, t, k, h, w in itertools.product((1, 2, 5), (1, 3), (1, 2, 7), (8, 24), (3, 11)):
        sizes = {"N": n, "T": t, "K": k, "H": h, "W": w}
        feed = {
            name: onnxruntime.OrtValue.ortvalue_from_shape_and_type(
                [evaluate(dim, sizes) for dim in shape], "float32"
            ).numpy()
            for name, shape in INPUTS.items()
        }
        vector, *scalars = session.run(None, feed)
        expected = [evaluate(dim, sizes) for dim in SIZES]
        assert vector.tolist() == expected, [text(dim) for dim in SIZES]
        assert [int(scalar) for scalar in scalars] == expected


def test_nothing_is_computed_twice_and_each_shape_is_read_once() -> None:
    _, model = graph_of([*SIZES, *SIZES])
    seen = [(node.op_type, tuple(node.input)) for node in model.graph.node if node.op_type != "Identity"]
    assert len(seen) == len(set(seen))
    assert sum(node.op_type == "Shape" for node in model.graph.node) == len(INPUTS)


def test_neighbouring_axes_of_an_input_are_read_together() -> None:
    _, model = graph_of([N, H, W, 9, 9])
    used = [node.op_type for node in model.graph.node if node.output[0].startswith("sizes(N, H, W")]
    assert used == ["Gather", "Concat"]


def test_a_size_that_no_input_tells_is_named() -> None:
    with pytest.raises(UnknownSizeError, match="Q"):
        graph_of([symbol("Q") * 2])

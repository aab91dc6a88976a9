"""Small differences that fixed tolerances miss: verification sees each, and names its layer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import helper, numpy_helper
from zoo_specs import SPECS

import archc
from archc.backends.build import build
from archc.verify import verify

torch.set_num_threads(1)

NET = """
name: net
inputs: {x: [N, T, 32]}
layers:
  - {name: first, linear: 48}
  - {name: norm, layer_norm: }
  - {name: act, gelu: }
  - {name: second, linear: 48}
  - {name: last_act, gelu: }
  - {name: last_norm, layer_norm: }
  - {name: head, linear: 8}
"""


def node_named(graph: onnx.GraphProto, name: str) -> onnx.NodeProto:
    [node] = [node for node in graph.node if node.name == name or name in node.output]
    return node


def set_attribute(node: onnx.NodeProto, name: str, value: object) -> None:
    kept = [each for each in node.attribute if each.name != name]
    del node.attribute[:]
    node.attribute.extend([*kept, helper.make_attribute(name, value)])


def approximate_gelu(graph: onnx.GraphProto) -> str:
    set_attribute(node_named(graph, "last_act"), "approximate", "tanh")
    return "last_act"


def smaller_epsilon(graph: onnx.GraphProto) -> str:
    set_attribute(node_named(graph, "last_norm"), "epsilon", 1e-6)
    return "last_norm"


def one_weight(graph: onnx.GraphProto) -> str:
    [weight] = [each for each in graph.initializer if each.name == "second.weight"]
    values = numpy_helper.to_array(weight).copy()
    values[17, 5] *= 1.001
    weight.CopyFrom(numpy_helper.from_array(values, weight.name))
    return "second"


CHANGES = [approximate_gelu, smaller_epsilon, one_weight]
Change = Callable[[onnx.GraphProto], str]


def altered(program: object, folder: Path, change: Change) -> str:
    build(program, folder, embed=True)  # type: ignore[arg-type]
    path = folder / "model.onnx"
    model = onnx.load(path)
    layer = change(model.graph)
    path.write_bytes(model.SerializeToString())
    return layer


def test_the_graph_as_it_was_built_agrees(tmp_path: Path) -> None:
    program = archc.compile(NET).program
    altered(program, tmp_path / "net", lambda graph: graph.node[0].name)
    assert verify(program, tmp_path / "net").agrees


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_small_change_is_seen_and_its_layer_named(change: Change, tmp_path: Path) -> None:
    program = archc.compile(NET).program
    layer = altered(program, tmp_path / "net", change)
    report = verify(program, tmp_path / "net")
    assert not report.agrees
    assert [culprit.path for culprit in report.culprits] == [layer]
    worst = max(check.error / check.scale for check in report.checks if check.scale)
    assert worst < 1e-2, "a difference that anyone would see tests nothing"


def test_one_batch_norm_of_a_resnet_is_found(tmp_path: Path) -> None:
    program = archc.compile(SPECS / "images" / "resnet.yaml", variant="resnet18", classes=10).program
    name = "layer2.1.bn2"

    def larger(graph: onnx.GraphProto) -> str:
        [mean] = [each for each in graph.initializer if each.name == f"{name}.running_mean"]
        values = numpy_helper.to_array(mean).copy()
        values[3] += np.float32(0.01)
        mean.CopyFrom(numpy_helper.from_array(values, mean.name))
        return name

    altered(program, tmp_path / "net", larger)
    report = verify(program, tmp_path / "net", sizes={"N": 1, "H": 64, "W": 64})
    assert [culprit.path for culprit in report.culprits] == [name]

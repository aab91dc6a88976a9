"""The parts of a Scan that do not depend on where it stands: states come first, in and out."""

from __future__ import annotations

from collections.abc import Iterator

import onnx

from archc.backends.onnx.attributes import attribute
from archc.backends.onnx.fragment import Steps, Way
from archc.sizes import INT64, TensorType


def scan_node(way: Way) -> onnx.NodeProto:
    """Give the node with its attributes, but for the body."""
    node = onnx.NodeProto(op_type="Scan")
    node.attribute.append(attribute("num_scan_inputs", len(way.sequences) or 1))
    axes = [way.axis % (way.inputs[position].rank + 1) for position in way.sequences] or [0]
    results = zip(way.results, way.stacked, strict=True)
    stacked = [way.axis % (type_.rank + 1) for type_, is_given in results if is_given]
    for what, along in (("input", axes), ("output", stacked)):
        if any(along):
            node.attribute.append(attribute(f"scan_{what}_axes", along))
        if way.reverse and along:
            node.attribute.append(attribute(f"scan_{what}_directions", [1] * len(along)))
    return node


def step_inputs(way: Way) -> Iterator[tuple[int | None, TensorType]]:
    """Give the inputs of the body as positions, with their types; None counts the steps."""
    for position in (*(position for position, _ in way.states), *way.sequences):
        yield position, way.inputs[position]
    if not way.sequences:
        yield None, TensorType(INT64, ())


def step_outputs(steps: Steps) -> Iterator[tuple[int, str, TensorType]]:
    """Give the outputs of the body as results, what they make outside, and their types."""
    way, count = steps.way, len(steps.way.results)
    for (position, result), name in zip(way.states, steps.outputs[count:], strict=True):
        yield result, name, way.inputs[position]
    for result, (is_given, name) in enumerate(zip(way.stacked, steps.outputs[:count], strict=True)):
        if is_given:
            yield result, name, way.results[result]

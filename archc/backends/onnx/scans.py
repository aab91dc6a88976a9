"""The parts of a Scan that do not depend on where it stands: states come first, in and out."""

from __future__ import annotations

from collections.abc import Iterator

import onnx

from archc.backends.onnx.attributes import attribute
from archc.backends.onnx.fragment import Steps
from archc.sizes import INT64, TensorType


def scan_node(steps: Steps) -> onnx.NodeProto:
    """Give the node with its attributes, but for the body."""
    scan = steps.scan
    node = onnx.NodeProto(op_type="Scan")
    count = len(scan.sequences) or 1
    node.attribute.append(attribute("num_scan_inputs", count))
    types = [value.type for value in scan.module.inputs]
    axes = [scan.axis % (types[position].rank + 1) for position in scan.sequences] or [0]
    results = [value.type.rank + 1 for _, value in scan.module.outputs]
    stacked = [scan.axis % rank for rank, is_read in zip(results, steps.stacked, strict=True) if is_read]
    for what, way in (("input", axes), ("output", stacked)):
        if any(way):
            node.attribute.append(attribute(f"scan_{what}_axes", way))
        if scan.reverse and way:
            node.attribute.append(attribute(f"scan_{what}_directions", [1] * len(way)))
    return node


def step_inputs(steps: Steps) -> Iterator[tuple[int | None, TensorType]]:
    """Give the inputs of the body as positions of the block's, with their types; None counts the steps."""
    scan = steps.scan
    for position in (*(position for position, _ in scan.states), *scan.sequences):
        yield position, scan.module.inputs[position].type
    if not scan.sequences:
        yield None, TensorType(INT64, ())


def step_outputs(steps: Steps) -> Iterator[tuple[int, str, TensorType]]:
    """Give the outputs of the body as results of the block, what they make outside, and their types."""
    scan = steps.scan
    for (position, output), value in zip(scan.states, scan.finals, strict=True):
        yield output, value.name, scan.module.inputs[position].type
    for output, (is_read, value) in enumerate(zip(steps.stacked, scan.stacked, strict=True)):
        if is_read:
            yield output, value.name, scan.module.outputs[output][1].type

"""A graph with every typed value inside it as an output; those in the body of a Scan, of every step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx

from archc.verify.sessions import session
from archc.verify.subject import Subject
from archc.weights.elements import Array

STEPS = "/steps"
"""What stands behind the name of a value that a Scan's body makes: once for each Scan around it."""


def inner_values(subject: Subject, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Run the graph; give all values by name, those of a Scan's steps stacked along new first axes."""
    model = onnx.load_model_from_string(subject.graph)
    expose(model.graph)
    known = {output.name for output in model.graph.output}
    model.graph.output.extend(value for value in model.graph.value_info if value.name not in known)
    opened = session(model.SerializeToString(), subject.folder, optimised=False)
    wanted = {each.name for each in opened.get_inputs()}
    names = [output.name for output in opened.get_outputs()]
    feed = {name: value for name, value in inputs.items() if name in wanted}
    return dict(zip(names, opened.run(None, feed), strict=True))


def at_step(values: Mapping[str, Array], name: str, steps: Sequence[int]) -> Array | None:
    """Give a value, at one step of each Scan around it."""
    found = values.get(name + STEPS * len(steps))
    return None if found is None else found[tuple(steps)]


def expose(graph: onnx.GraphProto) -> None:
    """Let each Scan of a graph give the typed values of its body, in the order in which steps run."""
    for node in graph.node:
        if node.op_type != "Scan":
            continue
        attributes = {each.name: each for each in node.attribute}
        body = attributes["body"].g
        expose(body)
        for value in body.value_info:
            each = body.output.add()
            each.CopyFrom(value)
            each.name = f"{value.name}{STEPS}/each"
            body.node.add(op_type="Identity", input=[value.name], output=[each.name])
            stacked = graph.value_info.add(name=value.name + STEPS)
            stacked.type.tensor_type.elem_type = value.type.tensor_type.elem_type
            node.output.append(stacked.name)
            for way in ("scan_output_axes", "scan_output_directions"):
                if way in attributes:
                    attributes[way].ints.append(0)

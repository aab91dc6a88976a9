"""One op's page on a terminal, made from the op's class alone."""

from __future__ import annotations

import inspect

from archc import ops
from archc.opdef import Attr, Op
from archc.report.op_examples import WorkedExample, worked_examples


def op_page(name: str) -> str:
    """Give the page of an op as text."""
    op = ops.find(name)
    parts = [f"{name} ({ops.family(name).replace('_', ' ')})\n  {description(op)}"]
    inputs = ", ".join(input_texts(op)) or "none"
    parts.append(f"inputs: {inputs}\noutputs: {', '.join(output_texts(op))}\nshapes: {shape_rule(op)}")
    if op.attributes:
        parts.append("attributes:\n" + "\n".join(_attribute(n, a) for n, a in op.attributes.items()))
    parts.extend(_example(each) for each in worked_examples(name))
    return "\n\n".join(parts)


def description(op: type[Op]) -> str:
    """Give the sentences that an op says of itself."""
    return inspect.cleandoc(op.__doc__ or "")


def shape_rule(op: type[Op]) -> str:
    """Give what the shape rule says of itself."""
    return " ".join(inspect.cleandoc(op.infer.__doc__ or "").splitlines())


def input_texts(op: type[Op]) -> list[str]:
    """Give the inputs of an op, with what may be left out and what takes any number."""
    marks = {(True, False): " (optional)", (False, True): " (any number)"}
    return [each.name + marks.get((each.optional, each.many), "") for each in op.input_list()]


def output_texts(op: type[Op]) -> list[str]:
    """Give the outputs of an op."""
    return list(op.outputs) or ["0, 1, ... (as many as the attributes say)"]


def default_text(declared: Attr) -> str:
    """Write the default of an attribute as a spec would; nothing where it has none."""
    if declared.required:
        return ""
    value = declared.default
    alike = declared.kind.length and isinstance(value, tuple) and len(set(value)) == 1
    return _yaml(value[0] if alike else value)


def bounds_text(declared: Attr) -> str:
    """Say what values an attribute is held to: `from 1`, `from 0 to 1`, or nothing."""
    low, high = declared.kind.min, declared.kind.max
    parts = ([f"from {low}"] if low is not None else []) + ([f"to {high}"] if high is not None else [])
    return " ".join(parts)


def _attribute(name: str, declared: Attr) -> str:
    default = "required" if declared.required else f"default {default_text(declared)}"
    notes = [str(declared.kind).replace("`", ""), bounds_text(declared), default]
    notes.append("may be written alone" if declared.main else "")
    return f"  {name}: {', '.join(note for note in notes if note)}\n      {declared.doc}"


def _yaml(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(_yaml(each) for each in value) + "]"
    return str(getattr(value, "name", value))


def _example(example: WorkedExample) -> str:
    rows = [("inputs", types_text(example.inputs)), ("outputs", types_text(example.outputs))]
    rows.append(("requires", ", ".join(example.requirements)))
    rows.append(("pytorch", ("\n" + " " * 17).join(example.pytorch)))
    nodes = example.onnx()
    rows.append(("onnx", "cannot express it" if nodes is None else ", ".join(nodes)))
    rows.append(("multiply-adds", "" if example.multiply_adds == "0" else example.multiply_adds))
    lines = [f"  {label + ':':14} {text}" for label, text in rows if text]
    return "\n".join([f"example: - {example.layer}", *lines])


def types_text(values: tuple[tuple[str, str], ...]) -> str:
    """Write named types: `x [N, 8], h_n [1, N, 5]`."""
    return ", ".join(f"{name} {type_}" for name, type_ in values)

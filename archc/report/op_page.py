"""One op's page: what help and the reference show, made from the op's class alone."""

from __future__ import annotations

import inspect

from archc import ops
from archc.opdef import Attr, Example, Op


def op_page(name: str) -> str:
    """Give the page of an op as text."""
    op = ops.find(name)
    parts = [f"{name}: {inspect.cleandoc(op.__doc__ or '')}"]
    parts.append("inputs: " + (", ".join(_input_texts(op)) or "none"))
    parts.append("outputs: " + (", ".join(op.outputs) or "numbered 0, 1, ..."))
    if op.attributes:
        parts.append("attributes:\n" + "\n".join(_attribute(n, a) for n, a in op.attributes.items()))
    parts.append("examples:\n" + "\n".join(_example(name, each) for each in op.examples))
    return "\n\n".join(parts)


def _input_texts(op: type[Op]) -> list[str]:
    texts = []
    for each in op.input_list():
        mark = " (optional)" if each.optional else " (any number)" if each.many else ""
        texts.append(each.name + mark)
    return texts


def _attribute(name: str, declared: Attr) -> str:
    default = "required" if declared.required else f"default {_yaml(declared.default)}"
    main = ", may be written alone" if declared.main else ""
    return f"  {name}: {declared.kind}, {default}{main}\n      {declared.doc}"


def _yaml(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(_yaml(each) for each in value) + "]"
    return str(value)


def _example(name: str, example: Example) -> str:
    inputs = example.inputs
    shown = (
        ", ".join(f"{k} {v}" for k, v in inputs.items()) if isinstance(inputs, dict) else ", ".join(inputs)
    )
    return f"  {name}: {example.arguments}".rstrip() + (f"    # on {shown}" if shown else "")

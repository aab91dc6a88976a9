"""Runs a Program node by node, from the ops' own PyTorch forms: what the emitted classes must equal."""

# ruff: noqa: N812 - as the emitted files call it

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from archc.backends.pytorch.one_line import flat
from archc.backends.pytorch.syntax import Input, Lit, Name, Own, Py, Size, replaced
from archc.ir.program import CallNode, Module, OpNode, ScanNode, Value, join
from archc.opdef.python import Site
from archc.sizes import evaluate


def run(
    module: Module,
    state: Mapping[str, torch.Tensor],
    inputs: list[Any],
    sizes: Mapping[str, int],
    prefix: str = "",
) -> list[Any]:
    """Give the outputs of a module for inputs and the weights below a path."""
    values: dict[str, Any] = {value.name: given for value, given in zip(module.inputs, inputs, strict=True)}
    for node in module.nodes:
        given = [None if value is None else values[value.name] for value in node.inputs]
        shares = node.shares if isinstance(node, OpNode | CallNode) else ""
        path = join(prefix, shares or node.name)
        if isinstance(node, ScanNode):
            results = _scan(node, state, given, sizes, path)
        elif isinstance(node, CallNode):
            results = run(node.module, state, given, sizes, path)
        else:
            assert isinstance(node, OpNode)
            results = _apply(node, state, given, sizes, path)
        values.update({value.name: result for value, result in zip(node.outputs, results, strict=True)})
    return [values[value.name] for _, value in module.outputs]


def _scan(
    node: ScanNode, state: Mapping[str, torch.Tensor], given: list[Any], sizes: Mapping[str, int], path: str
) -> list[Any]:
    now, steps = list(given), []
    count = evaluate(node.length, sizes)
    for step in reversed(range(count)) if node.reverse else range(count):
        for position in node.sequences:
            now[position] = given[position].select(node.axis, step)
        results = run(node.module, state, now, sizes, path)
        steps.append(results)
        for position, output in node.states:
            now[position] = results[output]
    rows = reversed(steps) if node.reverse else steps
    stacked = [torch.stack(column, node.axis) for column in zip(*rows, strict=True)]
    return [*stacked, *(results[output] for _, output in node.states)]


def _apply(
    node: OpNode, state: Mapping[str, torch.Tensor], given: list[Any], sizes: Mapping[str, int], path: str
) -> list[Any]:
    form = node.op.pytorch(
        Site(tuple(v.type for v in node.outputs), (True,) * len(node.outputs)), *node.types
    )
    names: dict[str, Any] = {"torch": torch, "nn": nn, "F": F, "self": SimpleNamespace(training=False)}
    for _, source in form.support:
        exec("from torch import Tensor\n" + source, names)
    if form.module is not None:
        own = eval(flat(form.module), names)
        if isinstance(own, nn.Module):
            own.load_state_dict(
                {p.name: state[join(path, p.name)] for p in node.params if p.persistent}, strict=False
            )
            names["own"] = own.eval()
        else:
            names["own"] = state.get(path, own)

    def change(part: Py) -> Py | None:
        if isinstance(part, Input):
            return Name(f"v{part.index}")
        if isinstance(part, Own):
            return Name("own")
        return Lit(evaluate(part.dim, sizes)) if isinstance(part, Size) else None

    names.update({f"v{index}": value for index, value in enumerate(given)})
    result = eval(flat(replaced(form.forward, change)), names)
    return _flat(result, form.unpack) if len(node.outputs) > 1 or not node.op.outputs else [result]


def _flat(result: Any, nesting: tuple[Any, ...]) -> list[Any]:
    if not nesting:
        return list(result)
    found: dict[int, Any] = {}

    def place(part: Any, value: Any) -> None:
        if isinstance(part, int):
            found[part] = value
        else:
            for inner, each in zip(part, value, strict=True):
                place(inner, each)

    place(nesting, result)
    return [found[index] for index in sorted(found)]


def shapes_of(values: tuple[Value, ...], sizes: Mapping[str, int]) -> list[list[int]]:
    """Give the shapes of values at some sizes."""
    return [[evaluate(dim, sizes) for dim in value.type.shape] for value in values]

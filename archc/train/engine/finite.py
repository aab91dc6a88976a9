"""Where values stopped being finite: the first layer of a step that gives NaN or infinity."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from archc.ir.program import Model, Module, OpNode, walk
from archc.source import Diagnostic, Span, SpecError


def explain(step: int, name: str, model: Model, graph: nn.Module, run: Callable[[], object]) -> SpecError:
    """Run a step once more, and say which layer gave the first value that is not finite."""
    weight = next((key for key, p in graph.named_parameters() if not torch.isfinite(p).all()), None)
    found = _first_layer(graph, run) if weight is None else weight.rpartition(".")[0]
    what = f"the loss of `{name}` is not finite at step {step}"
    span = _place(model.module, found)
    if weight is not None:
        notes = (f"the weight `{weight}` was not finite before the step",)
    elif found:
        notes = (f"`{found}` was the first layer whose result was not finite",)
    else:
        notes = ("all layers with weights gave finite results: it arose in the loss itself",)
    help_ = ("a smaller learning rate, or `clip_grad_norm: 1.0`, may help",)
    return SpecError([Diagnostic("E1042", what, span, notes=notes, help=help_, path=found)])


def _first_layer(graph: nn.Module, run: Callable[[], object]) -> str:
    found: list[str] = []

    def hook(path: str) -> Callable[..., None]:
        def look(_module: nn.Module, _given: Any, result: Any) -> None:
            if not all(torch.isfinite(each).all() for each in _floats(result)):
                found.append(path)

        return look

    handles = [each.register_forward_hook(hook(path)) for path, each in graph.named_modules() if path]
    try:
        run()
    finally:
        for handle in handles:
            handle.remove()
    return found[0] if found else ""


def _floats(result: Any) -> Iterator[torch.Tensor]:
    if isinstance(result, torch.Tensor):
        if result.is_floating_point():
            yield result
    elif isinstance(result, tuple | list):
        for each in result:
            yield from _floats(each)


def _place(module: Module, path: str) -> Span | None:
    nodes: dict[str, OpNode] = dict(walk(module))
    return nodes[path].span if path in nodes else None

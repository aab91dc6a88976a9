"""Runs of an op's examples: by PyTorch in both precisions, and by ONNX Runtime."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import onnx
import torch
from onnx.reference import ReferenceEvaluator
from op_cases import Case, Sizes, compiled

import archc
from archc.backends.onnx import Embedded, export
from archc.verify.compare import distance
from archc.verify.eager import Eager, array, tensors, torch_name
from archc.verify.inputs import make_inputs
from archc.verify.probing import probing_weights
from archc.verify.sessions import session
from archc.weights.torch_state import load_arrays


@functools.lru_cache(2)
def module_of(case: Case) -> torch.nn.Module:
    """Give the module of a case, for evaluation, with weights of which each one matters."""
    made = compiled(case)
    module = made.module().eval()
    load_arrays(module, probing_weights(made.program.models[0], 0).items())
    return module


IN_ORDER = {"in_sorted_sequence"}
"""Inputs that are in ascending order along the last axis."""


def arrays_at(case: Case, sizes: Sizes) -> dict[str, Any]:
    """Draw inputs; integers from the ranges that the program states, floats as the example bounds them."""
    model = compiled(case).program.models[0]
    drawn = make_inputs(model, model.module.inputs, sizes, 0)
    if case.example.between is not None:
        low, high = case.example.between
        drawn = {name: _between(each, low, high) for name, each in drawn.items()}
    return {name: np.sort(each) if name in IN_ORDER else each for name, each in drawn.items()}


def _between(drawn: Any, low: float, high: float) -> Any:
    if drawn.dtype.kind != "f":
        return drawn
    return np.asarray(low + (high - low) / (1 + np.exp(-drawn)), drawn.dtype)


def inputs_at(case: Case, sizes: Sizes) -> dict[str, torch.Tensor]:
    """Give the same inputs as tensors, by name."""
    values = compiled(case).program.models[0].module.inputs
    given = tensors(values, arrays_at(case, sizes))
    return {value.name: tensor for value, tensor in zip(values, given, strict=True)}


def run(module: torch.nn.Module, given: dict[str, torch.Tensor]) -> list[torch.Tensor]:
    """Give a module's results as a list."""
    result = module(**given)
    return list(result) if isinstance(result, tuple) else [result]


def graph_of(case: Case, opset: int) -> onnx.ModelProto:
    """Export a case, with weights of which each one matters."""
    program = compiled(case).program
    weights = probing_weights(program.models[0], 0)
    graph = export(program, weights=Embedded(lambda key, _: weights[key].tobytes()), opset=opset)
    onnx.checker.check_model(graph, full_check=True)
    return graph


Runner = Callable[[dict[str, Any]], list[Any]]
"""Runs a graph: arrays by the names of its inputs, to the arrays that it gives."""


def sessions(case: Case, opset: int) -> list[Runner]:
    """Load the graph of a case in ONNX Runtime, as written and optimised."""
    text = graph_of(case, opset).SerializeToString()
    opened = [session(text, optimised=optimised) for optimised in (False, True)]
    return [functools.partial(_run_session, each) for each in opened]


def _run_session(opened: Any, arrays: dict[str, Any]) -> list[Any]:
    return opened.run(None, {each.name: arrays[each.name] for each in opened.get_inputs()})


def reference(case: Case, opset: int) -> Runner:
    """Load the graph of a case in ONNX's own evaluator."""
    graph = graph_of(case, opset)
    taken = {each.name for each in graph.graph.input}
    evaluator = ReferenceEvaluator(graph)

    def evaluate(arrays: dict[str, Any]) -> list[Any]:
        found = evaluator.run(None, {name: each for name, each in arrays.items() if name in taken})
        return [np.asarray(each) for each in found]

    return evaluate


def is_refused(case: Case, opset: int) -> bool:
    """Whether the export says that ONNX cannot express a case at an opset (E0905)."""
    try:
        graph_of(case, opset)
    except archc.SpecError as error:
        return [each.code for each in error.diagnostics] == ["E0905"]
    return False


def disagreements(
    case: Case, opset: int, all_sizes: list[Sizes], runners: list[Runner] | None = None
) -> Iterator[str]:
    """Say where a graph, by default in ONNX Runtime, and PyTorch disagree by more than rounding explains."""
    values = compiled(case).program.models[0].module.inputs
    eager = Eager(module_of(case))
    loaded = sessions(case, opset) if runners is None else runners
    for sizes in all_sizes:
        arrays = arrays_at(case, sizes)
        given = tensors(values, arrays)
        single, double = eager.single(given), eager.double(given)
        for runner in loaded:
            for index, result in enumerate(runner(arrays)):
                drawn = functools.partial(_one_of_each, eager, given, index)
                problem = _difference(case, index, result, single[index], double[index], drawn)
                if problem:
                    yield f"output {index} at {sizes}, opset {opset}: {problem}"


def _one_of_each(eager: Eager, given: list[Any], index: int) -> list[Any]:
    return [array(draw[index]) for draw in eager.roundings(given)]


def _difference(
    case: Case, index: int, result: Any, single: torch.Tensor, double: torch.Tensor, drawn: Any
) -> str:
    if (result.shape, result.dtype.name) != (tuple(single.shape), torch_name(single)):
        return f"{result.dtype}{result.shape} in place of {torch_name(single)}{tuple(single.shape)}"
    dtype = compiled(case).program.models[0].module.outputs[index][1].type.dtype
    far = distance(result, array(single), array(double), dtype)
    if not far.within:
        far = distance(result, array(single), array(double), dtype, drawn())
    return "" if far.within else f"an error of {far.error:.3g}, {far.tolerance:.3g} is allowed"

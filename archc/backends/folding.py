"""Computed first values, made: by ONNX's own interpreter, so that nothing but a graph is needed."""

from __future__ import annotations

from typing import Any

from archc.ir.program import CallNode, Model, Module, Node, OpNode, Program, modules
from archc.opdef import Init, Param
from archc.sizes import BFLOAT16
from archc.weights import encoded
from archc.weights.elements import Array, numpy_type
from archc.weights.initial import COMPUTED


def folded(program: Program) -> Program:
    """Give the program with the values of what is computed; the same one where nothing is."""
    callees_first = modules(*(root for model in program.models for root in model.roots))
    if not any(_wanted(node) for module in callees_first for node in module.nodes):
        return program
    known: dict[int, bytes] = {}
    done: dict[int, Module] = {}
    for module in callees_first:
        done[id(module)] = _folded(module, program, known, done)
    return program.replace(
        models=tuple(
            model.replace(module=done[id(model.module)], forms=tuple(done[id(form)] for form in model.forms))
            for model in program.models
        )
    )


def _wanted(node: Node) -> bool:
    return isinstance(node, OpNode) and any(
        param.init.name == COMPUTED and "values" not in dict(param.init.arguments) for param in node.params
    )


def _folded(module: Module, program: Program, known: dict[int, bytes], done: dict[int, Module]) -> Module:
    nodes: list[Node] = []
    for node in module.nodes:
        if isinstance(node, CallNode) and done[id(node.module)] is not node.module:
            node = node.replace(module=done[id(node.module)])
        elif isinstance(node, OpNode) and _wanted(node):
            node = node.replace(params=tuple(_param(param, program, known) for param in node.params))
        nodes.append(node)
    same = all(new is old for new, old in zip(nodes, module.nodes, strict=True))
    return module if same else module.replace(nodes=tuple(nodes))


def _param(param: Param, program: Program, known: dict[int, bytes]) -> Param:
    of = dict(param.init.arguments).get("of")
    if param.init.name != COMPUTED or not isinstance(of, Module):
        return param
    if id(of) not in known:
        known[id(of)] = _computed(of, param, program)
    return param.replace(init=Init(COMPUTED, (("of", of), ("values", known[id(of)]))))


def _computed(module: Module, param: Param, program: Program) -> bytes:
    """Run a graph of no input; give its result as bytes of the weight's type."""
    from onnx.reference import ReferenceEvaluator

    from archc.backends.onnx import embedded

    alone = Program(module.name, "", (Model(module.name, module),), (), program.source)
    results: Any = ReferenceEvaluator(embedded(alone)).run(None, {})
    found: Array = results[0]
    dtype = param.dtype
    made = encoded(found, dtype) if dtype is BFLOAT16 else found.astype(numpy_type(dtype))
    return bytes(made.tobytes())

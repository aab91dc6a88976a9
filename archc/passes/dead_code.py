"""Remove what no output depends on."""

from __future__ import annotations

import operator

from archc.ir.program import CallNode, Module, Node, OpNode, Program, ScanNode, modules, weights

Read = dict[int, set[int]]
"""The positions of the outputs that something reads, by the module's identity."""


def remove_dead_code(program: Program) -> Program:
    """Drop nodes whose values nothing reads, unless they own weights, and results that no call reads.

    A layer with weights stays, because its keys are part of the state_dict that the spec describes. A
    block gives one result at least, and under `scan` all.
    """
    roots = [model.module for model in program.models]
    callees_first = list({id(each): each for root in roots for each in modules(root)}.values())
    read = _read(roots, callees_first)
    done: dict[int, Module] = {}
    for module in callees_first:
        done[id(module)] = _narrowed(module, read, done)
    models = tuple(model.replace(module=done[id(model.module)]) for model in program.models)
    return program if models == program.models else program.replace(models=models)


def _read(roots: list[Module], callees_first: list[Module]) -> Read:
    read: Read = {id(module): set() for module in callees_first}
    read.update({id(root): set(range(len(root.outputs))) for root in roots})
    for module in reversed(callees_first):
        needed = {module.outputs[index][1].name for index in read[id(module)]}
        nodes = _live(module, needed)
        needed.update(value.name for node in nodes for value in node.inputs if value is not None)
        for node in nodes:
            if isinstance(node, ScanNode):
                read[id(node.module)].update(range(len(node.module.outputs)))
            elif isinstance(node, CallNode):
                found = {index for index, value in enumerate(node.outputs) if value.name in needed}
                read[id(node.module)].update(found or {0})
    return read


def _live(module: Module, needed: set[str]) -> tuple[Node, ...]:
    """Give the nodes that values depend on, and those with weights."""
    needed = set(needed)
    kept: list[Node] = []
    for node in reversed(module.nodes):
        if _owns_weights(node) or any(value.name in needed for value in node.outputs):
            kept.append(node)
            needed.update(value.name for value in node.inputs if value is not None)
    return tuple(reversed(kept))


def _narrowed(module: Module, read: Read, done: dict[int, Module]) -> Module:
    """Give a module without the outputs that nothing reads, and with calls of such modules."""
    outputs = tuple(module.outputs[index] for index in sorted(read[id(module)]))
    nodes = _live(module, {value.name for _, value in outputs})
    made = tuple(_called(node, read, done) for node in nodes)
    same = len(made) == len(module.nodes) and all(map(operator.is_, made, module.nodes))
    return module if same and outputs == module.outputs else module.replace(outputs=outputs, nodes=made)


def _called(node: Node, read: Read, done: dict[int, Module]) -> Node:
    if not isinstance(node, CallNode):
        return node
    module = done[id(node.module)]
    if module is node.module:
        return node
    if isinstance(node, ScanNode):
        return node.replace(module=module)
    outputs = tuple(node.outputs[index] for index in sorted(read[id(node.module)]))
    return node.replace(module=module, outputs=outputs)


def _owns_weights(node: Node) -> bool:
    if isinstance(node, OpNode):
        return bool(node.params) and not node.shares
    return isinstance(node, CallNode) and not node.shares and next(weights(node.module), None) is not None

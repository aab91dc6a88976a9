"""Remove what no output depends on."""

from __future__ import annotations

import operator
from collections.abc import Container, Sequence

from archc.ir.program import CallNode, Module, Node, Program, ScanNode, Value, modules

Family = tuple[str, object]
Read = dict[Family, set[str]]
"""The names of the outputs that something reads of a block, whatever the specialisation."""
Alive = dict[Family, set[str]]
"""The names of the nodes that a specialisation of a block needs."""


def remove_dead_code(program: Program) -> Program:
    """Drop nodes whose values nothing reads, unless they own weights, and results that no call reads.

    A layer with weights stays, because its keys are part of the state_dict that the spec describes. A
    block gives one result at least, and under `scan` all; all its specialisations give the same. Where a
    model has several forms, they keep what any of them needs.
    """
    callees_first = modules(*(root for model in program.models for root in model.roots))
    read = _read([model.module for model in program.models], callees_first)
    alive = _alive(callees_first, read) if any(model.forms for model in program.models) else {}
    done: dict[int, Module] = {}
    for module in callees_first:
        done[id(module)] = _narrowed(module, read, alive, done)
    models = tuple(
        model.replace(module=done[id(model.module)], forms=tuple(done[id(form)] for form in model.forms))
        for model in program.models
    )
    return program if models == program.models else program.replace(models=models)


def _family(module: Module) -> Family:
    return module.name, module.span


def _read(roots: Sequence[Module], callees_first: Sequence[Module]) -> Read:
    read: Read = {_family(module): set() for module in callees_first}
    for root in roots:
        read[_family(root)].update(name for name, _ in root.outputs)
    before = -1
    while before != (before := sum(map(len, read.values()))):
        for module in reversed(callees_first):
            _note_what_is_read(module, read)
    return read


def _note_what_is_read(module: Module, read: Read) -> None:
    needed = {value.name for _, value in _outputs(module, read)}
    nodes = _live(module, needed)
    needed.update(value.name for node in nodes for value in node.inputs if value is not None)
    for node in nodes:
        if isinstance(node, CallNode):
            names = [name for name, _ in node.module.outputs]
            if not isinstance(node, ScanNode):
                pairs = zip(names, node.outputs, strict=True)
                names = [name for name, value in pairs if value.name in needed] or names[:1]
            read[_family(node.module)].update(names)


def _alive(callees_first: Sequence[Module], read: Read) -> Alive:
    """Give the nodes that any specialisation of a block needs, and what they need in the others."""
    alive: Alive = {_family(module): set() for module in callees_first}
    before = -1
    while before != (before := sum(map(len, alive.values()))):
        for module in callees_first:
            own, needed = alive[_family(module)], {value.name for _, value in _outputs(module, read)}
            own.update(node.name for node in _live(module, needed, own))
    return alive


def _outputs(module: Module, read: Read) -> tuple[tuple[str, Value], ...]:
    return tuple(output for output in module.outputs if output[0] in read[_family(module)])


def _live(module: Module, needed: set[str], alive: Container[str] = ()) -> tuple[Node, ...]:
    """Give the nodes that values depend on, those with weights, and those that are `alive` elsewhere."""
    needed = set(needed)
    kept: list[Node] = []
    for node in reversed(module.nodes):
        read = any(value.name in needed for value in node.outputs)
        if read or node.owns_weights or node.name in alive:
            kept.append(node)
            needed.update(value.name for value in node.inputs if value is not None)
    return tuple(reversed(kept))


def _narrowed(module: Module, read: Read, alive: Alive, done: dict[int, Module]) -> Module:
    """Give a module without the outputs that nothing reads, and with calls of such modules."""
    outputs = _outputs(module, read)
    nodes = _live(module, {value.name for _, value in outputs}, alive.get(_family(module), ()))
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
    pairs = zip(node.module.outputs, node.outputs, strict=True)
    wanted = read[_family(node.module)]
    return node.replace(module=module, outputs=tuple(value for (name, _), value in pairs if name in wanted))

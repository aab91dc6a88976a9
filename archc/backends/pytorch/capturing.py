"""What comes into a container from around it: the values that its layers read and do not make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from archc.backends.pytorch.forms import Ghost, is_given
from archc.backends.pytorch.places import Place
from archc.ir.program import Module, Node, Value
from archc.spec.presence import asked_in


def captured(module: Module, place: Place, ghosts: Iterable[Ghost]) -> tuple[Value, ...]:
    """Give the values that come into a container, the same in each form of the module.

    What only layers read that are there when an input is comes last, as values that may be None do.
    `ghosts` are such layers that this form lacks.
    """
    nodes = [module.nodes[index] for index in place.indices]
    absent = [ghost for ghost in ghosts if ghost.name.startswith(f"{place.path}.")]
    everything: list[Node | Ghost] = [*nodes, *absent]
    made = {value.name for node in everything for value in node.outputs}
    outer = len(common([node.guards for node in nodes]))
    always: dict[str, Value] = {}
    others: dict[str, Value] = {}
    asked: list[str] = []
    for node in everything:
        own = [name for text in node.guards[outer:] for name in asked_in(text)]
        asked += own
        for value in node.inputs:
            if value is not None and value.name not in made:
                (others if own else always).setdefault(value.name, value)
    inputs = {value.name: value for value in module.inputs}
    others.update({name: inputs[name] for name in asked if name in inputs})
    more = [others[name] for name in sorted(others) if name not in always]
    return tuple(sorted((*always.values(), *more), key=is_given))


def common(guards: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Give the conditions that all of some nodes stand under."""
    first = guards[0]
    length = 0
    while length < len(first) and all(g[: length + 1] == first[: length + 1] for g in guards):
        length += 1
    return first[:length]

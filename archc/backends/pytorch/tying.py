"""Statements that let two layers hold one tensor."""

from __future__ import annotations

from collections.abc import Iterator

from archc.backends.pytorch.classes import Klass
from archc.backends.pytorch.syntax import Attribute, Call, Lit, Name, Py
from archc.backends.pytorch.units import OP, Unit
from archc.backends.pytorch.writer import flat, statement


def tie_lines(klass: Klass, indent: int) -> Iterator[str]:
    """Write the ties of a class: after the first values are set, so that the owner's are what counts."""
    for key, owner in next((unit.ties for unit in klass.members if not unit.is_copy), ()):
        holder, _, name = key.rpartition(".")
        target = _plain(klass.first, key)
        if target is None:
            target = Attribute(Call("self.get_submodule", (Lit(holder),)), name)
        source = _plain(klass.first, owner) or Call("self.get_parameter", (Lit(owner),))
        yield from statement(flat(target), source, indent)


def _plain(unit: Unit, key: str) -> Py | None:
    """Give a weight by attributes alone, where a type checker follows them: no lists, nothing optional."""
    tree: Py = Name("self")
    inside: Unit | None = unit
    parts = tuple(key.split("."))
    while parts and inside is not None:
        item = next((each for each in inside.items if each.path == parts[:1]), None)
        if item is None or item.guards or parts[0].isdigit():
            return None
        tree, parts, inside = Attribute(tree, parts[0]), parts[1:], item.unit
        if item.kind == OP:
            break
    if len(parts) > 1 or any(not part.isidentifier() for part in parts):
        return None
    return Attribute(tree, parts[0]) if parts else tree

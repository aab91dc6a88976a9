"""Statements that let two layers hold one tensor."""

from __future__ import annotations

from collections.abc import Iterator

from archc.backends.pytorch.classes import Klass, Plan
from archc.backends.pytorch.one_line import flat
from archc.backends.pytorch.syntax import Attribute, Call, Lit, Name, Py
from archc.backends.pytorch.units import OP, USE
from archc.backends.pytorch.writer import statement


def tie_lines(plan: Plan, klass: Klass, indent: int) -> Iterator[str]:
    """Write the ties of a class: after the first values are set, so that the owner's are what counts."""
    for key, owner in next((unit.ties for unit in klass.members if not unit.is_copy), ()):
        holder, _, name = key.rpartition(".")
        target = _plain(plan, klass, key)
        if target is None:
            target = Attribute(Call("self.get_submodule", (Lit(holder),)), name)
        source = _plain(plan, klass, owner) or Call("self.get_parameter", (Lit(owner),))
        yield from statement(flat(target), source, indent)


def _plain(plan: Plan, klass: Klass, key: str) -> Py | None:
    """Give a weight by attributes alone, where a type checker follows them: no lists, nothing optional."""
    tree: Py = Name("self")
    inside: Klass | None = klass
    parts = tuple(key.split("."))
    while parts and inside is not None:
        slot = next((each for each in inside.slots if each.first.path == parts[:1]), None)
        if slot is None or slot.guards or parts[0].isdigit():
            return None
        tree, parts = Attribute(tree, parts[0]), parts[1:]
        if slot.kind == OP:
            break
        inside = plan.used(slot) if slot.kind == USE else None
    if len(parts) > 1 or any(not part.isidentifier() for part in parts):
        return None
    return Attribute(tree, parts[0]) if parts else tree

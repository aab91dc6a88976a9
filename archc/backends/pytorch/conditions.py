"""Conditions under which a specialisation has an item."""

from __future__ import annotations

from collections.abc import Sequence

from archc.backends.pytorch.arguments import ABSENT, Arguments
from archc.backends.pytorch.merge import Mismatch
from archc.backends.pytorch.slots import Slot
from archc.backends.pytorch.syntax import Presence, Py, every
from archc.backends.pytorch.units import Unit, weighs


def deciding_guards(slot: Slot, members: Sequence[Unit]) -> tuple[str, ...]:
    """Give the conditions that tell the specialisations with an item from those without."""
    guards = slot.first.guards
    if any(item is not None and item.guards != guards for item in slot.items):
        raise Mismatch
    arguments = scratch(members)
    deciding: list[tuple[str, tuple[object, ...]]] = []
    for text in guards:
        values = arguments.evaluated(text, slot.span)
        if ABSENT in values:
            raise Mismatch
        if not all(values):
            deciding.append((text, values))
    truth = [all(values[m] for _, values in deciding) for m in range(len(members))]
    if truth != [item is not None for item in slot.items]:
        raise Mismatch
    trees = [arguments.convert(text, slot.span) for text, _ in deciding]
    asked = [part.name for tree in trees if tree is not None for part in asks_of(tree)]
    inputs = {value.name for value in members[0].inputs}
    if None in trees or not inputs.issuperset(asked) or (asked and _owns_weights(slot)):
        raise Mismatch
    return tuple(text for text, _ in deciding)


def asks_of(tree: Py | None) -> list[Presence]:
    """Give the inputs whose presence a condition asks for: it is one for `forward` alone."""
    return [] if tree is None else [part for part in every(tree) if isinstance(part, Presence)]


def _owns_weights(slot: Slot) -> bool:
    return any(weighs(item) for item in slot.items if item is not None)


def scratch(members: Sequence[Unit]) -> Arguments:
    """Give arguments without any, over the names of some units."""
    sizes = frozenset(name for unit in members for name, _ in unit.module.sizes)
    return Arguments([unit.environment for unit in members], sizes)

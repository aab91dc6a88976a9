"""Conditions that also tell a type checker which values are there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from archc.backends.pytorch.access import attribute, is_optional_attribute
from archc.backends.pytorch.conditions import asks_of
from archc.backends.pytorch.flow import INPUT, ValueKey, key_of, regions
from archc.backends.pytorch.forms import Given
from archc.backends.pytorch.slots import Slot
from archc.backends.pytorch.syntax import NONE, Binary, Name, Py, every, replaced

if TYPE_CHECKING:
    from archc.backends.pytorch.forward import Body


def test_of(body: Body, slot: Slot) -> Py:
    """Give the condition under which a step runs."""
    if is_optional_attribute(body.klass, body.klass.slots.index(slot)):
        return Binary("is not", attribute(body.klass, slot.first.path), NONE)
    assert slot.test is not None
    test = replaced(slot.test, body.applier.compile_time)
    return _narrowed(body, slot, test) if asks_of(slot.test) else test


def _narrowed(body: Body, slot: Slot, test: Py) -> Py:
    """Ask for what the steps under a condition read and may be None; for the condition too if that is more.

    `if weight is not None` in place of `if mask is not None`, where the weight is made of the mask.
    """
    truth = [item is not None for item in slot.items]
    asked: dict[str, list[bool]] = {}
    for key in dict.fromkeys(_read(body, slot)):
        tree = body.variables.tree(key)
        if isinstance(tree, Name):
            asked[tree.text] = _there(body, key)
    same = bool(asked) and [all(column) for column in zip(*asked.values(), strict=True)] == truth
    found: Py | None = None if same else test
    for name in asked:
        part = Binary("is not", Name(name), NONE)
        if found is None or part not in every(found):
            found = part if found is None else Binary("and", found, part)
    assert found is not None
    return found


def _read(body: Body, slot: Slot) -> Iterator[ValueKey]:
    """Give the values that may be None of what the steps around a slot read, under its condition."""
    slots = body.klass.slots
    place = slots.index(slot)
    start, stop = next(region for region in regions(slots) if region[0] <= place < region[1])
    for each in slots[start:stop]:
        for ref in body.flow.inputs(each):
            key = None if ref is None else key_of(ref)
            if key is not None and key[0] < start and not all(_there(body, key)) and _is_none(body, key):
                yield key


def _is_none(body: Body, key: ValueKey) -> bool:
    """Whether nothing else stands for a value where it is not there."""
    return key[0] == INPUT or body.flow.otherwise.get(key, key) is None


def _there(body: Body, key: ValueKey) -> list[bool]:
    """Say in which specialisations a value is there."""
    values = body.flow.values(key)
    return [value is not None and (not isinstance(value, Given) or value.there) for value in values]

"""How a class reaches what it owns, and how it calls it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from archc.backends.pytorch.alignment import DICT
from archc.backends.pytorch.classes import Klass, Plan, call_arguments
from archc.backends.pytorch.conditions import asks_of
from archc.backends.pytorch.flow import regions
from archc.backends.pytorch.slots import Slot
from archc.backends.pytorch.syntax import Argument, Attribute, Call, Item, Lit, Name, Py, replaced
from archc.backends.pytorch.units import CHAIN, OP, USE, owns_tensor


def attribute(klass: Klass, path: tuple[str, ...]) -> Py:
    """Give the expression for what is owned under a path: `self.conv1`, `self.layers[0]`.

    Type checkers do not know that what is in a list of modules may have items too: what lies deeper is
    asked for by its path.
    """
    tree: Py = Name("self")
    in_class = klass.base != DICT
    if len(path) > 2 and not _is_model(klass, path[0]):
        return Call(f"self.{_getter(klass, path)}", (Lit(".".join(path)),))
    for depth, part in enumerate(path):
        inside = depth > 0 and (_is_model(klass, path[0]) or _is_block(klass, path[0]))
        if (depth == 0 and in_class and not part.isdigit()) or (inside and not part.isdigit()):
            tree = Attribute(tree, part)
        elif part.isdigit() and (_is_list(klass, path[:depth]) if depth else in_class):
            tree = Item(tree, Lit(int(part)))
        else:
            tree = Item(tree, Lit(part))
    return tree


def _getter(klass: Klass, path: tuple[str, ...]) -> str:
    """Give the method of a module that finds what lies under a path."""
    slot = next((slot for slot in klass.slots if slot.first.path == path), None)
    owned = slot.module if slot is not None and owns_tensor(slot.module) else None
    if not isinstance(owned, Call):
        return "get_submodule"
    return "get_buffer" if owned.function == "nn.Buffer" else "get_parameter"


def _is_model(klass: Klass, name: str) -> bool:
    """Whether an attribute is another model, whose own attributes are reached by name."""
    found = next((slot for slot in klass.slots if slot.first.path == (name,)), None)
    return found is not None and found.first.unit is not None and found.first.unit.is_model


def _is_block(klass: Klass, name: str) -> bool:
    """Whether an attribute is a class with attributes of its own."""
    found = next((slot for slot in klass.slots if slot.first.path == (name,)), None)
    unit = found.first.unit if found is not None else None
    return unit is not None and not unit.numbered


def _is_list(klass: Klass, path: tuple[str, ...]) -> bool:
    """Whether what is owned below a path is a list: an `nn.Sequential`, or attributes that count up."""
    below = [slot for slot in klass.slots if slot.first.stateful and slot.first.path[: len(path)] == path]
    names = dict.fromkeys(slot.first.path[len(path)] for slot in below if len(slot.first.path) > len(path))
    return not names or counts_up(names)


def counts_up(names: Iterable[str]) -> bool:
    """Whether names are 0, 1, 2 and so on."""
    return all(name == str(number) for number, name in enumerate(names))


def call_of(plan: Plan, klass: Klass, slot: Slot, operands: Sequence[Py]) -> Py:
    """Give the call of a module that a slot owns, or of a function that it uses."""
    if slot.first.stateful:
        return Call(attribute(klass, slot.first.path), tuple(operands))
    used = plan.used(slot)
    args, kwargs = call_arguments(used, slot)
    named = dict(zip((p.name for p in used.parameters), args, strict=False)) | dict(kwargs)

    def change(part: Py) -> Py | None:
        if isinstance(part, Argument) and not klass.is_function:
            klass.stored.add(part.name)
            return Attribute(Name("self"), part.name)
        return None

    return Call(
        used.name, tuple(operands), tuple((name, replaced(value, change)) for name, value in named.items())
    )


def is_optional_attribute(klass: Klass, place: int) -> bool:
    """Whether a slot is an attribute that may be None: alone under its condition."""
    slot = klass.slots[place]
    possible = slot.first.stateful and slot.kind in (USE, CHAIN, OP) and not asks_of(slot.test)
    return possible and bool(slot.guards) and (place, place + 1) in regions(klass.slots)

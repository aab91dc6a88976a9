"""Models that a model calls: its constructor takes them, or makes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archc.backends.pytorch.classes import Klass, Plan
from archc.backends.pytorch.slots import Slot
from archc.backends.pytorch.syntax import NONE, Attribute, Binary, Call, Name, Py, Ternary
from archc.backends.pytorch.units import USE
from archc.ir.program import CallNode


def held_models(klass: Klass) -> Iterator[Slot]:
    """Give the slots of the models that a class holds."""
    for slot in klass.slots:
        if slot.kind == USE and called_model(slot) and len(slot.first.path) == 1 and not _node(slot).shares:
            yield slot


def called_model(slot: Slot) -> str:
    """Give the model that a slot calls; empty for a block."""
    node = slot.first.node
    return node.model if isinstance(node, CallNode) else ""


def held_parameters(plan: Plan, klass: Klass) -> list[str]:
    """Give the constructor's arguments for the models that a class holds."""
    return [f"{slot.first.path[0]}: {plan.used(slot).name} | None = None" for slot in held_models(klass)]


def held_value(plan: Plan, slot: Slot) -> Py:
    """Give what a model is held as: the one that was passed in, else a new one that shares what it must."""
    name = Name(slot.first.path[0])
    return Ternary(Binary("is", name, NONE), _made(plan, called_model(slot), _node(slot).tied), name)


def _made(plan: Plan, model: str, tied: Sequence[tuple[str, str]]) -> Py:
    """Give the constructor of a model, with the models inside it that are at hand already."""
    below: dict[str, list[tuple[str, str]]] = {}
    for path, owner in tied:
        first, _, rest = path.partition(".")
        below.setdefault(first, []).append((rest, owner))
    given = {name: _passed(plan, name, pairs) for name, pairs in below.items()}
    return Call(plan.models[model].name, (), tuple(given.items()))


def _passed(plan: Plan, name: str, pairs: Sequence[tuple[str, str]]) -> Py:
    whole = next((owner for rest, owner in pairs if not rest), None)
    if whole is None:
        return _made(plan, name, pairs)
    tree: Py = Name("self")
    for part in whole.split("."):
        tree = Attribute(tree, part)
    return tree


def _node(slot: Slot) -> CallNode:
    assert isinstance(slot.first.node, CallNode)
    return slot.first.node

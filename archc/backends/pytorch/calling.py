"""Whether what is applied again is what its owner's constructor makes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from archc.backends.pytorch.slots import Slot
from archc.backends.pytorch.units import OP, USE
from archc.ir.program import CallNode
from archc.source import Diagnostic, SpecError

if TYPE_CHECKING:
    from archc.backends.pytorch.classes import Klass

Used = Callable[[Slot], "Klass"]


def unlike(classes: Iterable[Klass], used: Used) -> frozenset[tuple[int, str]]:
    """Give the containers that cannot be called as what they are copies of, by module and path.

    So it is for blocks. Raises SpecError (E0912) for a layer that one object cannot be both times.
    """
    found: set[tuple[int, str]] = set()
    for klass in classes:
        owned: dict[tuple[str, ...], Slot] = {}
        for slot in klass.slots:
            if slot.first.stateful:
                owner = owned.setdefault(slot.first.path, slot)
                if owner is not slot and not _same(owner, slot, used):
                    found |= _taken_apart(klass, slot)
    return frozenset(found)


def _same(owner: Slot, slot: Slot, used: Used) -> bool:
    if owner.kind != slot.kind or len(owner.elements) != len(slot.elements):
        return False
    if slot.kind == USE and (used(owner) is not used(slot) or owner.given != slot.given):
        return False
    if slot.kind == OP and owner.module != slot.module:
        return False
    return all(_same(a, b, used) for a, b in zip(owner.elements, slot.elements, strict=True))


def _taken_apart(klass: Klass, slot: Slot) -> set[tuple[int, str]]:
    first = slot.first
    if isinstance(first.node, CallNode):
        pairs = zip(klass.members, slot.items, strict=True)
        return {(id(unit.module), item.node.name) for unit, item in pairs if item and item.node}
    if not first.copy:
        name = first.node.name if first.node is not None else ".".join(first.path)
        message = f"`{name}` cannot be the same PyTorch module with these inputs: it would be made otherwise"
        help_ = ("give it inputs of the sizes that it was made for, or write a layer of its own",)
        raise SpecError([Diagnostic("E0912", message, slot.span, help=help_)])
    return {item.copy for item in slot.items if item is not None and item.copy}

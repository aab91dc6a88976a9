"""Who reads what inside a class: the uses of each value, for nesting and naming."""

from __future__ import annotations

from collections.abc import Iterator

from archc.backends.pytorch.classes import Klass
from archc.backends.pytorch.slots import In, Phi, Ref, Slot
from archc.backends.pytorch.syntax import Input
from archc.backends.pytorch.units import CHAIN, LOOP, OP, USE
from archc.ir.program import Value
from archc.opdef import Free
from archc.sizes import Dim

ValueKey = tuple[int, int]
"""A value: (slot, output); (-1, position) for an input of the class."""

INPUT = -1


def key_of(ref: Ref) -> ValueKey:
    """Give the value that a reference reads."""
    return (INPUT, ref.index) if isinstance(ref, In) else (ref.slot, ref.index)


class Flow:
    """The uses of each value of a class, by the place of the slot that reads it."""

    def __init__(self, klass: Klass) -> None:
        self.klass = klass
        self.uses: dict[ValueKey, list[int]] = {}
        self.otherwise: dict[ValueKey, Ref | None] = {}
        self.same: dict[ValueKey, Ref] = {}
        self.end = len(klass.slots)
        for place, slot in enumerate(klass.slots):
            refs = [None if ref is None else self.resolved(ref) for ref in slot.inputs]
            if isinstance(slot.forward, Input) and not slot.guards:
                passed = refs[slot.forward.index]
                assert passed is not None
                self.same[place, 0] = passed
                continue
            for ref in refs:
                if ref is not None:
                    self._note(ref, place)
        self.outputs = [self.resolved(ref) for ref in klass.outputs]
        for ref in self.outputs:
            self._note(ref, self.end)

    def resolved(self, ref: Ref) -> Ref:
        """Give what a reference reads in the end, behind steps that only pass a value on."""
        if isinstance(ref, Phi):
            return Phi(ref.slot, ref.index, self._resolved(ref.otherwise))
        return self.same.get(key_of(ref), ref)

    def _resolved(self, ref: Ref | None) -> Ref | None:
        return None if ref is None else self.resolved(ref)

    def inputs(self, slot: Slot) -> list[Ref | None]:
        """Give what a slot reads."""
        return [None if ref is None else self.resolved(ref) for ref in slot.inputs]

    def _note(self, ref: Ref, place: int) -> None:
        self.uses.setdefault(key_of(ref), []).append(place)
        if isinstance(ref, Phi):
            self.otherwise[key_of(ref)] = ref.otherwise
            if ref.otherwise is not None:
                self._note(ref.otherwise, ref.slot)

    def is_result(self, place: int) -> bool:
        """Whether the class gives what the block or container of a slot gives, several values, no more."""
        slot = self.klass.slots[place]
        count = len(slot.first.outputs)
        given = [key_of(ref) for ref in self.outputs] == [(place, index) for index in range(count)]
        return given and count > 1 and slot.kind == USE and not slot.guards and place == self.end - 1

    def is_idle(self, place: int) -> bool:
        """Whether a slot takes nothing and gives nothing that is read: weights that others are tied to."""
        slot = self.klass.slots[place]
        return not slot.inputs and not any((place, i) in self.uses for i in range(len(slot.first.outputs)))

    def label(self, key: ValueKey) -> str | None:
        """Give the name of a value that goes out beside others; None for a mere number."""
        if len(self.klass.outputs) < 2:
            return None
        names = [name for name, _ in self.klass.first.outputs]
        label = next((n for n, ref in zip(names, self.outputs, strict=True) if key_of(ref) == key), "")
        return None if label.replace(".", "").isdigit() else label or None

    def last_use(self, key: ValueKey) -> int:
        """Give the place of the last slot that reads a value."""
        return max(self.uses.get(key, [INPUT]))

    def readers(self, key: ValueKey) -> list[int]:
        """Give the places of the slots that read a value, each once."""
        return sorted(set(self.uses.get(key, ())))

    def values(self, key: ValueKey) -> list[Value | None]:
        """Give a value in each specialisation."""
        slot, index = key
        if slot == INPUT:
            return [unit.inputs[index] for unit in self.klass.members]
        return [None if item is None else item.outputs[index] for item in self.klass.slots[slot].items]

    def value(self, key: ValueKey) -> Value:
        """Give a value in the first specialisation that has it."""
        return next(value for value in self.values(key) if value is not None)

    def shapes(self, key: ValueKey) -> list[tuple[Dim, ...] | None]:
        """Give the shape of a value in each specialisation."""
        return [None if value is None else value.type.shape for value in self.values(key)]


def regions(slots: tuple[Slot, ...]) -> Iterator[tuple[int, int]]:
    """Give the stretches of slots that stand under one condition; those under none one by one."""
    start = 0
    while start < len(slots):
        stop = start + 1
        while stop < len(slots) and slots[start].guards and slots[stop].guards == slots[start].guards:
            stop += 1
        yield start, stop
        start = stop


def is_heavy(slot: Slot) -> bool:
    """Whether a slot deserves a statement: it multiplies matrices, or runs other layers."""
    if slot.kind != OP:
        return True
    params = slot.node.params
    return any(len(p.shape) > 1 for p in params) if params else not isinstance(slot.node.op, Free)


def words_of(slot: Slot, value: Value) -> list[str]:
    """Give the parts of a value's name that say something; those of the container that makes it."""
    parts = value.name.split(".")
    if slot.kind != OP and len(slot.first.outputs) == 1:
        return list(slot.first.path)
    if slot.kind in (CHAIN, LOOP):
        parts = [part for part in parts if not part.isdigit()]
    return parts


def is_auto_named(slot: Slot, value: Value) -> bool:
    """Whether a value's name was made up from the op's."""
    last = words_of(slot, value)[-1]
    base = last.rstrip("0123456789").rstrip("_")
    return (last.isdigit() and slot.kind == OP) or (slot.kind == OP and slot.node.op.name in (last, base))


def says_what(slot: Slot) -> bool:
    """Whether the name that a spec gives a value tells what it is, rather than which layer made it.

    So it is for formulas, for blocks without weights, and for what is made of no tensor.
    """
    if slot.kind == USE:
        return not slot.first.stateful
    return slot.kind == OP and (slot.node.op.name == "expr" or not (slot.inputs or slot.first.stateful))

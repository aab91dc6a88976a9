"""Local variables of a `forward`: which value each one holds, and what to call the next."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from archc.backends.pytorch.classes import Klass
from archc.backends.pytorch.flow import INPUT, Flow, ValueKey, is_auto_named, key_of, says_what, words_of
from archc.backends.pytorch.names import identifier, local, short_names
from archc.backends.pytorch.slots import Slot
from archc.backends.pytorch.syntax import Name, Py
from archc.backends.pytorch.units import LOOP, Unit
from archc.ir.program import OpNode

RUNNING = ("x", "h")
"""What the value that flows through is called, and another beside it."""


def parameter_names(klass: Klass) -> list[str]:
    """Give the names of the tensors that `forward` takes."""
    unit = klass.first
    taken = {parameter.name for parameter in klass.parameters} if klass.is_function else set()
    if unit.owner is None:
        wanted = [value.name for value in unit.inputs]
    else:
        wanted = _captured_names(unit)
    found: list[str] = []
    for name in wanted:
        found.append(local(name, {*found, *taken}, shadow=True))
    return found


def tensors(klass: Klass) -> list[str]:
    """Give what a signature says of the tensors: `x: Tensor`, `mask: Tensor | None = None`."""
    names, optional, needed = parameter_names(klass), klass.first.optional, needed_inputs(klass)
    found: list[str] = []
    for place, name in enumerate(names):
        default = " = None" if place >= needed else ""
        found.append(f"{name}: Tensor | None{default}" if place in optional else f"{name}: Tensor")
    return found


def needed_inputs(klass: Klass) -> int:
    """Give how many of the inputs a call has to give: those behind may be left out."""
    unit = klass.first
    count = len(unit.inputs)
    more = unit.symbols or (klass.is_function and klass.parameters)
    while count and count - 1 in unit.optional and not more:
        count -= 1
    return count


def _captured_names(unit: Unit) -> list[str]:
    """Call what flows into a container x, or h beside another x; other values after where they come from."""
    wanted = [unit.name_inside(value) for value in unit.inputs]
    last = short_names([value.name for value in unit.inputs])
    wanted = [short if wanted.count(name) > 1 else name for name, short in zip(wanted, last, strict=True)]
    own_inputs = {value.name for value in unit.module.inputs}
    flowing = bool(wanted) and unit.inputs[0].name not in own_inputs
    if flowing:
        wanted[0] = next((name for name in RUNNING if name not in wanted[1:]), wanted[0])
    return wanted


class Variables:
    """The variables in use; a name is free again when nothing reads its value any more."""

    def __init__(self, klass: Klass, flow: Flow, reserved: Collection[str]) -> None:
        self.klass = klass
        self.flow = flow
        self.reserved = set(reserved)
        self.names: dict[ValueKey, str] = {}
        self.parts: dict[ValueKey, Py] = {}
        self.holder: dict[str, ValueKey] = {}
        for position, name in enumerate(parameter_names(klass)):
            self.bind((INPUT, position), name)

    def bind(self, key: ValueKey, name: str) -> None:
        """Let a name hold a value."""
        self.names[key] = name
        self.holder[name] = key

    def tree(self, key: ValueKey) -> Py:
        """Give the expression for a value: the name that holds it, or an item of a list."""
        return self.parts.get(key) or Name(self.names[key])

    def list_name(self, slot: Slot, word: str) -> str:
        """Give a new name for a list of values that a slot makes."""
        names = [part for part in slot.first.path if not part.isdigit()]
        name = base = local(f"{names[-1]}_{word}" if names else word)
        number = 2
        while name in self.reserved or name in self.holder:
            name, number = f"{base}{number}", number + 1
        self.reserved.add(name)
        return name

    def holds(self, key: ValueKey) -> bool:
        """Whether a value's name still holds it."""
        return self.holder.get(self.names.get(key, "")) == key

    def is_free(self, name: str, place: int, kept: Collection[str] = ()) -> bool:
        """Whether a name may take a new value at a slot."""
        if name in self.reserved or name in kept:
            return False
        held = self.holder.get(name)
        return held is None or self.flow.last_use(held) <= place

    def choose(self, key: ValueKey, sources: Collection[str], kept: Collection[str]) -> str:
        """Give the name for a value, made from the variables `sources`; `kept` must stay as they are."""
        place = key[0]
        slot = self.klass.slots[place]
        readers = self.flow.readers(key)
        if not readers:
            return "_"
        auto = is_auto_named(slot, self.flow.value(key))
        if self.flow.label(key) is not None:
            return self.own(key, kept)
        lasting = len(readers) > 1 and not auto
        if not auto and says_what(slot):
            return self.own(key, kept)
        for name in sources:
            flows = auto or len(self.flow.readers(self.holder[name])) < 2
            if not lasting and flows and name in RUNNING and self.is_free(name, place, kept):
                return name
        soon = self._alone(key, readers) or slot.kind == LOOP or self._starts_loop(key, readers)
        if auto or (not lasting and soon):
            free = next((name for name in RUNNING if self.is_free(name, place, kept)), None)
            if free is not None:
                return free
        return self.own(key, kept)

    def _alone(self, key: ValueKey, readers: Sequence[int]) -> bool:
        """Whether the next slot reads the value, and nothing else that has a name of its own."""
        if readers[0] > key[0] + 1:
            return False
        if readers[0] >= len(self.klass.slots):
            return True
        others = {
            key_of(ref) for ref in self.flow.inputs(self.klass.slots[readers[0]]) if ref is not None
        } - {key}
        return all(slot == INPUT for slot, _ in others)

    def _starts_loop(self, key: ValueKey, readers: Sequence[int]) -> bool:
        """Whether all that reads the value is a loop, which carries it on."""
        slot = self.klass.slots[readers[0]] if readers[0] < len(self.klass.slots) else None
        if slot is None or len(readers) > 1 or slot.kind != LOOP:
            return False
        taken = [None if ref is None else key_of(ref) for ref in self.flow.inputs(slot)]
        return slot.first.carried[taken.index(key)] is not None

    def own(self, key: ValueKey, kept: Collection[str] = ()) -> str:
        """Give a value the name of its layer, made longer or numbered where that is taken."""
        place = key[0]
        label = self.flow.label(key)
        parts = label.split(".") if label else words_of(self.klass.slots[place], self.flow.value(key))
        if not label and parts[-1].isdigit() and len(parts) > 1:
            parts = [*parts[:-2], "_".join(parts[-2:])]
        for length in range(1, len(parts) + 1):
            tail = parts[-length:]
            if not tail[0].isdigit():
                name = local(identifier(".".join(tail)))
                if self.is_free(name, place, kept):
                    return name
        base = local(identifier(".".join(parts if not parts[0].isdigit() else [self._maker(place), *parts])))
        if self.is_free(base, place, kept):
            return base
        number = 2
        while not self.is_free(f"{base}_{number}", place, kept):
            number += 1
        return f"{base}_{number}"

    def _maker(self, place: int) -> str:
        """Give the word for what makes a value whose name is a number: its block's or op's."""
        item = self.klass.slots[place].first
        if item.unit is not None:
            return item.unit.name
        return item.node.op.name if isinstance(item.node, OpNode) else "part"

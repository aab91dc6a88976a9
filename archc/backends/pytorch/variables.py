"""Local variables of a `forward`: which value each one holds, and what to call the next."""

from __future__ import annotations

from collections.abc import Collection

from archc.backends.pytorch.classes import Klass
from archc.backends.pytorch.flow import INPUT, Flow, ValueKey, is_auto_named, words_of
from archc.backends.pytorch.names import identifier, local
from archc.backends.pytorch.outline import LOOP

RUNNING = ("x", "h")
"""What the value that flows through is called, and another beside it."""


def parameter_names(klass: Klass) -> list[str]:
    """Give the names of the tensors that `forward` takes."""
    found: list[str] = []
    values = klass.first.inputs
    captured = len(klass.first.family) > 2
    arguments = {parameter.name for parameter in klass.parameters} if klass.is_function else set()
    for value in values:
        last = value.name.rpartition(".")[2] if captured else value.name
        plain = captured and (len(values) == 1 or last.isdigit() or len({u.name for u in klass.members}) > 1)
        wanted = "x" if plain and "x" not in found else last
        name = local(wanted if not wanted.isdigit() else value.name, {*found, *arguments}, shadow=True)
        found.append(name)
    return found


class Variables:
    """The variables in use; a name is free again when nothing reads its value any more."""

    def __init__(self, klass: Klass, flow: Flow, reserved: Collection[str]) -> None:
        self.klass = klass
        self.flow = flow
        self.reserved = set(reserved)
        self.names: dict[ValueKey, str] = {}
        self.holder: dict[str, ValueKey] = {}
        for position, name in enumerate(parameter_names(klass)):
            self.bind((INPUT, position), name)

    def bind(self, key: ValueKey, name: str) -> None:
        """Let a name hold a value."""
        self.names[key] = name
        self.holder[name] = key

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
        following = [n for n in sources if n in RUNNING and self.is_free(n, place, kept)]
        if not lasting and following:
            return following[0]
        soon = readers[0] <= place + 1 or slot.kind == LOOP
        if auto or (not lasting and soon):
            free = next((name for name in RUNNING if self.is_free(name, place, kept)), None)
            if free is not None:
                return free
        return self.own(key, kept)

    def own(self, key: ValueKey, kept: Collection[str] = ()) -> str:
        """Give a value the name of its layer, made longer or numbered where that is taken."""
        place = key[0]
        label = self.flow.label(key)
        parts = label.split(".") if label else words_of(self.klass.slots[place], self.flow.value(key))
        for length in range(1, len(parts) + 1):
            tail = parts[-length:]
            if not tail[0].isdigit():
                name = local(identifier(".".join(tail)))
                if self.is_free(name, place, kept):
                    return name
        base = local(identifier(".".join(parts)))
        number = 2
        while not self.is_free(f"{base}_{number}", place, kept):
            number += 1
        return f"{base}_{number}"

"""What names stand for while a body is elaborated."""

from __future__ import annotations

from collections.abc import Iterator

from archc.ir.program import Value
from archc.source import Span


class Binding:
    """What a name stands for: a value, a list of values, nothing, or something broken.

    `members` are what a further part of a dotted name selects: outputs, the inner names of a
    container, the turns of a loop. A broken binding silences whatever depends on it. One that `passes`
    is what a dropped layer would have taken: it stands in the layer's place, but is no output of its own.
    `lacks` is the name of the value that is not there, where the name stands for nothing.
    """

    __slots__ = ("broken", "items", "lacks", "members", "passes", "value")

    def __init__(
        self,
        value: Value | None = None,
        items: tuple[Binding, ...] | None = None,
        members: dict[str, Binding] | None = None,
        broken: bool = False,
        passes: bool = False,
        lacks: str = "",
    ) -> None:
        self.value = value
        self.items = items
        self.members = members if members is not None else {}
        self.broken = broken
        self.passes = passes
        self.lacks = lacks

    @property
    def absent(self) -> bool:
        """Whether the name stands for nothing: a dropped layer with `else: none`."""
        return self.value is None and self.items is None and not self.broken

    def select(self, parts: tuple[str, ...]) -> Binding | None:
        """Follow the further parts of a dotted name; None where there is no such member."""
        if not parts:
            return self
        if self.broken and parts[0] not in self.members:
            return self
        if parts[0] == "*":
            turns = [m for name, m in self.members.items() if name.isdigit()]
            found = [turn.select(parts[1:]) for turn in turns]
            present = tuple(turn for turn in found if turn is not None)
            return Binding(items=present) if turns and len(present) == len(turns) else None
        member = self.members.get(parts[0])
        return member.select(parts[1:]) if member is not None else None

    def of_dropped(self, passes: bool) -> Binding:
        """Give this as what the name of a dropped layer stands for."""
        if not passes:
            return self
        return Binding(self.value, self.items, self.members, self.broken, passes=True, lacks=self.lacks)

    def flat(self) -> Iterator[Binding]:
        """Give the bindings of a list one by one, or this one."""
        if self.items is None:
            yield self
        else:
            for item in self.items:
                yield from item.flat()


BROKEN = Binding(broken=True)
ABSENT = Binding()


class AmbiguousInput(Binding):
    """The value before the first item of a body with several inputs: reading it needs `from`."""

    __slots__ = ("names",)

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(broken=True)
        self.names = names


class Names:
    """The values that one list of layers defines, inside those of the lists around it.

    `path` is the path of the list inside its module. `counter` numbers the items of a `sequential`;
    None elsewhere.
    """

    def __init__(self, path: str = "", parent: Names | None = None, numbered: bool = False) -> None:
        self.path = path
        self.parent = parent
        self.counter: int | None = 0 if numbered else None
        self.bindings: dict[str, Binding] = {}
        self.places: dict[str, Span] = {}
        self.replaceable: set[str] = set()
        self.automatic: set[str] = set()

    def full(self, name: str) -> str:
        """Give the path of a name inside the module; `.` is the list's own."""
        if name == ".":
            return self.path
        return f"{self.path}.{name}" if self.path else name

    def position(self) -> str:
        """Take the next position of a `sequential`."""
        assert self.counter is not None
        self.counter += 1
        return str(self.counter - 1)

    def unused_name(self, word: str) -> str:
        """Give the word, or the word with the first number that is free."""
        name, number = word, 0
        while name in self.places or name in self.bindings:
            number += 1
            name = f"{word}_{number}"
        return name

    def define(self, name: str, binding: Binding, span: Span, replaceable: bool = False) -> Span | None:
        """Bind a dotted name. Where it is taken already, give the place of the other one.

        A name that stands in for a dropped layer is replaced by a layer that is there (twins).
        """
        other = self.taken(name)
        if other is not None:
            return None if replaceable else other
        self.places[name] = span
        self.replaceable.discard(name)
        if replaceable:
            self.replaceable.add(name)
        self._insert(name, binding)
        return None

    def spoil(self, name: str, span: Span, present: bool) -> None:
        """Let a name stand for something broken; `present` where its layer is there for certain."""
        if present:
            self.replaceable.discard(name)
        elif name not in self.places:
            self.replaceable.add(name)
        self.places.setdefault(name, span)
        self._insert(name, BROKEN)

    def taken(self, name: str) -> Span | None:
        """Give the place of the layer that has this name for good, if there is one."""
        return None if name in self.replaceable else self.places.get(name)

    def _insert(self, name: str, binding: Binding) -> None:
        first, *rest = name.split(".")
        if not rest:
            known = self.bindings.get(first)
            members = {**(known.members if known is not None else {}), **binding.members}
            self.bindings[first] = Binding(
                binding.value, binding.items, members, binding.broken, binding.passes, binding.lacks
            )
            return
        holder = self.bindings.setdefault(first, Binding())
        for part in rest[:-1]:
            holder = holder.members.setdefault(part, Binding())
        holder.members[rest[-1]] = binding

    def find(self, name: str) -> Binding | None:
        """Look a dotted name up here, then in the lists around."""
        first, *rest = name.split(".")
        scope: Names | None = self
        while scope is not None:
            binding = scope.bindings.get(first)
            found = binding.select(tuple(rest)) if binding is not None else None
            if found is not None:
                return found
            scope = scope.parent
        return None

    def visible(self) -> list[str]:
        """Give the names that may be referred to here, for hints."""
        result: list[str] = []
        scope: Names | None = self
        while scope is not None:
            result.extend(_dotted(scope.bindings))
            scope = scope.parent
        return result


def _dotted(bindings: dict[str, Binding], prefix: str = "", depth: int = 3) -> list[str]:
    result = []
    for name, binding in bindings.items():
        result.append(prefix + name)
        if depth:
            result.extend(_dotted(binding.members, f"{prefix}{name}.", depth - 1))
    return result

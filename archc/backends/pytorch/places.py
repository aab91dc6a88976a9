"""The tree that the dotted names of a module's nodes make."""

from __future__ import annotations

import re
from functools import cached_property

from archc.ir.program import Module, Scope

_COUNTED = re.compile(r"(.*?)(\d+)")


class Place:
    """A container or a leaf: its path inside the module, and the nodes at and below it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.children: dict[str, Place] = {}
        self.indices: list[int] = []
        self.scope: Scope | None = None

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2]

    @property
    def kind(self) -> str:
        """What the container was written as; empty for one that only dotted names make."""
        return self.scope.kind if self.scope is not None else ""

    @cached_property
    def own(self) -> frozenset[int]:
        """The nodes at and below the place."""
        return frozenset(self.indices)

    @property
    def contiguous(self) -> bool:
        """Whether nothing else runs between the nodes."""
        return self.indices[-1] - self.indices[0] + 1 == len(self.indices)

    @property
    def is_plain_count(self) -> bool:
        """Whether the children are called 0, 1, 2 and so on."""
        return list(self.children) == [str(number) for number in range(len(self.children))]

    @property
    def is_counted(self) -> bool:
        """Whether the children's names are one word with a number that counts up by one."""
        return self.is_plain_count or counted(list(self.children)) is not None

    def part(self, name: str) -> tuple[str, ...]:
        """Give a node's path from here."""
        return tuple((name[len(self.path) + 1 :] if self.path else name).split("."))

    def child_of(self, name: str) -> Place:
        """Give the child that a node belongs to."""
        return self.children[self.part(name)[0]]


def counted(names: list[str]) -> tuple[str, int] | None:
    """Give the word and the first number of names that count: `layer_0`, `layer_1`."""
    found = [_COUNTED.fullmatch(name) for name in names]
    if len(names) < 2 or not all(found):
        return None
    words = {match.group(1) for match in found if match}
    numbers = [int(match.group(2)) for match in found if match]
    if len(words) > 1 or numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        return None
    word = words.pop()
    return (word, numbers[0]) if names[0] == f"{word}{numbers[0]}" else None


def place_tree(module: Module) -> Place:
    """Give the root of the tree of a module's names."""
    root = Place("")
    for index, node in enumerate(module.nodes):
        place = root
        place.indices.append(index)
        for part in node.name.split("."):
            path = f"{place.path}.{part}" if place.path else part
            place = place.children.setdefault(part, Place(path))
            place.indices.append(index)
    for scope in module.scopes:
        found: Place | None = root
        for part in scope.name.split("."):
            found = found.children.get(part) if found is not None else None
        if found is not None and found.children:
            found.scope = scope
    return root

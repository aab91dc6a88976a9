"""Layers that are applied again: which attribute they call, and which containers that takes apart."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Protocol

from archc.backends.pytorch.places import Place
from archc.backends.pytorch.units import OPEN
from archc.ir.program import CallNode, Module, OpNode

Edge = tuple[str, str]
"""What is applied again, and what owns the weights: paths inside a module."""


class Kinds(Protocol):
    """Says what a container becomes."""

    kinds: dict[str, str]

    def kind(self, place: Place) -> str:
        """Say what a container becomes."""
        ...


class Again:
    """What is applied again in one module.

    A container of which another is a copy is called as a whole where both are modules of one kind; the
    copies in `apart` are not, and neither is one whose layers are shared across its edge.
    """

    def __init__(self, module: Module, apart: set[str]) -> None:
        self.apart = apart
        self.pairs = {scope.name: scope.shares for scope in module.scopes if scope.shares}
        self.shared = [
            (node.name, node.shares)
            for node in module.nodes
            if isinstance(node, OpNode | CallNode) and node.shares
        ]
        self._nodes = {name for name, _ in self.shared}
        self.edges: set[Edge] = set()
        self._base = ""
        self._copies: list[Edge] = []

    def settle(self, root: Place, body: Kinds) -> None:
        """Find what is called as a whole: takes copies apart until every call is of what is there."""
        self._find_edges()
        while self.shared:
            body.kinds.clear()
            wrong = {
                copy
                for copy, owner in self.edges
                if copy in self.pairs and copy not in self._nodes and not self._alike(root, copy, owner, body)
            }
            if not wrong:
                return
            self.apart |= wrong
            self._find_edges()

    def _alike(self, root: Place, copy: str, owner: str, body: Kinds) -> bool:
        places = [_place(root, path) for path in (copy, owner)]
        kinds = {OPEN if place is None else body.kind(place) for place in places}
        return len(kinds) == 1 and OPEN not in kinds

    def _find_edges(self) -> None:
        self.edges = {edge for name, owner in self.shared for edge in self._between(name, owner)}

    def _between(self, name: str, owner: str) -> Iterator[Edge]:
        """Say which calls let a layer have its owner's weights: of copies around it, then of itself."""
        copies: list[Edge] = []
        parts = name.split(".")
        for length in range(1, len(parts)):
            copy = ".".join(parts[:length])
            source = _translated(self.pairs.get(copy, ""), copies)
            if source in ("", copy) or copy in self.apart or not owner.startswith(f"{source}."):
                continue
            yield copy, source
            copies.append((copy, source))
            owner = _translated(owner, copies[-1:])
        if owner != name:
            yield name, owner

    def crosses(self, place: Place) -> bool:
        """Whether something inside a container shares weights with something outside of it."""
        start = f"{place.path}."
        return any(copy.startswith(start) != owner.startswith(start) for copy, owner in self.edges)

    def owner(self, place: Place) -> str:
        """Give the path of the container that a place calls again as a whole; empty where it does not."""
        source = _translated(self.pairs.get(place.path, ""), self._copies)
        return source if (place.path, source) in self.edges else ""

    def called(self, name: str, shares: str) -> str:
        """Give the path of the layer that one calls again; empty for a part of what is called as a whole."""
        owner = _translated(shares, self._copies)
        return owner if owner != name else ""

    @property
    def is_outside(self) -> bool:
        """Whether what is looked at now is not part of a copy that is called as a whole."""
        return not self._copies

    @contextlib.contextmanager
    def inside(self, copy: str, source: str) -> Iterator[None]:
        """Look at a copy: it is written as what it is a copy of."""
        self._copies.append((copy, source))
        yield
        self._copies.pop()

    @contextlib.contextmanager
    def based(self, path: str) -> Iterator[None]:
        """Look at a container that is a class of its own."""
        before, self._base = self._base, f"{path}."
        yield
        self._base = before

    def below(self, path: str) -> tuple[str, ...]:
        """Give a path from the class that is looked at."""
        return tuple(path.removeprefix(self._base).split("."))


def _place(root: Place, path: str) -> Place | None:
    found: Place | None = root
    for part in path.split("."):
        found = found.children.get(part) if found is not None else None
    return found if found is not None and found.children else None


def _translated(path: str, copies: list[Edge]) -> str:
    """Give the path inside a copy that stands for one inside of what it is a copy of."""
    for copy, source in copies:
        if path == source or path.startswith(f"{source}."):
            path = copy + path[len(source) :]
    return path

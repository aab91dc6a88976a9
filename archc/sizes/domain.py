"""Sizes counted from zero: the k-th size that the facts allow a symbol."""

from __future__ import annotations

import math
from collections.abc import Iterable

from archc.sizes.evaluate import atoms_of, replace_atoms
from archc.sizes.expr import Atom, Dim, Symbol, from_atom, symbol_atom
from archc.sizes.facts import Facts, SizeFact
from archc.source import Record


class Domain(Record):
    """The sizes `first + step*k` of a symbol, for k from 0 to `last` or without end; none if `last` is -1."""

    name: str
    first: int
    step: int
    last: int | None

    @property
    def atom(self) -> Symbol:
        """The symbol that stands for k."""
        return symbol_atom(self.name)

    @property
    def empty(self) -> bool:
        """Whether there is no such size."""
        return self.last is not None and self.last < 0

    def size(self, k: int) -> int:
        """Give the k-th size."""
        return self.first + self.step * k

    def count(self, size: int) -> int | None:
        """Give the k of a size, if it is one of them."""
        k, misfit = divmod(size - self.first, self.step)
        return None if misfit or k < 0 or (self.last is not None and k > self.last) else k


def domains_of(dims: Iterable[Dim], facts: Facts) -> dict[str, Domain]:
    """Give the sizes that each symbol of some sizes may have, by name in a stable order."""
    found: dict[str, SizeFact] = {}
    for atom in {atom: None for dim in dims for atom in atoms_of(dim)}:
        if isinstance(atom, Symbol):
            fact = found.get(atom.name) or facts.get(atom.name)
            found[atom.name] = _narrowed(fact, atom.multiple, atom.remainder)
    return {name: domain_of(name, found[name]) for name in sorted(found)}


def domain_of(name: str, fact: SizeFact) -> Domain:
    """Give the sizes that a fact allows a symbol."""
    last = None if fact.max is None else max((fact.max - fact.smallest) // fact.multiple, -1)
    return Domain(name, fact.smallest, fact.multiple, last)


def _narrowed(fact: SizeFact, multiple: int, remainder: int) -> SizeFact:
    """Ask for a further remainder: sizes that satisfy both have one remainder, or there are none."""
    if multiple == 1:
        return fact
    common = math.lcm(fact.multiple, multiple)
    for size in range(fact.remainder, fact.remainder + common, fact.multiple):
        if (size - remainder) % multiple == 0:
            return fact.replace(multiple=common, remainder=size % common)
    return fact.replace(max=fact.min - 1)


def counted(dim: Dim, domains: dict[str, Domain]) -> Dim:
    """Rewrite a size so that each symbol is the number k of its size."""

    def value(atom: Atom) -> Dim | None:
        if not isinstance(atom, Symbol):
            return None
        domain = domains[atom.name]
        first = (domain.first - atom.remainder) // atom.multiple
        if domain.last == 0:
            return first
        return from_atom(domain.atom) * (domain.step // atom.multiple) + first

    return replace_atoms(dim, value)

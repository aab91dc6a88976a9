"""Integers that may hold symbols, in canonical form: a sum of products of atoms with integer coefficients.

An atom is a symbol, a floor division, a maximum or a minimum. Atoms are interned: equal atoms are one
object, so expressions compare and hash quickly however deep they are.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import TypeAlias
from weakref import WeakValueDictionary

MAX_TERMS = 512
MAX_WEIGHT = 500
MAX_DEPTH = 64


class SizeTooLarge(ValueError):  # noqa: N818 - it names the limit that was passed
    """A size whose written form has more terms, or deeper divisions, than any network needs."""


class Atom:
    """What a product is made of; `serial` orders the atoms of one product.

    `depth` counts atoms in atoms, `weight` how many atoms stand in it when it is written out.
    """

    __slots__ = ("__weakref__", "depth", "serial", "weight")
    serial: int
    depth: int
    weight: int


class Symbol(Atom):
    """A number `h` such that the size called `name` is `multiple * h + remainder`."""

    __slots__ = ("multiple", "name", "remainder")
    name: str
    multiple: int
    remainder: int


class FloorDiv(Atom):
    """`num // den`, rounded towards minus infinity as in Python."""

    __slots__ = ("den", "num")
    num: Dim
    den: Dim


class Max(Atom):
    """The largest of `args`."""

    __slots__ = ("args",)
    args: tuple[Dim, ...]


class Min(Atom):
    """The smallest of `args`."""

    __slots__ = ("args",)
    args: tuple[Dim, ...]


Monomial: TypeAlias = tuple[Atom, ...]

_atoms: WeakValueDictionary[tuple[object, ...], Atom] = WeakValueDictionary()
_serials = itertools.count()


def _serial(atom: Atom) -> int:
    return atom.serial


def _keep(key: tuple[object, ...], atom: Atom, parts: Iterable[Dim]) -> None:
    """Make an atom the one that its key stands for."""
    inner = [a for part in parts if isinstance(part, Expr) for mono in part.terms for a in mono]
    atom.depth = 1 + max((a.depth for a in inner), default=0)
    atom.weight = 1 + sum(a.weight for a in inner)
    if atom.depth > MAX_DEPTH or atom.weight > MAX_WEIGHT:
        raise SizeTooLarge("a size with too many divisions inside each other")
    atom.serial = next(_serials)
    _atoms[key] = atom


def symbol_atom(name: str, multiple: int = 1, remainder: int = 0) -> Symbol:
    """Give the atom of a symbol."""
    key = (Symbol, name, multiple, remainder)
    atom = _atoms.get(key)
    if not isinstance(atom, Symbol):
        atom = Symbol()
        atom.name, atom.multiple, atom.remainder = name, multiple, remainder
        _keep(key, atom, ())
    return atom


def floor_atom(num: Dim, den: Dim) -> FloorDiv:
    """Give the atom of a floor division that cannot be simplified."""
    key = (FloorDiv, num, den)
    atom = _atoms.get(key)
    if not isinstance(atom, FloorDiv):
        atom = FloorDiv()
        atom.num, atom.den = num, den
        _keep(key, atom, (num, den))
    return atom


def extreme_atom(kind: type[Max] | type[Min], args: Iterable[Dim]) -> Max | Min:
    """Give the atom of a maximum or minimum over distinct arguments."""
    arguments = tuple(args)
    key = (kind, frozenset(arguments))
    atom = _atoms.get(key)
    if not isinstance(atom, Max | Min):
        atom = kind()
        atom.args = arguments
        _keep(key, atom, arguments)
    return atom


class Expr:
    """An integer expression with at least one symbol. Constants are plain integers, never an `Expr`."""

    __slots__ = ("_hash", "terms")
    terms: Mapping[Monomial, int]
    _hash: int | None

    def __init__(self, terms: Mapping[Monomial, int]) -> None:
        self.terms = terms
        self._hash = None

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Expr):
            return NotImplemented
        return self.terms == other.terms

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset(self.terms.items()))
        return self._hash

    def __add__(self, other: Dim) -> Dim:
        if isinstance(other, int):
            return plus(self.terms, {(): other}) if other else self
        return plus(self.terms, other.terms) if isinstance(other, Expr) else NotImplemented

    __radd__ = __add__

    def __neg__(self) -> Expr:
        return Expr({mono: -c for mono, c in self.terms.items()})

    def __sub__(self, other: Dim) -> Dim:
        return self + -other if isinstance(other, int | Expr) else NotImplemented

    def __rsub__(self, other: Dim) -> Dim:
        return -self + other

    def __mul__(self, other: Dim) -> Dim:
        if isinstance(other, int):
            return Expr({mono: other * c for mono, c in self.terms.items()}) if other else 0
        return times(self.terms, other.terms) if isinstance(other, Expr) else NotImplemented

    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> Dim:
        if not isinstance(exponent, int) or exponent < 0:
            return NotImplemented
        result: Dim = 1
        for _ in range(exponent):
            result = result * self
        return result

    def __floordiv__(self, other: Dim) -> Dim:
        from archc.sizes.divide import floor_div

        return floor_div(self, other) if isinstance(other, int | Expr) else NotImplemented

    def __rfloordiv__(self, other: Dim) -> Dim:
        from archc.sizes.divide import floor_div

        return floor_div(other, self) if isinstance(other, int | Expr) else NotImplemented

    def __mod__(self, other: Dim) -> Dim:
        from archc.sizes.divide import mod

        return mod(self, other) if isinstance(other, int | Expr) else NotImplemented

    def __rmod__(self, other: Dim) -> Dim:
        from archc.sizes.divide import mod

        return mod(other, self) if isinstance(other, int | Expr) else NotImplemented

    def __str__(self) -> str:
        from archc.sizes.text import text

        return text(self)

    def __repr__(self) -> str:
        return f"<{self}>"

    def __bool__(self) -> bool:
        raise TypeError(f"whether `{self}` is zero depends on its symbols")

    def __copy__(self) -> Expr:
        return self

    def __deepcopy__(self, memo: object) -> Expr:
        return self


Dim: TypeAlias = int | Expr


def terms_of(dim: Dim) -> Mapping[Monomial, int]:
    """Give the terms of a size; those of a constant too."""
    if isinstance(dim, Expr):
        return dim.terms
    return {(): dim} if dim else {}


def from_terms(terms: Mapping[Monomial, int]) -> Dim:
    """Give the size that is the sum of terms, none of them zero."""
    if not terms:
        return 0
    if len(terms) == 1 and () in terms:
        return terms[()]
    if len(terms) > 8 * MAX_TERMS:
        raise SizeTooLarge("a sum of too many terms")
    return Expr(terms)


def from_atom(atom: Atom) -> Expr:
    """Give the size that is one atom."""
    return Expr({(atom,): 1})


def constant_of(dim: Dim) -> int:
    """Give the constant term."""
    return dim.terms.get((), 0) if isinstance(dim, Expr) else dim


def plus(a: Mapping[Monomial, int], b: Mapping[Monomial, int]) -> Dim:
    """Add two sums of terms."""
    result = dict(a)
    for mono, c in b.items():
        total = result.get(mono, 0) + c
        if total:
            result[mono] = total
        else:
            del result[mono]
    return from_terms(result)


def times(a: Mapping[Monomial, int], b: Mapping[Monomial, int]) -> Dim:
    """Multiply two sums of terms."""
    if len(a) * len(b) > 16 * MAX_TERMS:
        raise SizeTooLarge("a product of too many terms")
    result: dict[Monomial, int] = {}
    for left, c in a.items():
        for right, d in b.items():
            mono = tuple(sorted(left + right, key=_serial)) if left and right else left or right
            result[mono] = result.get(mono, 0) + c * d
    if len(result) > MAX_TERMS:
        raise SizeTooLarge("a product of too many terms")
    return from_terms({mono: c for mono, c in result.items() if c})


def symbol(name: str, multiple: int = 1, remainder: int = 0) -> Dim:
    """Give the size `name`, which is known to leave `remainder` when divided by `multiple`."""
    if multiple < 1:
        raise ValueError(f"the multiple of a size is at least 1, not {multiple}")
    remainder %= multiple
    return from_atom(symbol_atom(name, multiple, remainder)) * multiple + remainder

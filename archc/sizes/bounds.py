"""A bound of a size from below, by the exact identity `x//m = (x - r)/m` with `0 <= r < m`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeAlias

from archc.sizes.expr import (
    Atom,
    Dim,
    Expr,
    FloorDiv,
    Monomial,
    Symbol,
    constant_of,
    from_atom,
    symbol_atom,
    terms_of,
)

Limits: TypeAlias = Mapping[Symbol, int | None]
"""The largest number that each symbol may be, None or missing without end; the smallest is 0."""

Ratio: TypeAlias = tuple[Dim, int]

_MOST_TERMS = 400


class NoBound(Exception):  # noqa: N818 - an answer, not a fault
    """A size that the identity does not help with."""


def lower_bound(dim: Dim, limits: Limits) -> int | None:
    """Give a number that a size is never below, when its symbols are from 0 to their limits."""
    if isinstance(dim, int):
        return dim
    relaxation = _Relaxation(limits)
    try:
        num, den = relaxation.ratio(dim)
    except NoBound:
        return None
    least = _least(num, relaxation.limits)
    return None if least is None else -(-least // den)


def never_negative(dim: Dim, limits: Limits) -> bool:
    """Say whether a size is surely at least 0."""
    least = lower_bound(dim, limits)
    return least is not None and least >= 0


class _Relaxation:
    """Rewrites divisions as ratios; each brings a new symbol for its remainder, or for itself."""

    def __init__(self, limits: Limits) -> None:
        self.limits: dict[Symbol, int | None] = dict(limits)
        self.known: dict[Atom, Ratio] = {}

    def ratio(self, dim: Dim) -> Ratio:
        num: Dim = 0
        den = 1
        for mono, c in terms_of(dim).items():
            term, scale = self._product(mono)
            common = math.lcm(den, scale)
            num, den = num * (common // den) + term * (c * (common // scale)), common
            if len(terms_of(num)) > _MOST_TERMS:
                raise NoBound
        return num, den

    def _product(self, mono: Monomial) -> Ratio:
        num: Dim = 1
        den = 1
        for atom in mono:
            if atom not in self.known:
                self.known[atom] = self._atom(atom)
            top, bottom = self.known[atom]
            num, den = num * top, den * bottom
        return num, den

    def _atom(self, atom: Atom) -> Ratio:
        if isinstance(atom, Symbol):
            return from_atom(atom), 1
        if not isinstance(atom, FloorDiv):
            raise NoBound
        if isinstance(atom.den, int):
            num, den = self.ratio(atom.num)
            return num - den * from_atom(self._new(atom.den - 1)), den * atom.den
        if never_negative(atom.num, self.limits) and never_negative(atom.den - 1, self.limits):
            return from_atom(self._new(None)), 1
        raise NoBound

    def _new(self, limit: int | None) -> Symbol:
        symbol = symbol_atom(f"%{len(self.limits)}")  # no name that a person can write
        self.limits[symbol] = limit
        return symbol


def _least(num: Dim, limits: Limits) -> int | None:
    """Give the least value of a polynomial, where each product without a limit has a coefficient from 0."""
    unlimited: dict[Monomial, int] = {}
    for mono, c in terms_of(num).items():
        ends = [limits.get(atom) for atom in mono if isinstance(atom, Symbol)]
        free = tuple(atom for atom, end in zip(mono, ends, strict=True) if end is None)
        if c < 0:
            c *= math.prod(end for end in ends if end is not None)
        elif len(free) < len(mono):
            c = 0
        unlimited[free] = unlimited.get(free, 0) + c
    constant = unlimited.pop((), 0)
    return constant if all(c >= 0 for c in unlimited.values()) else None


def without_floor(dim: Dim) -> Dim:
    """Give a size that is at least 0 just where this one is: `x//m >= b` is `x >= m*b`."""
    while isinstance(dim, Expr):
        constant = constant_of(dim)
        moving = [(mono, c) for mono, c in dim.terms.items() if mono]
        [mono, c] = moving[0]
        atom = mono[0]
        if (
            len(moving) > 1
            or len(mono) > 1
            or not isinstance(atom, FloorDiv)
            or not isinstance(atom.den, int)
        ):
            break
        dim = (
            atom.num + atom.den * (constant // c) if c > 0 else atom.den * (constant // -c + 1) - 1 - atom.num
        )
    return dim


def leading(dim: Dim) -> tuple[int, int, int] | None:
    """Give the degree of a size in its symbols, and its leading coefficient there as a ratio."""
    relaxation = _Relaxation({})
    try:
        num, den = relaxation.ratio(dim)
    except NoBound:
        return None
    terms = [(len(mono), c) for mono, c in terms_of(num).items() if relaxation.limits.keys().isdisjoint(mono)]
    degree = max(terms, default=(0, 0))[0]
    coefficients = [c for length, c in terms if length == degree]
    return (degree, coefficients[0], den) if len(coefficients) == 1 else None

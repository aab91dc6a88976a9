"""Other forms of a size, equal in value, that read better than the canonical one."""

from __future__ import annotations

import math
from typing import TypeAlias

from archc.sizes.divide import common_factor, mod, without
from archc.sizes.expr import (
    Atom,
    Dim,
    Expr,
    FloorDiv,
    Monomial,
    Symbol,
    constant_of,
    floor_atom,
    from_atom,
    from_terms,
    symbol_atom,
    terms_of,
)

Named: TypeAlias = tuple[Dim, int, bool]
"""A size over the symbols themselves, the number that divides it, and whether it divides each term."""


class Remainder(Atom):
    """`num % den`; it exists only while a size is being written."""

    __slots__ = ("den", "num")
    num: Dim
    den: Dim

    def __init__(self, num: Dim, den: Dim) -> None:
        self.serial = self.depth = self.weight = 0
        self.num = num
        self.den = den


def with_remainders(dim: Dim) -> Dim:
    """Replace `x - m*(x//m)` by `x % m`."""
    whole = remainder_of(dim)
    if whole is not None:
        return from_atom(Remainder(*whole))
    for atom in _divisions(dim):
        dim = _remainder_apart(dim, atom)
    return dim


def remainder_of(dim: Dim) -> tuple[Dim, Dim] | None:
    """Give x and m if a size is `x % m`."""
    return next((found for atom in _divisions(dim) if (found := _as_remainder(dim, atom)) is not None), None)


def _divisions(dim: Dim) -> list[FloorDiv]:
    return [atom for mono in terms_of(dim) for atom in mono if isinstance(atom, FloorDiv)]


def _as_remainder(dim: Dim, atom: FloorDiv) -> tuple[Dim, Dim] | None:
    own = {mono: c for mono, c in terms_of(dim).items() if atom in mono}
    m = -from_terms({without(mono, (atom,)) or (): c for mono, c in own.items()})
    x = dim - from_terms(own)
    if not (m > 1 if isinstance(m, int) else m == atom.den) or mod(x, m) != dim:
        return None
    return x, m


def _remainder_apart(dim: Dim, atom: FloorDiv) -> Dim:
    c = terms_of(dim).get((atom,), 0)
    if not isinstance(atom.den, int) or c == 0 or c % atom.den:
        return dim
    k = -c // atom.den
    rest = dim - k * (atom.num - atom.den * from_atom(atom))
    if any(mono in terms_of(rest) for mono in terms_of(atom.num) if mono):
        return dim
    return rest + k * from_atom(Remainder(atom.num, atom.den))


def named(dim: Dim) -> Named:
    """Write `h` of a symbol H that is `m*h + r` as `(H - r)/m`."""
    symbols = {a for mono in terms_of(dim) for a in mono if isinstance(a, Symbol) and a.multiple > 1}
    if not symbols:
        return dim, 1, True
    scales = {mono: math.prod(a.multiple for a in mono if isinstance(a, Symbol)) for mono in terms_of(dim)}
    den = math.lcm(*scales.values())
    num: Dim = 0
    for mono, c in terms_of(dim).items():
        term: Dim = c * (den // scales[mono])
        for atom in mono:
            term = term * _plain(atom)
        num = num + term
    g = math.gcd(den, *terms_of(num).values())
    exact = all(atom.remainder == 0 for atom in symbols)
    return from_terms({mono: c // g for mono, c in terms_of(num).items()}), den // g, exact


def _plain(atom: Atom) -> Dim:
    if not isinstance(atom, Symbol):
        return from_atom(atom)
    return from_atom(symbol_atom(atom.name)) - atom.remainder


def folded(dim: Dim) -> Dim:
    """Give each division standing alone a numerator with a constant at most zero: `(H - 1)//2 + 1`."""
    for mono, c in list(terms_of(dim).items()):
        if len(mono) == 1 and isinstance(atom := mono[0], FloorDiv) and isinstance(atom.den, int):
            num, scale, _ = named(atom.num)
            den = atom.den * scale
            rest = dim - c * from_atom(atom)
            taken = _taken(num, den, rest) if c == 1 else 0
            num, rest = num + den * taken, rest - taken
            shift = -(-constant_of(num) // den)
            dim = rest + c * from_atom(floor_atom(num - den * shift, den)) + c * shift
    return dim


def _taken(num: Dim, den: int, rest: Dim) -> Dim:
    """Give the subtracted terms of `rest` that belong into the numerator, as W in `(H - W)//2`."""
    return (
        from_terms(
            {
                mono: c
                for mono, c in terms_of(rest).items()
                if mono and c < 0 and terms_of(num).get(mono, 0) > 0
            }
        )
        if den > 1
        else 0
    )


def factors(dim: Dim) -> list[Dim]:
    """Split a size into factors: common atoms, then sums in one atom."""
    if not isinstance(dim, Expr) or len(dim.terms) < 2:
        return [dim]
    common = common_factor(dim.terms)
    rest = from_terms({without(mono, common) or (): c for mono, c in dim.terms.items()})
    found: list[Dim] = [from_atom(atom) for atom in common]
    while (split := _linear_factor(rest)) is not None:
        found.append(split[0])
        rest = split[1]
    return [*found, rest]


def _linear_factor(dim: Dim) -> tuple[Dim, Dim] | None:
    """Give `X + c` and `p` if the size is `(X + c) * p` for one of its atoms."""
    terms = terms_of(dim)
    for atom in {atom: None for mono in terms if len(mono) > 1 for atom in mono}:
        inside: dict[Monomial, int] = {}
        outside: dict[Monomial, int] = {}
        for mono, c in terms.items():
            rest = without(mono, (atom,))
            if rest is None:
                outside[mono] = c
            else:
                inside[rest] = c
        first = next(iter(inside))
        c, misfit = divmod(outside.get(first, 0), inside[first])
        if c and not misfit and outside == {mono: c * k for mono, k in inside.items()}:
            return from_atom(atom) + c, from_terms(inside)
    return None

"""Floor division, remainder, maximum and minimum of sizes, simplified as far as is exact."""

from __future__ import annotations

import math
from collections.abc import Iterable

from archc.sizes.bounds import never_negative
from archc.sizes.expr import (
    Dim,
    Expr,
    FloorDiv,
    Max,
    Min,
    Monomial,
    extreme_atom,
    floor_atom,
    from_atom,
    from_terms,
    terms_of,
)


def floor_div(a: Dim, b: Dim) -> Dim:
    """Give `a // b`, exactly as Python rounds."""
    if isinstance(b, Expr):
        return _by_expression(a, b)
    if b == 0:
        raise ZeroDivisionError("a size divided by zero")
    if isinstance(a, int):
        return a // b
    return _by_constant(a, b) if b > 0 else _by_constant(-a, -b)


def ceil_div(a: Dim, b: Dim) -> Dim:
    """Give `a / b` rounded up, for a positive `b`."""
    return floor_div(a + b - 1, b)


def mod(a: Dim, b: Dim) -> Dim:
    """Give `a % b`, written with floor division."""
    return a - b * floor_div(a, b)


def _by_constant(a: Expr, m: int) -> Dim:
    """Divide by a positive constant: each coefficient gives its whole part, the rest stays inside."""
    if m == 1:
        return a
    whole = from_terms({mono: c // m for mono, c in a.terms.items() if c // m})
    rest = {mono: c % m for mono, c in a.terms.items() if c % m}
    constant = rest.pop((), 0)
    if not rest:
        return whole
    g = math.gcd(m, *rest.values())
    inside = from_terms({mono: c // g for mono, c in rest.items()}) + constant // g
    if g == m or not isinstance(inside, Expr):
        return whole + inside
    return whole + _reduced(inside, m // g)


def _reduced(a: Expr, m: int) -> Dim:
    """Divide a sum whose coefficients are below `m`: `(x//d + r)//m` is `(x + d*r)//(d*m)`."""
    inner = [
        mono[0]
        for mono, c in a.terms.items()
        if c == 1 and len(mono) == 1 and isinstance(mono[0], FloorDiv) and isinstance(mono[0].den, int)
    ]
    if len(inner) == 1 and isinstance(atom := inner[0], FloorDiv) and isinstance(atom.den, int):
        return floor_div(atom.num + (a - from_atom(atom)) * atom.den, atom.den * m)
    return from_atom(floor_atom(a, m))


def _by_expression(a: Dim, b: Expr) -> Dim:
    if a == 0:
        return 0
    a, divisor = _cancel(a, b)
    if isinstance(divisor, int):
        return floor_div(a, divisor)
    quotient = exact_quotient(a, divisor)
    if quotient is not None:
        return quotient
    if len(divisor.terms) > 1:
        return from_atom(floor_atom(a, divisor))
    [(mono, c)] = divisor.terms.items()
    whole: dict[Monomial, int] = {}
    for term, k in terms_of(a).items():
        rest = without(term, mono)
        if rest is not None and k // c:
            whole[rest] = k // c
    if not whole:
        return from_atom(floor_atom(a, divisor))
    taken = from_terms(whole)
    return taken + floor_div(a - taken * divisor, divisor)


def _cancel(a: Dim, b: Expr) -> tuple[Dim, Dim]:
    """Divide both by their common factor, as far as it is a single product."""
    top, bottom = terms_of(a), b.terms
    g = math.gcd(*top.values(), *bottom.values())
    if all(c < 0 for c in bottom.values()):
        g = -g
    common = common_factor([*top, *bottom])
    if g == 1 and not common:
        return a, b
    return _shrunk(a, common, g), _shrunk(b, common, g)


def _shrunk(dim: Dim, factor: Monomial, number: int) -> Dim:
    return from_terms({without(mono, factor) or (): c // number for mono, c in terms_of(dim).items()})


def common_factor(monomials: Iterable[Monomial]) -> Monomial:
    """Give the largest product that divides all of these products."""
    first, *others = monomials
    common = first
    for mono in others:
        if not common:
            break
        left = list(mono)
        kept = []
        for atom in common:
            if atom in left:
                left.remove(atom)
                kept.append(atom)
        common = tuple(kept)
    return common


def without(mono: Monomial, factor: Monomial) -> Monomial | None:
    """Divide one product by another; nothing if it does not divide."""
    left = list(mono)
    for atom in factor:
        if atom not in left:
            return None
        left.remove(atom)
    return tuple(left)


def _lead(dim: Expr) -> Monomial:
    """Give the leading product in the order: by atoms from the newest to the oldest."""
    return max(dim.terms, key=lambda mono: [atom.serial for atom in reversed(mono)])


def exact_quotient(a: Dim, b: Expr) -> Dim | None:
    """Give `a / b` if it is a polynomial in the atoms with integer coefficients."""
    result: Dim = 0
    lead = _lead(b)
    for _ in range(256):
        if not isinstance(a, Expr):
            return result if a == 0 else None
        top = _lead(a)
        rest, remainder = without(top, lead), a.terms[top] % b.terms[lead]
        if rest is None or remainder:
            return None
        step = from_terms({rest: a.terms[top] // b.terms[lead]})
        result, a = result + step, a - step * b
    return None


def dim_max(*dims: Dim) -> Dim:
    """Give the largest of some sizes; those that are never the largest, symbols being at least 0, go."""
    return _extreme(Max, dims)


def dim_min(*dims: Dim) -> Dim:
    """Give the smallest of some sizes; those that are never the smallest, symbols being at least 0, go."""
    return _extreme(Min, dims)


def _extreme(kind: type[Max] | type[Min], dims: Iterable[Dim]) -> Dim:
    sign = 1 if kind is Max else -1
    kept: list[Dim] = []
    for dim in _flat(kind, dims):
        if not any(never_negative((other - dim) * sign, {}) for other in kept):
            kept = [other for other in kept if not never_negative((dim - other) * sign, {})]
            kept.append(dim)
    if not kept:
        raise ValueError("the maximum or minimum of no sizes")
    return kept[0] if len(kept) == 1 else from_atom(extreme_atom(kind, kept))


def _flat(kind: type[Max] | type[Min], dims: Iterable[Dim]) -> Iterable[Dim]:
    for dim in dims:
        atom = single_atom(dim)
        if isinstance(atom, Max | Min) and isinstance(atom, kind):
            yield from atom.args
        else:
            yield dim


def single_atom(dim: Dim) -> object:
    """Give the atom that a size consists of, if it is just one."""
    if isinstance(dim, Expr) and len(dim.terms) == 1:
        [(mono, c)] = dim.terms.items()
        if c == 1 and len(mono) == 1:
            return mono[0]
    return None


def product(dims: Iterable[Dim]) -> Dim:
    """Multiply sizes."""
    result: Dim = 1
    for dim in dims:
        result = result * dim
    return result

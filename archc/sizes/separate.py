"""Equations of products that hold just where each symbol's factors are equal: `(H//7)*7*(W//7)*7 == H*W`."""

from __future__ import annotations

import math
from typing import TypeAlias

from archc.sizes.bounds import leading
from archc.sizes.condition import Condition, at_least, equal
from archc.sizes.evaluate import symbols
from archc.sizes.expr import Dim, Expr, SizeTooLarge, from_atom
from archc.sizes.facts import Facts
from archc.sizes.forms import factors
from archc.sizes.prove import prove

Groups: TypeAlias = dict[frozenset[str], Dim]


def separated(condition: Condition, facts: Facts) -> list[Condition]:
    """Give conditions on one symbol each that together say the same as an equation, or nothing.

    Where each left factor is at most the right one, or each at least, and none is negative, the products
    are equal just where all factors are.
    """
    if condition.relation != "==":
        return []
    try:
        return _separated(condition, facts)
    except SizeTooLarge:
        return []


def _separated(condition: Condition, facts: Facts) -> list[Condition]:
    left, right = _by_symbols(condition.left), _by_symbols(condition.right)
    number, other = left.pop(frozenset(), 1), right.pop(frozenset(), 1)
    different: list[tuple[Dim, Dim]] = []
    for names in {**left, **right}:
        a, b = left.get(names, 1), right.get(names, 1)
        if a != b and len(names) > 1:
            return []
        if a != b:
            different.append((a, b))
        elif not prove(at_least(a, 1), facts).proved:
            return []
    if len(different) == 1:
        [(a, b)] = different
        return [equal(a * number, b * other)]
    return _one_by_one(different, number, other, facts)


def _one_by_one(different: list[tuple[Dim, Dim]], number: Dim, other: Dim, facts: Facts) -> list[Condition]:
    """Share the numbers among the factors such that each pair grows alike, then equate the pairs."""
    pairs = []
    for a, b in different:
        scale = _scale(a, b)
        if scale is None:
            return []
        number, other = number * scale[0], other * scale[1]
        pairs.append((a * scale[1], b * scale[0]))
    turned = [(b, a) for a, b in pairs]
    if number == other and (_below(pairs, facts) or _below(turned, facts)):
        return [equal(a, b) for a, b in pairs]
    return []


def _below(pairs: list[tuple[Dim, Dim]], facts: Facts) -> bool:
    """Say whether `0 <= a <= b` and `b` is positive in each pair."""
    asked = [one for a, b in pairs for one in (at_least(a, 0), at_least(b, a), at_least(b, 1))]
    return all(prove(one, facts).proved for one in asked)


def _by_symbols(dim: Dim) -> Groups:
    """Collect the factors of a size by the symbols in them."""
    found: Groups = {}
    for factor in _factors(dim):
        names = symbols(factor)
        found[names] = found.get(names, 1) * factor
    return found


def _factors(dim: Dim) -> list[Dim]:
    if not isinstance(dim, Expr) or len(dim.terms) > 1:
        return factors(dim)
    [(mono, c)] = dim.terms.items()
    return [c, *(from_atom(atom) for atom in mono)]


def _scale(a: Dim, b: Dim) -> tuple[int, int] | None:
    """Give p and q such that `a*q` and `b*p` grow alike."""
    first, second = leading(a), leading(b)
    if first is None or second is None or first[0] != second[0]:
        return None
    p, q = first[1] * second[2], first[2] * second[1]
    g = math.gcd(p, q)
    return p // g, q // g

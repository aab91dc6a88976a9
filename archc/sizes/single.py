"""Which numbers satisfy a condition on one symbol, exactly."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from archc.sizes.bounds import without_floor
from archc.sizes.condition import HOLDS
from archc.sizes.expr import Dim, Symbol
from archc.sizes.legal import LegalSet, Stretch, from_flags, mask_of
from archc.sizes.periodic import CONSTANT, NotPeriodic, Shape, column, extremes_of, shapes_of

MOST_POINTS = 1 << 17


def satisfying(relation: str, dim: Dim, symbol: Symbol) -> LegalSet | None:
    """Give the k from 0 for which `dim` stands in the relation to zero; nothing where it is undecided."""
    if relation == ">=":
        dim = without_floor(dim)
    try:
        shape = shapes_of(dim).get(symbol, CONSTANT)
        base = -(-_settled_from(dim, symbol) // shape.period) * shape.period
        head = from_flags(_flags(relation, _values(dim, symbol, range(base))))
        if shape.rise is not None:
            values = _values(dim, symbol, range(base, base + shape.period))
            return LegalSet([*head, *_linear(relation, values, base, shape.rise)])
        return LegalSet([*head, *_polynomial(relation, dim, symbol, base, shape)])
    except NotPeriodic:
        return None


def _settled_from(dim: Dim, symbol: Symbol) -> int:
    """Give a number from which each maximum and minimum takes the same side in each class."""
    start = 0
    for atom in extremes_of(dim):
        for i, a in enumerate(atom.args):
            for b in atom.args[:i]:
                start = _parted_from(a - b, symbol, start)
    return start


def _parted_from(difference: Dim, symbol: Symbol, start: int) -> int:
    """Give a number from which a difference has one sign in each class."""
    shape = shapes_of(difference).get(symbol, CONSTANT)
    if shape.rise is None:
        return _signed_from(difference, symbol, start, shape)[0]
    if shape.rise == 0:
        return start
    values = _values(difference, symbol, range(start, start + shape.period))
    worst = max(max(values), -min(values))
    return start + shape.period * (worst // abs(shape.rise) + 1)


def _values(dim: Dim, symbol: Symbol, points: range) -> list[int]:
    if len(points) > MOST_POINTS:
        raise NotPeriodic
    return column(dim, {symbol: list(points)}, len(points))


def _flags(relation: str, values: Iterable[int]) -> list[bool]:
    holds = HOLDS[relation]
    return [holds(value, 0) for value in values]


def _linear(relation: str, values: list[int], base: int, rise: int) -> list[Stretch]:
    """Decide `values[j] + rise*t` for all t: it changes once in each class, or at one point."""
    period = len(values)
    if rise == 0:
        return [(base, period, mask_of(_flags(relation, values)))]
    if relation == ">=":
        before = int(rise < 0)
        changes = [max(0, -(v // rise) if rise > 0 else v // -rise + 1) for v in values]
        after, low, high = 1 - before, min(changes), max(changes)
    else:
        before = after = int(relation == "!=")
        roots = [-v // rise for v in values if v % rise == 0 and -v // rise >= 0]
        low, high = (min(roots), max(roots) + 1) if roots else (0, 0)
    if period * (high - low) > MOST_POINTS:
        raise NotPeriodic
    between = [v + rise * t for t in range(low, high) for v in values]
    return [
        (base, 1, before),
        *from_flags(_flags(relation, between), base + period * low),
        (base + period * high, 1, after),
    ]


def _polynomial(relation: str, dim: Dim, symbol: Symbol, base: int, shape: Shape) -> list[Stretch]:
    """Look at point by point until each class has one sign for good."""
    start, signs = _signed_from(dim, symbol, base, shape)
    between = _values(dim, symbol, range(base, start))
    tail = mask_of(_flags(relation, signs))
    return [*from_flags(_flags(relation, between), base), (start, shape.period, tail)]


def _signed_from(dim: Dim, symbol: Symbol, base: int, shape: Shape) -> tuple[int, list[int]]:
    """Give a number, whole periods from `base`, from which each class has one sign, and the signs."""
    start, reach = base, 1
    while start - base <= MOST_POINTS:
        values = _values(dim, symbol, range(start, start + shape.period * (shape.degree + 1)))
        found = [_sign(values[j :: shape.period]) for j in range(shape.period)]
        signs = [sign for sign in found if sign is not None]
        if len(signs) == len(found):
            return start, signs
        start = base + shape.period * reach
        reach *= 2
    raise NotPeriodic


def _sign(points: list[int]) -> int | None:
    """Give the sign of a polynomial from the first of its points on, if its differences tell."""
    first = points[0]
    differences = [first]
    while len(points) > 1:
        points = [b - a for a, b in pairwise(points)]
        differences.append(points[0])
    if not any(differences):
        return 0
    if first > 0 and min(differences) >= 0:
        return 1
    return -1 if first < 0 and max(differences) <= 0 else None

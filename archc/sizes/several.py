"""Conditions on several symbols: proofs that are sound, and find what networks ask."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator

from archc.sizes.bounds import Limits, never_negative, without_floor
from archc.sizes.condition import HOLDS
from archc.sizes.evaluate import atoms_of, replace_atoms
from archc.sizes.expr import Atom, Dim, Expr, Max, Min, constant_of, from_atom, from_terms
from archc.sizes.periodic import NotPeriodic, column, extremes_of, shapes_of

_MOST_POINTS = 1 << 15
_MOST_EXTREMES = 5
_MOST_TURNED = 3


def always(relation: str, dim: Dim, limits: Limits) -> bool:
    """Say whether `dim` is proved to stand in the relation to zero; symbols go from 0 to their limits."""
    if relation == ">=":
        dim = without_floor(dim)
    if isinstance(dim, int):
        return HOLDS[relation](dim, 0)
    if relation == "!=" and _indivisible(constant_of(dim), (c for mono, c in dim.terms.items() if mono)):
        return True
    extremes = extremes_of(dim)
    if extremes:
        return len(extremes) <= _MOST_EXTREMES and _on_each_side(relation, dim, limits, extremes[-1])
    if relation == ">=" and never_negative(dim, limits):
        return True
    if relation == "!=" and (never_negative(dim - 1, limits) or never_negative(-dim - 1, limits)):
        return True
    return any(_in_each_class(relation, turned) for turned in _turns(relation, dim, limits))


def never(relation: str, dim: Dim, limits: Limits) -> bool:
    """Say whether it is proved that `dim` nowhere stands in the relation to zero."""
    if relation == ">=":
        return always(">=", -dim - 1, limits)
    return always("==" if relation == "!=" else "!=", dim, limits)


def _indivisible(constant: int, coefficients: Iterable[int]) -> bool:
    """Say whether a sum is never zero since what divides its other terms does not divide the constant."""
    g = math.gcd(*coefficients)
    return constant != 0 if g == 0 else constant % g != 0


def _on_each_side(relation: str, dim: Expr, limits: Limits, extreme: Max | Min) -> bool:
    """Prove it with each argument in the place of a maximum; with one where that makes it only harder."""

    def with_argument(arg: Dim) -> Dim:
        return replace_atoms(dim, lambda atom: arg if atom is extreme else None)

    proofs = (always(relation, with_argument(arg), limits) for arg in extreme.args)
    own = {mono: c for mono, c in dim.terms.items() if extreme in mono}
    alone = list(own) == [(extreme,)] and extreme not in atoms_of(dim - from_terms(own))
    helps = relation == ">=" and alone and (own[(extreme,)] > 0) == isinstance(extreme, Max)
    try:
        return any(proofs) if helps else all(proofs)
    except ZeroDivisionError:
        return False


def _turns(relation: str, dim: Dim, limits: Limits) -> Iterator[Dim]:
    """Give the size, then with symbols that have a limit counted down from it."""
    yield dim
    limited = [(symbol, end) for symbol, end in limits.items() if end is not None]
    if relation == "==" or len(limited) > _MOST_TURNED:
        return
    for n in range(1, len(limited) + 1):
        for turned in itertools.combinations(limited, n):
            downward: dict[Atom, Dim] = {symbol: end - from_atom(symbol) for symbol, end in turned}
            yield replace_atoms(dim, downward.get)


def _in_each_class(relation: str, dim: Dim) -> bool:
    """Decide by the differences of the polynomial that the size is on each class of remainders.

    Where all differences at the start are at least zero, so is the polynomial from there on.
    """
    try:
        shapes = list(shapes_of(dim).items())
    except NotPeriodic:
        return False
    widths = [shape.period * (shape.degree + 1) for _, shape in shapes]
    count = math.prod(widths)
    if count > _MOST_POINTS:
        return False
    points = zip(*itertools.product(*(range(width) for width in widths)), strict=True)
    columns: dict[Atom, list[int]] = {s: list(p) for (s, _), p in zip(shapes, points, strict=True)}
    values = column(dim, columns, count)
    block = count
    for (_, shape), width in zip(shapes, widths, strict=True):
        step = block // width * shape.period
        _differences(values, block, step, shape.degree)
        block //= width
    if relation == "!=":
        classes = _classes(values, [(shape.period, shape.degree) for _, shape in shapes])
        return all(_nonzero(differences) for differences in classes)
    return min(values) >= 0 if relation == ">=" else not any(values)


def _differences(values: list[int], block: int, step: int, degree: int) -> None:
    """Put differences in the place of values along one axis, in each block of it."""
    for start in range(0, len(values), block):
        for order in range(1, degree + 1):
            for low in range(start + step * degree, start + step * (order - 1), -step):
                upper, lower = values[low : low + step], values[low - step : low]
                values[low : low + step] = [a - b for a, b in zip(upper, lower, strict=True)]


def _classes(values: list[int], axes: list[tuple[int, int]]) -> Iterator[list[int]]:
    """Give the differences of each class, that of the start first."""
    indices = [
        [[period * t + j for t in range(degree + 1)] for j in range(period)] for period, degree in axes
    ]
    widths = [period * (degree + 1) for period, degree in axes]
    strides = [math.prod(widths[i + 1 :]) for i in range(len(widths))]
    for chosen in itertools.product(*indices):
        places = itertools.product(*chosen)
        yield [values[sum(map(int.__mul__, place, strides))] for place in places]


def _nonzero(differences: list[int]) -> bool:
    first, *others = differences
    if first > 0:
        others_agree = min(others, default=0) >= 0
    else:
        others_agree = first < 0 and max(others, default=0) <= 0
    return others_agree or _indivisible(first, others)

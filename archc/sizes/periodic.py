"""Sizes of which each remainder class is a polynomial: found out once, then decided at a few points.

With constant divisors, `d` at `k = period*t + j` is a polynomial in `t` for each `j`, because the divisors
divide the period. Maxima and minima are so from some `k` on.
"""

from __future__ import annotations

import math

from archc.sizes.evaluate import parts_of
from archc.sizes.expr import Atom, Dim, FloorDiv, Max, Min, Monomial, Symbol, terms_of
from archc.sizes.legal import MAX_PERIOD

Columns = dict[Atom, list[int]]


class Shape:
    """How a size depends on one symbol: a polynomial of `degree` on each class modulo `period`.

    `rise` is what a period adds, where that is one number whatever the other symbols are.
    """

    __slots__ = ("degree", "period", "rise")

    def __init__(self, period: int, degree: int, rise: int | None) -> None:
        if period > MAX_PERIOD:
            raise NotPeriodic
        self.period = period
        self.degree = degree
        self.rise = rise


Shapes = dict[Atom, Shape]


class NotPeriodic(Exception):  # noqa: N818 - an answer, not a fault
    """A size that is not a polynomial on remainder classes, or has too long a period."""


def column(dim: Dim, columns: Columns, count: int) -> list[int]:
    """Give the values of a size at `count` points; `columns` holds those of its symbols, and of more."""
    total: list[int] | None = None
    constant = 0
    for mono, c in terms_of(dim).items():
        if not mono:
            constant = c
            continue
        values = _product_column(mono, c, columns, count)
        total = values if total is None else [a + b for a, b in zip(total, values, strict=True)]
    if total is None:
        return [constant] * count
    return [a + constant for a in total] if constant else total


def _product_column(mono: Monomial, c: int, columns: Columns, count: int) -> list[int]:
    first, *others = (_atom_column(atom, columns, count) for atom in mono)
    values = [c * a for a in first] if c != 1 else first
    for other in others:
        values = [a * b for a, b in zip(values, other, strict=True)]
    return values


def _atom_column(atom: Atom, columns: Columns, count: int) -> list[int]:
    known = columns.get(atom)
    if known is not None:
        return known
    if isinstance(atom, FloorDiv):
        num = column(atom.num, columns, count)
        if isinstance(atom.den, int):
            den = atom.den
            values = [a // den for a in num]
        else:
            values = [a // b for a, b in zip(num, column(atom.den, columns, count), strict=True)]
    else:
        parts = [column(part, columns, count) for part in parts_of(atom)]
        values = list(map(max if isinstance(atom, Max) else min, *parts))
    columns[atom] = values
    return values


def shapes_of(dim: Dim, known: dict[Atom, Shapes] | None = None) -> Shapes:
    """Give how a size depends on each of its symbols; `NotPeriodic` where that has no such form."""
    known = {} if known is None else known
    result: Shapes = {}
    for mono, c in terms_of(dim).items():
        factor: Shapes = {}
        for i, atom in enumerate(mono):
            shapes = _atom_shapes(atom, known)
            factor = _multiplied(factor, shapes) if i else shapes
        result = _added(result, factor, c)
    return result


def _added(a: Shapes, b: Shapes, c: int) -> Shapes:
    """Give the shapes of `a + c*b`."""
    result = dict(a)
    for symbol, new in b.items():
        old = a.get(symbol, CONSTANT)
        period = math.lcm(old.period, new.period)
        rise = None
        if old.rise is not None and new.rise is not None:
            rise = old.rise * (period // old.period) + c * new.rise * (period // new.period)
        result[symbol] = Shape(period, max(old.degree, new.degree), rise)
    return result


def _multiplied(a: Shapes, b: Shapes) -> Shapes:
    result: Shapes = {}
    for symbol in {**a, **b}:
        left, right = a.get(symbol, CONSTANT), b.get(symbol, CONSTANT)
        result[symbol] = Shape(math.lcm(left.period, right.period), left.degree + right.degree, None)
    return result


def _atom_shapes(atom: Atom, known: dict[Atom, Shapes]) -> Shapes:
    if atom not in known:
        if isinstance(atom, Symbol):
            known[atom] = {atom: Shape(1, 1, 1)}
        elif isinstance(atom, FloorDiv):
            known[atom] = _divided(shapes_of(atom.num, known), atom.den)
        else:
            known[atom] = _chosen([shapes_of(part, known) for part in parts_of(atom)], isinstance(atom, Max))
    return known[atom]


def _divided(shapes: Shapes, den: Dim) -> Shapes:
    if not isinstance(den, int):
        raise NotPeriodic
    result: Shapes = {}
    for symbol, shape in shapes.items():
        if shape.rise is None:
            result[symbol] = Shape(shape.period * den, shape.degree, None)
        else:
            g = math.gcd(den, shape.rise)
            result[symbol] = Shape(shape.period * (den // g), shape.degree, shape.rise // g)
    return result


def _chosen(parts: list[Shapes], largest: bool) -> Shapes:
    """Give the shape that a maximum or minimum of one symbol has in the end."""
    symbols = {symbol for shapes in parts for symbol in shapes}
    if len(symbols) != 1:
        raise NotPeriodic
    [symbol] = symbols
    found = [shapes.get(symbol, CONSTANT) for shapes in parts]
    period = math.lcm(*(shape.period for shape in found))
    rises = [None if shape.rise is None else shape.rise * (period // shape.period) for shape in found]
    known = [rise for rise in rises if rise is not None]
    rise = None if len(known) < len(rises) else max(known) if largest else min(known)
    return {symbol: Shape(period, max(shape.degree for shape in found), rise)}


def extremes_of(dim: Dim) -> list[Max | Min]:
    """Give the maxima and minima inside a size, the inner before the outer."""
    found: dict[Atom, None] = {}

    def visit(part: Dim) -> None:
        for mono in terms_of(part):
            for atom in mono:
                if atom not in found:
                    for inner in parts_of(atom):
                        visit(inner)
                    found[atom] = None

    visit(dim)
    return [atom for atom in found if isinstance(atom, Max | Min)]


CONSTANT = Shape(1, 0, 0)

"""Whether a condition holds for all sizes that the facts allow.

`proved` and `refuted` are always right: one symbol with constant divisors is decided exactly, several
symbols by bounds and by remainder classes. What is left is `unknown`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable

from archc.sizes.bounds import never_negative
from archc.sizes.condition import HOLDS, Condition
from archc.sizes.domain import Domain, counted, domains_of
from archc.sizes.evaluate import symbols
from archc.sizes.expr import Atom, Dim, SizeTooLarge
from archc.sizes.facts import Facts
from archc.sizes.periodic import column
from archc.sizes.several import always, never
from archc.sizes.single import satisfying
from archc.source import Record

_MOST_POINTS = 4096
_FEW_POINTS = 64
_TRIED = (0, 1, 2, 3, 7, 15, 4, 5, 31, 6, 63, 9, 11, 127, 10, 12, 255, 13, 511, 1023, 8, 14, 16, 2047)

Domains = dict[str, Domain]
Counts = dict[str, int]
Point = tuple[int, ...]


class Proof(Record):
    """The answer: `proved`, `refuted` with a counterexample, or `unknown`.

    `never` says that no allowed sizes satisfy the condition; `witness` holds sizes that do.
    """

    verdict: str
    counterexample: dict[str, int] | None = None
    witness: dict[str, int] | None = None
    never: bool = False

    @property
    def proved(self) -> bool:
        """Whether the condition holds for all allowed sizes."""
        return self.verdict == "proved"

    @property
    def refuted(self) -> bool:
        """Whether there is a counterexample."""
        return self.verdict == "refuted"


def prove(condition: Condition, facts: Facts) -> Proof:
    """Decide whether a condition holds for all sizes that the facts allow."""
    try:
        return _proof(condition, facts)
    except SizeTooLarge:
        return Proof("unknown")


def _proof(condition: Condition, facts: Facts) -> Proof:
    difference = condition.difference
    if isinstance(difference, int):
        holds = condition.holds(difference)
        return Proof("proved", None, {}) if holds else Proof("refuted", {}, None, never=True)
    domains = domains_of((condition.left, condition.right), facts)
    if any(domain.empty for domain in domains.values()):
        return Proof("proved", never=True)
    dim = counted(difference, domains)
    if isinstance(dim, int):
        return _all_or_none(condition.holds(dim), domains)
    names = symbols(dim)
    if len(names) == 1:
        return _of_one(condition.relation, dim, next(iter(names)), domains)
    return _of_several(condition.relation, dim, names, domains)


def _all_or_none(holds: bool, domains: Domains) -> Proof:
    some = _sizes({}, domains)
    return Proof("proved", None, some) if holds else Proof("refuted", some, None, never=True)


def _sizes(counts: Counts, domains: Domains) -> dict[str, int]:
    return {name: domain.size(counts.get(name, 0)) for name, domain in domains.items()}


def _of_one(relation: str, dim: Dim, name: str, domains: Domains) -> Proof:
    domain = domains[name]
    legal = satisfying(relation, dim, domain.atom)
    if legal is None:
        return _of_several(relation, dim, frozenset([name]), domains)
    good, bad = legal.up_to(domain.last).first(), legal.complement().up_to(domain.last).first()
    witness = None if good is None else _sizes({name: good}, domains)
    counterexample = None if bad is None else _sizes({name: bad}, domains)
    return Proof("refuted" if counterexample else "proved", counterexample, witness, never=witness is None)


def _of_several(relation: str, dim: Dim, names: Iterable[str], domains: Domains) -> Proof:
    used = [domains[name] for name in domains if name in names]
    limits = {domain.atom: domain.last for domain in used}
    if relation == ">=" and never_negative(dim, limits):
        return _all_or_none(True, domains)
    few, many, exhaustive = _points(used)
    try:
        good, bad = _tried(relation, dim, used, few)
        if good is None or bad is None:
            good, bad = _tried(relation, dim, used, many)
    except ZeroDivisionError:
        return Proof("unknown")
    witness = None if good is None else _sizes(good, domains)
    if bad is not None:
        nowhere = witness is None and (exhaustive or never(relation, dim, limits))
        return Proof("refuted", _sizes(bad, domains), witness, never=nowhere)
    proved = exhaustive or always(relation, dim, limits)
    return Proof("proved" if proved else "unknown", None, witness)


def _tried(relation: str, dim: Dim, used: list[Domain], points: list[Point]) -> tuple[Counts | None, ...]:
    """Give the first point where the relation holds, and the first where it does not."""
    columns: dict[Atom, list[int]] = {d.atom: [point[i] for point in points] for i, d in enumerate(used)}
    flags = [HOLDS[relation](value, 0) for value in column(dim, columns, len(points))]
    places = (flags.index(flag) if flag in flags else None for flag in (True, False))
    names = [domain.name for domain in used]
    return tuple(None if i is None else dict(zip(names, points[i], strict=True)) for i in places)


def _points(domains: list[Domain]) -> tuple[list[Point], list[Point], bool]:
    """Give a few points to try, more of them, and whether those are all there are."""
    ends = [domain.last for domain in domains]
    tried = [[k for k in (*_TRIED, end or 0) if end is None or k <= end] for end in ends]
    diagonal = [tuple(ks[i % len(ks)] for ks in tried) for i in range(len(_TRIED))]
    if math.prod(_MOST_POINTS if end is None else end + 1 for end in ends) < _MOST_POINTS:
        return diagonal, list(itertools.product(*(range((end or 0) + 1) for end in ends))), True
    grids = [_grid(tried, most) for most in (_FEW_POINTS, _MOST_POINTS)]
    return diagonal + grids[0], diagonal + grids[1], False


def _grid(tried: list[list[int]], most: int) -> list[Point]:
    each = int(most ** (1 / len(tried)))
    return list(itertools.product(*(ks[:each] for ks in tried))) if each > 1 else []

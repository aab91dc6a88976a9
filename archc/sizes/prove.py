"""Whether a condition holds for all sizes that the facts allow.

`proved` and `refuted` are always right: one symbol with constant divisors is decided exactly, several
symbols by bounds and by remainder classes. What is left is `unknown`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable

from archc.sizes.condition import HOLDS, Condition
from archc.sizes.domain import Domain, counted, domains_of
from archc.sizes.evaluate import symbols
from archc.sizes.expr import Atom, Dim
from archc.sizes.facts import Facts
from archc.sizes.periodic import column
from archc.sizes.several import always, never
from archc.sizes.single import satisfying
from archc.source import Record

_MOST_POINTS = 4096
_TRIED = (0, 1, 2, 3, 7, 15, 4, 5, 31, 6, 63, 9, 11, 127, 10, 12, 255, 13, 511, 1023, 8, 14, 16, 2047)

Domains = dict[str, Domain]
Counts = dict[str, int]


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
    counts, exhaustive = _points(used)
    columns: dict[Atom, list[int]] = {d.atom: [point[i] for point in counts] for i, d in enumerate(used)}
    try:
        flags = [HOLDS[relation](value, 0) for value in column(dim, columns, len(counts))]
    except ZeroDivisionError:
        return Proof("unknown")

    def found(flag: bool) -> dict[str, int] | None:
        if flag not in flags:
            return None
        point = counts[flags.index(flag)]
        return _sizes({domain.name: k for domain, k in zip(used, point, strict=True)}, domains)

    witness, counterexample = found(True), found(False)
    if counterexample is not None:
        nowhere = witness is None and (exhaustive or never(relation, dim, limits))
        return Proof("refuted", counterexample, witness, never=nowhere)
    proved = exhaustive or always(relation, dim, limits)
    return Proof("proved" if proved else "unknown", None, witness)


def _points(domains: list[Domain]) -> tuple[list[tuple[int, ...]], bool]:
    """Give points to try, and whether they are all there are."""
    ends = [domain.last for domain in domains]
    if math.prod(_MOST_POINTS if end is None else end + 1 for end in ends) < _MOST_POINTS:
        return list(itertools.product(*(range((end or 0) + 1) for end in ends))), True
    tried = [[k for k in (*_TRIED, end or 0) if end is None or k <= end] for end in ends]
    each = max(int(_MOST_POINTS ** (1 / len(domains))), 1)
    grid = itertools.product(*(ks[:each] for ks in tried)) if each > 1 else ()
    diagonal = [tuple(ks[i % len(ks)] for ks in tried) for i in range(len(_TRIED))]
    return [*grid, *diagonal], False

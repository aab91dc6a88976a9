"""The needs on one symbol as the exact set of its legal sizes."""

from __future__ import annotations

from collections.abc import Sequence

from archc.sizes.describe import Pattern, clauses_of, pattern_of, refined, shown_set
from archc.sizes.domain import Domain, counted, domain_of, domains_of
from archc.sizes.expr import SizeTooLarge, symbol
from archc.sizes.facts import Facts, SizeFact
from archc.sizes.legal import LegalSet, everything
from archc.sizes.need import Conflict, Need, Requirement, listed
from archc.sizes.single import satisfying
from archc.source import Record

_MOST_STRETCHES = 4096


class Combined(Record):
    """What the needs on one symbol come to; `undecided` are those that no set was found for."""

    domain: Domain
    legal: LegalSet
    fact: SizeFact
    requirements: tuple[Requirement, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    undecided: tuple[Need, ...] = ()


class _Part(Record):
    """A need with the sizes that meet it."""

    need: Need
    legal: LegalSet


def combine(name: str, needs: Sequence[Need], facts: Facts) -> Combined:
    """Find which sizes of a symbol meet all needs on it, and say so in the weakest form."""
    dims = [dim for need in needs for dim in (need.condition.left, need.condition.right)]
    domain = domains_of([symbol(name), *dims], facts)[name]
    if domain.empty:
        return Combined(domain, everything(), facts.get(name))
    parts, undecided = _parts(needs, domain)
    conflicts = [conflict for part in parts if (conflict := _conflict_alone(part, domain)) is not None]
    parts = [part for part in parts if not any(part.need in conflict.needs for conflict in conflicts)]
    total, parts, too_long = _intersection(parts)
    together = _conflict_together(parts, total, domain)
    if together is not None:
        conflicts.append(together)
        total, parts = everything(), []
    makers = _making(parts, total)
    fact = facts.get(name)
    try:
        pattern = pattern_of(total, domain.last)
        fact, requirements = refined(fact, pattern, total, domain), _described(pattern, domain, makers)
    except OverflowError:
        requirements = _one_by_one(makers)
    return Combined(domain, total, fact, requirements, tuple(conflicts), (*undecided, *too_long))


def _parts(needs: Sequence[Need], domain: Domain) -> tuple[list[_Part], list[Need]]:
    """Give the needs that not every size of the domain meets, with the sizes that do; and the undecided."""
    without_end = domain.replace(last=None)
    parts: list[_Part] = []
    undecided: list[Need] = []
    for need in needs:
        legal = _meeting(need, without_end)
        if legal is None or len(legal.stretches) > _MOST_STRETCHES:
            undecided.append(need)
        elif legal.complement().up_to(domain.last).first() is not None:
            parts.append(_Part(need, legal))
    return parts, undecided


def _meeting(need: Need, domain: Domain) -> LegalSet | None:
    try:
        difference = counted(need.condition.difference, {domain.name: domain})
        return satisfying(need.condition.relation, difference, domain.atom)
    except SizeTooLarge:
        return None


def _conflict_alone(part: _Part, domain: Domain) -> Conflict | None:
    """Say what is wrong with a need that no size meets, or an equation that holds for single ones."""
    if part.legal.up_to(domain.last).first() is None:
        return _conflict_none((part.need,), domain)
    if part.need.condition.relation == "==" and part.legal.tail[2] == 0:
        return _conflict_single((part.need,), part.legal, domain)
    return None


def _conflict_none(needs: tuple[Need, ...], domain: Domain) -> Conflict:
    whose = "no" if domain == domain_of(domain.name, SizeFact()) else "none of the declared sizes of"
    return Conflict(needs, f"{whose} `{domain.name}` satisfies {listed(needs)}", (domain.name,))


def _conflict_single(needs: tuple[Need, ...], legal: LegalSet, domain: Domain) -> Conflict:
    found = shown_set(legal.up_to(domain.last), domain)
    return Conflict(needs, f"only `{domain.name}` = {found} satisfies {listed(needs)}", (domain.name,))


def _conflict_together(parts: list[_Part], total: LegalSet, domain: Domain) -> Conflict | None:
    """Say what is wrong with needs that no size meets together, or equations that single ones do."""
    if total.up_to(domain.last).first() is None:
        needs = tuple(part.need for part in _making(parts, total.up_to(domain.last), domain.last))
        return _conflict_none(needs, domain)
    equations = [part for part in parts if part.need.condition.relation == "=="]
    if not equations:
        return None
    common, equations, _ = _intersection(equations)
    if common.tail[2]:
        return None
    needs = tuple(part.need for part in _making(equations, common))
    return _conflict_single(needs, common, domain)


def _intersection(parts: list[_Part]) -> tuple[LegalSet, list[_Part], list[Need]]:
    """Give the sizes that meet all needs, the needs that took some away, and those too long to combine."""
    total = everything()
    kept: list[_Part] = []
    too_long: list[Need] = []
    for part in parts:
        try:
            smaller = total & part.legal
        except OverflowError:
            smaller = None
        if smaller is None or len(smaller.stretches) > _MOST_STRETCHES:
            too_long.append(part.need)
        elif smaller != total:
            total = smaller
            kept.append(part)
    return total, kept, too_long


def _making(parts: list[_Part], total: LegalSet, last: int | None = None) -> list[_Part]:
    """Give as few needs as make a set, going without each that the others make up for."""
    try:
        return _fewest(parts, total, last)
    except OverflowError:
        return parts


def _fewest(parts: list[_Part], total: LegalSet, last: int | None) -> list[_Part]:
    before = [everything()]
    for part in parts:
        before.append(before[-1] & part.legal)
    outside = total.complement()
    after = everything()
    kept: list[_Part] = []
    for i in range(len(parts) - 1, -1, -1):
        rest = before[i] & after
        if (rest & outside).up_to(last).first() is not None:
            after = after & parts[i].legal
            kept.append(parts[i])
    return kept[::-1]


def _described(pattern: Pattern, domain: Domain, parts: list[_Part]) -> tuple[Requirement, ...]:
    """State the clauses of a pattern, each with the needs it comes from."""
    clauses = clauses_of(pattern, domain)
    if clauses is None:
        return _one_by_one(parts)
    everyone = tuple(part.need for part in parts)
    found = []
    for clause in clauses:
        makers = tuple(part.need for part in parts if _makes(part.legal, clause.kind)) or everyone
        found.append(Requirement(clause.condition, (domain.name,), str(clause.condition), makers))
    return tuple(found)


def _one_by_one(parts: list[_Part]) -> tuple[Requirement, ...]:
    """State needs as they are."""
    conditions = ((part.need, part.need.condition) for part in parts)
    return tuple(Requirement(c, tuple(c.symbols), str(c), (need,)) for need, c in conditions)


def _makes(legal: LegalSet, kind: str) -> bool:
    if kind == "bound":
        return len(legal.stretches) > 1
    return any(mask not in (0, (1 << period) - 1) for _, period, mask in legal.stretches)

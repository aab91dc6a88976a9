"""A set of legal sizes in words: remainders, bounds, and the few sizes that stand out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from archc.sizes.condition import Condition
from archc.sizes.divide import mod
from archc.sizes.domain import Domain
from archc.sizes.expr import Dim, symbol
from archc.sizes.facts import SizeFact
from archc.sizes.legal import LegalSet, members, nothing, prime_factors
from archc.source import Record

_MOST_EXCEPTIONS = 4
_MOST_RUNS = 16


class Clause(Record):
    """One part of a description; `kind` says whether it is about the `remainder` or the `bound`."""

    kind: str
    condition: Condition | str


class Pattern(Record):
    """A periodic set between two bounds, that most legal sizes are in; but for `missing`, besides `extra`."""

    period: int
    mask: int
    low: int
    high: int | None
    missing: LegalSet
    extra: LegalSet


def pattern_of(legal: LegalSet, last: int | None) -> Pattern:
    """Find what most members of a set, not empty up to `last`, have in common.

    `OverflowError` where the stretches have so different periods that it takes too long.
    """
    within = legal.up_to(last)
    if within.tail[2] == 0:
        lowest, highest = within.first() or 0, within.last()
        if within.complement().between(lowest, highest).first() is None:
            return Pattern(1, 1, lowest, highest, nothing(), nothing())
    start, end, period, mask = _main_stretch(legal, last)
    periodic = LegalSet([(0, period, mask)])
    common = within & periodic
    absent = periodic & within.complement()
    low, high = common.first() or 0, common.last() if within.tail[2] == 0 else None
    missing = absent.between(low, high)
    if sum(1 for _ in _first_few(missing)) > _MOST_EXCEPTIONS:
        before, after = absent.up_to(start - 1).last(), None if end is None else absent.first(end)
        low = common.first(0 if before is None else before + 1) or 0
        high = high if after is None else common.up_to(after - 1).last()
        missing = absent.between(low, high)
    return Pattern(period, mask, low, high, missing, within & periodic.between(low, high).complement())


def _main_stretch(legal: LegalSet, last: int | None) -> tuple[int, int | None, int, int]:
    """Give the stretch without end, or the longest if that is empty."""
    found = [s for s in legal.bounded() if s[3] and (last is None or s[0] <= last)]
    return max(found, key=lambda s: math.inf if s[1] is None else s[1] - s[0])


def _first_few(numbers: LegalSet) -> Iterator[int]:
    found = numbers.first()
    for _ in range(_MOST_EXCEPTIONS + 1):
        if found is not None:
            yield found
            found = numbers.first(found + 1)


def clauses_of(pattern: Pattern, domain: Domain) -> list[Clause] | None:
    """Describe a pattern over the sizes of a domain; nothing where it is too irregular for words."""
    size = symbol(domain.name)
    extra = _runs_of_set(pattern.extra, domain)
    remainder = _remainder(pattern, domain)
    if extra is None or remainder is None:
        return None
    found = [*remainder, *_bounds(pattern, domain, size)]
    found += [Clause("bound", Condition(size, "!=", domain.size(k))) for k in _first_few(pattern.missing)]
    if not extra:
        return found
    usual = " and ".join(str(clause.condition) for clause in found)
    usual = f"({usual})" if len(found) > 1 else usual
    return [Clause("bound", f"{_choice(domain.name, 'in', extra)} or {usual}")]


def _bounds(pattern: Pattern, domain: Domain, size: Dim) -> Iterator[Clause]:
    periodic = LegalSet([(0, pattern.period, pattern.mask)])
    high = pattern.high
    limited = high is not None and periodic.between(high + 1, domain.last).first() is not None
    if limited and high == pattern.low:
        yield Clause("bound", Condition(size, "==", domain.size(high)))
        return
    if pattern.low != periodic.first():
        yield Clause("bound", Condition(size, ">=", domain.size(pattern.low)))
    if limited and high is not None:
        yield Clause("bound", Condition(domain.size(high), ">=", size))


def _remainder(pattern: Pattern, domain: Domain) -> list[Clause] | None:
    """Say which remainders are legal; none where all are, nothing where it takes too many words."""
    period = pattern.period
    if period == 1:
        return []
    modulus = period if math.gcd(period, domain.step) == 1 else period * domain.step
    legal = {domain.size(k) % modulus for k in members(pattern.mask)}
    known = {domain.size(k) % modulus for k in range(period)}
    one, found = (1, 0), []
    for part in _coprime_parts(modulus, legal):
        remainders, others = {r % part for r in legal}, {r % part for r in known}
        if len(remainders) == 1:
            one = _both_remainders(one, (part, remainders.pop()))
        elif remainders != others:
            condition = _remainder_condition(domain.name, part, remainders, others - remainders)
            if condition is None:
                return None
            found.append(Clause("remainder", condition))
    if one[0] > 1:
        found.insert(0, Clause("remainder", Condition(mod(symbol(domain.name), one[0]), "==", one[1])))
    return found


def _coprime_parts(modulus: int, legal: set[int]) -> list[int]:
    """Split a modulus into powers of primes if the remainders are all combinations of those modulo them."""
    parts = []
    for prime in prime_factors(modulus):
        part = prime
        while modulus % (part * prime) == 0:
            part *= prime
        parts.append(part)
    combinations = math.prod(len({r % part for r in legal}) for part in parts)
    return parts if combinations == len(legal) else [modulus]


def _both_remainders(a: tuple[int, int], b: tuple[int, int]) -> tuple[int, int]:
    """Give the modulus and remainder that say the same as two with coprime moduli."""
    modulus = a[0] * b[0]
    return modulus, next(r for r in range(a[1], modulus, a[0]) if r % b[0] == b[1])


def _remainder_condition(
    name: str, modulus: int, legal: set[int], others: set[int]
) -> Condition | str | None:
    if len(others) == 1:
        return Condition(mod(symbol(name), modulus), "!=", others.pop())
    within, without = list(_runs(sorted(legal))), list(_runs(sorted(others)))
    excluding = len(without) * 2 < len(within) or len(others) <= 3 < len(legal)
    chosen = without if excluding else within
    if len(chosen) > _MOST_RUNS:
        return None
    return _choice(f"{name} % {modulus}", "not in" if excluding else "in", chosen)


def _choice(name: str, word: str, found: list[tuple[int, int]]) -> str:
    if word == "in" and len(found) == 1 and found[0][0] == found[0][1]:
        return f"{name} == {found[0][0]}"
    shown = (str(a) if a == b else f"{a}, {b}" if b == a + 1 else f"{a}..{b}" for a, b in found)
    return f"{name} {word} {{{', '.join(shown)}}}"


def _runs(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Give the first and last of each run of neighbours."""
    first = last = None
    for number in numbers:
        if first is not None and last is not None and number != last + 1:
            yield first, last
            first = number
        first, last = number if first is None else first, number
    if first is not None and last is not None:
        yield first, last


def _runs_of_set(numbers: LegalSet, domain: Domain) -> list[tuple[int, int]] | None:
    """Give the runs of sizes in a finite set; nothing where there are too many."""
    outside = numbers.complement()
    found: list[tuple[int, int]] = []
    first = numbers.first()
    while first is not None:
        end = outside.first(first) or first + 1
        if domain.step == 1:
            found.append((domain.size(first), domain.size(end - 1)))
        else:
            found += [(domain.size(k),) * 2 for k in range(first, min(end, first + _MOST_RUNS + 1))]
        if len(found) > _MOST_RUNS:
            return None
        first = numbers.first(end)
    return found


def shown_set(numbers: LegalSet, domain: Domain) -> str:
    """Give the sizes of a finite set as text, cut short where it is long."""
    found: list[str] = []
    k = numbers.first()
    while k is not None and len(found) < _MOST_EXCEPTIONS:
        end = numbers.complement().first(k) or k + 1
        a, b = domain.size(k), domain.size(end - 1)
        found.append(str(a) if a == b else f"{a} to {b}")
        k = numbers.first(end)
    return ", ".join([*found, "..."] if k is not None else found)


def refined(fact: SizeFact, pattern: Pattern, legal: LegalSet, domain: Domain) -> SizeFact:
    """Give the fact that holds for all sizes of a legal set."""
    within = legal.up_to(domain.last)
    first, last = within.first() or 0, None if within.tail[2] else within.last()
    least = fact.replace(min=domain.size(first), max=fact.max if last is None else domain.size(last))
    if pattern.extra.first() is not None:
        return least.replace(multiple=domain.step, remainder=domain.first % domain.step)
    start, *others = members(pattern.mask)
    multiple = domain.step * math.gcd(pattern.period, *(k - start for k in others))
    return least.replace(multiple=multiple, remainder=domain.size(start) % multiple)

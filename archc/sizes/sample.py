"""Sizes to try a model at."""

from __future__ import annotations

from archc.sizes.domain import Domain
from archc.sizes.legal import LegalSet

_FURTHER = (9, 30, 97)
_MOST_EDGES = 6
_LARGEST_PRIME = 1 << 20


def sampled(domain: Domain, legal: LegalSet) -> list[int]:
    """Give sizes of a symbol in order: the smallest, a prime, larger ones, the edges of what is legal."""
    within = legal.up_to(domain.last)
    smallest = _members(within, 3)
    if not smallest:
        return []
    start = smallest[-1]
    further = [within.first(start + -(-distance // domain.step)) for distance in _FURTHER]
    prime = next((k for k in _members(within, 60, start) if _is_prime(domain.size(k))), None)
    edges = [edge for s in within.stretches[:_MOST_EDGES] for edge in _around(within, s[0])]
    found = {k for k in (*smallest, prime, *further, *edges) if k is not None}
    return [domain.size(k) for k in sorted(found)]


def _members(numbers: LegalSet, count: int, start: int = 0) -> list[int]:
    found: list[int] = []
    k = numbers.first(start)
    while k is not None and len(found) < count:
        found.append(k)
        k = numbers.first(k + 1)
    return found


def _around(numbers: LegalSet, place: int) -> tuple[int | None, int | None]:
    return numbers.up_to(place - 1).last(), numbers.first(place)


def _is_prime(number: int) -> bool:
    return 1 < number < _LARGEST_PRIME and all(number % d for d in range(2, int(number**0.5) + 1))

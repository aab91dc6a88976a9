"""Sizes to try a model at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from archc.sizes.domain import Domain
from archc.sizes.legal import LegalSet

_FURTHER = (9, 30, 97)
_MOST_EDGES = 6
_MOST_LOOKED_AT = 4096
_LARGEST_PRIME = 1 << 20


def sampled(domain: Domain, legal: LegalSet, allowed: Callable[[int], bool]) -> list[int]:
    """Give sizes of a symbol in order: the smallest, a prime, larger ones, the edges of what is legal."""
    within = legal.up_to(domain.last)

    def some(start: int, count: int) -> list[int]:
        sizes = map(domain.size, islice(_members(within, start), _MOST_LOOKED_AT))
        return list(islice(filter(allowed, sizes), count))

    smallest = some(0, 3)
    if not smallest:
        return []
    start = (smallest[-1] - domain.first) // domain.step
    further = [size for distance in _FURTHER for size in some(start + -(-distance // domain.step), 1)]
    prime = [size for size in some(start, 60) if _is_prime(size)][:1]
    places = [edge for s in within.stretches[:_MOST_EDGES] for edge in _around(within, s[0])]
    edges = [size for k in places if k is not None and allowed(size := domain.size(k))]
    return sorted({*smallest, *prime, *further, *edges})


def _members(numbers: LegalSet, start: int) -> Iterator[int]:
    k = numbers.first(start)
    while k is not None:
        yield k
        k = numbers.first(k + 1)


def _around(numbers: LegalSet, place: int) -> tuple[int | None, int | None]:
    return numbers.up_to(place - 1).last(), numbers.first(place)


def _is_prime(number: int) -> bool:
    return 1 < number < _LARGEST_PRIME and all(number % d for d in range(2, int(number**0.5) + 1))

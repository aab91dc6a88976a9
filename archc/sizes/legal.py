"""Sets of numbers from 0 that are periodic in stretches: which sizes of a symbol satisfy a condition.

A stretch holds the numbers whose remainder modulo its period has its bit set in the stretch's mask. It
reaches to the start of the next one, the last without end.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

MAX_PERIOD = 1 << 16

Stretch: TypeAlias = tuple[int, int, int]
"""Start, period, mask."""


class LegalSet:
    """A set of numbers from 0, as a list of stretches."""

    __slots__ = ("stretches",)

    def __init__(self, stretches: Iterable[Stretch]) -> None:
        self.stretches = _merged(stretches)

    def __eq__(self, other: object) -> bool:
        return self.stretches == other.stretches if isinstance(other, LegalSet) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.stretches)

    def __contains__(self, number: int) -> bool:
        found = False
        for start, period, mask in self.stretches:
            if number < start:
                break
            found = bool(mask >> number % period & 1)
        return found

    @property
    def tail(self) -> Stretch:
        """The stretch without end."""
        return self.stretches[-1]

    def bounded(self) -> Iterator[tuple[int, int | None, int, int]]:
        """Give each stretch with where it ends."""
        ends = [start for start, _, _ in self.stretches[1:]]
        for (start, period, mask), end in zip(self.stretches, [*ends, None], strict=True):
            yield start, end, period, mask

    def first(self, start: int = 0) -> int | None:
        """Give the first member from `start` on."""
        for begin, end, period, mask in self.bounded():
            if mask and (end is None or end > start):
                place = _next_bit(period, mask, max(begin, start))
                if end is None or place < end:
                    return place
        return None

    def last(self) -> int | None:
        """Give the last member of a finite set that has one."""
        for begin, end, period, mask in reversed(list(self.bounded())):
            if mask and end is not None:
                lowest = max(begin, end - period)
                places = (place for place in range(end - 1, lowest - 1, -1) if mask >> place % period & 1)
                found = next(places, None)
                if found is not None:
                    return found
        return None

    def complement(self) -> LegalSet:
        """Give the numbers that are not members."""
        return LegalSet((start, period, mask ^ _full(period)) for start, period, mask in self.stretches)

    def up_to(self, last: int | None) -> LegalSet:
        """Give the members up to a number."""
        return self if last is None else self & LegalSet([(0, 1, 1), (max(last + 1, 0), 1, 0)])

    def between(self, first: int, last: int | None) -> LegalSet:
        """Give the members from a number to another, or without end."""
        return (self & LegalSet([(0, 1, 0), (first, 1, 1)])).up_to(last)

    def __and__(self, other: LegalSet) -> LegalSet:
        """Give the members of both; `OverflowError` where the common period is too long."""
        result: list[Stretch] = []
        starts = sorted({s[0] for s in self.stretches} | {s[0] for s in other.stretches})
        i = j = 0
        for start in starts:
            while i + 1 < len(self.stretches) and self.stretches[i + 1][0] <= start:
                i += 1
            while j + 1 < len(other.stretches) and other.stretches[j + 1][0] <= start:
                j += 1
            result.append((start, *_both(self.stretches[i], other.stretches[j])))
        return LegalSet(result)


def everything() -> LegalSet:
    """Give the set of all numbers from 0."""
    return LegalSet([(0, 1, 1)])


def nothing() -> LegalSet:
    """Give the empty set."""
    return LegalSet([(0, 1, 0)])


def from_flags(flags: Sequence[bool], start: int = 0) -> list[Stretch]:
    """Give the stretches of a run of numbers that are or are not members one by one."""
    found: list[Stretch] = []
    for i, flag in enumerate(flags):
        if not found or found[-1][2] != flag:
            found.append((start + i, 1, int(flag)))
    return found


def members(mask: int) -> list[int]:
    """Give the numbers whose bits are set."""
    return [i for i, bit in enumerate(reversed(bin(mask)[2:])) if bit == "1"]


def mask_of(flags: Iterable[bool]) -> int:
    """Give the mask that has these bits, the lowest first."""
    return int("".join("1" if flag else "0" for flag in flags)[::-1] or "0", 2)


def _full(period: int) -> int:
    return (1 << period) - 1


def _both(a: Stretch, b: Stretch) -> tuple[int, int]:
    if not a[2] or not b[2]:
        return 1, 0
    period = math.lcm(a[1], b[1])
    if period > MAX_PERIOD:
        raise OverflowError("a period too long to look through")
    return period, _tiled(a[2], a[1], period) & _tiled(b[2], b[1], period)


def _tiled(mask: int, period: int, longer: int) -> int:
    return mask * (_full(longer) // _full(period))


def _next_bit(period: int, mask: int, start: int) -> int:
    offset = start % period
    turned = mask >> offset | mask << period - offset
    return start + (turned & -turned).bit_length() - 1


def _shortest(period: int, mask: int) -> tuple[int, int]:
    """Give the shortest period with which the same numbers can be written."""
    if mask in (0, _full(period)):
        return 1, int(mask != 0)
    for prime in prime_factors(period):
        while period % prime == 0:
            part = mask & _full(period // prime)
            if _tiled(part, period // prime, period) != mask:
                break
            period, mask = period // prime, part
    return period, mask


def prime_factors(number: int) -> list[int]:
    """Give the primes that divide a number."""
    found = []
    prime = 2
    while prime * prime <= number:
        if number % prime == 0:
            found.append(prime)
            while number % prime == 0:
                number //= prime
        prime += 1
    return [*found, number] if number > 1 else found


def _merged(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """Write each stretch as shortly as possible, and neighbours that are alike as one."""
    given = list(stretches)
    ends = [start for start, _, _ in given[1:]]
    result: list[Stretch] = []
    for (start, period, mask), end in zip(given, [*ends, None], strict=True):
        if start == end:
            continue
        shortest = _shortest(period, mask)
        if end is not None and end - start < shortest[0]:
            shortest = _uniform(shortest, start, end)
        if not result or result[-1][1:] != shortest:
            result.append((start, *shortest))
    return tuple(result)


def _uniform(pattern: tuple[int, int], start: int, end: int) -> tuple[int, int]:
    """Give the pattern for a stretch of less than a period; a plain one if all or none are members."""
    period, mask = pattern
    offset = start % period
    inside = (mask >> offset | mask << period - offset) & _full(end - start)
    return (1, int(inside > 0)) if inside in (0, _full(end - start)) else pattern

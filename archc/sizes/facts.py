"""What is known about symbols: bounds, and the remainder of a division."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from archc.source import Record


class SizeFact(Record):
    """The sizes a symbol may have: `min` to `max`, leaving `remainder` when divided by `multiple`."""

    min: int = 1
    max: int | None = None
    multiple: int = 1
    remainder: int = 0

    @property
    def smallest(self) -> int:
        """The smallest size of all."""
        return self.min + (self.remainder - self.min) % self.multiple

    def admits(self, size: int) -> bool:
        """Say whether a size is among them."""
        within = self.min <= size and (self.max is None or size <= self.max)
        return within and (size - self.remainder) % self.multiple == 0


_ANY = SizeFact()


class Facts:
    """Facts by the name of the symbol; a name that is not mentioned may be any size from 1."""

    __slots__ = ("_facts",)

    def __init__(self, facts: Mapping[str, SizeFact] | None = None) -> None:
        self._facts = dict(facts or {})

    def get(self, name: str) -> SizeFact:
        """Give what is known about a symbol."""
        return self._facts.get(name, _ANY)

    def with_fact(self, name: str, fact: SizeFact) -> Facts:
        """Give facts in which those about one symbol are replaced."""
        return Facts({**self._facts, name: fact})

    def items(self) -> Iterator[tuple[str, SizeFact]]:
        """Give each mentioned name with its fact."""
        return iter(self._facts.items())

    def __iter__(self) -> Iterator[str]:
        return iter(self._facts)

    def __contains__(self, name: object) -> bool:
        return name in self._facts

    def __len__(self) -> int:
        return len(self._facts)

    def __eq__(self, other: object) -> bool:
        return self._facts == other._facts if isinstance(other, Facts) else NotImplemented

    def __hash__(self) -> int:
        return hash(frozenset(self._facts.items()))

    def __repr__(self) -> str:
        return f"Facts({self._facts!r})"

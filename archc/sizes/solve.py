"""What the needs of a model ask of its symbols, in the weakest form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archc.sizes.condition import Condition
from archc.sizes.evaluate import evaluate
from archc.sizes.facts import Facts
from archc.sizes.prove import prove
from archc.source import Record, Span


class Need(Record):
    """One thing that is asked of the symbols, and by what."""

    condition: Condition
    span: Span | None = None
    reason: str = ""


class Requirement(Record):
    """One thing that a model asks of its symbols, and the needs that make it."""

    condition: Condition | str
    symbols: tuple[str, ...]
    text: str
    needs: tuple[Need, ...] = ()


class Conflict(Record):
    """Needs that cannot be met together, or only by single sizes; `text` says which."""

    needs: tuple[Need, ...]
    text: str
    symbols: tuple[str, ...] = ()


class Solution(Record):
    """What is required, what cannot be met, and the facts that follow."""

    requirements: tuple[Requirement, ...]
    conflicts: tuple[Conflict, ...]
    facts: Facts

    def allows(self, sizes: Mapping[str, int]) -> bool:
        """Say whether a model accepts these sizes."""
        if not all(self.facts.get(name).admits(size) for name, size in sizes.items()):
            return False
        return all(
            r.condition.holds(evaluate(r.condition.difference, sizes))
            for r in self.requirements
            if isinstance(r.condition, Condition)
        )

    def sample(self, name: str) -> list[int]:
        """Give sizes of a symbol to try: the smallest, a prime, larger ones, the edges."""
        fact = self.facts.get(name)
        found = [fact.smallest + fact.multiple * k for k in (0, 1, 2, 6, 10)]
        return [size for size in found if fact.admits(size)]


def solve(needs: Sequence[Need], facts: Facts) -> Solution:
    """Combine needs into requirements."""
    requirements: list[Requirement] = []
    conflicts: list[Conflict] = []
    for need in needs:
        proof = prove(need.condition, facts)
        if proof.never:
            conflicts.append(Conflict((need,), f"no size satisfies `{need.condition}`"))
        elif not proof.proved:
            names = tuple(sorted(need.condition.symbols))
            requirements.append(Requirement(need.condition, names, str(need.condition), (need,)))
    return Solution(tuple(requirements), tuple(conflicts), facts)

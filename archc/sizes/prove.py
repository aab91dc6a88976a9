"""Whether a condition holds for all sizes that the facts allow."""

from __future__ import annotations

import itertools

from archc.sizes.condition import Condition
from archc.sizes.evaluate import evaluate, symbols
from archc.sizes.facts import Facts, SizeFact
from archc.source import Record


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
    names = sorted(symbols(difference))
    if isinstance(difference, int):
        holds = condition.holds(difference)
        return Proof("proved", witness={}) if holds else Proof("refuted", {}, None, never=True)
    counterexample = witness = None
    for values in itertools.product(*(_some(facts.get(name)) for name in names)):
        sizes = dict(zip(names, values, strict=True))
        if condition.holds(evaluate(difference, sizes)):
            witness = witness or sizes
        else:
            counterexample = counterexample or sizes
    return Proof("refuted" if counterexample else "unknown", counterexample, witness)


def _some(fact: SizeFact) -> list[int]:
    first = fact.smallest
    found = [first + fact.multiple * k for k in (0, 1, 2, 3, 4, 5, 7, 12, 30)]
    return [size for size in found if fact.admits(size)]

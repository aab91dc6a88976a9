"""What the needs of a model ask of its symbols, in the weakest form.

Needs on one symbol become the exact set of its legal sizes, and that set becomes words. Needs on several
symbols are stated as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from archc.sizes.combine import combine
from archc.sizes.condition import Condition
from archc.sizes.domain import Domain, domain_of
from archc.sizes.evaluate import evaluate, symbols
from archc.sizes.expr import Dim, constant_of
from archc.sizes.facts import Facts
from archc.sizes.legal import LegalSet, everything
from archc.sizes.need import Conflict, Need, Requirement, listed
from archc.sizes.prove import prove
from archc.sizes.sample import sampled
from archc.sizes.separate import separated
from archc.sizes.text import name_order, text
from archc.sizes.ties import tied
from archc.source import Record


class Solution(Record):
    """What is required, what cannot be met, and the facts that follow.

    `given` are the facts that were declared; `legal` holds the exact sizes of the symbols that are asked
    for something.
    """

    requirements: tuple[Requirement, ...]
    conflicts: tuple[Conflict, ...]
    facts: Facts
    given: Facts
    legal: tuple[tuple[Domain, LegalSet], ...]

    def allows(self, sizes: Mapping[str, int]) -> bool:
        """Say whether a model accepts these sizes; what is asked of symbols not among them is left out."""
        if not all(self.given.get(name).admits(size) for name, size in sizes.items()):
            return False
        if not all(_is_legal(sizes[d.name], d, legal) for d, legal in self.legal if d.name in sizes):
            return False
        stated = (r.condition for r in self.requirements if isinstance(r.condition, Condition))
        return all(
            condition.holds(evaluate(condition.difference, sizes))
            for condition in stated
            if condition.symbols <= sizes.keys()
        )

    def sample(self, name: str) -> list[int]:
        """Give sizes of a symbol to try: the smallest, a prime, larger ones, the edges of what is legal."""
        fallback = domain_of(name, self.given.get(name)), everything()
        domain, legal = next((known for known in self.legal if known[0].name == name), fallback)
        return sampled(domain, legal, lambda size: self.allows({name: size}))


def _is_legal(size: int, domain: Domain, legal: LegalSet) -> bool:
    k = domain.count(size)
    return k is not None and k in legal


def solve(needs: Sequence[Need], facts: Facts) -> Solution:
    """Combine needs into requirements: what must hold of the symbols, no more and no less."""
    conflicts: list[Conflict] = []
    by_name: dict[str, list[Need]] = {}
    shared: list[Need] = []
    for need in _strongest(needs):
        names = symbols(need.condition.difference)
        if len(names) == 1:
            by_name.setdefault(min(names), []).append(need)
        elif names:
            apart = separated(need.condition, facts)
            for condition in apart:
                by_name.setdefault(min(condition.symbols), []).append(need.replace(condition=condition))
            shared += [] if apart else [need]
        elif not need.condition.holds(constant_of(need.condition.difference)):
            conflicts.append(Conflict((need,), f"{listed((need,))} never holds"))
    combined = [combine(name, by_name[name], facts) for name in sorted(by_name, key=name_order)]
    refined = facts
    requirements: list[Requirement] = []
    for one in combined:
        refined = refined.with_fact(one.domain.name, one.fact)
        requirements += one.requirements
        conflicts += one.conflicts
        shared += one.undecided
    stated, failed = _as_they_are(shared, requirements, facts, refined)
    legal = tuple((one.domain, one.legal) for one in combined)
    return Solution((*requirements, *stated), (*conflicts, *failed), refined, facts, legal)


def _strongest(needs: Iterable[Need]) -> list[Need]:
    """Leave out needs asked before, and those that are the same but for a weaker bound."""
    kept: dict[tuple[str, Dim], tuple[int, Need]] = {}
    for need in needs:
        difference = need.condition.difference
        constant = constant_of(difference)
        bound = constant if need.condition.relation == ">=" else 0
        key = (need.condition.relation, difference - bound)
        if key not in kept or bound < kept[key][0]:
            kept[key] = (bound, need)
    return [need for _, need in kept.values()]


def _as_they_are(
    needs: Sequence[Need], known: Sequence[Requirement], given: Facts, facts: Facts
) -> tuple[list[Requirement], list[Conflict]]:
    """State needs on several symbols, but for those that the facts imply or rule out."""
    stated: list[Requirement] = []
    failed: list[Conflict] = []
    for need in needs:
        condition = need.condition
        proof = prove(condition, facts)
        names = tuple(sorted(symbols(condition.difference), key=name_order))
        if proof.never:
            also = [n for r in known for n in r.needs if set(names) & set(r.symbols)]
            blamed = (need,) if prove(condition, given).never else (need, *dict.fromkeys(also))
            failed.append(Conflict(blamed, f"no {_named(names)} {_verb(names)} {listed(blamed)}", names))
        elif proof.verdict != "proved":
            if condition.relation == "==" and len(names) > 1 and tied(condition.difference):
                failed.append(Conflict((need,), _tie(condition, names), names))
            else:
                stated.append(Requirement(condition, names, str(condition), (need,)))
    return stated, failed


def _tie(condition: Condition, names: tuple[str, ...]) -> str:
    if {text(condition.left), text(condition.right)} == set(names):
        return f"{_named(names)} are different sizes and would have to be equal"
    return f"`{condition}` holds only for some combinations of {_named(names)}"


def _verb(names: Sequence[str]) -> str:
    return "satisfies" if len(names) == 1 else "satisfy"


def _named(names: Sequence[str]) -> str:
    *first, last = (f"`{name}`" for name in names)
    return f"{', '.join(first)} and {last}" if first else last

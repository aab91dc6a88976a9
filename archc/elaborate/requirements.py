"""What the models need of their symbols: solved, stated, held against what `dims` declares."""

from __future__ import annotations

from collections.abc import Mapping

from archc.elaborate.context import Compilation, Made
from archc.sizes import Condition, Conflict, Facts, Need, SizeFact, Solution, prove, solve, text
from archc.source import Diagnostic, Fix, Label, Span, replacement
from archc.spec.document import DimDecl, Spec


def solve_requirements(spec: Spec, compilation: Compilation, made: list[Made]) -> list[Solution] | None:
    """Combine the needs of each model in their weakest form.

    Reports those that no size, or only single sizes, satisfy; a symbol that `dims` declares must imply
    what is needed of it (E0414). None where something is wrong.
    """
    declared = {decl.name for decl in spec.dims}
    facts = compilation.facts
    reasons = {key: reason for each in made for key, reason in each.asked.reasons.items()}
    report = _Report(compilation, reasons)
    solutions: list[Solution] = []
    failed: list[Need] = []
    for each in made:
        needs = _first_of_each(each.asked.needs)
        free = [need for need in needs if not need.condition.symbols <= declared]
        bound = [need for need in needs if need.condition.symbols <= declared]
        solutions.append(solve(free, facts))
        report.conflicts(solutions[-1].conflicts)
        failed += [need for need in bound if prove(need.condition, facts).verdict != "proved"]
    if any(each.module is None for each in made):
        return None
    if failed:
        report.undeclared(spec, failed)
    return None if failed or any(solution.conflicts for solution in solutions) else solutions


def _first_of_each(needs: list[Need]) -> list[Need]:
    found: dict[object, Need] = {}
    for need in needs:
        found.setdefault((need.condition, need.span), need)
    return list(found.values())


class _Report:
    """Reports what cannot be met, with the reasons that the needs were noted with."""

    def __init__(
        self, compilation: Compilation, reasons: Mapping[tuple[Span | None, str], Diagnostic]
    ) -> None:
        self._compilation = compilation
        self._reasons = reasons

    def conflicts(self, conflicts: tuple[Conflict, ...]) -> None:
        """Report what cannot be met, once for each place: an axis more of the same mistake is a note."""
        found: dict[object, Diagnostic] = {}
        for conflict in conflicts:
            diagnostic = self._conflict(conflict.needs, conflict.text)
            place = (diagnostic.code, diagnostic.span)
            known = found.setdefault(place, diagnostic)
            if known is not diagnostic:
                found[place] = known.replace(notes=(*known.notes, conflict.text))
        for diagnostic in found.values():
            self._compilation.diagnostics.add(diagnostic)

    def _conflict(self, needs: tuple[Need, ...], why: str) -> Diagnostic:
        first, *others = needs
        reason = self._reasons[(first.span, first.reason)]
        label = f"this needs `{first.condition}`"
        if not others:
            helps = (*_one_symbol(first.condition), *reason.help)
            return reason.replace(label=reason.label or label, notes=(*reason.notes, why), help=helps)
        labels = tuple(
            Label(need.span, f"this needs `{need.condition}`") for need in others if need.span is not None
        )
        message = "no size satisfies all that the model needs"
        return reason.replace(
            code="E0415", message=message, label=label, labels=labels, notes=(why,), help=()
        )

    def undeclared(self, spec: Spec, failed: list[Need]) -> None:
        wanted = solve(failed, Facts())
        names = sorted({name for need in failed for name in need.condition.symbols})
        if wanted.conflicts:
            self.conflicts(wanted.conflicts)
            return
        known = self._compilation.facts
        facts = known
        for name in names:
            facts = facts.with_fact(name, _joined(wanted.facts.get(name), known.get(name)))
        facts = _strengthened([need for need in failed if not _holds(need, facts)], facts)
        enough = all(_holds(need, facts) for need in failed)
        changed = [name for name in names if facts.get(name) != known.get(name)]
        for name in changed if enough else names[:1]:
            about = [need for need in failed if name in need.condition.symbols]
            decl = next(each for each in spec.dims if each.name == name)
            line = _line(name, facts.get(name))
            needs = [r.text for r in wanted.requirements if name in r.symbols]
            stated = " and ".join(f"`{text_}`" for text_ in needs or [str(about[0].condition)])
            self._compilation.diagnostics.add(
                Diagnostic(
                    "E0414",
                    f"the model needs {stated}, which the facts about `{name}` do not imply",
                    decl.span,
                    labels=tuple(
                        Label(n.span, f"this needs `{n.condition}`") for n in about[:3] if n.span is not None
                    ),
                    help=(
                        f"declare `{line}`"
                        if enough
                        else f"leave the facts about `{name}` out: what is needed is then found and stated",
                    ),
                    fix=_fix(decl, line) if enough else None,
                )
            )


_MULTIPLES = (*range(2, 33), 36, 40, 48, 56, 64, 80, 96, 128, 160, 192, 224, 256)


def _holds(need: Need, facts: Facts) -> bool:
    return prove(need.condition, facts).verdict == "proved"


def _strengthened(left: list[Need], facts: Facts) -> Facts:
    """Find a divisor of one symbol that implies what several ask for together; the facts as they are else."""
    for name in sorted({name for need in left for name in need.condition.symbols}):
        fact = facts.get(name)
        for multiple in _MULTIPLES:
            if fact.remainder or multiple % fact.multiple:
                continue
            tried = facts.with_fact(name, fact.replace(multiple=multiple))
            stricter = tried.get(name)
            possible = stricter.max is None or stricter.smallest <= stricter.max
            if possible and all(_holds(need, tried) for need in left):
                return tried
    return facts


def _one_symbol(condition: Condition) -> tuple[str, ...]:
    left, right = text(condition.left), text(condition.right)
    if condition.relation != "==" or not left.isidentifier() or not right.isidentifier():
        return ()
    return (f"where they are one size, write `{left}` for both",)


def _fix(decl: DimDecl, line: str) -> Fix:
    """Write the line; not without asking where that would lose a comment or an expression."""
    facts = (decl.multiple_of, decl.remainder, decl.min, decl.max)
    literal = all(fact is None or isinstance(fact.value, int) for fact in facts)
    return replacement(decl.span, line).replace(safe=literal and "#" not in decl.span.text)


def _joined(wanted: SizeFact, known: SizeFact) -> SizeFact:
    """Give the fact that says both what is needed and what was declared."""
    multiple, remainder = wanted.multiple, wanted.remainder
    if known.multiple % multiple == 0 and known.remainder % multiple == remainder:
        multiple, remainder = known.multiple, known.remainder
    most = [bound for bound in (wanted.max, known.max) if bound is not None]
    return SizeFact(max(wanted.min, known.min), min(most) if most else None, multiple, remainder)


def _line(name: str, fact: SizeFact) -> str:
    parts = [f"multiple_of: {fact.multiple}"] if fact.multiple > 1 else []
    parts += [f"remainder: {fact.remainder}"] if fact.remainder else []
    parts += [f"min: {fact.min}"] if fact.min > 1 else []
    parts += [f"max: {fact.max}"] if fact.max is not None else []
    return f"{name}: {{{', '.join(parts)}}}"

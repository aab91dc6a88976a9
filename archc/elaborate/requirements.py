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
        for name in names:
            about = [need for need in failed if name in need.condition.symbols]
            decl = next(each for each in spec.dims if each.name == name)
            line = _line(name, wanted.facts.get(name), self._compilation.facts.get(name))
            stated = " and ".join(f"`{r.text}`" for r in wanted.requirements if name in r.symbols)
            self._compilation.diagnostics.add(
                Diagnostic(
                    "E0414",
                    f"the model needs {stated}, which the facts about `{name}` do not imply",
                    decl.span,
                    labels=tuple(
                        Label(n.span, f"this needs `{n.condition}`") for n in about[:3] if n.span is not None
                    ),
                    help=(f"declare `{line}`",),
                    fix=_fix(decl, line),
                )
            )


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


def _line(name: str, wanted: SizeFact, known: SizeFact) -> str:
    parts = []
    multiple, remainder = wanted.multiple, wanted.remainder
    if known.multiple % multiple == 0 and known.remainder % multiple == remainder:
        multiple, remainder = known.multiple, known.remainder
    if multiple > 1:
        parts.append(f"multiple_of: {multiple}")
    if remainder:
        parts.append(f"remainder: {remainder}")
    least = max(wanted.min, known.min)
    if least > 1:
        parts.append(f"min: {least}")
    most = [bound for bound in (wanted.max, known.max) if bound is not None]
    if most:
        parts.append(f"max: {min(most)}")
    return f"{name}: {{{', '.join(parts)}}}"

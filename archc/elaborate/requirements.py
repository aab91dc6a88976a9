"""What the models need of their symbols: solved, stated, held against what `dims` declares."""

from __future__ import annotations

from archc.elaborate.context import Compilation
from archc.sizes import Facts, Need, SizeFact, Solution, prove, solve
from archc.source import Diagnostic, Label
from archc.spec.document import Spec


def solve_requirements(spec: Spec, compilation: Compilation, broken: bool) -> Solution | None:
    """Combine the needs in their weakest form; reports those that no size, or only single sizes, satisfy.

    A symbol that `dims` declares must imply what is needed of it (E0414).
    """
    needs = _first_of_each(compilation.needs)
    declared = {decl.name for decl in spec.dims}
    free = [need for need in needs if not need.condition.symbols <= declared]
    solution = solve(free, compilation.facts)
    for conflict in solution.conflicts:
        _report_conflict(compilation, conflict.needs, conflict.text)
    if broken:
        return None
    bound = [need for need in needs if need.condition.symbols <= declared]
    failed = [need for need in bound if prove(need.condition, compilation.facts).verdict != "proved"]
    if failed:
        _report_undeclared(spec, compilation, failed)
    return None if solution.conflicts or failed else solution


def _first_of_each(needs: list[Need]) -> list[Need]:
    found: dict[object, Need] = {}
    for need in needs:
        found.setdefault((need.condition, need.span), need)
    return list(found.values())


def _report_conflict(compilation: Compilation, needs: tuple[Need, ...], text: str) -> None:
    first, *others = needs
    code, _, message = first.reason.partition(": ")
    labels = tuple(
        Label(need.span, f"this needs `{need.condition}`") for need in others if need.span is not None
    )
    compilation.diagnostics.add(
        Diagnostic(
            code if not others else "E0415",
            message if not others else "no size satisfies all that the model needs",
            first.span,
            label=f"this needs `{first.condition}`",
            labels=labels,
            notes=(text,),
            chain=compilation.need_frames.get(id(first), ()),
        )
    )


def _report_undeclared(spec: Spec, compilation: Compilation, failed: list[Need]) -> None:
    wanted = solve(failed, Facts())
    names = sorted({name for need in failed for name in need.condition.symbols})
    for conflict in wanted.conflicts:
        _report_conflict(compilation, conflict.needs, conflict.text)
    if wanted.conflicts:
        return
    for name in names:
        about = [need for need in failed if name in need.condition.symbols]
        decl = next(each for each in spec.dims if each.name == name)
        line = _line(name, wanted.facts.get(name), compilation.facts.get(name))
        stated = " and ".join(f"`{r.text}`" for r in wanted.requirements if name in r.symbols)
        compilation.diagnostics.add(
            Diagnostic(
                "E0414",
                f"the model needs {stated}, which the facts about `{name}` do not imply",
                decl.span,
                labels=tuple(
                    Label(n.span, f"this needs `{n.condition}`") for n in about[:3] if n.span is not None
                ),
                help=(f"declare `{line}`",),
            )
        )


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

"""Applying the fixes that diagnostics carry."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from archc.source import Diagnostic, Edit, Source

_ROUNDS = 100


def apply(source: Source, diagnostics: Iterable[Diagnostic]) -> tuple[Source, tuple[Diagnostic, ...]]:
    """Apply the safe fixes of diagnostics to a text; give the new text and the diagnostics that are fixed.

    A fix that overlaps with another one, or is about another file, is left for later.
    """
    edits: list[Edit] = []
    done: list[Diagnostic] = []
    for diagnostic in diagnostics:
        fix = diagnostic.fix
        if fix is None or not fix.safe or any(_clashes(edit, edits, source) for edit in fix.edits):
            continue
        edits += fix.edits
        done.append(diagnostic)
    text = source.text
    for edit in sorted(edits, key=lambda edit: edit.span.start, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return Source(source.name, text), tuple(done)


def _clashes(edit: Edit, others: list[Edit], source: Source) -> bool:
    span = edit.span
    if span.source is not source:
        return True
    return any(span.start <= other.span.end and other.span.start <= span.end for other in others)


def fix_all(
    source: Source, check: Callable[[Source], Iterable[Diagnostic]]
) -> tuple[Source, tuple[Diagnostic, ...]]:
    """Fix what can be, check again, until nothing more can be; give the text and all that was fixed."""
    fixed: list[Diagnostic] = []
    seen = {source.text}
    for _ in range(_ROUNDS):
        changed, done = apply(source, check(source))
        if not done or changed.text in seen:
            break
        seen.add(changed.text)
        source = changed
        fixed += done
    return source, tuple(fixed)

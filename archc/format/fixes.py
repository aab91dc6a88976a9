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
    """Fix what can be, check again, until nothing more can be; give the text and all that was fixed.

    A text that can be read as YAML stays so: a fix that would end that is not made.
    """
    found = tuple(check(source))
    fixed: list[Diagnostic] = []
    seen = {source.text}
    for _ in range(_ROUNDS):
        changed, done, now = _fixed_once(source, found, check)
        if not done or changed.text in seen:
            break
        seen.add(changed.text)
        source, found = changed, now
        fixed += done
    return source, tuple(fixed)


def _fixed_once(
    source: Source, found: tuple[Diagnostic, ...], check: Callable[[Source], Iterable[Diagnostic]]
) -> tuple[Source, tuple[Diagnostic, ...], tuple[Diagnostic, ...]]:
    """Make all fixes that do no harm: together, or the first that does none alone."""
    changed, together = apply(source, found)
    for some in (together, *((one,) for one in together)) if together else ():
        changed, done = apply(source, some)
        now = tuple(check(changed))
        if _is_readable(now) or not _is_readable(found):
            return changed, done, now
    return source, (), found


def _is_readable(diagnostics: tuple[Diagnostic, ...]) -> bool:
    return not any(each.code.startswith("E01") for each in diagnostics)

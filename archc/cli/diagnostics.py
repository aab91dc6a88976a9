"""Showing diagnostics on a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

import click

from archc.source import Diagnostic


def wants_color(choice: str, stream: object = None) -> bool:
    """Decide on colour: the option, then NO_COLOR and FORCE_COLOR, then whether it is a terminal."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    isatty = getattr(stream or sys.stderr, "isatty", lambda: False)
    return bool(isatty())


def show(diagnostics: Iterable[Diagnostic], form: str = "full", color: str = "auto") -> None:
    """Print diagnostics: for programs on standard output, for people on standard error."""
    listed = list(diagnostics)
    from archc.source.render import DOCUMENTS, FOR_PROGRAMS, render

    program = form in FOR_PROGRAMS
    if not listed and form not in DOCUMENTS:
        return
    painted = form == "full" and wants_color(color)
    click.echo(render(listed, form, painted), err=not program, color=painted or None)
    if form == "full":
        click.echo(err=True)


def severities(
    diagnostics: Iterable[Diagnostic], strict: bool, allowed: tuple[str, ...]
) -> tuple[Diagnostic, ...]:
    """Apply `--strict` and `--allow`: allowed warnings go, strict warnings count as errors."""
    kept = [each for each in diagnostics if each.code not in allowed or each.severity == "error"]
    return tuple(each.replace(promoted=True) if strict else each for each in kept)


def count(diagnostics: Iterable[Diagnostic]) -> str:
    """Say how many errors and warnings there are."""
    listed = list(diagnostics)
    errors = sum(each.severity == "error" for each in listed)
    warnings = len(listed) - errors
    parts = [f"{n} {word}{'s' * (n != 1)}" for n, word in ((errors, "error"), (warnings, "warning")) if n]
    return " and ".join(parts)

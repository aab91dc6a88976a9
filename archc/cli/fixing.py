"""Applying safe fixes to the specs that a command line names."""

from __future__ import annotations

import click

from archc.cli.compiling import of_source
from archc.cli.options import SpecOptions
from archc.format.files import Change, write
from archc.format.fixes import fix_all
from archc.source import Diagnostic, Source, SpecError
from archc.spec.files import FileProblem, find_specs, read_source


def fix_files(places: tuple[str, ...], options: SpecOptions) -> None:
    """Fix the specs of places and say what was fixed; what cannot be read is left for the check.

    Raises SpecError where a fixed file cannot be written.
    """
    if "-" in places:
        raise click.UsageError("--fix changes files; `archc fmt -` quotes what comes from standard input")
    for place in places:
        try:
            sources = [read_source(each, options.limits) for each in find_specs((place,))]
        except FileProblem:
            continue
        for source in sources:
            _fix(source, options)


def _fix(source: Source, options: SpecOptions) -> None:
    def check(text: Source) -> list[Diagnostic]:
        return [each for outcome in of_source(text.name, text, options) for each in outcome.diagnostics]

    after, fixed = fix_all(source, check)
    if not fixed:
        return
    try:
        write(Change(source.name, source, after))
    except FileProblem as problem:
        raise SpecError((problem.diagnostic,)) from None
    for each in fixed:
        click.echo(f"fixed {each.span}: [{each.code}] {each.message}", err=True)

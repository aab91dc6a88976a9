"""`archc validate`."""

from __future__ import annotations

import click

from archc.cli.compiling import Outcome, outcomes
from archc.cli.diagnostics import count, show
from archc.cli.failures import exit_code
from archc.cli.options import SpecOptions, spec_options


@click.command("validate")
@click.argument("specs", nargs=-1, required=True, metavar="SPEC...")
@spec_options()
def command(specs: tuple[str, ...], options: SpecOptions) -> int:
    """Check specs: files, folders, or - for standard input.

    Says at the line and column what does not fit together. Nothing is run or written.
    """
    found = list(outcomes(specs, options))
    diagnostics = [each for outcome in found for each in outcome.diagnostics]
    if options.form == "json":
        show(diagnostics, "json")
    else:
        for outcome in found:
            show(outcome.diagnostics, options.form, options.color)
        if options.form == "full":
            _conclude(found)
    return max((exit_code(outcome.diagnostics) for outcome in found), default=0)


def _conclude(found: list[Outcome]) -> None:
    for outcome in found:
        if outcome.compiled is not None and not outcome.failed:
            required = ", ".join(outcome.compiled.requirements)
            click.echo(f"{outcome.title}: ok" + (f", requires {required}" if required else ""))
    shown = count(each for outcome in found for each in outcome.diagnostics)
    if shown:
        files = len({outcome.place for outcome in found if outcome.diagnostics})
        click.echo(f"found {shown} in {files} file{'s' * (files != 1)}", err=True)

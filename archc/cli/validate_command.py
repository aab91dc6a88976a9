"""`archc validate`."""

from __future__ import annotations

import click

from archc.api import Compiled
from archc.cli.compiling import Outcome, outcomes
from archc.cli.diagnostics import count, show
from archc.cli.failures import exit_code
from archc.cli.options import SpecOptions, spec_options
from archc.ir.program import requirements_of
from archc.source.render import DOCUMENTS


@click.command("validate")
@click.argument("specs", nargs=-1, required=True, metavar="SPEC...")
@click.option("--fix", is_flag=True, help="first apply the fixes that are safe to the files")
@spec_options()
def command(specs: tuple[str, ...], fix: bool, options: SpecOptions) -> int:
    """Check specs: files, folders, or - for standard input.

    Says at the line and column what does not fit together. Nothing is run, and nothing is written
    but by --fix.
    """
    if fix:
        from archc.cli.fixing import fix_files

        fix_files(specs, options)
    found = list(outcomes(specs, options))
    diagnostics = [each for outcome in found for each in outcome.diagnostics]
    if options.form in DOCUMENTS:
        show(diagnostics, options.form)
    else:
        for outcome in found:
            show(outcome.diagnostics, options.form, options.color)
        if options.form == "full":
            _conclude(found)
    return max((exit_code(outcome.diagnostics) for outcome in found), default=0)


def _conclude(found: list[Outcome]) -> None:
    for outcome in found:
        if outcome.compiled is not None and not outcome.failed:
            required = _required(outcome.compiled)
            click.echo(f"{outcome.title}: ok" + (f", requires {required}" if required else ""))
    shown = count(each for outcome in found for each in outcome.diagnostics)
    if shown:
        files = len({outcome.place for outcome in found if outcome.diagnostics})
        click.echo(f"found {shown} in {files} file{'s' * (files != 1)}", err=True)


def _required(compiled: Compiled) -> str:
    """Write what the models require; by model where they differ."""
    found = {model.name: ", ".join(requirements_of(model)) for model in compiled.program.models}
    if len(set(found.values())) == 1:
        return next(iter(found.values()))
    return "; ".join(f"{text} ({name})" for name, text in found.items() if text)

"""`archc weights`: what is in a file of weights, and how it fits a model."""

from __future__ import annotations

from pathlib import Path

import click

from archc.cli.compiling import compile_one
from archc.cli.diagnostics import severities, show
from archc.cli.failures import DISAGREES, exit_code
from archc.cli.options import SpecOptions, spec_options
from archc.cli.weights_options import map_option

FORMATS = ("table", "json")
form_option = click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)


@click.group("weights")
def command() -> None:
    """Look into weights: safetensors, PyTorch checkpoints, indexes of shards, folders."""


@command.command("show")
@click.argument("weights", metavar="FILE", type=click.Path(path_type=Path))
@map_option
@form_option
def show_command(weights: Path, key_map: Path | None, form: str) -> int:
    """List the tensors of a file: names, shapes, elements. With a map, as they are after it."""
    from archc.report.weights import draw_checkpoint
    from archc.weights import open_mapped

    checkpoint, warnings = open_mapped(weights, key_map)
    show(warnings)
    click.echo(draw_checkpoint(checkpoint, form))
    return 0


@command.command("diff")
@click.argument("spec")
@click.argument("weights", metavar="FILE", type=click.Path(path_type=Path))
@map_option
@form_option
@spec_options(("full", "concise"))
def diff_command(spec: str, weights: Path, key_map: Path | None, form: str, options: SpecOptions) -> int:
    """Compare the keys, shapes and elements of a file with those that a model needs.

    Ends with 0 where a build takes the file as it is, or with `--convert-dtype`; else with 5.
    """
    from archc.report.weights import draw_report
    from archc.weights import match, open_mapped

    program = compile_one(spec, options).program
    checkpoint, warnings = open_mapped(weights, key_map)
    found = severities(warnings, options.strict, options.allow)
    show(found, options.form, options.color)
    if exit_code(found):
        return exit_code(found)
    report = match(program, checkpoint)
    click.echo(draw_report(report, program, checkpoint, form))
    return 0 if report.complete else DISAGREES

"""`archc summary`."""

from __future__ import annotations

import click

from archc.cli.compiling import compile_one
from archc.cli.options import SpecOptions, dims_option, spec_options, without_option
from archc.report.drawing import FORMATS, draw


@click.command("summary")
@click.argument("spec")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="table", help="how the summary is shown"
)
@click.option("--depth", type=click.IntRange(1), help="show blocks only to this depth")
@dims_option
@without_option
@spec_options(("full", "concise"))
def command(
    spec: str,
    form: str,
    depth: int | None,
    dims: dict[str, int],
    left_out: tuple[str, ...],
    options: SpecOptions,
) -> int:
    """Show the layers of a model with shapes, parameters and multiply-adds."""
    compiled = compile_one(spec, options).without(*left_out)
    click.echo(draw(compiled.summary(**dims), form, depth))
    return 0

"""`archc ops`."""

from __future__ import annotations

import click

from archc import ops
from archc.cli.failures import USAGE
from archc.source import did_you_mean


@click.command("ops")
@click.argument("name", required=False)
def command(name: str | None) -> int:
    """List the ops by family; with a name, show an op's attributes, inputs, outputs and examples."""
    if name is None:
        for family, names in ops.families().items():
            click.echo(f"{family.replace('_', ' ')}:")
            for each in names:
                click.echo(f"  {each:32}{(ops.find(each).__doc__ or '').splitlines()[0]}")
        return 0
    if name not in ops.names():
        hint = " ".join(did_you_mean(name, ops.names()))
        click.echo(f"there is no op {name}. {hint}".strip(), err=True)
        return USAGE
    from archc.report.op_page import op_page

    click.echo(op_page(name))
    return 0

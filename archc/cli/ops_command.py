"""`archc ops`."""

from __future__ import annotations

import click

from archc import ops
from archc.cli.failures import USAGE
from archc.source import did_you_mean


@click.command("ops")
@click.argument("name", required=False)
def command(name: str | None) -> int:
    """List the ops by family; with a family's name, that one.

    With an op's name, show its attributes, inputs and outputs, and what its examples become in
    PyTorch and ONNX.
    """
    families = ops.families()
    if name in ops.names():
        from archc.report.op_page import op_page

        click.echo(op_page(name))
        return 0
    wanted = None if name is None else name.lower().replace(" ", "_")
    shown = [family for family in families if wanted in (None, family)]
    if not shown:
        from archc.ops.torch_words import hints

        hint = " ".join(
            sum(hints(name or ""), ()) or did_you_mean(name or "", sorted({*ops.names(), *families}))
        )
        click.echo(f"there is no op {name}. {hint}".strip(), err=True)
        return USAGE
    click.echo("\n".join(_family(family, families[family]) for family in shown))
    if name is None:
        click.echo(f"{len(ops.names())} ops; `archc ops NAME` shows one")
    return 0


def _family(family: str, names: tuple[str, ...]) -> str:
    lines = (f"  {name:30} {(ops.find(name).__doc__ or '').splitlines()[0]}" for name in names)
    return "\n".join([f"{family.replace('_', ' ')}:", *lines])

"""`archc schema`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("schema")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="a file to write it to")
def command(output: Path | None) -> int:
    """Write the language as JSON Schema (draft-07): editors complete and check specs by it.

    A first line `# yaml-language-server: $schema=FILE` tells an editor to use it.
    """
    from archc.report.schema import schema_text
    from archc.train.schema import train_schema

    text = schema_text(train_schema())
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8", newline="\n")
    return 0

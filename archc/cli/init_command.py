"""`archc init`."""

from __future__ import annotations

import re
from pathlib import Path

import click

from archc.source import Diagnostic, SpecError

TEMPLATES = Path(__file__).parent / "templates"
NAMES = tuple(sorted(path.stem for path in TEMPLATES.glob("*.yaml")))
SCHEMA = "archc-schema.json"


@click.command("init")
@click.argument("name", required=False)
@click.option(
    "--template", type=click.Choice(NAMES), default="mlp", show_default=True, help="what to begin with"
)
def command(name: str | None, template: str) -> int:
    """Start a spec NAME.yaml that is right as it stands, with a schema beside it for editors."""
    from archc.report.schema import schema_text
    from archc.train.schema import train_schema

    path = Path(name or template)
    path = path if path.suffix == ".yaml" else path.with_name(f"{path.name}.yaml")
    text = _started(template, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        help_ = ("choose another name, or remove it",)
        raise SpecError([Diagnostic("E0913", f"there is a file `{path}` already", help=help_)]) from None
    path.with_name(SCHEMA).write_text(schema_text(train_schema()), encoding="utf-8", newline="\n")
    click.echo(f"{path}  a spec to begin with: archc validate {path}")
    click.echo(f"{path.with_name(SCHEMA)}  what editors check and complete it by")
    return 0


def _started(template: str, path: Path) -> str:
    """Give a template under the name of a file. Raises SpecError where that cannot name a model (E0208)."""
    from archc.source import Source, Span
    from archc.spec.names import check_identifier

    word = path.stem
    problem = check_identifier(word, Span(Source("NAME", word), 0, len(word)))
    if problem is not None:
        raise SpecError([problem])
    text = (TEMPLATES / f"{template}.yaml").read_text(encoding="utf-8")
    text = re.sub(r"^name: .*$", f"name: {word}", text, count=1, flags=re.M)
    return f"# yaml-language-server: $schema={SCHEMA}\n{text}"

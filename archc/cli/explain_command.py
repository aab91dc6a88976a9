"""`archc explain`."""

from __future__ import annotations

import click

from archc.cli.failures import USAGE
from archc.source import did_you_mean
from archc.source.codes import Explanation, all_codes


@click.command("explain")
@click.argument("code", required=False)
def command(code: str | None) -> int:
    """Explain a diagnostic's code with a wrong and a right example.

    Without a code, list them all; with a word (`broadcast`), those that speak of it.
    """
    codes = all_codes()
    found = codes.get((code or "").upper())
    if code is not None and found is not None:
        click.echo(_page(code.upper(), found))
        return 0
    listed = [f"{name}  {each.title}" for name, each in codes.items() if code is None or _speaks(each, code)]
    if not listed:
        hint = " ".join(did_you_mean((code or "").upper(), codes))
        click.echo(f"there is no code {code}. {hint}".strip(), err=True)
        return USAGE
    click.echo("\n".join(listed))
    return 0


def _speaks(found: Explanation, word: str) -> bool:
    return word.lower() in f"{found.title} {found.text}".lower()


def _page(code: str, found: Explanation) -> str:
    parts = [f"{code}: {found.title}", found.text.strip()]
    if found.wrong is not None:
        parts.append("Wrong:\n\n" + _indented(found.wrong))
    if found.how:
        parts.append(found.how.strip())
    if found.right is not None:
        parts.append("Right:\n\n" + _indented(found.right))
    return "\n\n".join(parts)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.strip().splitlines())

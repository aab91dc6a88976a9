"""`archc fmt`."""

from __future__ import annotations

import click

from archc.cli.diagnostics import show
from archc.cli.failures import WRONG_SPEC, exit_code
from archc.format.files import Change, write
from archc.source import Diagnostic
from archc.spec.files import FileProblem, find_specs
from archc.spec.limits import Limits


@click.command("fmt")
@click.argument("specs", nargs=-1, required=True, metavar="SPEC...")
@click.option("--check", is_flag=True, help="write nothing; exit with 1 where a spec would change")
@click.option("--diff", is_flag=True, help="write nothing; show what would change, and exit as --check does")
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto")
def command(specs: tuple[str, ...], check: bool, diff: bool, color: str) -> int:
    """Lay specs out in one way: files, folders, or - for standard input to standard output.

    Changes spaces, puts in quotes what YAML needs in quotes, and keeps comments. What a spec says stays.
    """
    changes, problems = _changes(specs)
    for change in changes:
        if diff:
            click.echo(change.diff, nl=False)
        elif change.place == "-" and not check and not change.diagnostics:
            click.echo(change.after.text, nl=False)
        elif change.differs and not check:
            try:
                write(change)
            except FileProblem as problem:
                problems.append(problem.diagnostic)
        elif change.differs:
            click.echo(f"would reformat: {change.place}")
    problems += [each for change in changes for each in change.diagnostics]
    show(problems, "full", color)
    _conclude(changes, check or diff)
    differs = any(change.differs for change in changes) and (check or diff)
    return exit_code(problems) or (WRONG_SPEC if differs else 0)


def _changes(specs: tuple[str, ...]) -> tuple[list[Change], list[Diagnostic]]:
    from archc import ops
    from archc.format.formatter import format_place

    changes: list[Change] = []
    problems: list[Diagnostic] = []
    for each in specs:
        try:
            changes += [format_place(place, Limits(), ops.names()) for place in find_specs((each,))]
        except FileProblem as problem:
            problems.append(problem.diagnostic)
    return changes, problems


def _conclude(changes: list[Change], only_looks: bool) -> None:
    differ = sum(change.differs for change in changes)
    same = sum(not change.differs and not change.diagnostics for change in changes)
    would = "would be " if only_looks else ""
    parts = [
        f"{count} file{'s' * (count != 1)} {what}"
        for count, what in (
            (differ, f"{would}reformatted"),
            (same, "left unchanged" if not only_looks else "already formatted"),
        )
        if count
    ]
    if parts and any(change.place != "-" for change in changes):
        click.echo(", ".join(parts), err=True)

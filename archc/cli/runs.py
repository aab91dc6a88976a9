"""Runs that a command goes on with or takes weights from: what they were begun with counts again."""

from __future__ import annotations

from pathlib import Path

import click

from archc import ops
from archc.cli.options import SpecOptions
from archc.source import Diagnostics
from archc.spec.document import Spec
from archc.spec.document_reader import read_spec
from archc.spec.files import FileProblem, read_source
from archc.train.records import chosen_of


def as_in_run(place: str, options: SpecOptions, run: Path) -> SpecOptions:
    """Add the variant and the parameters of a run, as far as a spec has them; those that are given win.

    A spec from standard input is read once, so nothing is added.
    """
    chosen = chosen_of(run)
    spec = _read(place, options)
    if spec is None or not (chosen.parameters or chosen.variant) or options.variant == "all":
        return options
    declared = {param.name for param in spec.params}
    kept = {name: value for name, value in chosen.parameters.items() if name in declared}
    variant = chosen.variant if chosen.variant in spec.variants and options.variant is None else None
    added = {name: value for name, value in kept.items() if name not in options.parameters}
    words = [f"--variant {variant}"] if variant is not None else []
    words += [f"-p {name}={value}" for name, value in added.items()]
    if words:
        click.echo(f"as `{run}` was trained: {' '.join(words)}", err=True)
    return options.replace(variant=variant or options.variant, parameters={**added, **options.parameters})


def name_in(place: str, options: SpecOptions) -> str:
    """Give the name of a spec that is not compiled yet; that of its file where it cannot be read."""
    spec = _read(place, options)
    if spec is not None and spec.name is not None:
        return spec.name.text
    return spec.default_name if spec is not None else Path(place).stem


def _read(place: str, options: SpecOptions) -> Spec | None:
    if place == "-":
        return None
    try:
        source = read_source(place, options.limits)
    except FileProblem:
        return None
    return read_spec(source, Diagnostics(), options.limits, ops.names())

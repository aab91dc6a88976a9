"""Compiling the specs that a command line names, and showing what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator

import click

from archc import ops
from archc.api import Compiled, check_source
from archc.cli.diagnostics import severities, show
from archc.cli.failures import exit_code
from archc.cli.options import SpecOptions
from archc.source import Diagnostic, Diagnostics, Record, Source, SpecError
from archc.source.render import FOR_PROGRAMS
from archc.spec.document_reader import read_spec
from archc.spec.files import FileProblem, find_specs, read_source


class Outcome(Record):
    """One spec, or one variant of it: the result and the diagnostics."""

    place: str
    variant: str | None
    compiled: Compiled | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def failed(self) -> bool:
        """Whether there is an error, or a warning that counts as one."""
        return any(each.severity == "error" for each in self.diagnostics)

    @property
    def title(self) -> str:
        """How to call it in a message."""
        return self.place if self.variant is None else f"{self.place} ({self.variant})"


def outcomes(places: tuple[str, ...], options: SpecOptions) -> Iterator[Outcome]:
    """Compile every spec named, every variant where all are asked for."""
    for place in places:
        try:
            found = find_specs((place,))
        except FileProblem as problem:
            yield Outcome(place, None, None, (problem.diagnostic,))
            continue
        for each in found:
            yield from _of_one(each, options)


def _of_one(place: str, options: SpecOptions) -> Iterator[Outcome]:
    try:
        source = read_source(place, options.limits)
    except FileProblem as problem:
        yield Outcome(place, None, None, (problem.diagnostic,))
        return
    yield from of_source(place, source, options)


def of_source(place: str, source: Source, options: SpecOptions) -> Iterator[Outcome]:
    """Compile a text that has been read, every variant where all are asked for."""
    variants: tuple[str | None, ...] = (options.variant,)
    if options.variant == "all":
        spec = read_spec(source, Diagnostics(), options.limits, ops.names())
        variants = (None, *(spec.variants if spec is not None else ()))
    for variant in variants:
        compiled, found = check_source(source, options.parameters, variant=variant, limits=options.limits)
        yield Outcome(place, variant, compiled, severities(found, options.strict, options.allow))


def compile_one(place: str, options: SpecOptions) -> Compiled:
    """Compile one spec for a command that needs it whole; shows warnings, raises SpecError."""
    if options.variant == "all":
        raise click.UsageError("--variant all goes with validate, build and verify")
    found = list(outcomes((place,), options))
    if len(found) > 1:
        raise click.UsageError(f"'{place}' holds {len(found)} specs, this command takes one")
    return require(found[0], options)


def require(outcome: Outcome, options: SpecOptions) -> Compiled:
    """Give the result of a spec; shows its diagnostics and ends the command where it failed."""
    show(outcome.diagnostics, "full" if options.form in FOR_PROGRAMS else options.form, options.color)
    if outcome.compiled is None or outcome.failed:
        raise click.exceptions.Exit(exit_code(outcome.diagnostics) or 1)
    return outcome.compiled


__all__ = ["Outcome", "SpecError", "compile_one", "of_source", "outcomes", "require"]

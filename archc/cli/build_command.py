"""`archc build`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from archc.api import Compiled
from archc.cli.compiling import Outcome, outcomes, require
from archc.cli.diagnostics import severities, show
from archc.cli.options import SEED, SpecOptions, dims_option, preprocess_option, spec_options, without_option
from archc.cli.progress import reporting
from archc.cli.runs import as_in_run
from archc.cli.weights_options import WeightsOptions, weights_options
from archc.report.weights import conversions, count
from archc.source import Record, SpecError
from archc.weights import Report, open_mapped

TARGETS = ("pytorch", "onnx")
CHOICES = (*TARGETS, "train")
ONNX_OPSETS = (17, 25)


class BuildOptions(Record):
    """What to build and where."""

    output: Path | None
    targets: tuple[str, ...]
    opset: int
    seed: int
    weights: WeightsOptions
    embed: bool
    with_preprocess: bool
    dims: dict[str, int]
    left_out: tuple[str, ...]


def _targets(_context: click.Context, _option: click.Parameter, text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name not in CHOICES:
            raise click.BadParameter(f"knows {', '.join(CHOICES[:-1])} and {CHOICES[-1]}, not '{name}'")
    return names


@click.command("build")
@click.argument("spec")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="folder; build/NAME by default")
@click.option(
    "--target", "targets", default=",".join(TARGETS), callback=_targets, help="pytorch, onnx, train"
)
@click.option("--opset", type=click.IntRange(*ONNX_OPSETS), default=20, show_default=True, help="of ONNX")
@click.option("--seed", type=SEED, default=0, show_default=True, help="for the first weights")
@weights_options
@click.option("--embed", is_flag=True, help="put the weights inside the ONNX file")
@preprocess_option
@dims_option
@without_option
@spec_options(("full", "concise"))
def command(spec: str, options: SpecOptions, **given: Any) -> int:
    """Write readable PyTorch source, a weights file and an ONNX graph.

    The folder is replaced as a whole, or not at all.
    """
    chosen = BuildOptions(**given)
    if chosen.weights.path is not None:
        options = as_in_run(spec, options, chosen.weights.path)
    found = list(outcomes((spec,), options))
    for outcome in found:
        compiled = require(outcome, options)
        compiled = compiled.with_preprocess() if chosen.with_preprocess else compiled
        _build(compiled, outcome, chosen, options, several=len(found) > 1)
    return 0


def _build(
    compiled: Compiled, outcome: Outcome, chosen: BuildOptions, options: SpecOptions, several: bool
) -> None:
    name = outcome.variant or compiled.name
    directory = Path("build") / name if chosen.output is None else chosen.output
    if several and chosen.output is not None:
        directory = chosen.output / name
    _check_map(chosen.weights, options)
    with reporting() as progress:
        result = compiled.build(
            directory,
            targets=chosen.targets,
            opset=chosen.opset,
            seed=chosen.seed,
            weights=chosen.weights.path,
            weights_map=chosen.weights.map,
            partial=chosen.weights.partial,
            convert_dtype=chosen.weights.convert_dtype,
            embed=chosen.embed,
            dims=chosen.dims,
            left_out=chosen.left_out,
            progress=progress,
        )
    show(severities(result.diagnostics, False, options.allow), options.form, options.color)
    if result.report is not None:
        _show(result.report, chosen.weights.partial)
    for file in result.files:
        click.echo(f"{directory / file.name}  {file.size:,} bytes")


def _check_map(weights: WeightsOptions, options: SpecOptions) -> None:
    """Where warnings are errors, those of a map are too, and before anything is written."""
    if options.strict and weights.path is not None and weights.map is not None:
        found = severities(open_mapped(weights.path, weights.map)[1], True, options.allow)
        if found:
            raise SpecError(found)


def _show(report: Report, partial: bool) -> None:
    click.echo(f"weights: {count(len(report.matched), 'tensor')} matched")
    for kinds, keys in conversions(report).items():
        click.echo(f"  {count(len(keys), 'tensor')} converted from {kinds}")
    if report.assumed:
        click.echo(f"  {count(len(report.assumed), 'step counter')} not in the file, starting at 0")
    if partial:
        click.echo(
            f"  {count(len(report.left), 'weight')} left at the initial value{':' * bool(report.left)}"
        )
        reasons = {each.key: f"the file has {list(each.found)}" for each in report.misshapen}
        for key in report.left:
            click.echo(f"    {key}: {reasons.get(key, 'not in the file')}")
        click.echo(f"  {count(len(report.unexpected), 'tensor')} of the file not used")

"""`archc build`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from archc.api import Compiled
from archc.cli.compiling import Outcome, outcomes, require
from archc.cli.options import SpecOptions, dims_option, spec_options
from archc.cli.progress import reporting
from archc.source import Record
from archc.weights import Report

TARGETS = ("pytorch", "onnx")
ONNX_OPSETS = (17, 25)


class BuildOptions(Record):
    """What to build and where."""

    output: Path | None
    targets: tuple[str, ...]
    opset: int
    seed: int
    weights: Path | None
    embed: bool
    dims: dict[str, int]


def _targets(_context: click.Context, _option: click.Parameter, text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name not in TARGETS:
            raise click.BadParameter(f"knows {' and '.join(TARGETS)}, not '{name}'")
    return names


@click.command("build")
@click.argument("spec")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="folder; build/NAME by default")
@click.option("--target", "targets", default=",".join(TARGETS), callback=_targets, help="pytorch, onnx")
@click.option("--opset", type=click.IntRange(*ONNX_OPSETS), default=20, show_default=True, help="of ONNX")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="for the first weights")
@click.option("--weights", type=click.Path(path_type=Path), help="a .safetensors or .pt file")
@click.option("--embed", is_flag=True, help="put the weights inside the ONNX file")
@dims_option
@spec_options(("full", "concise"))
def command(spec: str, options: SpecOptions, **given: Any) -> int:
    """Write readable PyTorch source, a weights file and an ONNX graph.

    The folder is replaced as a whole, or not at all.
    """
    chosen = BuildOptions(**given)
    found = list(outcomes((spec,), options))
    for outcome in found:
        compiled = require(outcome, options)
        _build(compiled, outcome, chosen, several=len(found) > 1)
    return 0


def _build(compiled: Compiled, outcome: Outcome, chosen: BuildOptions, several: bool) -> None:
    name = outcome.variant or compiled.name
    directory = Path("build") / name if chosen.output is None else chosen.output
    if several and chosen.output is not None:
        directory = chosen.output / name
    with reporting() as progress:
        result = compiled.build(
            directory,
            targets=chosen.targets,
            opset=chosen.opset,
            seed=chosen.seed,
            weights_file=chosen.weights,
            embed=chosen.embed,
            dims=chosen.dims,
            progress=progress,
        )
    if result.report is not None:
        _show(result.report)
    for file in result.files:
        click.echo(f"{directory / file.name}  {file.size:,} bytes")


def _show(report: Report) -> None:
    click.echo(f"weights: {len(report.matched)} tensors matched")
    if report.converted:
        click.echo(f"  {len(report.converted)} were converted from another float type")
    if report.assumed:
        click.echo(f"  {len(report.assumed)} step counters are not in the file and start at 0")

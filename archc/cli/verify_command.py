"""`archc verify`."""

from __future__ import annotations

from pathlib import Path

import click

from archc.api import Compiled, check_source
from archc.cli.compiling import Outcome, outcomes, require
from archc.cli.failures import DISAGREES
from archc.cli.options import SEED, SpecOptions, dims_option, preprocess_option, spec_options, without_option
from archc.cli.progress import reporting
from archc.source import Diagnostic, Source, SpecError
from archc.verify.report import Check, VerifyReport


@click.command("verify")
@click.argument("specs", nargs=-1, required=True, metavar="SPEC|DIR...")
@click.option("--seed", type=SEED, default=0, show_default=True, help="for weights and inputs")
@preprocess_option
@dims_option
@without_option
@spec_options(("full", "concise"))
def command(
    specs: tuple[str, ...],
    seed: int,
    with_preprocess: bool,
    dims: dict[str, int],
    left_out: tuple[str, ...],
    options: SpecOptions,
) -> int:
    """Prove that PyTorch and ONNX agree, on specs or on folders that were built.

    Runs PyTorch in fp32 and ONNX Runtime, with its optimisations and without, against PyTorch in
    fp64, at several sizes of each symbolic dimension, with and without optional inputs.
    """
    agree = True
    for place in specs:
        if (Path(place) / "manifest.json").is_file():
            agree &= _verify(_of_build(Path(place), options), place, Path(place), seed, dims, ())
            continue
        for outcome in outcomes((place,), options):
            compiled = require(outcome, options)
            compiled = compiled.with_preprocess() if with_preprocess else compiled
            agree &= _verify(compiled, outcome.title, None, seed, dims, left_out)
    return 0 if agree else DISAGREES


def _of_build(folder: Path, options: SpecOptions) -> Compiled:
    from archc.backends.folder import read_manifest

    manifest = read_manifest(folder)
    if manifest is None or not isinstance(manifest.get("spec"), dict):
        raise SpecError([Diagnostic("E0902", f"`{folder / 'manifest.json'}` is not the manifest of a build")])
    source = Source(f"{folder}/{manifest['spec']['name']}", manifest["spec"]["text"])
    compiled, found = check_source(source, manifest["parameters"], limits=options.limits)
    compiled = require(Outcome(str(folder), None, compiled, found), options)
    build = manifest.get("build")
    prepares = isinstance(build, dict) and build.get("with_preprocess") is True
    return compiled.with_preprocess() if prepares else compiled


def _verify(
    compiled: Compiled,
    title: str,
    folder: Path | None,
    seed: int,
    dims: dict[str, int],
    left_out: tuple[str, ...],
) -> bool:
    from archc.verify import verify

    with reporting() as progress:
        report = verify(
            compiled.program,
            folder,
            seed=seed,
            sizes=dims,
            left_out=left_out or None,
            progress=progress,
            deployed=compiled.deployed,
        )
    _show(report, title)
    return report.agrees


def _show(report: VerifyReport, title: str) -> None:
    for model in dict.fromkeys(check.model for check in report.checks):
        checks = [check for check in report.checks if check.model == model]
        points = len({check.sizes for check in checks})
        worst = max(checks, key=lambda check: check.error / (check.tolerance or 1.0))
        verdict = "agrees" if all(check.agrees for check in checks) else "DISAGREES"
        where = f"{title}: {model}" if model not in title else title
        tried = f"at {points} choice{'s' * (points != 1)} of sizes"
        click.echo(f"{where} {verdict} {tried}, worst error {_relative(worst)}")
    for check in report.failures:
        sizes = ", ".join(f"{name} = {size}" for name, size in check.sizes) or "its fixed sizes"
        click.echo(f"  {check.output} in {check.runner} with {sizes}: {check.problem}", err=True)
    for culprit in report.culprits:
        click.echo(f"  first differs at `{culprit.path}` ({culprit.op}), {culprit.span}", err=True)
    for note in report.notes:
        click.echo(f"  note: {note}")


def _relative(check: Check) -> str:
    scale, limit = check.scale or 1.0, check.tolerance or 1.0
    return f"{check.error / scale:.1e} of the largest value ({check.error / limit:.0%} of what is allowed)"

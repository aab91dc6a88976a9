"""`archc train`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from archc.api import Compiled
from archc.backends.folder import MANIFEST
from archc.cli.compiling import compile_one
from archc.cli.failures import INTERRUPTED
from archc.cli.options import SEED, SpecOptions, spec_options
from archc.cli.runs import as_in_run, name_in
from archc.source import Diagnostic, SpecError
from archc.train.folder import MEASURES
from archc.train.records import chosen_of, read_run
from archc.train.training import Training

RUNS = Path("runs")


@click.command("train")
@click.argument("spec")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="folder of the run; runs/NAME by default")
@click.option("--resume", is_flag=True, help="go on with a run where its last checkpoint ends")
@click.option("--epochs", type=click.IntRange(1), help="in place of the spec's")
@click.option("--max-steps", type=click.IntRange(1), help="in place of the spec's")
@click.option("--seed", type=SEED, help="in place of the spec's")
@click.option("--device", type=click.Choice(["auto", "cpu"]), default="auto", help="a GPU where there is one")
@click.option("--tensorboard", is_flag=True, help="write TensorBoard's files too")
@click.option("--plot", is_flag=True, help="write curves.svg at the end")
@spec_options(("full", "concise"))
def command(spec: str, options: SpecOptions, out: Path | None, resume: bool, **given: Any) -> int:
    """Train the models of a spec as its `train` section says.

    Ctrl-C saves, and says how to go on. `--resume` takes what the run was begun with: variant,
    parameters, epochs and seed; what is given again wins.
    """
    settings = {word: given[word] for word in ("epochs", "max_steps", "seed") if given[word] is not None}
    if resume:
        begun = out or _folder(name_in(spec, options), None, resume)
        options = as_in_run(spec, options, begun)
        settings = {**chosen_of(begun).settings, **settings}
    compiled = compile_one(spec, options)
    training = _training(compiled).with_settings(settings)
    folder = _folder(compiled.name, out, resume)
    return _run(spec, training, folder, resume, given)


def _training(compiled: Compiled) -> Training:
    if compiled.training is None:
        help_ = ("add `train:` with data, loss and optimizer",)
        raise SpecError([Diagnostic("E1010", "the spec has no `train` section", help=help_)])
    return compiled.training


def _folder(name: str, out: Path | None, resume: bool) -> Path:
    """Give the folder of the run: a new one, unless an old one is to be gone on with."""
    if out is not None:
        if not resume and _is_taken(out):
            help_ = ("go on with it: `--resume`", "or choose another folder: `--out`")
            raise SpecError([Diagnostic("E1040", f"`{out}` is there already", help=help_)])
        return out
    number, folder = 1, RUNS / name
    while folder.exists():
        number, last = number + 1, folder
        folder = RUNS / f"{name}-{number}"
    return last if resume and number > 1 else folder


def _is_taken(out: Path) -> bool:
    """Whether there is something at a path already; a run that saved no checkpoint counts for nothing."""
    if not out.is_dir():
        return out.exists()
    names = {path.name for path in out.iterdir()}
    if not names or names - {MANIFEST, MEASURES}:
        return bool(names)
    try:
        read_run(out)
    except SpecError:
        return True
    return False


def _run(spec: str, training: Training, folder: Path, resume: bool, given: dict[str, Any]) -> int:
    from archc.cli.training_progress import watching
    from archc.train.run import run

    with watching() as watcher:
        result = run(training, folder, resume, given["device"], given["tensorboard"], watcher)
    if not result.main:
        return INTERRUPTED if result.interrupted else 0
    if result.interrupted:
        click.echo(
            f"stopped at step {result.step}; go on with: archc train {spec} --out {folder} --resume", err=True
        )
        return INTERRUPTED
    if given["plot"]:
        from archc.report.curves import figure
        from archc.train.records import epochs_of

        (result.out / "curves.svg").write_text(figure(epochs_of(result.out)), encoding="utf-8")
    watcher.end(result.out)
    return 0

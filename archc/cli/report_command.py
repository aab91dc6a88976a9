"""`archc report`."""

from __future__ import annotations

from pathlib import Path

import click

from archc.report.run_page import Gallery, Matrix, RunPage, run_html
from archc.source import Source, SpecError
from archc.train.records import RunRecord, read_run


@click.command("report")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("-o", "--out", type=click.Path(path_type=Path), help="the file; RUN/report.html by default")
def command(run: Path, out: Path | None) -> int:
    """Write a page about a run: facts, curves, and what the model does, in one HTML file.

    Data with a relative path is looked for from here.
    """
    found = read_run(run)
    matrices, galleries, notes = _pictures(found)
    page = RunPage(
        found.name, _facts(found), found.epochs, found.best, found.text, matrices, galleries, notes
    )
    out = out or run / "report.html"
    out.write_text(run_html(page), encoding="utf-8")
    click.echo(f"{out}")
    return 0


def _facts(run: RunRecord) -> tuple[tuple[str, str], ...]:
    data = run.manifest.get("data")
    source = data if isinstance(data, dict) else {}
    facts = {
        "spec": run.place,
        "variant": run.chosen.variant,
        "parameters": ", ".join(f"{name}={value}" for name, value in run.parameters.items()),
        "data": source.get("source"),
        "batch size": source.get("batch_size"),
        "kept for validation": source.get("validation"),
        "epochs": len(run.epochs),
        "best epoch": f"{run.best['epoch']:g}" if "epoch" in run.best else None,
        "archc": run.manifest.get("archc"),
    }
    return tuple((name, str(value)) for name, value in facts.items() if value not in (None, ""))


def _pictures(run: RunRecord) -> tuple[tuple[Matrix, ...], tuple[Gallery, ...], tuple[str, ...]]:
    """Give what the model does, and notes about what cannot be had."""
    from archc.api import check_source

    notes = [] if run.epochs else ["No curves: no epoch was completed."]
    compiled, diagnostics = check_source(
        Source(run.place, run.text), run.chosen.parameters, variant=run.chosen.variant
    )
    if compiled is None or compiled.training is None:
        reason = diagnostics[0].message if diagnostics else "it has no `train` section"
        return (
            (),
            (),
            (*notes, f"No pictures of what the model does: the spec does not compile here: {reason}"),
        )
    seed = run.manifest["settings"].get("seed")
    training = compiled.training
    if isinstance(seed, int) and 0 <= seed < 2**63:
        training = training.replace(settings=training.settings.replace(seed=seed))
    try:
        from archc.train.engine.pictures import pictures_of

        matrices, galleries = pictures_of(training, run.path)
    except ImportError as error:
        return (), (), (*notes, f"No pictures of what the model does: {error.name} is not installed.")
    except SpecError as error:
        reason = error.diagnostics[0].message
        return (), (), (*notes, f"No pictures of what the model does: {reason}")
    except (RuntimeError, IndexError, ValueError) as error:  # the data is not what the run was trained on
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        return (), (), (*notes, f"No pictures of what the model does, it does not run on the data: {reason}")
    if not matrices:
        notes.append(
            "No confusion matrix: no loss or metric compares a result with at most 40 classes, or with "
            "what is true or false, on examples kept aside."
        )
    for word, what in (
        ("Reconstructions", "no model gives a picture back from a field, with examples kept aside"),
        ("Samples", "no model makes small pictures of `randn`, or of a code that is computed from it"),
    ):
        if not any(each.title.startswith(word) for each in galleries):
            notes.append(f"No {word.lower()}: {what}.")
    return matrices, galleries, tuple(notes)

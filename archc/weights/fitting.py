"""Whether a file of weights fits a program well enough to be taken, and what is said where not."""

from __future__ import annotations

from archc.source import Diagnostic, SpecError
from archc.weights.checkpoint import Checkpoint
from archc.weights.match import SHOWN, Report


def refuse_unfit(report: Report, file: Checkpoint, *, partial: bool = False, convert: bool = False) -> None:
    """Raise SpecError where a file has not exactly what the program needs.

    E0903 for what does not fit; with `partial` only elements of another kind count. E0926 for
    elements that have to be converted, unless `convert` allows it. E0927 where nothing fits at all.
    """
    if report.mistyped if partial else not report.complete:
        raise SpecError([_unfit(report, file, partial)])
    if report.matched == () and (report.missing or report.misshapen):
        message = f"`{file.path}` has nothing that the model needs"
        raise SpecError([Diagnostic("E0927", message, notes=_notes(report), help=_help(report, file))])
    if report.converted and not convert:
        raise SpecError([_other_elements(report, file)])


def _unfit(report: Report, file: Checkpoint, partial: bool) -> Diagnostic:
    counts = (
        (report.missing, "missing"),
        (report.unexpected, "unexpected"),
        (report.misshapen, "of another shape"),
        (report.mistyped, "of another element type"),
    )
    said = ", ".join(f"{len(keys)} {what}" for keys, what in counts[3 if partial else 0 :] if keys)
    message = f"the weights in `{file.path}` do not fit the model: {said}"
    return Diagnostic("E0903", message, notes=_notes(report), help=_help(report, file))


def _other_elements(report: Report, file: Checkpoint) -> Diagnostic:
    kinds = sorted({(each.found, each.needed) for each in report.converted})
    pairs = ", ".join(f"{found} for {needed}" for found, needed in kinds)
    message = f"the weights in `{file.path}` have other elements than the model: {pairs}"
    notes = _some("elements", [f"`{m.key}` is {m.found}, {m.needed} is needed" for m in report.converted])
    help_ = ("`--convert-dtype` (`convert_dtype=True`) converts them",)
    return Diagnostic("E0926", message, notes=tuple(notes), help=help_)


def _notes(report: Report) -> tuple[str, ...]:
    near = dict(report.near)
    shapes = [f"`{m.key}` is {list(m.found)}, {list(m.needed)} is needed" for m in report.misshapen]
    return (
        *_some("missing", [f"`{key}`{_meant(near.get(key))}" for key in report.missing]),
        *_some("unexpected", [f"`{key}`" for key in report.unexpected]),
        *_some("shape", shapes),
        *_some("elements", [f"`{m.key}` is {m.found}, {m.needed} is needed" for m in report.mistyped]),
    )


def _meant(names: tuple[str, ...] | None) -> str:
    return f" (the file has {' and '.join(f'`{name}`' for name in names)})" if names else ""


def _some(what: str, items: list[str]) -> list[str]:
    shown = [f"{what}: {item}" for item in items[:SHOWN]]
    return [*shown, f"{what}: {len(items) - SHOWN} more"] if len(items) > SHOWN else shown


def _help(report: Report, file: Checkpoint) -> tuple[str, ...]:
    """Say what a map would have to do, where one prefix is the difference, or where to look."""
    if not report.missing or not report.unexpected:
        return ()
    first, unexpected = report.missing[0], set(report.unexpected)
    for key in report.unexpected:
        prefix = key.removesuffix(first)
        if key == f"{prefix}{first}" and {f"{prefix}{each}" for each in report.missing} <= unexpected:
            pattern = prefix.replace(".", r"\.")
            step = rf"- {{rename: '{pattern}(.*)', to: '\1'}}"
            return (
                f"take the prefix `{prefix}` off the file's keys, with `--map` and a file that says `{step}`",
            )
    return (f"`archc weights diff SPEC {file.path}` shows all of it; `--map` renames",)

"""What a run's folder says of it, read without torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from archc.backends.folder import MANIFEST
from archc.source import Diagnostic, Record, SpecError
from archc.train.folder import BEST, LAST, MEASURES
from archc.train.training import Chosen


class RunRecord(Record):
    """The manifest of a run, the measures of its epochs, and those of its best one."""

    path: Path
    name: str
    text: str
    place: str
    parameters: dict[str, Any]
    chosen: Chosen
    manifest: dict[str, Any]
    epochs: tuple[dict[str, float], ...]
    best: dict[str, float]


def read_run(path: Path) -> RunRecord:
    """Read a run. Raises SpecError (E1060: it is none; E1061: its measures are damaged)."""
    manifest = _json(path / MANIFEST)
    spec = manifest.get("spec")
    texts = (
        (manifest.get("name"), *(spec.get(key) for key in ("name", "text"))) if isinstance(spec, dict) else ()
    )
    if (
        not texts
        or not all(isinstance(each, str) for each in texts)
        or not isinstance(manifest.get("settings"), dict)
    ):
        help_ = "name the folder that `archc train` ended with"
        raise SpecError([Diagnostic("E1060", f"`{path}` holds no run", help=(help_,))])
    found = _json(path / BEST / MANIFEST)
    best = _numbers({"epoch": found.get("epoch"), **_mapping(found, "measures")})
    resolved = _mapping(manifest, "parameters")
    name, place, text = (str(each) for each in texts)
    return RunRecord(path, name, text, place, resolved, _chosen(manifest), manifest, epochs_of(path), best)


def chosen_of(path: Path) -> Chosen:
    """Give what a run was begun with, by its folder or that of a checkpoint; nothing where it is none."""
    run = path.parent if path.name in (BEST, LAST) else path
    return _chosen(_json(run / MANIFEST))


def _chosen(manifest: dict[str, Any]) -> Chosen:
    found = _mapping(manifest, "chosen")
    parameters, settings = _mapping(found, "parameters"), _mapping(found, "settings")
    variant = found.get("variant")
    counts = {
        name: settings[name]
        for name in ("epochs", "max_steps", "seed")
        if type(settings.get(name)) is int and 0 <= settings[name] < 2**63
    }
    return Chosen(parameters, variant if isinstance(variant, str) else None, counts)


def epochs_of(path: Path) -> tuple[dict[str, float], ...]:
    """Give the measures of each epoch. Raises SpecError (E1061)."""
    file = path / MEASURES
    try:
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        read = [json.loads(line) for line in lines]
    except (OSError, ValueError, RecursionError):
        raise _damaged(file) from None
    if not all(isinstance(each, dict) for each in read):
        raise _damaged(file)
    epochs = [_numbers(each) for each in read if "epoch" in each]
    if not all("epoch" in each for each in epochs):
        raise _damaged(file)
    return tuple(epochs)


def _damaged(file: Path) -> SpecError:
    help_ = "a line of it is one object of JSON with numbers"
    return SpecError([Diagnostic("E1061", f"`{file}` is damaged", help=(help_,))])


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _mapping(found: dict[str, Any], word: str) -> dict[str, Any]:
    inner = found.get(word)
    return inner if isinstance(inner, dict) else {}


def _numbers(found: dict[str, Any]) -> dict[str, float]:
    return {
        name: float(value)
        for name, value in found.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300
    }

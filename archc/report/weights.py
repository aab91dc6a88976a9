"""What is in a file of weights, and how it fits a program: as tables, and as json for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from archc.ir.program import Program
from archc.report.table import table
from archc.weights import Checkpoint, Report, keys_of

SCHEMA_VERSION = 1


def count(number: int, what: str) -> str:
    """Write a number of things."""
    return f"{number:,} {what}{'s' * (number != 1)}"


def conversions(report: Report) -> dict[str, list[str]]:
    """Give the keys whose elements are converted, by what into what."""
    found: dict[str, list[str]] = {}
    for each in report.converted:
        found.setdefault(f"{each.found} to {each.needed}", []).append(each.key)
    return found


def draw_checkpoint(checkpoint: Checkpoint, form: str) -> str:
    """Give the tensors of a checkpoint, `table` or `json`."""
    tensors = checkpoint.tensors
    if form == "json":
        listed = [
            {"key": k, "shape": list(s.shape), "dtype": s.element_name, "from": s.origin}
            for k, s in tensors.items()
        ]
        return _json({"file": str(checkpoint.path), "tensors": listed})
    rows = [(key, str(list(each.shape)), each.element_name) for key, each in tensors.items()]
    elements = sum(math.prod(each.shape) for each in tensors.values())
    total = f"{count(len(tensors), 'tensor')}, {count(elements, 'element')}"
    return "\n".join([*table(("tensor", "shape", "elements"), rows), total])


def draw_report(report: Report, program: Program, checkpoint: Checkpoint, form: str) -> str:
    """Give how a checkpoint fits a program, `table` or `json`."""
    needed = {key: f"{param.dtype.name} {list(param.shape)}" for key, param in keys_of(program).items()}
    found = {key: f"{each.element_name} {list(each.shape)}" for key, each in checkpoint.tensors.items()}
    if form == "json":
        return _json(_as_data(report, needed, found, checkpoint))
    near = dict(report.near)
    rows: list[tuple[str, str, str, str, str]] = []
    for state, keys in _states(report).items():
        rows += [(state, k, needed.get(k, ""), found.get(k, ""), ", ".join(near.get(k, ()))) for k in keys]
    columns = ("", "key", "the model needs", "the file has", "nearest in the file")
    used = len(columns) if near else len(columns) - 1
    lines = table(columns[:used], [row[:used] for row in rows]) if rows else []
    return "\n".join([*lines, _total(report)])


def _states(report: Report) -> dict[str, Sequence[str]]:
    """Give the keys that differ, by how."""
    return {
        "missing": report.missing,
        "unexpected": report.unexpected,
        "misshapen": [each.key for each in report.misshapen],
        "mistyped": [each.key for each in report.mistyped],
        "converted": [each.key for each in report.converted],
        "assumed": report.assumed,
    }


def _total(report: Report) -> str:
    counts = [f"{len(report.matched):,} matched"]
    counts += [f"{len(keys):,} {state}" for state, keys in _states(report).items() if keys]
    verdict = "the file does not fit the model"
    if report.complete:
        verdict = "the file fits with `--convert-dtype`" if report.converted else "the file fits the model"
    return f"{', '.join(counts)}: {verdict}"


def _as_data(
    report: Report, needed: dict[str, str], found: dict[str, str], checkpoint: Checkpoint
) -> dict[str, Any]:
    near = dict(report.near)
    data: dict[str, Any] = {"file": str(checkpoint.path), "fits": report.complete, "matched": report.matched}
    for state, keys in _states(report).items():
        data[state] = [
            {
                "key": key,
                **({"needed": needed[key]} if key in needed else {}),
                **({"found": found[key]} if key in found else {}),
                **({"nearest": list(near[key])} if key in near else {}),
            }
            for key in keys
        ]
    return data


def _json(data: dict[str, Any]) -> str:
    return json.dumps({"schema_version": SCHEMA_VERSION, **data}, indent=2)

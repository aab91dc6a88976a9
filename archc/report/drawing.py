"""Summaries as tables for people, and as markdown, csv and json for programs."""

from __future__ import annotations

import csv
import io
import json

from archc.report.summary import Row, Summary
from archc.report.table import table
from archc.sizes import Dim, substitute, symbols, text

FORMATS = ("table", "markdown", "json", "csv")
COLUMNS = ("layer", "op", "output", "parameters", "multiply-adds")
SCHEMA_VERSION = 1


def draw(summaries: tuple[Summary, ...], form: str, depth: int | None = None) -> str:
    """Give summaries as text in one of `FORMATS`; rows deeper than `depth` are left out."""
    if form == "json":
        return json.dumps(
            {"schema_version": SCHEMA_VERSION, "models": [as_data(s, depth) for s in summaries]}, indent=2
        )
    if form == "csv":
        return _csv(summaries, depth)
    make = _markdown if form == "markdown" else _table
    return "\n\n".join(make(each, depth) for each in summaries)


def number(dim: Dim) -> str:
    """Write a count: with separators where it is a number, as an expression where it is not."""
    return f"{dim:,}" if isinstance(dim, int) else text(dim)


def totals(summary: Summary) -> list[str]:
    """Give the lines below the table."""
    lines = [f"parameters: {summary.parameters:,}"]
    if summary.buffers:
        lines[0] += f" (and {summary.buffers:,} in buffers)"
    work = f"multiply-adds: {number(summary.multiply_adds)}"
    names = sorted(symbols(summary.multiply_adds))
    if len(names) == 1 and _is_batch(summary, names[0]):
        work += f" ({number(substitute(summary.multiply_adds, {names[0]: 1}))} for {names[0]} = 1)"
    lines.append(work)
    if summary.requirements:
        lines.append("requires " + ", ".join(summary.requirements))
    return lines


def _is_batch(summary: Summary, name: str) -> bool:
    return any(f"[{name}," in type_ or f"[{name}]" in type_ for _, type_ in summary.inputs)


def shown_rows(summary: Summary, depth: int | None) -> list[Row]:
    """Give the rows that are not deeper than asked for."""
    return [row for row in summary.rows if depth is None or row.depth < depth]


def _cells(row: Row) -> tuple[str, ...]:
    op = row.op + (f" x {row.repeats}" if row.repeats > 1 else "")
    op += f", {number(row.steps)} steps" if row.steps != 1 else ""
    parameters = f"{row.parameters:,}" if row.parameters else ""
    work = number(row.multiply_adds) if row.multiply_adds != 0 else ""
    return ("  " * row.depth + row.path, op, ", ".join(row.outputs), parameters, work)


def _table(summary: Summary, depth: int | None) -> str:
    inputs = [(name, "input", type_, "", "") for name, type_ in summary.inputs]
    rows = [*inputs, *(_cells(row) for row in shown_rows(summary, depth))]
    lines = table(COLUMNS, rows, numbers=COLUMNS[3:])
    outputs = ", ".join(f"{name} {type_}" for name, type_ in summary.outputs)
    return "\n".join([summary.model, *lines, f"outputs: {outputs}", *totals(summary)])


def _markdown(summary: Summary, depth: int | None) -> str:
    lines = [
        f"## {summary.model}",
        "",
        "| " + " | ".join(COLUMNS) + " |",
        "| --- | --- | --- | ---: | ---: |",
    ]
    for row in shown_rows(summary, depth):
        path, *cells = _cells(row)
        lines.append("| " + " | ".join([f"`{path.strip()}`", *cells]) + " |")
    return "\n".join([*lines, "", *(f"- {line}" for line in totals(summary))])


def _csv(summaries: tuple[Summary, ...], depth: int | None) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["model", "path", "op", "output", "parameters", "multiply_adds", "repeats", "depth"])
    for summary in summaries:
        for row in shown_rows(summary, depth):
            shape = "; ".join(row.outputs)
            work = row.multiply_adds if isinstance(row.multiply_adds, int) else text(row.multiply_adds)
            writer.writerow(
                [summary.model, row.path, row.op, shape, row.parameters, work, row.repeats, row.depth]
            )
    return out.getvalue().rstrip("\n")


def as_data(summary: Summary, depth: int | None = None) -> dict[str, object]:
    """Give a summary as json-ready data; symbolic counts are text."""

    def plain(dim: Dim) -> object:
        return dim if isinstance(dim, int) else text(dim)

    return {
        "model": summary.model,
        "inputs": dict(summary.inputs),
        "outputs": dict(summary.outputs),
        "layers": [
            {
                "path": row.path,
                "op": row.op,
                "outputs": list(row.outputs),
                "parameters": row.parameters,
                "multiply_adds": plain(row.multiply_adds),
                "repeats": row.repeats,
                "steps": plain(row.steps),
                "depth": row.depth,
            }
            for row in shown_rows(summary, depth)
        ],
        "parameters": summary.parameters,
        "buffers": summary.buffers,
        "multiply_adds": plain(summary.multiply_adds),
        "requirements": list(summary.requirements),
    }

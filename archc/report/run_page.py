"""The page of a run: one HTML file that needs no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from archc.report.curves import STYLE, by_measure, chart
from archc.source import Record

Grid = Sequence[Sequence[float]]
"""The brightness of a picture's rows, from 0 to 1."""
LOOK = (
    ":root{color-scheme:light dark}body{font:16px/1.5 sans-serif;max-width:56rem;margin:2rem auto;"
    "padding:0 1rem}"
    "table{border-collapse:collapse}td,th{padding:.15rem .6rem;text-align:right;border:1px solid #8884}"
    "th:first-child{text-align:left}pre{overflow:auto;border:1px solid #8884;padding:1rem}"
)


class Matrix(Record):
    """How often each class (row) was taken for each (column); numbers where classes have no names."""

    title: str
    counts: tuple[tuple[int, ...], ...]
    names: tuple[str, ...] = ()


class Gallery(Record):
    """Pictures in rows."""

    title: str
    rows: tuple[tuple[Grid, ...], ...]


class RunPage(Record):
    """What the page shows; `notes` say what is left out, and why."""

    name: str
    facts: tuple[tuple[str, str], ...]
    epochs: tuple[Mapping[str, float], ...]
    best: Mapping[str, float]
    text: str
    matrices: tuple[Matrix, ...] = ()
    galleries: tuple[Gallery, ...] = ()
    notes: tuple[str, ...] = ()


def run_html(page: RunPage) -> str:
    """Write the page."""
    title = escape(page.name)
    parts = [
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>',
        f"<title>{title}</title><style>{LOOK}{STYLE}</style></head><body>",
        f"<h1>{title}</h1>",
        _table([(name, [value]) for name, value in page.facts]),
        *(f"<p>{escape(note)}</p>" for note in page.notes),
    ]
    if page.epochs:
        parts += ["<h2>Curves by epoch</h2>"]
        parts += [chart(name, curves) for name, curves in by_measure(page.epochs).items()]
        parts += ["<h2>Final values</h2>", _values(page)]
    for matrix in page.matrices:
        parts += [f"<h2>{escape(matrix.title)}</h2><p>Rows are what is true, columns what was said.</p>"]
        head = matrix.names or [str(index) for index in range(len(matrix.counts))]
        rows = [(name, [str(n) for n in row]) for name, row in zip(head, matrix.counts, strict=True)]
        parts.append(_table([("", head), *rows]).replace("<table>", '<table class="matrix">'))
    for gallery in page.galleries:
        parts += [f"<h2>{escape(gallery.title)}</h2>"]
        parts += [f"<div>{''.join(map(_picture, row))}</div>" for row in gallery.rows]
    parts += [f"<h2>Spec</h2><pre>{escape(page.text)}</pre>", "</body></html>"]
    return "\n".join(parts) + "\n"


def _values(page: RunPage) -> str:
    last = page.epochs[-1]
    names = [name for name in last if name not in ("epoch", "step")]
    rows = [
        (name, [f"{last[name]:.6g}", f"{page.best[name]:.6g}" if name in page.best else ""]) for name in names
    ]
    return _table([("", ["last", "best epoch"]), *rows])


def _table(rows: Sequence[tuple[str, Sequence[str]]]) -> str:
    lines = [
        f"<tr><th>{escape(name)}</th>{''.join(f'<td>{escape(each)}</td>' for each in cells)}</tr>"
        for name, cells in rows
    ]
    return "\n".join(["<table>", *lines, "</table>"])


def _picture(grid: Grid) -> str:
    height, width = len(grid), len(grid[0])
    cells = "".join(
        f'<rect x="{x}" y="{y}" width="1" height="1" fill="#{round(255 * value):02x}{round(255 * value):02x}'
        f'{round(255 * value):02x}"/>'
        for y, row in enumerate(grid)
        for x, value in enumerate(row)
    )
    return (
        f'<svg class="picture" width="68" height="68" viewBox="0 0 {width} {height}" '
        f'shape-rendering="crispEdges">{cells}</svg>'
    )

"""Curves as SVG: numbers by epoch in, text out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 420, 240
LEFT, RIGHT, TOP, BOTTOM = 58, 12, 34, 30
CLASSES = ("training", "validation")
STYLE = (
    "svg text{font:12px sans-serif;fill:currentColor}.axis{stroke:#8888;fill:none}"
    ".training{stroke:#2f6fde;fill:#2f6fde}.validation{stroke:#d9622b;fill:#d9622b}"
    "polyline{fill:none!important;stroke-width:2}"
)
Points = Sequence[tuple[float, float]]


def by_measure(epochs: Sequence[Mapping[str, float]]) -> dict[str, dict[str, Points]]:
    """Give each measure's curves, training and validation together; finite values only."""
    found: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for line in epochs:
        for name, value in line.items():
            if name in ("epoch", "step") or not math.isfinite(value):
                continue
            kind = CLASSES[name.startswith("val_")]
            found.setdefault(name.removeprefix("val_"), {}).setdefault(kind, []).append(
                (line["epoch"], value)
            )
    return {name: dict(curves) for name, curves in found.items()}


def chart(title: str, curves: Mapping[str, Points], at: tuple[int, int] = (0, 0)) -> str:
    """Draw one measure; its scale is logarithmic where a loss spans more than a factor of ten."""
    values = [y for points in curves.values() for _, y in points]
    low, high = min(values), max(values)
    log = title.endswith("loss") and low > 0 and high / low > 10
    first = min(x for points in curves.values() for x, _ in points)
    last = max(x for points in curves.values() for x, _ in points)

    def across(x: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * ((x - first) / (last - first) if last > first else 0.5)

    def up(y: float) -> float:
        if high <= low:
            share = 0.5
        elif log:
            share = math.log(y / low) / math.log(high / low)
        else:
            share = y / (high - low) - low / (high - low)
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share

    label = f"{title} (log scale)" if log else title
    lines = [
        f'<svg x="{at[0]}" y="{at[1]}" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(title)}</title>",
        f'<text x="{LEFT}" y="16">{escape(label)}</text>',
        f'<path class="axis" d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}"/>',
    ]
    ends = dict.fromkeys((low, high))
    lines += [f'<text x="{LEFT - 6}" y="{up(y) + 4:.1f}" text-anchor="end">{y:.3g}</text>' for y in ends]
    lines += [
        f'<text x="{across(x):.1f}" y="{HEIGHT - 10}" text-anchor="middle">{x:g}</text>'
        for x in dict.fromkeys((first, last))
    ]
    for index, (kind, points) in enumerate(curves.items()):
        place = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in points)
        lines.append(f'<polyline class="{kind}" points="{place}"/>')
        if len(points) == 1:
            lines.append(
                f'<circle class="{kind}" cx="{across(points[0][0]):.1f}" cy="{up(points[0][1]):.1f}" r="3"/>'
            )
        lines.append(f'<text class="{kind}" x="{WIDTH - 160 + 80 * index}" y="30">{kind}</text>')
    return "\n".join([*lines, "</svg>"])


def figure(epochs: Sequence[Mapping[str, float]]) -> str:
    """Draw all measures, one below the other, as a file of its own."""
    charts = by_measure(epochs)
    drawn = [chart(name, curves, (0, HEIGHT * row)) for row, (name, curves) in enumerate(charts.items())]
    height = HEIGHT * max(1, len(drawn))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" color="#555">'
    return "\n".join([head, f"<style>{STYLE}</style>", *drawn, "</svg>"]) + "\n"

"""Tables for people, as lines of text."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

MAX_WIDTH = 1000


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[str] = ()) -> list[str]:
    """Give the lines of a table; `numbers` are the columns that stand to the right."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    made = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        made.add_column(name, justify="right" if name in numbers else "left", no_wrap=True)
    for row in rows:
        made.add_row(*(Text(cell) for cell in row))
    out = io.StringIO()
    Console(file=out, width=MAX_WIDTH, color_system=None).print(made)
    return [line.rstrip() for line in out.getvalue().splitlines() if line.strip()]

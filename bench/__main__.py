"""Print the measurements as a table."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from bench.cases import rows


def main() -> None:
    table = Table("what", "measured", "beside", "which is", "ratio")
    for row in rows():
        table.add_row(*row)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()

"""What the table holds for each code."""

from __future__ import annotations

from archc.source.record import Record


class Explanation(Record):
    """A code's title, its text, a wrong spec that raises it and a right one that validates.

    `wrong` is None where no spec alone can raise the code; `how` then says how it arises.
    """

    title: str
    text: str
    wrong: str | None
    right: str | None = None
    how: str = ""

"""How large a spec and what it expands to may be."""

from __future__ import annotations

from archc.source import Record


class Limits(Record):
    """The bounds of one compilation; each has a flag that raises it."""

    text_bytes: int = 5_000_000
    depth: int = 100
    nodes: int = 100_000
    layers: int = 1_000_000
    expression_tokens: int = 1_000
    expression_depth: int = 100
    expression_steps: int = 1_000_000
    list_items: int = 65_535

"""What is asked of symbols, what a model requires of them, and what cannot be met."""

from __future__ import annotations

from archc.sizes.condition import Condition
from archc.source import Record, Span


class Need(Record):
    """One thing that is asked of the symbols, and by what."""

    condition: Condition
    span: Span | None = None
    reason: str = ""


class Requirement(Record):
    """One thing that a model requires of its symbols, and the needs that make it.

    The condition is text where it is no comparison: `H % 32 in {0, 25..31}`.
    """

    condition: Condition | str
    symbols: tuple[str, ...]
    text: str
    needs: tuple[Need, ...] = ()


class Conflict(Record):
    """Needs that no sizes meet together, or only single ones; `text` says which."""

    needs: tuple[Need, ...]
    text: str
    symbols: tuple[str, ...] = ()


def listed(needs: tuple[Need, ...]) -> str:
    """Give the conditions of some needs as text, each once."""
    shown = [f"`{text}`" for text in dict.fromkeys(str(need.condition) for need in needs)]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"

"""Texts of the spec as docstrings: wrapped, and harmless whatever they hold."""

from __future__ import annotations

import textwrap

from archc.backends.pytorch.writer import WIDTH


def safe(text: str) -> str:
    """Escape what would end a docstring or hide in it: backslashes, quotes in a row, control characters."""
    shown = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return "".join(c if c == "\n" or c.isprintable() else c.encode("unicode_escape").decode() for c in shown)


def wrapped(text: str, indent: int) -> list[str]:
    """Break a text into lines that fit, paragraph by paragraph; blank lines between them."""
    lines: list[str] = []
    for paragraph in text.split("\n\n"):
        words = " ".join(paragraph.split())
        if words:
            options = {"break_long_words": False, "break_on_hyphens": False}
            lines.extend([""] * bool(lines) + textwrap.wrap(safe(words), WIDTH - indent, **options))  # type: ignore[arg-type]
    return lines


def docstring(text: str, indent: int, more: list[str] | None = None) -> list[str]:
    """Give a docstring of a text and further lines, indented; nothing for no text."""
    space = " " * indent
    single = wrapped(text, indent + 6)
    if len(single) == 1 and not more and not single[0].endswith("\\"):
        bare = single[0].endswith('"') and not single[0].endswith('\\"')
        return [f'{space}"""{single[0]}{" " if bare else ""}"""']
    lines = wrapped(text, indent + 3)
    if len(lines) == 1 and not more:
        lines = single
    if not lines and not more:
        return []
    body = [*lines, *([""] if lines and more else []), *(more or [])]
    return [f'{space}"""{body[0]}', *(space + line if line else "" for line in body[1:]), f'{space}"""']

"""Scalars that take several lines, moved to another column; quotation marks."""

from __future__ import annotations

import re

from archc.format.pieces import LINE_END, lines_of

_HEADER = re.compile(r"[|>](?:[-+]?([1-9])[-+]?|[-+]?)")


class BlockScalar:
    """A text behind `|` or `>`: its header, and its lines without their common indentation.

    `end` is where it ends in the source, before the line end that the next token follows; blank lines
    at its end are part of it only where its header says so.
    """

    def __init__(self, text: str, start: int, end: int, parent: int) -> None:
        text = text[start:end]
        header, *lines = lines_of(text)
        self.header = header.rstrip()
        match = _HEADER.match(header)
        assert match is not None
        self.digit = int(match[1]) if match[1] else 0
        exact = "+" in match[0]
        indent = parent + self.digit if self.digit else _common_indent(lines)
        if lines and not lines[-1].strip(" "):
            # What is behind the last line end: the next token's indentation, or nothing.
            lines.pop()
        while lines and not exact and _is_blank(lines[-1], indent):
            lines.pop()
        self.lines = ["" if _is_blank(line, indent) else line[indent:] for line in lines]
        ends = [found.start() for found in LINE_END.finditer(text)]
        self.end = start + ends[len(lines)] if len(lines) < len(ends) else end

    def at(self, parent: int) -> str:
        """Write it below something in column `parent`."""
        indent = " " * (parent + (self.digit or 2))
        return "\n".join([self.header, *(indent + line if line else "" for line in self.lines)])


def _common_indent(lines: list[str]) -> int:
    first = next((line for line in lines if line.strip(" ")), "")
    return len(first) - len(first.lstrip(" "))


def _is_blank(line: str, indent: int) -> bool:
    return not line.strip(" ") and (len(line) <= indent or not indent)


def moved(text: str, style: str, indent: int) -> str:
    """Give a plain or quoted scalar with its further lines in a column."""
    first, *rest = lines_of(text)
    if not rest:
        return double_quoted(text) if style == "'" else text
    escapes = style == '"'
    return "\n".join(
        [
            _trimmed(first, escapes),
            *(_continued(line, escapes, indent) for line in rest[:-1]),
            " " * indent + rest[-1].lstrip(" \t"),
        ]
    )


def _continued(line: str, escapes: bool, indent: int) -> str:
    words = _trimmed(line.lstrip(" \t"), escapes)
    return " " * indent + words if words else ""


def _trimmed(line: str, escapes: bool) -> str:
    """Cut the blanks at the end of a line, but not one that a backslash makes part of the text."""
    short = line.rstrip(" \t")
    return line if escapes and short.endswith("\\") else short


def double_quoted(text: str) -> str:
    """Give a text in single quotation marks with double ones, where the inside stays as it is."""
    inside = text[1:-1]
    return text if any(sign in inside for sign in "\"'\\") else f'"{inside}"'

"""Texts that YAML splits at a comma or does not split at a colon, put together as they were meant.

`{linear: max(a, b)}` is a mapping of two keys. It is reported once, and reading goes on with what was meant.
"""

from __future__ import annotations

import re

from archc.source import Diagnostic, Diagnostics, Source, Span, replacement
from archc.spec.tree import Entry, Mapping, Scalar, Tree, scalar_at

_NO_SPACE = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*):(\S.*)\Z", re.DOTALL)


def repair_entries(entries: list[Entry], diagnostics: Diagnostics) -> list[Entry]:
    """Mend the entries of a flow mapping."""
    result: list[Entry] = []
    at = 0
    while at < len(entries):
        entry, at = entries[at], at + 1
        if is_open(entry.value):
            pieces = [e.key if _is_key_alone(e) else None for e in entries[at:]]
            value, taken = _closed(entry.value, pieces, diagnostics)
            entry, at = Entry(entry.key, value), at + taken
        elif entry.key.plain and ":" in entry.key.text and _is_key_alone(entry):
            entry = _split(entry, diagnostics)
        result.append(entry)
    return result


def repair_items(items: list[Tree], diagnostics: Diagnostics) -> list[Tree]:
    """Mend the items of a flow sequence."""
    result: list[Tree] = []
    at = 0
    while at < len(items):
        item, at = items[at], at + 1
        last = _last(item)
        if is_open(last):
            pieces = [piece if isinstance(piece, Scalar) and piece.plain else None for piece in items[at:]]
            value, taken = _closed(last, pieces, diagnostics)
            at += taken
            item = _with_last(item, value)
        result.append(item)
    return result


def is_open(tree: Tree) -> bool:
    """Whether a piece is a text with a bracket that is not closed in it."""
    return isinstance(tree, Scalar) and tree.plain and tree.text.count("(") > tree.text.count(")")


def quoted(text: str) -> str:
    """Give a text as a quoted scalar."""
    if '"' not in text and "\\" not in text:
        return f'"{text}"'
    return "'" + text.replace("'", "''") + "'"


def corrected(span: Span, text: str) -> str:
    """Give the line of a span, with another text in its place."""
    source, line = span.source, span.line
    start = source.line_starts[line - 1]
    before, after = source.text[start : span.start], source.text[span.end :]
    return (before + text + re.split(r"[\r\n]", after, maxsplit=1)[0]).strip()


def needs_quotes(source: Source, start: int, end: int, message: str, note: str) -> Diagnostic:
    """Give the error for a text that has to be quoted where it stands, with the line that works."""
    span = Span(source, start, end)
    text = quoted(span.text)
    fix = replacement(span, text)
    return Diagnostic(
        "E0110", message, span, notes=(note,), help=(f"put it in quotes: `{corrected(span, text)}`",), fix=fix
    )


def missing_space(source: Source, colon: int) -> Diagnostic:
    """Give the error for a colon that no space follows, with the line that works."""
    span = Span(source, colon, colon + 1)
    return Diagnostic(
        "E0111",
        "a space is missing after the colon",
        span,
        notes=("without it, YAML reads a single word",),
        help=(f"write `{corrected(span, ': ')}`",),
        fix=replacement(span, ": "),
    )


def _is_key_alone(entry: Entry) -> bool:
    return entry.key.plain and isinstance(entry.value, Scalar) and entry.value.is_empty


def _last(item: Tree) -> Tree:
    """Give the last value of an item: that of `linear: max(a` in `[linear: max(a, b)]`, or the item."""
    if isinstance(item, Mapping) and len(item.entries) == 1 and item.source.text[item.start] != "{":
        return item.entries[0].value
    return item


def _with_last(item: Tree, value: Scalar) -> Tree:
    if not isinstance(item, Mapping):
        return value
    span = Span(item.source, item.start, value.end)
    return Mapping((Entry(item.entries[0].key, value),), span)


def _closed(first: Tree, pieces: list[Scalar | None], diagnostics: Diagnostics) -> tuple[Scalar, int]:
    """Join a text with the pieces behind it until its brackets close; say how many were taken."""
    assert isinstance(first, Scalar)
    open_ = first.text.count("(") - first.text.count(")")
    for index, piece in enumerate(pieces):
        if piece is None:
            break
        open_ += piece.text.count("(") - piece.text.count(")")
        if open_ <= 0:
            source, start, end = first.source, first.start, piece.end
            note = "inside `{}` and `[]`, YAML ends a text without quotes at a comma"
            message = f"`{source.text[start:end]}` is split at its comma"
            diagnostics.add(needs_quotes(source, start, end, message, note))
            return scalar_at(source, start, end, source.text[start:end], True), index + 1
    return first, 0


def _split(entry: Entry, diagnostics: Diagnostics) -> Entry:
    """Read `linear:120` as the key and value that it was meant to be."""
    key = entry.key
    match = _NO_SPACE.match(key.text)
    if match is None or key.source.text[key.start : key.end] != key.text:
        return entry
    colon = key.start + match.end(1)
    diagnostics.add(missing_space(key.source, colon))
    name = scalar_at(key.source, key.start, colon, match.group(1), True)
    return Entry(name, scalar_at(key.source, colon + 1, key.end, match.group(2), True))

"""What stands in a text: libyaml's tokens, and the space and comments between them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from archc.source import Record, Source

_LOADER = getattr(yaml, "CLoader", yaml.Loader)
LINE_END = re.compile(r"\r\n|\n|\r")
_KINDS = {
    "BlockMappingStartToken": "open mapping",
    "BlockSequenceStartToken": "open list",
    "BlockEndToken": "close",
    "BlockEntryToken": "-",
    "KeyToken": "key",
    "ValueToken": ":",
    "FlowMappingStartToken": "{",
    "FlowSequenceStartToken": "[",
    "FlowMappingEndToken": "}",
    "FlowSequenceEndToken": "]",
    "FlowEntryToken": ",",
    "ScalarToken": "scalar",
    "AliasToken": "alias",
    "AnchorToken": "anchor",
    "TagToken": "anchor",
    "DocumentStartToken": "document",
    "DocumentEndToken": "document",
    "DirectiveToken": "document",
    "StreamEndToken": "end",
}


class Piece(Record):
    """A token. `style` is that of a scalar: a quotation mark, `|`, `>`, or nothing for a plain one."""

    kind: str
    start: int
    end: int
    style: str = ""

    @property
    def is_visible(self) -> bool:
        """Whether it has a place of its own in the text; `end` counts, as the last of them."""
        return self.end > self.start or self.kind == "end"


class Comment(Record):
    """A comment on a line of its own: its text, its column from 0, whether a blank line is above it."""

    text: str
    column: int
    after_blank: bool


class Gap(Record):
    """What is between two tokens.

    `trailing` is the comment on the first line, `width` the number of characters before it; `comments`
    have lines of their own; `blank` says whether a blank line is right above the second token.
    """

    lines: int
    trailing: str
    width: int
    comments: tuple[Comment, ...]
    blank: bool

    @property
    def has_comments(self) -> bool:
        """Whether there are any comments."""
        return bool(self.trailing or self.comments)


def pieces(source: Source) -> Iterator[Piece]:
    """Give the tokens of a text that can be read, with the offsets of what they are made of."""
    text = source.text
    loader = _LOADER(text)
    try:
        while (token := loader.get_token()) is not None:
            kind = _KINDS.get(type(token).__name__)
            if kind is not None:
                yield _piece(token, kind, text)
    finally:
        loader.dispose()


def _piece(token: Any, kind: str, text: str) -> Piece:
    start, end = token.start_mark.index, token.end_mark.index
    if kind == "end":
        return Piece(kind, len(text), len(text))
    if kind in ("open mapping", "open list", "close"):
        return Piece(kind, start, start)
    return Piece(kind, start, end, getattr(token, "style", None) or "")


def lines_of(text: str) -> list[str]:
    """Split a text at its line ends."""
    return LINE_END.split(text)


def gap_of(text: str) -> Gap:
    """Read what is between two tokens."""
    first, *rest = lines_of(text)
    trailing = first.strip()
    width = len(first) - len(first.lstrip())
    comments: list[Comment] = []
    blank = False
    for line in rest if rest and rest[-1].strip() else rest[:-1]:
        words = line.strip()
        if words:
            comments.append(Comment(words, len(line) - len(line.lstrip()), blank))
        blank = not words
    return Gap(len(rest), trailing, width, tuple(comments), blank)

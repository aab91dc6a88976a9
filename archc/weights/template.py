r"""Names that are made from what a pattern's groups hold: `\1`, `\g<name>`, and text as it stands.

Where one tensor becomes many, `\#` is the number of each.
"""

from __future__ import annotations

import re

from archc.source import Record
from archc.weights.pattern import Pattern
from archc.weights.pattern_parser import PatternError

_REFERENCE = re.compile(r"\\(?:(\d{1,3})|g<(\w+)>|(.?))")
LONGEST = 500
NUMBER = -1
"""The piece that stands for a number: it comes behind the groups."""


class Template(Record):
    """A text in pieces: text, or the number of a group."""

    text: str
    pieces: tuple[str | int, ...]

    def name(self, groups: tuple[str, ...]) -> str:
        """Put what the groups hold in place; group 0 is the whole name."""
        return "".join(groups[each] if isinstance(each, int) else each for each in self.pieces)


def template(text: str, pattern: Pattern, numbered: bool = False) -> Template:
    """Read a template for a pattern's groups; PatternError where it names one that is not there.

    One that is `numbered` has a number in it, as no other has.
    """
    if len(text) > LONGEST:
        raise PatternError(f"the name has more than {LONGEST} characters", 0, len(text))
    pieces: list[str | int] = []
    at = 0
    for found in _REFERENCE.finditer(text):
        pieces.append(text[at : found.start()])
        pieces.append(NUMBER if numbered and found.group() == r"\#" else _piece(found, pattern))
        at = found.end()
    pieces.append(text[at:])
    if numbered and NUMBER not in pieces:
        help_ = r"`\#` is the number of each"
        raise PatternError("all tensors would get this name", 0, len(text), help_)
    return Template(text, tuple(piece for piece in pieces if piece != ""))


def _piece(found: re.Match[str], pattern: Pattern) -> str | int:
    number, name, sign = found.groups()
    if sign is not None and sign != "\\":
        help_ = r"write `\1` or `\g<name>`; a backslash itself is `\\`"
        raise PatternError(f"`{found.group()}` stands for nothing", *found.span(), help_)
    if sign:
        return sign
    group = int(number) if number else pattern.names.get(name, -1)
    if not 0 <= group <= pattern.groups:
        has = f"{pattern.groups} group{'s' * (pattern.groups != 1)}"
        named = f", named {', '.join(pattern.names)}" if pattern.names else ""
        message = f"`{found.group()}` is no group of the pattern `{pattern.text}`"
        raise PatternError(message, *found.span(), f"the pattern has {has}{named}")
    return group

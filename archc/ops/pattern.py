"""einops' notation: `n t (h d) -> n h t d`."""

from __future__ import annotations

import re

from archc.source import Record

_TOKEN = re.compile(r"\s*(->|\.\.\.|[A-Za-z_][A-Za-z0-9_]*|[0-9]+|\S)")
REST = "..."

Axis = tuple[str, ...]
"""The names that one axis is made of: none for a size of 1. In brackets `...` is one of them."""

APART: Axis = ("... apart",)
"""`...` outside of brackets: any number of axes, which stay apart."""


class PatternError(Exception):
    """What is wrong with a pattern."""


class Pattern(Record):
    """Both sides of a pattern, axis by axis."""

    left: tuple[Axis, ...]
    right: tuple[Axis, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of sizes, in the order of the left side."""
        return tuple(name for axis in self.left if axis != APART for name in axis)

    def spread(self, rank: int) -> Pattern:
        """Give the pattern with single axes in place of `...`, for an input of this many axes."""
        count = rank - len(self.left) + 1
        single: tuple[Axis, ...] = tuple((f"...{index}",) for index in range(count))
        flat = tuple(name for axis in single for name in axis)

        def side(axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
            found: list[Axis] = []
            for axis in axes:
                if axis == APART:
                    found.extend(single)
                else:
                    found.append(tuple(n for name in axis for n in (flat if name == REST else (name,))))
            return tuple(found)

        return Pattern(side(self.left), side(self.right))

    @property
    def open(self) -> bool:
        """Whether there is a `...`."""
        return APART in self.left


def parse(text: str) -> Pattern:
    """Read a pattern; raises PatternError."""
    words = [match.group(1) for match in _TOKEN.finditer(text)]
    if words.count("->") != 1:
        raise PatternError("a pattern has one `->` between two sides")
    arrow = words.index("->")
    left, right = _side(words[:arrow]), _side(words[arrow + 1 :])
    _check(left, right)
    return Pattern(left, right)


def _side(words: list[str]) -> tuple[Axis, ...]:
    axes: list[Axis] = []
    group: list[str] | None = None
    for word in words:
        if word == "(":
            if group is not None:
                raise PatternError("brackets do not nest")
            group = []
        elif word == ")":
            if group is None:
                raise PatternError("a `)` has no `(` before it")
            axes.append(tuple(group))
            group = None
        elif word == "1":
            if group is None:
                axes.append(())
        elif word == REST or word.isidentifier():
            if group is None:
                axes.append(APART if word == REST else (word,))
            else:
                group.append(word)
        elif word.isdigit():
            raise PatternError(f"the only number in a pattern is 1, `{word}` needs a name and a size")
        else:
            raise PatternError(f"`{word}` has no meaning in a pattern")
    if group is not None:
        raise PatternError("a `(` is not closed")
    return tuple(axes)


def _check(left: tuple[Axis, ...], right: tuple[Axis, ...]) -> None:
    before, after = (
        [REST if name in APART else name for axis in side for name in axis] for side in (left, right)
    )
    for names, side in ((before, "left"), (after, "right")):
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise PatternError(f"`{twice}` stands twice on the {side}")
    if REST in before and APART not in left:
        raise PatternError("`...` cannot stand in brackets on the left")
    for one, other, side in ((before, after, "right"), (after, before, "left")):
        missing = next((name for name in one if name not in other), None)
        if missing is not None:
            raise PatternError(f"`{missing}` is missing on the {side}")

"""From a regular expression's text to its parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from archc.source import Record

LONGEST = 500
DEEPEST = 20
MOST_TURNS = 200

Accepts = Callable[[str], bool]


class PatternError(Exception):
    """A pattern is misspelt, or uses what the language does not have; `start` and `end` say where."""

    def __init__(self, message: str, start: int, end: int, help_: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end
        self.help = help_


class Characters(Record):
    """One character of a kind; `literal` where only one will do."""

    accepts: Accepts
    literal: str = ""


class Group(Record):
    """A part in brackets; its number counts from 1, and is 0 where nothing is kept."""

    number: int
    parts: tuple[Part, ...]


class Alternatives(Record):
    """One of several sequences."""

    branches: tuple[tuple[Part, ...], ...]


class Repeat(Record):
    """A part several times; without an end where `most` is None."""

    part: Part
    least: int
    most: int | None
    greedy: bool


Part: TypeAlias = Characters | Group | Alternatives | Repeat


class Parsed(Record):
    """A pattern's parts, how many groups it has, and which have names."""

    parts: tuple[Part, ...]
    groups: int
    names: tuple[tuple[str, int], ...]


def parse(text: str) -> Parsed:
    """Parse a pattern; PatternError where it is not one."""
    if len(text) > LONGEST:
        raise PatternError(f"the pattern has more than {LONGEST} characters", 0, len(text))
    return _Parser(text).parse()


def _word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _not(accepts: Accepts) -> Accepts:
    return lambda character: not accepts(character)


_KINDS: dict[str, Accepts] = {
    "d": str.isdecimal,
    "w": _word,
    "s": str.isspace,
    "D": _not(str.isdecimal),
    "W": _not(_word),
    "S": _not(str.isspace),
}


class _Parser:
    """One run over a pattern."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.groups = 0
        self.names: dict[str, int] = {}

    def parse(self) -> Parsed:
        if self.peek() == "^":
            self.at += 1
        parts = self.branches(0)
        if self.at < len(self.text):
            raise self.error("the bracket `)` closes nothing", self.at)
        return Parsed(parts, self.groups, tuple(self.names.items()))

    def peek(self, length: int = 1) -> str:
        return self.text[self.at : self.at + length]

    def error(self, message: str, start: int, help_: str = "", end: int | None = None) -> PatternError:
        return PatternError(message, start, start + 1 if end is None else end, help_)

    def branches(self, depth: int) -> tuple[Part, ...]:
        """Read what stands between brackets."""
        if depth > DEEPEST:
            raise self.error(f"the pattern nests deeper than {DEEPEST}", self.at - 1)
        found = [self.sequence(depth)]
        while self.peek() == "|":
            self.at += 1
            found.append(self.sequence(depth))
        return found[0] if len(found) == 1 else (Alternatives(tuple(found)),)

    def sequence(self, depth: int) -> tuple[Part, ...]:
        parts: list[Part] = []
        while (character := self.peek()) and character not in "|)":
            if character == "$" and self.at + 1 == len(self.text):
                self.at += 1
                break
            parts.append(self.repeated(self.atom(character, depth)))
        return tuple(parts)

    def atom(self, character: str, depth: int) -> Part:
        start = self.at
        self.at += 1
        if character in "*+?":
            raise self.error(f"`{character}` repeats nothing", start)
        if character in "^$":
            raise self.error(
                f"`{character}` stands inside", start, "a pattern is the whole name: leave it out"
            )
        if character == "(":
            return self.group(start, depth)
        if character == "[":
            return self.characters(start)
        if character == "\\":
            return self.escape(start)
        if character == ".":
            return Characters(lambda _: True)
        return _one(character)

    def group(self, start: int, depth: int) -> Part:
        number, name = 0, ""
        if self.peek(2) == "?:":
            self.at += 2
        elif self.peek() == "?":
            if self.peek(3) != "?P<" or ">" not in self.text[self.at :]:
                help_ = "there are `(...)`, `(?:...)` and `(?P<name>...)`"
                raise self.error("this kind of group does not exist", start, help_, start + 3)
            end = self.text.index(">", self.at)
            name = self.text[self.at + 3 : end]
            if not (name.isascii() and name.isidentifier()) or name in self.names:
                what = "given twice" if name in self.names else "not a name"
                raise self.error(
                    f"the group's name `{name}` is {what}", self.at + 3, end=max(end, self.at + 4)
                )
            self.at = end + 1
        if self.text[start : start + 3] != "(?:":
            self.groups += 1
            number = self.groups
        if name:
            self.names[name] = number
        parts = self.branches(depth + 1)
        if self.peek() != ")":
            raise self.error("the bracket `(` is not closed", start)
        self.at += 1
        return Group(number, parts)

    def escape(self, start: int) -> Characters:
        character = self.peek()
        self.at += 1
        if character in _KINDS:
            return Characters(_KINDS[character])
        if not character or (character.isascii() and character.isalnum()):
            written = f"\\{character}"
            help_ = r"there are `\d`, `\w`, `\s`, `\D`, `\W`, `\S`, and `\` before a sign"
            raise self.error(f"`{written}` does not exist", start, help_, start + len(written))
        return _one(character)

    def characters(self, start: int) -> Characters:
        """Read a class: `[a-z_]`, `[^.]`."""
        negated = self.peek() == "^"
        self.at += negated
        kinds: list[Accepts] = []
        singles: set[str] = set()
        ranges: list[tuple[str, str]] = []
        first = self.at
        while (character := self.peek()) != "]" or self.at == first:
            if not character:
                raise self.error("the bracket `[` is not closed", start)
            at = self.at
            self.at += 1
            one = self.escape(at) if character == "\\" else _one(character)
            if not one.literal:
                kinds.append(one.accepts)
            elif self.peek() == "-" and self.peek(2) not in ("-]", "-"):
                self.at += 1
                last = self.peek()
                self.at += 1
                end = self.escape(self.at - 1).literal if last == "\\" else last
                if end < one.literal:
                    raise self.error("the range runs backwards", at, end=self.at)
                ranges.append((one.literal, end))
            else:
                singles.add(one.literal)
        self.at += 1
        return _any_of(negated, frozenset(singles), tuple(ranges), tuple(kinds))

    def repeated(self, part: Part) -> Part:
        start, character = self.at, self.peek()
        if character in ("*", "+", "?"):
            self.at += 1
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[character]
        elif character == "{":
            least, most = self.counts(start)
        else:
            return part
        greedy = self.peek() != "?"
        self.at += not greedy
        if self.peek() in ("*", "+", "?", "{"):
            raise self.error(f"`{self.peek()}` repeats what is repeated", self.at, "put brackets around it")
        if most != 1 and _may_be_nothing((part,)):
            help_ = "let each turn take a character: `+` in place of `*` inside"
            raise self.error("what is repeated here may be nothing", start, help_, self.at)
        return Repeat(part, least, most, greedy)

    def counts(self, start: int) -> tuple[int, int | None]:
        end = self.text.find("}", start)
        low, comma, high = self.text[start + 1 : max(end, start + 1)].partition(",")
        numbers = low.isdecimal() and low.isascii() and (not high or (high.isdecimal() and high.isascii()))
        if end < 0 or not numbers or len(low) > 3 or len(high) > 3:
            raise self.error(
                r"this is no number of turns; a brace itself is `\{`", start, "write `{2}` or `{1,3}`"
            )
        self.at = end + 1
        least = int(low)
        most = (int(high) if high else None) if comma else least
        if max(least, most or 0) > MOST_TURNS or (most is not None and most < least):
            raise self.error(f"turns go from 0 to {MOST_TURNS}, upwards", start, end=end + 1)
        return least, most


def _may_be_nothing(parts: tuple[Part, ...]) -> bool:
    return all(_is_optional(part) for part in parts)


def _is_optional(part: Part) -> bool:
    if isinstance(part, Repeat):
        return part.least == 0 or _is_optional(part.part)
    if isinstance(part, Alternatives):
        return any(_may_be_nothing(branch) for branch in part.branches)
    return isinstance(part, Group) and _may_be_nothing(part.parts)


def _one(character: str) -> Characters:
    return Characters(character.__eq__, character)


def _any_of(
    negated: bool, singles: frozenset[str], ranges: tuple[tuple[str, str], ...], kinds: tuple[Accepts, ...]
) -> Characters:
    def accepts(character: str) -> bool:
        found = (
            character in singles
            or any(low <= character <= high for low, high in ranges)
            or any(kind(character) for kind in kinds)
        )
        return found is not negated

    return Characters(accepts)

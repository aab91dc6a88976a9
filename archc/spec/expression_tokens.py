"""The words of expressions."""

from __future__ import annotations

import contextlib
import re

from archc.source import Diagnostic, replacement
from archc.spec.expression import ExpressionError
from archc.spec.limits import Limits
from archc.spec.placement import Placement

# (kind, text, start, end); the kinds are name, number, text, sign and end.
Token = tuple[str, str, int, int]

_TOKEN = re.compile(
    r"""(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<number>(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][+-]?[0-9]+)?)
    |(?P<text>"(?:[^"\\]|\\["'\\])*"|'(?:[^'\\]|\\["'\\])*')
    |(?P<foreign>&&|\|\||<>|=<|=>|===|!==|<<|>>|:=|->|[&|^?~@{};$`!](?!=))
    |(?P<sign>\*\*|//|==|!=|<=|>=|[-+*/%<>()\[\],.=:])""",
    re.VERBOSE,
)
_SPACE = re.compile(r"[ \t\r\n]*")
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+")
_BAD_NUMBER = re.compile(r"[A-Za-z0-9_.]*(?::[0-9]+)*")
_FOREIGN = {
    "&&": "and",
    "&": "and",
    "||": "or",
    "|": "or",
    "!": "not",
    "~": "not",
    "^": "**",
    "<>": "!=",
    "!==": "!=",
    "===": "==",
    "=<": "<=",
    "=>": ">=",
    "<<": "* 2 **",
    ">>": "// 2 **",
}
# What word processors and mathematicians write: times, dot, division, minus, comparisons, quotation marks.
_TYPOGRAPHIC = {
    "\u00d7": "*",
    "\u00b7": "*",
    "\u00f7": "/",
    "\u2212": "-",
    "\u2013": "-",
    "\u2264": "<=",
    "\u2265": ">=",
    "\u2260": "!=",
    "\u00ac": "not",
    "\u2227": "and",
    "\u2228": "or",
    "\u201c": '"',
    "\u201d": '"',
    "\u2018": "'",
    "\u2019": "'",
}


def mistake(
    place: Placement,
    start: int,
    end: int,
    message: str,
    *help_: str,
    code: str = "E0601",
    instead: str = "",
) -> ExpressionError:
    """Give the error for a stretch of an expression's text, and the fix that writes `instead` there."""
    span = place.span(start, end)
    fix = None
    if instead and span.text == place.text[start:end]:
        before, after = place.text[:start][-1:], place.text[end:][:1]
        glued = (before.isalnum(), after.isalnum() or after == "(") if instead.isalpha() else (False, False)
        fix = replacement(span, " " * glued[0] + instead + " " * glued[1])
    return ExpressionError(Diagnostic(code, message, span, help=help_, fix=fix))


def tokens(place: Placement, start: int, limits: Limits, closing: bool = False) -> list[Token]:
    """Split a text into words, from an offset to the end or, if `closing`, to the `)` that has no `(`."""
    text = place.text
    found: list[Token] = []
    at, open_, before = start, 0, ""
    while True:
        space = _SPACE.match(text, at)
        at = space.end() if space else at
        if at >= len(text):
            found.append(("end", "", len(text), len(text)))
            return found
        token = _next(place, at, before)
        kind, word, _, end = token
        if closing and word == ")" and kind == "sign" and open_ == 0:
            found.append(("end", word, at, end))
            return found
        open_ += (word in "([") - (word in ")]") if kind == "sign" else 0
        before = word if kind == "sign" else kind
        found.append(token)
        if len(found) > limits.expression_tokens:
            message = f"an expression of more than {limits.expression_tokens} words"
            raise mistake(place, start, end, message, "give parts of it names with `let`", code="E0804")
        at = end


def _next(place: Placement, at: int, before: str) -> Token:
    """Read one word; `before` is the sign before it, or the kind of the word before it."""
    if before in ("name", ")", "]") and place.text[at] == ".":
        return ("sign", ".", at, at + 1)
    match = _FIELD.match(place.text, at) if before == "." else None
    if match:
        return ("name", match.group(), at, match.end())
    match = _TOKEN.match(place.text, at)
    if match is None:
        raise _unreadable(place, at)
    kind, word, end = str(match.lastgroup), match.group(), match.end()
    if kind == "foreign":
        raise _foreign(place, word, at, end)
    if kind == "number":
        _check_number(place, word, at, end)
    return (kind, word, at, end)


def _unreadable(place: Placement, at: int) -> ExpressionError:
    character = place.text[at]
    if character in "\"'":
        return mistake(
            place,
            at,
            len(place.text),
            "a text is not closed in an expression",
            f"add a closing `{character}`",
        )
    if character in _TYPOGRAPHIC:
        message = f"`{character}` has no meaning in an expression"
        right = _TYPOGRAPHIC[character]
        return mistake(place, at, at + 1, message, f"write `{right}`", instead=right)
    if character.isalpha():
        return mistake(
            place,
            at,
            at + 1,
            f"`{character}` cannot be part of a name",
            "names are made of a-z, A-Z, 0-9 and _",
        )
    return mistake(place, at, at + 1, f"`{character}` has no meaning in an expression")


def _foreign(place: Placement, word: str, at: int, end: int) -> ExpressionError:
    message = f"`{word}` has no meaning in an expression"
    if word in _FOREIGN:
        right = _FOREIGN[word]
        return mistake(place, at, end, message, f"write `{right}`, as in Python", instead=right)
    if word == "?":
        return mistake(place, at, end, message, "write `a if condition else b`, as in Python")
    if word == "$":
        return mistake(
            place, at, end, "`$` inside an expression", "write the name alone: `$(...)` is not nested"
        )
    return mistake(place, at, end, message)


def _check_number(place: Placement, word: str, at: int, end: int) -> None:
    """Refuse what looks like a number and is none: `012`, `12:30`, `1_000`, `3x`."""
    whole = _BAD_NUMBER.match(place.text, end)
    stop = whole.end() if whole else end
    written = place.text[at:stop]
    if ":" in written and stop - at == len(place.text.strip()):
        raise mistake(
            place,
            at,
            stop,
            f"`{written}` is not a number",
            "write a time or a ratio as one number",
            code="E0602",
        )
    stop = at + len(written.partition(":")[0])
    written = place.text[at:stop]
    if stop > end:
        right = _number_meant(written)
        help_ = (f"write `{right}`",) if right else _product_help(written, word)
        message = f"`{written}` is not a number"
        raise mistake(place, at, stop, message, *help_, code="E0602", instead=right)
    if len(word) > 1 and word[0] == "0" and word.isdigit():
        right = word.lstrip("0") or "0"
        raise mistake(
            place,
            at,
            end,
            f"the number `{word}` has leading zeros",
            f'write `{right}`, or `"{word}"` for text',
            code="E0602",
        )


def _number_meant(written: str) -> str:
    """Give the number that `1_000` or `0x10` stands for elsewhere; empty where there is none."""
    plain = written.replace("_", "")
    if plain.isdigit():
        return plain
    if written[:2].lower() in ("0x", "0o", "0b"):
        with contextlib.suppress(ValueError):
            return str(int(written, 0))
    return ""


def _product_help(written: str, word: str) -> tuple[str, ...]:
    rest = written[len(word) :]
    return (f"write `{word} * {rest}` for a product",) if rest.isidentifier() else ()

"""Writes Python expressions and statements exactly as the formatter would.

What fits on a line stands on it. What does not is broken at its outermost bracket: first the content
on a line of its own, then each item on one, with a comma after the last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from archc.backends.pytorch.one_line import (
    ALONE,
    ATOM,
    BINDS,
    COMPARE,
    NOT,
    POWER,
    SIGN,
    STAR,
    TERNARY,
    Labelled,
    binds_of,
    bracketed,
    flat,
    index_text,
    item_text,
)
from archc.backends.pytorch.syntax import (
    Attribute,
    Binary,
    Call,
    Comprehension,
    Dict,
    Item,
    Lit,
    Method,
    Py,
    Slice,
    Star,
    Ternary,
    Tuple,
    Unary,
)

WIDTH = 88
INDENT = 4


def layout(tree: Py, indent: int, before: int = 0, after: int = 0, inside: bool = False) -> list[str]:
    """Write an expression on as few lines as fit; the first and last come without what surrounds them.

    `before` and `after` say how many characters stand around it on its first and last line; `inside`
    brackets, operators may stand at the start of lines.
    """
    text = flat(tree)
    if indent + before + len(text) + after <= WIDTH:
        return [text]
    if isinstance(tree, Lit) and isinstance(tree.value, tuple | list):
        brackets = "()" if isinstance(tree.value, tuple) else "[]"
        return _broken_bracket(Tuple(tuple(map(Lit, tree.value)), brackets), indent)
    if isinstance(tree, Star):
        lines = _in_parentheses(tree.items, indent) if binds_of(tree.items) < STAR else None
        lines = lines or layout(tree.items, indent, before + 1, after, inside)
        return [f"*{lines[0]}", *lines[1:]]
    if isinstance(tree, Ternary | Binary | Unary):
        return _broken_operators(tree, indent, before, after, inside)
    if isinstance(tree, Call | Method | Tuple | Dict | Comprehension):
        return _broken_bracket(tree, indent)
    if isinstance(tree, Item):
        return _broken_item(tree, indent)
    return [text]


def _broken_operators(tree: Py, indent: int, before: int, after: int, inside: bool) -> list[str]:
    split = None if inside else _split_at_bracket(tree, indent, before)
    if split is not None:
        return split
    return _operator_lines(tree, indent, before, after) if inside else _in_parentheses(tree, indent)


def _in_parentheses(tree: Py, indent: int) -> list[str]:
    return ["(", *_indented(layout(tree, indent + INDENT, inside=True)), ")"]


def _split_at_bracket(tree: Py, indent: int, before: int) -> list[str] | None:
    """Break the brackets inside an expression with a single loosest operator, from left to right.

    Formatters do so where the expression begins with parentheses or ends with a bracket that holds
    something, and every line then fits; None where they would put parentheses around it.
    """
    if not isinstance(tree, Binary) or len(_chain(tree)) > 2:
        return None
    pieces = list(_pieces(tree, 0))
    if not (isinstance(pieces[-1], _Bracket) or flat(tree).startswith("(")):
        return None
    lines = [""]
    for number, piece in enumerate(pieces):
        if isinstance(piece, str):
            lines[-1] += piece
            continue
        start = indent + len(lines[-1]) + (before if len(lines) == 1 else 0)
        if start + len(piece.text) + _until_break(pieces[number + 1 :]) <= WIDTH:
            lines[-1] += piece.text
        else:
            broken = piece.lines(indent)
            lines = [*lines[:-1], lines[-1] + broken[0], *broken[1:]]
    widths = [indent + len(line) for line in lines]
    return lines if max(widths[0] + before, *widths) <= WIDTH else None


class _Bracket(NamedTuple):
    """A part of an expression that may be broken: `opening` stands before the place."""

    opening: str
    text: str
    lines: Callable[[int], list[str]]


def _until_break(pieces: Sequence[str | _Bracket]) -> int:
    """Measure what stands on a line behind a bracket, up to the next that may be broken."""
    width = 0
    for piece in pieces:
        if isinstance(piece, _Bracket):
            return width + len(piece.opening)
        width += len(piece)
    return width


def _pieces(tree: Py, least: int) -> Iterator[str | _Bracket]:
    """Take an expression apart at its outermost brackets."""
    if binds_of(tree) < least:
        yield _Bracket("(", f"({flat(tree)})", lambda indent: _in_parentheses(tree, indent))
    elif isinstance(tree, Binary) and tree.operator != "**":
        binds = BINDS[tree.operator]
        yield from _pieces(tree.left, binds + 1 if binds == COMPARE else binds)
        yield f" {tree.operator} "
        yield from _pieces(tree.right, binds + 1)
    elif isinstance(tree, Attribute):
        yield from _pieces(tree.target, ATOM)
        yield f".{tree.name}"
    elif isinstance(tree, Method):
        yield from _pieces(tree.target, ATOM)
        yield from _bracket(f".{tree.name}(", tree)
    elif isinstance(tree, Call | Tuple | Dict):
        yield from _bracket(bracketed(tree)[0], tree)
    else:
        yield flat(tree)


def _bracket(opening: str, tree: Call | Method | Tuple | Dict) -> Iterator[str | _Bracket]:
    """Give the bracket that a tree ends in, with what belongs to its opening."""
    whole, items, _ = bracketed(tree)
    before = len(whole) - len(opening)
    text = flat(tree)[before:]

    def lines(indent: int) -> list[str]:
        first, *others = _broken_bracket(tree, indent)
        return [first[before:], *others]

    if items:
        yield _Bracket(opening, text, lines)
    else:
        yield text


def _operator_lines(tree: Py, indent: int, before: int, after: int) -> list[str]:
    """Write each operand of the loosest operators on a line, the operator before it."""
    if isinstance(tree, Unary):
        word, least_bound = ("not ", NOT) if tree.operator == "not" else (tree.operator, ATOM)
        return _operand(word, tree.operand, least_bound, indent, before, after)
    if isinstance(tree, Ternary):
        parts: list[Labelled] = [("", tree.then), ("if ", tree.test), ("else ", tree.otherwise)]
        least = [2, 2, TERNARY]
    else:
        assert isinstance(tree, Binary)
        parts = _chain(tree)
        binds = BINDS[tree.operator]
        least = [ATOM, SIGN] if binds == POWER else [binds] + [binds + 1] * (len(parts) - 1)
    lines: list[str] = []
    for number, ((label, part), binds) in enumerate(zip(parts, least, strict=True)):
        room = (before if number == 0 else 0, after if number == len(parts) - 1 else 0)
        lines.extend(_operand(label, part, binds, indent, *room))
    return lines


def _operand(label: str, part: Py, least: int, indent: int, before: int, after: int) -> list[str]:
    if binds_of(part) >= least:
        lines = layout(part, indent, before + len(label), after, inside=True)
    else:
        text = flat(part, least)
        fits = indent + before + len(label) + len(text) + after <= WIDTH
        lines = [text] if fits else _in_parentheses(part, indent)
    return [label + lines[0], *lines[1:]]


def _chain(tree: Binary) -> list[Labelled]:
    """Give the operands of one precedence, each with the operator before it."""
    binds = BINDS[tree.operator]
    parts: list[Labelled] = []
    left: Py = tree
    while isinstance(left, Binary) and BINDS[left.operator] == binds and (binds not in ALONE or not parts):
        parts.append((f"{left.operator} ", left.right))
        left = left.left
    return [("", left), *reversed(parts)]


def _indented(lines: Sequence[str], by: int = INDENT) -> list[str]:
    return [" " * by + line for line in lines]


def _broken_bracket(tree: Py, indent: int) -> list[str]:
    opening, items, closing = bracketed(tree)
    if not items:
        return [opening + closing]
    if isinstance(tree, Comprehension):
        inner = [line for label, item in items for line in _labelled(label, item, indent + INDENT, "")]
        return [opening, *_indented(inner), closing]
    together = ", ".join(item_text(item) for item in items)
    if isinstance(tree, Call | Method) and indent + INDENT + len(together) <= WIDTH:
        return [opening, " " * INDENT + together, closing]
    bare = isinstance(items[0][1], Comprehension) and not items[0][1].brackets
    comma = "" if bare else ","
    inner = [line for label, item in items for line in _labelled(label, item, indent + INDENT, comma)]
    return [opening, *_indented(inner), closing]


def _broken_item(tree: Item, indent: int) -> list[str]:
    opening = f"{flat(tree.target, ATOM)}["
    if isinstance(tree.index, Tuple) and len(tree.index.items) > 1:
        return [opening, *_indented([f"{index_text(item)}," for item in tree.index.items]), "]"]
    if isinstance(tree.index, Slice):
        return [opening, *_indented([index_text(tree.index)]), "]"]
    return [opening, *_indented(layout(tree.index, indent + INDENT, inside=True)), "]"]


def _labelled(label: str, item: Py, indent: int, comma: str) -> list[str]:
    if isinstance(item, Comprehension) and not item.brackets:
        _, parts, _ = bracketed(item)
        return [line for name, part in parts for line in _labelled(name, part, indent, "")]
    lines = layout(item, indent, len(label), len(comma), inside=True)
    lines[0] = label + lines[0]
    lines[-1] += comma
    return lines


def statement(target: str, value: Py, indent: int) -> list[str]:
    """Write `target = value` or, with `return` as the target, `return value`, indented."""
    start = "return " if target == "return" else f"{target} = "
    lines = layout(value, indent, len(start))
    names = target.split(", ")
    if len(names) > 1 and indent + len(start) + len(lines[0]) > WIDTH:
        start = ") = "
        lines = layout(value, indent, len(start))
        return [
            f"{' ' * indent}(",
            *(f"{' ' * (indent + INDENT)}{name}," for name in names),
            *(" " * indent + line for line in [start + lines[0], *lines[1:]]),
        ]
    return [" " * indent + line for line in [start + lines[0], *lines[1:]]]


def condition(word: str, test: Py, indent: int) -> list[str]:
    """Write `if test:` or `elif test:`, indented."""
    lines = layout(test, indent, len(word) + 1, 1)
    lines[0] = f"{word} {lines[0]}"
    lines[-1] += ":"
    return [" " * indent + line for line in lines]


def signature(name: str, parameters: Sequence[str], result: str, indent: int) -> list[str]:
    """Write the first line of a function, or its first lines."""
    start, end = f"{' ' * indent}def {name}(", f") -> {result}:"
    together = ", ".join(parameters)
    if len(start) + len(together) + len(end) <= WIDTH:
        return [start + together + end]
    inner = " " * (indent + INDENT)
    if len(inner) + len(together) <= WIDTH:
        return [start, inner + together, " " * indent + end]
    return [start, *(f"{inner}{parameter}," for parameter in parameters), " " * indent + end]

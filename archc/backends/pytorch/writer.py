"""Writes Python expressions and statements exactly as the formatter would.

What fits on a line stands on it. What does not is broken at its outermost bracket: first the content
on a line of its own, then each item on one, with a comma after the last.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from archc.backends.pytorch.syntax import (
    Argument,
    Attribute,
    Binary,
    Call,
    Comprehension,
    Dict,
    Item,
    Lit,
    Method,
    Name,
    Py,
    Slice,
    Star,
    Ternary,
    Tuple,
    Unary,
)

WIDTH = 88
INDENT = 4

# How tightly what is written binds, as in the grammar of Python.
_TERNARY, _NOT, _STAR, _SIGN, _POWER, _ATOM = 1, 4, 6, 12, 13, 14
_BINDS = {
    "or": 2,
    "and": 3,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in", "not in", "is", "is not"), 5),
    "|": 6,
    "^": 7,
    "&": 8,
    **dict.fromkeys(("<<", ">>"), 9),
    **dict.fromkeys("+-", 10),
    **dict.fromkeys(("*", "/", "//", "%", "@"), 11),
    "**": _POWER,
}
_COMPARE = 5
_ALONE = (_COMPARE, _POWER)


def flat(tree: Py, least: int = 0) -> str:
    """Write an expression on one line, in parentheses if it binds less tightly than `least`."""
    text, binds = _flat(tree)
    return f"({text})" if binds < least else text


def _flat(tree: Py) -> tuple[str, int]:
    if isinstance(tree, Lit):
        return literal(tree.value), _SIGN if _is_negative(tree.value) else _ATOM
    if isinstance(tree, Name):
        return tree.text, _ATOM
    if isinstance(tree, Argument):
        return tree.name, _ATOM
    if isinstance(tree, Binary):
        return _flat_binary(tree)
    if isinstance(tree, Unary):
        return _flat_unary(tree)
    if isinstance(tree, Ternary):
        test, then = flat(tree.test, 2), flat(tree.then, 2)
        return f"{then} if {test} else {flat(tree.otherwise, 1)}", _TERNARY
    if isinstance(tree, Star):
        return f"*{flat(tree.items, _STAR)}", _ATOM
    return _flat_bracketed(tree), _ATOM


def _flat_bracketed(tree: Py) -> str:
    if isinstance(tree, Attribute):
        return f"{flat(tree.target, _ATOM)}.{tree.name}"
    if isinstance(tree, Item):
        return f"{flat(tree.target, _ATOM)}[{_index(tree.index)}]"
    opening, items, closing = bracketed(tree)
    if isinstance(tree, Tuple) and len(items) == 1 and closing == ")":
        return f"{opening}{_item(items[0])},{closing}"
    if isinstance(tree, Comprehension):
        return f"{opening}{' '.join(_item(item) for item in items)}{closing}"
    return f"{opening}{', '.join(_item(item) for item in items)}{closing}"


Labelled = tuple[str, Py]
"""An item inside brackets with what stands before it: `stride=`, `"key": `, `for _ in `."""


def bracketed(tree: Py) -> tuple[str, list[Labelled], str]:
    """Split what ends in a bracket: up to the opening one, the items, the closing one."""
    if isinstance(tree, Call):
        function = tree.function if isinstance(tree.function, str) else flat(tree.function, _ATOM)
        return f"{function}(", _arguments(tree), ")"
    if isinstance(tree, Method):
        return f"{flat(tree.target, _ATOM)}.{tree.name}(", _arguments(tree), ")"
    if isinstance(tree, Tuple):
        return tree.brackets[0], [("", item) for item in tree.items], tree.brackets[1]
    if isinstance(tree, Dict):
        return "{", [(f"{literal(key)}: ", value) for key, value in tree.entries], "}"
    if isinstance(tree, Comprehension):
        opening, closing = (tree.brackets[0], tree.brackets[1]) if tree.brackets else ("", "")
        return opening, [("", tree.element), (f"for {tree.variable} in ", tree.items)], closing
    raise TypeError(f"{type(tree).__name__} has no written form")


def _arguments(tree: Call | Method) -> list[Labelled]:
    return [("", arg) for arg in tree.args] + [(f"{name}=", value) for name, value in tree.kwargs]


def _item(item: Labelled) -> str:
    return item[0] + flat(item[1])


def _flat_binary(tree: Binary) -> tuple[str, int]:
    binds = _BINDS[tree.operator]
    if tree.operator == "**":
        right = (
            tree.right.left if isinstance(tree.right, Binary) and tree.right.operator == "**" else tree.right
        )
        bare = _binds(tree.left) == _ATOM and (right is tree.right or _binds(right) == _ATOM)
        hugs = bare and _is_simple_power(tree.left) and _is_simple_power(right)
        sign = "**" if hugs else " ** "
        return f"{flat(tree.left, _ATOM)}{sign}{flat(tree.right, _SIGN)}", binds
    left = binds + 1 if binds == _COMPARE else binds
    return f"{flat(tree.left, left)} {tree.operator} {flat(tree.right, binds + 1)}", binds


def _flat_unary(tree: Unary) -> tuple[str, int]:
    if tree.operator == "not":
        return f"not {flat(tree.operand, _NOT)}", _NOT
    return f"{tree.operator}{flat(tree.operand, _ATOM)}", _SIGN


def _is_simple_power(tree: Py) -> bool:
    """Whether formatters write no spaces between the operand and `**`."""
    if isinstance(tree, Unary):
        return tree.operator != "not" and _is_simple_power(tree.operand)
    if isinstance(tree, Attribute):
        return _is_simple_power(tree.target)
    return isinstance(tree, Name | Argument) or (
        isinstance(tree, Lit) and not isinstance(tree.value, str | tuple)
    )


def _index(tree: Py) -> str:
    if isinstance(tree, Slice):
        return _slice(tree)
    if isinstance(tree, Tuple) and len(tree.items) > 1:
        return ", ".join(_index(item) for item in tree.items)
    return flat(tree)


def _slice(tree: Slice) -> str:
    bounds = [tree.start, tree.stop, tree.step]
    simple = all(bound is None or _is_simple_bound(bound) for bound in bounds)
    space = "" if simple else " "
    text = flat(tree.start) + space if tree.start is not None else ""
    text += ":" + (space + flat(tree.stop) if tree.stop is not None else "")
    if tree.step is not None:
        text += (space if tree.stop is not None else "") + ":" + space + flat(tree.step)
    return text


def _is_simple_bound(tree: Py) -> bool:
    if isinstance(tree, Unary):
        return tree.operator != "not" and _is_simple_bound(tree.operand)
    plain = isinstance(tree, Name) and "." not in tree.text
    return (
        plain or isinstance(tree, Argument) or (isinstance(tree, Lit) and not isinstance(tree.value, tuple))
    )


def literal(value: object) -> str:
    """Write a number, truth value, text, None, or a tuple or list of them."""
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, tuple):
        inner = ", ".join(literal(item) for item in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, list):
        return f"[{', '.join(literal(item) for item in value)}]"
    if value is None or isinstance(value, bool | int):
        return repr(value)
    raise TypeError(f"a value of type {type(value).__name__} has no written form")


def _float(value: float) -> str:
    if math.isnan(value):
        return 'float("nan")'
    if math.isinf(value):
        return 'float("inf")' if value > 0 else '-float("inf")'
    digits, sign, exponent = repr(value).partition("e")
    zeros = len(digits) - 2 - len(digits[:-2].rstrip("0"))
    if digits.endswith(".0") and zeros > 6:  # a billion is easier to read as 1e9
        return f"{digits[: -2 - zeros]}e{zeros}"
    return f"{digits}e{int(exponent)}" if sign else digits


def _text(value: str) -> str:
    written = repr(value)
    if written[0] == "'" and '"' not in written and "\\'" not in written:
        return f'"{written[1:-1]}"'
    return written


def _is_negative(value: object) -> bool:
    return isinstance(value, int | float) and literal(value).startswith("-")


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
        lines = _in_parentheses(tree.items, indent) if _binds(tree.items) < _STAR else None
        lines = lines or layout(tree.items, indent, before + 1, after, inside)
        return [f"*{lines[0]}", *lines[1:]]
    if isinstance(tree, Ternary | Binary | Unary):
        return _broken_operators(tree, indent, before, after, inside)
    if isinstance(tree, Call | Method | Tuple | Dict | Comprehension):
        return _broken_bracket(tree, indent)
    if isinstance(tree, Item):
        return _broken_item(tree, indent)
    return [text]


def _binds(tree: Py) -> int:
    return _flat(tree)[1]


def _broken_operators(tree: Py, indent: int, before: int, after: int, inside: bool) -> list[str]:
    split = None if inside else _split_at_bracket(tree, indent, before)
    if split is not None:
        return split
    return _operator_lines(tree, indent, before, after) if inside else _in_parentheses(tree, indent)


def _in_parentheses(tree: Py, indent: int) -> list[str]:
    return ["(", *_indented(layout(tree, indent + INDENT, inside=True)), ")"]


def _split_at_bracket(tree: Py, indent: int, before: int) -> list[str] | None:
    """Break the bracket that an expression with a single loosest operator ends or starts with."""
    if not isinstance(tree, Binary) or len(_chain(tree)) > 2:
        return None
    binds = _BINDS[tree.operator]
    last = tree.right
    if _binds(last) <= binds:
        lines = _in_parentheses(last, indent)
    elif isinstance(last, Call | Method | Tuple | Dict) and bracketed(last)[1]:
        lines = _broken_bracket(last, indent)
        head = f"{flat(tree.left, binds)} {tree.operator} {lines[0]}"
        if indent + before + len(head) > WIDTH and isinstance(tree.left, Call | Method):
            return _split_at_both(tree, lines, indent)
    elif _binds(tree.left) < binds:
        lines = _in_parentheses(tree.left, indent)
        return [*lines[:-1], f"{lines[-1]} {tree.operator} {flat(last, binds + 1)}"]
    else:
        return None
    return [f"{flat(tree.left, binds)} {tree.operator} {lines[0]}", *lines[1:]]


def _split_at_both(tree: Binary, last: list[str], indent: int) -> list[str]:
    """Break the bracket that an expression starts with, and the one that it ends with where it must."""
    first = _broken_bracket(tree.left, indent)
    rest = flat(tree.right, _BINDS[tree.operator] + 1)
    whole = f"{first[-1]} {tree.operator} {rest}"
    if indent + len(whole) <= WIDTH:
        return [*first[:-1], whole]
    return [*first[:-1], f"{first[-1]} {tree.operator} {last[0]}", *last[1:]]


def _operator_lines(tree: Py, indent: int, before: int, after: int) -> list[str]:
    """Write each operand of the loosest operators on a line, the operator before it."""
    if isinstance(tree, Unary):
        word, least_bound = ("not ", _NOT) if tree.operator == "not" else (tree.operator, _ATOM)
        return _operand(word, tree.operand, least_bound, indent, before, after)
    if isinstance(tree, Ternary):
        parts: list[Labelled] = [("", tree.then), ("if ", tree.test), ("else ", tree.otherwise)]
        least = [2, 2, _TERNARY]
    else:
        assert isinstance(tree, Binary)
        parts = _chain(tree)
        binds = _BINDS[tree.operator]
        least = [_ATOM, _SIGN] if binds == _POWER else [binds] + [binds + 1] * (len(parts) - 1)
    lines: list[str] = []
    for number, ((label, part), binds) in enumerate(zip(parts, least, strict=True)):
        room = (before if number == 0 else 0, after if number == len(parts) - 1 else 0)
        lines.extend(_operand(label, part, binds, indent, *room))
    return lines


def _operand(label: str, part: Py, least: int, indent: int, before: int, after: int) -> list[str]:
    if _binds(part) >= least:
        lines = layout(part, indent, before + len(label), after, inside=True)
    else:
        text = flat(part, least)
        fits = indent + before + len(label) + len(text) + after <= WIDTH
        lines = [text] if fits else _in_parentheses(part, indent)
    return [label + lines[0], *lines[1:]]


def _chain(tree: Binary) -> list[Labelled]:
    """Give the operands of one precedence, each with the operator before it."""
    binds = _BINDS[tree.operator]
    parts: list[Labelled] = []
    left: Py = tree
    while isinstance(left, Binary) and _BINDS[left.operator] == binds and (binds not in _ALONE or not parts):
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
    together = ", ".join(_item(item) for item in items)
    if isinstance(tree, Call | Method) and indent + INDENT + len(together) <= WIDTH:
        return [opening, " " * INDENT + together, closing]
    bare = isinstance(items[0][1], Comprehension) and not items[0][1].brackets
    comma = "" if bare else ","
    inner = [line for label, item in items for line in _labelled(label, item, indent + INDENT, comma)]
    return [opening, *_indented(inner), closing]


def _broken_item(tree: Item, indent: int) -> list[str]:
    opening = f"{flat(tree.target, _ATOM)}["
    if isinstance(tree.index, Tuple) and len(tree.index.items) > 1:
        return [opening, *_indented([f"{_index(item)}," for item in tree.index.items]), "]"]
    if isinstance(tree.index, Slice):
        return [opening, *_indented([_index(tree.index)]), "]"]
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

"""Writes Python expressions on one line, with the parentheses that the grammar asks for."""

from __future__ import annotations

import math

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

# How tightly what is written binds, as in the grammar of Python.
TERNARY, NOT, STAR, SIGN, POWER, ATOM = 1, 4, 6, 12, 13, 14
BINDS = {
    "or": 2,
    "and": 3,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in", "not in", "is", "is not"), 5),
    "|": 6,
    "^": 7,
    "&": 8,
    **dict.fromkeys(("<<", ">>"), 9),
    **dict.fromkeys("+-", 10),
    **dict.fromkeys(("*", "/", "//", "%", "@"), 11),
    "**": POWER,
}
COMPARE = 5
ALONE = (COMPARE, POWER)


def flat(tree: Py, least: int = 0) -> str:
    """Write an expression on one line, in parentheses if it binds less tightly than `least`."""
    text, binds = _flat(tree)
    return f"({text})" if binds < least else text


def binds_of(tree: Py) -> int:
    """Say how tightly what an expression is written as binds."""
    return _flat(tree)[1]


def _flat(tree: Py) -> tuple[str, int]:
    if isinstance(tree, Lit):
        return literal(tree.value), SIGN if _is_negative(tree.value) else ATOM
    if isinstance(tree, Name):
        return tree.text, ATOM
    if isinstance(tree, Argument):
        return tree.name, ATOM
    if isinstance(tree, Binary):
        return _flat_binary(tree)
    if isinstance(tree, Unary):
        return _flat_unary(tree)
    if isinstance(tree, Ternary):
        test, then = flat(tree.test, 2), flat(tree.then, 2)
        return f"{then} if {test} else {flat(tree.otherwise, 1)}", TERNARY
    if isinstance(tree, Star):
        return f"*{flat(tree.items, STAR)}", ATOM
    return _flat_bracketed(tree), ATOM


def _flat_bracketed(tree: Py) -> str:
    if isinstance(tree, Attribute):
        return f"{flat(tree.target, ATOM)}.{tree.name}"
    if isinstance(tree, Item):
        return f"{flat(tree.target, ATOM)}[{index_text(tree.index)}]"
    opening, items, closing = bracketed(tree)
    if isinstance(tree, Tuple) and len(items) == 1 and closing == ")":
        return f"{opening}{item_text(items[0])},{closing}"
    if isinstance(tree, Comprehension):
        return f"{opening}{' '.join(item_text(item) for item in items)}{closing}"
    return f"{opening}{', '.join(item_text(item) for item in items)}{closing}"


Labelled = tuple[str, Py]
"""An item inside brackets with what stands before it: `stride=`, `"key": `, `for _ in `."""


def bracketed(tree: Py) -> tuple[str, list[Labelled], str]:
    """Split what ends in a bracket: up to the opening one, the items, the closing one."""
    if isinstance(tree, Call):
        function = tree.function if isinstance(tree.function, str) else flat(tree.function, ATOM)
        return f"{function}(", _arguments(tree), ")"
    if isinstance(tree, Method):
        return f"{flat(tree.target, ATOM)}.{tree.name}(", _arguments(tree), ")"
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


def item_text(item: Labelled) -> str:
    """Write an item with its label on one line."""
    return item[0] + flat(item[1])


def _flat_binary(tree: Binary) -> tuple[str, int]:
    binds = BINDS[tree.operator]
    if tree.operator == "**":
        right = (
            tree.right.left if isinstance(tree.right, Binary) and tree.right.operator == "**" else tree.right
        )
        bare = binds_of(tree.left) == ATOM and (right is tree.right or binds_of(right) == ATOM)
        hugs = bare and _is_simple_power(tree.left) and _is_simple_power(right)
        sign = "**" if hugs else " ** "
        return f"{flat(tree.left, ATOM)}{sign}{flat(tree.right, SIGN)}", binds
    left = binds + 1 if binds == COMPARE else binds
    return f"{flat(tree.left, left)} {tree.operator} {flat(tree.right, binds + 1)}", binds


def _flat_unary(tree: Unary) -> tuple[str, int]:
    if tree.operator == "not":
        return f"not {flat(tree.operand, NOT)}", NOT
    return f"{tree.operator}{flat(tree.operand, ATOM)}", SIGN


def _is_simple_power(tree: Py) -> bool:
    """Whether formatters write no spaces between the operand and `**`."""
    if isinstance(tree, Unary):
        return tree.operator != "not" and _is_simple_power(tree.operand)
    if isinstance(tree, Attribute):
        return _is_simple_power(tree.target)
    return isinstance(tree, Name | Argument) or (
        isinstance(tree, Lit) and not isinstance(tree.value, str | tuple)
    )


def index_text(tree: Py) -> str:
    """Write what stands in square brackets on one line."""
    if isinstance(tree, Slice):
        return _slice(tree)
    if isinstance(tree, Tuple) and len(tree.items) > 1:
        return ", ".join(index_text(item) for item in tree.items)
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
    inner = repr("'\"" + value)[4:-1]  # with both in it, single quotes are the escaped ones
    if value.count('"') > value.count("'"):
        return f"'{inner}'"
    plain = inner.replace("\\'", "'").replace('"', '\\"')
    return f'"{plain}"'


def _is_negative(value: object) -> bool:
    return isinstance(value, int | float) and literal(value).startswith("-")

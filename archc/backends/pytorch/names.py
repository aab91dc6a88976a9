"""Names of classes, arguments and local variables in the emitted file."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Container, Sequence

# What the emitted file itself binds or may bind.
IMPORTED = frozenset(
    (
        "torch",
        "nn",
        "F",
        "Tensor",
        "math",
        "NamedTuple",
        "OrderedDict",
        "Model",
        "annotations",
        "init_weights",
    )
)
_BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_"))
# Builtins that emitted code says: in expressions over sizes and arguments, in loops, in annotations.
_SAID = frozenset(
    (
        *("abs", "bool", "float", "int", "len", "list", "max", "min", "range", "reversed", "round"),
        *("str", "sum", "super", "tuple", "zip"),
    )
)
_SOFT = frozenset(("self", "super", "match", "case", "type", "_"))
# Attributes of a named tuple, which none of its fields may hide.
_TUPLE = frozenset(("count", "index"))
_WORD = re.compile(r"[A-Za-z0-9]+")


def camel(name: str) -> str:
    """Give a class name for a block's or model's name: `double_conv` is `DoubleConv`."""
    words = _WORD.findall(name)
    joined = "".join(word[0].upper() + word[1:] for word in words) or "Block"
    return f"Net{joined}" if joined[0].isdigit() else joined


def class_name_for(name: str, taken: Container[str], owner: str = "") -> str:
    """Give a class name that is not taken: the owner's name before it, then a number behind it."""
    wanted = camel(name)
    if _is_free(wanted, taken):
        return wanted
    if owner and _is_free(owner + wanted, taken):
        return owner + wanted
    if not owner and _is_free(f"{wanted}Block", taken):
        return f"{wanted}Block"
    return numbered_name(owner + wanted, taken)


def numbered_name(name: str, taken: Container[str]) -> str:
    """Give a name with the first number from 2 on that makes it a new one."""
    number = 2
    while not _is_free(f"{name}{number}", taken):
        number += 1
    return f"{name}{number}"


def _is_free(name: str, taken: Container[str]) -> bool:
    return (
        name not in taken and name not in IMPORTED and name not in _BUILTINS and not keyword.iskeyword(name)
    )


def identifier(name: str) -> str:
    """Give a dotted path as one identifier: `past.0.key` is `past_0_key`, `enc.0` is `enc_0`."""
    text = name.replace(".", "_")
    return f"_{text}" if text[:1].isdigit() else text


def short_names(paths: Sequence[str]) -> list[str]:
    """Give a name for each path: its last word, with numbers or the rest only where others share it."""
    levels = [[_last_word(path, count) for path in paths] for count in (0, 1, None)]
    levels.append([path.replace(".", "_") for path in paths])
    return [
        next((level[place] for level in levels if level.count(level[place]) == 1), levels[-1][place])
        for place in range(len(paths))
    ]


def _last_word(path: str, numbers: int | None) -> str:
    parts = path.split(".")
    start = next((n for n in reversed(range(len(parts))) if not parts[n].isdigit()), -1) + 1
    return "_".join([*parts[max(start - 1, 0) : start], *parts[start:][:numbers]]) or "_".join(parts)


def local(name: str, taken: Container[str] = (), shadow: bool = False) -> str:
    """Give a name for a local: with a trailing `_` where it would hide something else.

    `shadow` allows to hide a builtin that emitted code does not say, as an argument called `input` does.
    """
    text = identifier(name)
    while (
        keyword.iskeyword(text)
        or text in IMPORTED
        or text == "self"
        or text in taken
        or text in _SAID
        or (not shadow and (text in _BUILTINS or text in _SOFT))
    ):
        text += "_"
    return text


def field(name: str, taken: Container[str] = ()) -> str:
    """Give a name for a field of a named tuple."""
    text = identifier(name).lstrip("_") or "output"
    text = f"output_{text}" if text[0].isdigit() else text
    while keyword.iskeyword(text) or text in _TUPLE or text in taken:
        text += "_"
    return text


def stem(names: list[str]) -> str:
    """Give what the names of several turns have in common: `stage` of `stage1` and `stage2`."""
    if len(set(names)) == 1:
        return names[0]
    stems = {name.rstrip("0123456789").rstrip("_") for name in names}
    return stems.pop() if len(stems) == 1 and "" not in stems else names[0]

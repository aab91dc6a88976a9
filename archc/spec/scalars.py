"""The scalars of YAML 1.2, where they differ from what readers of YAML 1.1 do."""

from __future__ import annotations

import re

ScalarValue = None | bool | int | float | str

# The core schema, narrower in three things: `True` and `Null` are text (booleans and null are lower
# case), and so is `012`, which is 10, 12 or a mistake depending on whom one asks.
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_HEX = re.compile(r"0x[0-9a-fA-F]+\Z")
_OCTAL = re.compile(r"0o[0-7]+\Z")
_ZEROS = re.compile(r"[-+]?0[0-9]+\Z")
_WORDS: dict[str, ScalarValue] = {
    "": None,
    "~": None,
    "null": None,
    "true": True,
    "false": False,
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_STARTS = frozenset("0123456789+-.")
_LONGEST = 1_000


def resolve(text: str) -> ScalarValue:
    """Give what an unquoted scalar stands for."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _STARTS or len(text) > _LONGEST:
        return text
    return _number(text)


def _number(text: str) -> ScalarValue:
    if _INT.match(text):
        return int(text)
    if _ZEROS.match(text):
        return text
    if _FLOAT.match(text):
        return float(text)
    if _HEX.match(text):
        return int(text, 16)
    return int(text, 8) if _OCTAL.match(text) else text

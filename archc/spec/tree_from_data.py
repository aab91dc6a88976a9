"""Specs given as Python data: printed as YAML, so that mistakes have a line that can be shown."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping as AnyMapping

from archc.source import Diagnostics, Source, SpecError
from archc.spec.limits import Limits
from archc.spec.scalars import resolve
from archc.spec.tree import Tree
from archc.spec.yaml_reader import read_yaml

_PLAIN = re.compile(r"(?:[A-Za-z0-9_.$(/][A-Za-z0-9_.$()+*/%<>=!^-]*)(?: [A-Za-z0-9_.$()+*/%<>=!^-]+)*\Z")
# Outside of `[]` and `{}` brackets, commas and quotes may stand unquoted, but not first.
_PLAIN_ALONE = re.compile(
    r"(?:[A-Za-z0-9_.$(/][]A-Za-z0-9_.$()+*/%<>=!^,'\"{}[-]*)(?: []A-Za-z0-9_.$()+*/%<>=!^,'\"{}[-]+)*\Z"
)
_LINE = 100
_DEEPEST = 200


def tree_from_data(data: object, name: str, limits: Limits | None = None) -> tuple[Source, Tree]:
    """Print data as YAML and read it; raises SpecError where it is larger or deeper than allowed."""
    source = source_from_data(data, name)
    diagnostics = Diagnostics()
    tree = read_yaml(source, diagnostics, limits or Limits())
    if tree is None:
        raise SpecError(diagnostics)
    return source, tree


def source_from_data(data: object, name: str) -> Source:
    """Print dicts, lists, text, numbers, booleans and None as YAML that reads back as the same.

    Raises TypeError, with the path to it, for anything else.
    """
    lines: list[str] = []
    _block(data, "", 0, "the spec", lines)
    return Source(name, "\n".join(lines) + "\n")


def _block(data: object, lead: str, indent: int, path: str, lines: list[str]) -> None:
    """Append the lines of a piece; the first one begins with `lead`, which stands in column `indent`."""
    if indent > 2 * _DEEPEST:
        raise ValueError(f"{path} nests deeper than {_DEEPEST}")
    flat = _flat(data, path) if not isinstance(data, AnyMapping) or lead else None
    space = " " if lead and not lead.endswith(" ") else ""
    if flat is not None and len(lead) + len(flat) + indent <= _LINE:
        lines.append(f"{lead}{space}{flat}")
    elif isinstance(data, AnyMapping):
        _mapping(data, lead, indent, path, lines)
    elif isinstance(data, list | tuple):
        _sequence(data, lead, indent, path, lines)
    else:
        lines.append(f"{lead}{space}{_scalar(data, path)}")


def _mapping(data: AnyMapping[object, object], lead: str, indent: int, path: str, lines: list[str]) -> None:
    """Append `key: value` lines: behind the dash of an item, or below a key."""
    if lead.endswith(":"):
        lines.append(lead)
        lead = " " * (indent + 2)
    inner = len(lead)
    for key, value in data.items():
        word = _key(key, path)
        _block(value, f"{lead}{word}:", inner, f"{path}.{key}", lines)
        lead = " " * inner


def _sequence(
    data: list[object] | tuple[object, ...], lead: str, indent: int, path: str, lines: list[str]
) -> None:
    """Append one item a line, or more."""
    if lead.endswith(":"):
        lines.append(lead)
        lead = " " * (indent + 2)
    inner = len(lead)
    for index, item in enumerate(data):
        _block(item, f"{lead}- ", inner + 2, f"{path}[{index}]", lines)
        lead = " " * inner


def _flat(data: object, path: str) -> str | None:
    """Print a scalar, an empty collection or a list of scalars on one line; None for what needs more."""
    if isinstance(data, AnyMapping):
        return None if data else "{}"
    if isinstance(data, str):
        return data if _is_plain_alone_only(data) else _text(data)
    if not isinstance(data, list | tuple):
        return _scalar(data, path)
    if any(isinstance(item, AnyMapping | list | tuple) or _is_plain_alone_only(item) for item in data):
        return None
    return f"[{', '.join(_scalar(item, f'{path}[{index}]') for index, item in enumerate(data))}]"


def _key(key: object, path: str) -> str:
    if isinstance(key, bool) or not isinstance(key, str | int):
        raise TypeError(f"a key of {path} is a {type(key).__name__}, keys are text")
    return _text(str(key))


def _scalar(data: object, path: str) -> str:
    if data is None or isinstance(data, bool):
        return json.dumps(data)
    if isinstance(data, int):
        return int.__repr__(data)
    if isinstance(data, float):
        return _float(data)
    if isinstance(data, str):
        return _text(data)
    if hasattr(data, "__index__"):
        return repr(data.__index__())
    raise TypeError(
        f"{path} is a {type(data).__name__}: a spec is made of dicts, lists, text, numbers and None"
    )


def _float(data: float) -> str:
    if math.isnan(data):
        return ".nan"
    if math.isinf(data):
        return ".inf" if data > 0 else "-.inf"
    number, exponent, power = float.__repr__(data).partition("e")
    # Readers of YAML 1.1 take `1e-05` for text.
    return number + ".0" * (bool(exponent) and "." not in number) + exponent + power


def _is_plain_alone_only(data: object) -> bool:
    """Whether it is a text that needs no quotes on a line of its own, but does inside brackets.

    Quotes would change what it means where quoted text is never an expression, as under `let`.
    """
    return (
        isinstance(data, str)
        and not _PLAIN.match(data)
        and _PLAIN_ALONE.match(data) is not None
        and isinstance(resolve(data), str)
    )


def _text(text: str) -> str:
    if _PLAIN.match(text) and isinstance(resolve(text), str):
        return text
    printed = json.dumps(text, ensure_ascii=False)
    return re.sub(r"[\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]", lambda m: f"\\u{ord(m.group()):04x}", printed)

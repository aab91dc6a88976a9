"""Which names a spec may give."""

from __future__ import annotations

import keyword
import re

from archc.source import Diagnostic, Span
from archc.spec.module_attributes import MODULE_ATTRIBUTES

_PART = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z|[0-9]+\Z")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
# The words of expressions that are no keywords of Python, and `none`, which stands for an absent value.
_WORDS = frozenset(("true", "false", "null", "none"))
_LONGEST = 200


def is_name(text: str) -> bool:
    """Whether a text of one part may name a layer, input or output; False may still be a dotted name."""
    if len(text) > _LONGEST or not _PART.match(text) or text.startswith("__"):
        return False
    return not (keyword.iskeyword(text) or text in _WORDS or text in MODULE_ATTRIBUTES)


def check_name(text: str, span: Span) -> Diagnostic | None:
    """Say what is wrong with the name of a layer, input or output: identifiers or digits, joined by dots."""
    if text == ".":
        return None
    return _checked(text, span, text.split("."), _PART, MODULE_ATTRIBUTES)


def check_identifier(text: str, span: Span, module: bool = False) -> Diagnostic | None:
    """Say what is wrong with the name of a parameter, size, block or model: one identifier.

    With `module`, it becomes an attribute of a module, and may not hide one that is there already.
    """
    return _checked(text, span, [text], _IDENTIFIER, MODULE_ATTRIBUTES if module else frozenset())


def _checked(
    text: str, span: Span, parts: list[str], pattern: re.Pattern[str], attributes: frozenset[str]
) -> Diagnostic | None:
    if len(text) > _LONGEST:
        return Diagnostic("E0208", f"a name of more than {_LONGEST} characters", span)
    for part in parts:
        if not pattern.match(part):
            return _misspelt(text, part, span, len(parts) > 1)
        if keyword.iskeyword(part):
            return _taken(text, part, span, "a keyword of Python")
        if part in _WORDS:
            return _taken(text, part, span, "a value of the language")
        if part in attributes or part.startswith("__"):
            return _taken(text, part, span, "an attribute of `torch.nn.Module`")
    return None


def _taken(text: str, part: str, span: Span, what: str) -> Diagnostic:
    subject = "it is" if part == text else f"`{part}` is"
    help_ = (f"write `{text}_`",) if part == text and not part.startswith("__") else ()
    return Diagnostic("E0208", f"`{text}` cannot be a name: {subject} {what}", span, help=help_)


def _misspelt(text: str, part: str, span: Span, dotted: bool) -> Diagnostic:
    if not part:
        return Diagnostic("E0208", f"`{text}` cannot be a name: a part of it is empty", span)
    if "${" in text or "{{" in text:
        return Diagnostic(
            "E0208", f"`{text}` cannot be a name", span, help=("insert a value with `$(name)`",)
        )
    spelled = re.sub(r"[^A-Za-z0-9_]+", "_", text if not dotted else part).strip("_")
    if spelled[:1].isdigit():
        spelled = f"_{spelled}"
    note = "a name is made of a-z, A-Z, 0-9 and _, and does not begin with a digit"
    right = (
        spelled if not dotted else ".".join(spelled if piece == part else piece for piece in text.split("."))
    )
    help_ = (f"write `{right}`",) if spelled.isidentifier() else ()
    return Diagnostic("E0208", f"`{text}` cannot be a name", span, notes=(note,), help=help_)

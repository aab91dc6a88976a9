"""Which texts are read at all: by size, encoding and characters."""

from __future__ import annotations

import re

from archc.source import Diagnostic, Source, Span
from archc.spec.limits import Limits

_ASCII_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def unreadable(source: Source, limits: Limits) -> Diagnostic | None:
    """Say why a text is not read at all: its size or a character."""
    text = source.text
    if 4 * len(text) > limits.text_bytes and len(text.encode("utf-8", "replace")) > limits.text_bytes:
        message = f"the text is larger than {limits.text_bytes} bytes"
        return Diagnostic("E0801", message, Span(source, 0, 0), help=("use `repeat`, `for` and blocks",))
    match = _control_character(text)
    if match is None:
        return None
    number = ord(match.group())
    message = f"the character U+{number:04X} is not allowed"
    return Diagnostic("E0105", message, Span(source, match.start(), match.end()), help=("remove it",))


def decode(name: str, data: bytes) -> Source | Diagnostic:
    """Give the text of a file, which has to be UTF-8."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return Diagnostic(
            "E0105", f"`{name}` is UTF-16", Span(Source(name, ""), 0, 0), help=("save it as UTF-8",)
        )
    try:
        return Source(name, data.decode("utf-8").removeprefix("\ufeff"))
    except UnicodeDecodeError as error:
        text = data.decode("utf-8", "replace")
        at = len(data[: error.start].decode("utf-8", "replace"))
        span = Span(Source(name, text), at, at + 1)
        message = f"the byte 0x{data[error.start]:02X} is not UTF-8"
        return Diagnostic("E0105", message, span, help=("save the file as UTF-8",))


def _control_character(text: str) -> re.Match[str] | None:
    """Find what libyaml refuses, or takes for the end of a line where YAML 1.2 does not."""
    if text.isascii():
        return _ASCII_CONTROL.search(text)
    # Compiled only now: the large ranges take milliseconds.
    wide = "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff\\ufeff\\ufffe\\uffff]"
    return re.compile(wide).search(text, 1 if text.startswith("\ufeff") else 0)

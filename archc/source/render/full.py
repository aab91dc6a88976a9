"""The full form: the message, the lines it is about, what is marked on them, notes and help."""

from __future__ import annotations

import unicodedata

from archc.source.diagnostic import Diagnostic, Frame
from archc.source.text import Source, Span

_STYLES = {"error": "1;31", "warning": "1;33", "bold": "1", "frame": "1;34", "help": "1;36"}
_FRAMES_SHOWN = 6


class _Mark:
    """A stretch of one line to be underlined."""

    def __init__(self, span: Span, label: str, primary: bool) -> None:
        self.line = span.line
        self.text = span.source.line(span.line)
        self.start = span.column - 1
        length = max(1, min(span.end - span.start, len(self.text) - self.start))
        self.end = self.start + length
        self.label = label
        self.primary = primary


def render_full(diagnostic: Diagnostic, color: bool = False) -> str:
    """Draw a diagnostic as rustc does."""

    def paint(text: str, style: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if color and text else text

    head = paint(f"{diagnostic.severity}[{diagnostic.code}]", diagnostic.severity)
    lines = [head + paint(f": {visible(diagnostic.message)}", "bold")]
    lines.extend(_snippets(diagnostic, paint))
    lines.extend(f"{paint('note', 'bold')}: {visible(note)}" for note in diagnostic.notes)
    lines.extend(f"{paint('note', 'bold')}: {frame}" for frame in _chain(diagnostic))
    lines.extend(f"{paint('help', 'help')}: {visible(text)}" for text in diagnostic.help)
    return "\n".join(lines)


def _chain(diagnostic: Diagnostic) -> list[str]:
    if diagnostic.path and not diagnostic.chain:
        return [f"in `{diagnostic.path}`"]
    shown = [_frame(frame) for frame in diagnostic.chain[:_FRAMES_SHOWN]]
    hidden = len(diagnostic.chain) - len(shown)
    return shown + ([f"... and {hidden} more blocks around it"] if hidden else [])


def _frame(frame: Frame) -> str:
    arguments = f": {frame.arguments}" if frame.arguments else ""
    return f"in `{frame.path}` ({frame.block}{visible(arguments)}), used at {frame.span}"


def _snippets(diagnostic: Diagnostic, paint: object) -> list[str]:
    span = diagnostic.span
    if span is None:
        return []
    marks: dict[Source, list[_Mark]] = {span.source: [_Mark(span, diagnostic.label, True)]}
    for label in diagnostic.labels:
        marks.setdefault(label.span.source, []).append(_Mark(label.span, label.text, False))
    width = len(str(max(mark.line for found in marks.values() for mark in found)))
    lines: list[str] = []
    for source, found in marks.items():
        arrow = "-->" if source is span.source else ":::"
        first = (
            span
            if source is span.source
            else next(x.span for x in diagnostic.labels if x.span.source is source)
        )
        lines.append(f"{' ' * width}{paint(arrow, 'frame')} {first}")  # type: ignore[operator]
        lines.extend(_snippet(found, width, diagnostic.severity, paint))
    return lines


def _snippet(marks: list[_Mark], width: int, severity: str, paint: object) -> list[str]:
    bar = paint("|", "frame")  # type: ignore[operator]
    lines = [f"{' ' * width} {bar}"]
    previous = None
    for number in sorted({mark.line for mark in marks}):
        if previous is not None and number > previous + 1:
            lines.append("...")
        previous = number
        here = sorted((m for m in marks if m.line == number), key=lambda m: -m.start)
        gutter = paint(f"{number:>{width}}", "frame")  # type: ignore[operator]
        lines.append(f"{gutter} {bar} {visible(here[0].text)}".rstrip())
        for mark in here:
            sign = "^" if mark.primary else "-"
            style = severity if mark.primary else "frame"
            indent = " " * _columns(mark.text[: mark.start])
            under = sign * max(1, _columns(mark.text[mark.start : mark.end]))
            label = f" {visible(mark.label)}" if mark.label else ""
            lines.append(f"{' ' * width} {bar} {indent}{paint(under + label, style)}")  # type: ignore[operator]
    return lines


def visible(text: str) -> str:
    """Give text with tabs as spaces and control characters as escapes: it cannot steer a terminal."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible_character(character) for character in text)


def _visible_character(character: str) -> str:
    if character == "\t":
        return " "
    if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Cs"):
        return f"\\u{ord(character):04x}"
    return character


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in visible(text))

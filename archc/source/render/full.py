"""The full form: the message, the lines it is about, what is marked on them, notes and help."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from archc.source.diagnostic import Diagnostic, Frame
from archc.source.text import Source, Span

_STYLES = {"error": "1;31", "warning": "1;33", "bold": "1", "frame": "1;34", "help": "1;36"}
_FRAMES_SHOWN = 6
_LONGEST = 240
_CUT = "..."
Paint = Callable[[str, str], str]


class _Mark:
    """A stretch of one line to be underlined; `left` and `right` are columns of the terminal."""

    def __init__(self, span: Span, label: str, severity: str) -> None:
        self.line = span.line
        self.text = span.source.line(span.line)
        self.start = span.column - 1
        self.end = self.start + max(1, min(span.end - span.start, len(self.text) - self.start))
        self.label = label
        self.sign = "^" if severity else "-"
        self.style = severity or "frame"
        self.place(0)

    def place(self, first: int) -> None:
        """Reckon the columns, where the line is shown from a character on."""
        hidden = len(_CUT) if first else 0
        self.left = hidden + columns(self.text[first : self.start])
        self.right = self.left + max(1, columns(self.text[self.start : self.end]))


def render_full(diagnostic: Diagnostic, color: bool = False) -> str:
    """Draw a diagnostic as rustc does."""

    def paint(text: str, style: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if color and text else text

    head = paint(f"{diagnostic.severity}[{diagnostic.code}]", diagnostic.severity)
    lines = [head + paint(f": {visible(diagnostic.message)}", "bold")]
    lines.extend(_snippets(diagnostic, paint))
    lines.extend(f"{paint('note', 'bold')}: {visible(note)}" for note in diagnostic.notes)
    lines.extend(f"{paint('note', 'bold')}: {frame}" for frame in chain_lines(diagnostic))
    lines.extend(f"{paint('help', 'help')}: {visible(text)}" for text in diagnostic.help)
    return "\n".join(lines)


def chain_lines(diagnostic: Diagnostic) -> list[str]:
    """Say where in the model a diagnostic is, from the innermost block outwards."""
    if diagnostic.path and not diagnostic.chain:
        return [f"in `{diagnostic.path}`"]
    shown = [_frame(frame) for frame in diagnostic.chain[:_FRAMES_SHOWN]]
    hidden = len(diagnostic.chain) - len(shown)
    return shown + ([f"... and {hidden} more blocks around it"] if hidden else [])


def _frame(frame: Frame) -> str:
    arguments = f": {frame.arguments}" if frame.arguments else ""
    return f"in `{frame.path}` ({frame.block}{visible(arguments)}), used at {frame.span}"


def _snippets(diagnostic: Diagnostic, paint: Paint) -> list[str]:
    span = diagnostic.span
    if span is None:
        return []
    marks: dict[Source, list[_Mark]] = {span.source: [_Mark(span, diagnostic.label, diagnostic.severity)]}
    for label in diagnostic.labels:
        marks.setdefault(label.span.source, []).append(_Mark(label.span, label.text, ""))
    width = len(str(max(mark.line for found in marks.values() for mark in found)))
    lines: list[str] = []
    for source, found in marks.items():
        arrow = "-->" if source is span.source else ":::"
        first = (
            span
            if source is span.source
            else next(x.span for x in diagnostic.labels if x.span.source is source)
        )
        lines.append(f"{' ' * width}{paint(arrow, 'frame')} {first}")
        lines.extend(_snippet(found, width, paint))
    return lines


def _snippet(marks: list[_Mark], width: int, paint: Paint) -> list[str]:
    bar = paint("|", "frame")
    lines = [f"{' ' * width} {bar}"]
    previous = None
    for number in sorted({mark.line for mark in marks}):
        if previous is not None and number > previous + 1:
            lines.append("...")
        previous = number
        here = sorted((m for m in marks if m.line == number), key=lambda m: (m.start, m.end))
        gutter = paint(f"{number:>{width}}", "frame")
        lines.append(f"{gutter} {bar} {visible(_shown(here))}".rstrip())
        lines.extend(f"{' ' * width} {bar} {line}" for line in _underlines(here, paint))
    return lines


def _shown(marks: list[_Mark]) -> str:
    """Give the line's text; of a very long one the part around the first mark that fits."""
    text = marks[0].text
    if len(text) <= _LONGEST:
        return text
    first = max(0, marks[0].start - _LONGEST // 4)
    last = first + _LONGEST
    marks[:] = [mark for mark in marks if mark.start < last]
    for mark in marks:
        mark.end = min(mark.end, last)
        mark.place(first)
    return (_CUT if first else "") + text[first:last] + (_CUT if last < len(text) else "")


def _underlines(marks: list[_Mark], paint: Paint) -> list[str]:
    """Draw the marks of one line below it, in one row where they do not overlap."""
    row: list[_Mark] = []
    rest: list[_Mark] = []
    for mark in marks:
        (row if not row or row[-1].right < mark.left else rest).append(mark)
    lines = _row(row, paint)
    return lines + _underlines(rest, paint) if rest else lines


def _row(marks: list[_Mark], paint: Paint) -> list[str]:
    """Draw a row of marks; the label of the last is beside it, the others hang below theirs."""
    pieces = [(mark.left, mark.sign * (mark.right - mark.left), mark.style) for mark in marks]
    last = marks[-1]
    if last.label:
        pieces.append((last.right + 1, visible(last.label), last.style))
    hanging = [mark for mark in marks[:-1] if mark.label]
    lines = [pieces, [(mark.left, "|", mark.style) for mark in hanging]] if hanging else [pieces]
    while hanging:
        mark = hanging.pop()
        bars = [(other.left, "|", other.style) for other in hanging]
        lines.append([*bars, (mark.left, visible(mark.label), mark.style)])
    return [_placed(line, paint) for line in lines]


def _placed(pieces: list[tuple[int, str, str]], paint: Paint) -> str:
    """Put pieces of text at their columns."""
    line, column = "", 0
    for start, text, style in pieces:
        line += " " * (start - column) + paint(text, style)
        column = start + columns(text)
    return line


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


def columns(text: str) -> int:
    """Give how many columns of a terminal a text takes."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in visible(text))

"""From offsets in the text of a scalar to places in the spec.

The two differ by quotes, escapes and folded lines.
"""

from __future__ import annotations

from archc.source import Span


class Placement:
    """A text and the span that it was read from."""

    __slots__ = ("_offsets", "_shift", "_span", "text")

    def __init__(self, text: str, span: Span) -> None:
        self.text = text
        self._span = span
        self._shift: int | None = None
        self._offsets: list[int] | None = None

    def span(self, start: int, end: int) -> Span:
        """Give the place of a stretch of the text; of no width if the stretch has none."""
        first = self._offset(start)
        last = self._offset(end - 1) + 1 if end > start else first
        return Span(self._span.source, first, max(first, last))

    def _offset(self, index: int) -> int:
        if self._shift is None and self._offsets is None:
            self._align()
        if self._shift is not None:
            return self._span.start + self._shift + index
        assert self._offsets is not None
        return self._offsets[min(index, len(self._offsets) - 1)]

    def _align(self) -> None:
        written = self._span.text
        if written == self.text:
            self._shift = 0
        elif written[1:-1] == self.text:
            self._shift = 1
        else:
            self._offsets = _aligned(self.text, written, self._span.start)


def _aligned(text: str, written: str, start: int) -> list[int]:
    """Find each character of a text in what was written, in order; spaces stand for line ends too."""
    offsets: list[int] = []
    at = len(written.partition("\n")[0]) if written[:1] in ("|", ">") else 0
    for character in text:
        found = written.find(character, at) if not character.isspace() else -1
        if found >= 0:
            at = found
        offsets.append(start + min(at, max(len(written) - 1, 0)))
        if found >= 0 or written[at : at + 1].isspace():
            at += 1
    offsets.append(start + min(at, len(written)))
    return offsets

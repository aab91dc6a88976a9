"""Diagnostics as data; drawing them is the business of `archc.source.render`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archc.source.record import Record
from archc.source.text import Span


class Label(Record):
    """A further place that contributed, and what it contributed."""

    span: Span
    text: str


class Frame(Record):
    """One call in the chain of blocks that led to a place."""

    path: str
    block: str
    arguments: str
    span: Span


class Edit(Record):
    """Replace the text of a span."""

    span: Span
    text: str


class Fix(Record):
    """Edits that mend the mistake; `safe` when they cannot change what a right spec means."""

    edits: tuple[Edit, ...]
    safe: bool = False


def replacement(span: Span, text: str) -> Fix:
    """Give the safe fix that writes a text in place of what stands somewhere."""
    return Fix((Edit(span, text),), safe=True)


class Diagnostic(Record):
    """One mistake or warning: code, message that stands alone, the smallest span that shows it.

    The message is lower case, without a full stop, names in backticks. `label` is written under the
    span. `notes` are facts; `help` are actions. `chain` runs from the innermost block outwards.
    """

    code: str
    message: str
    span: Span | None = None
    label: str = ""
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: tuple[str, ...] = ()
    fix: Fix | None = None
    path: str = ""
    chain: tuple[Frame, ...] = ()
    promoted: bool = False

    @property
    def severity(self) -> str:
        """`error` or `warning`: the code's first letter, or an error where warnings are promoted."""
        return "error" if self.promoted or self.code.startswith("E") else "warning"


class SpecError(Exception):
    """What a compilation raises for a caller: the diagnostics, at least one of them an error."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(f"{d.code} {d.message} ({d.span})" for d in self.diagnostics))


class Diagnostics:
    """A growing list of diagnostics; the same one at the same place is kept once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, Span | None], Diagnostic] = {}
        self._first: dict[tuple[str, Span], Diagnostic] = {}

    def add(self, diagnostic: Diagnostic) -> None:
        """Keep a diagnostic, unless its code, message and span are known already.

        A code at a span that was reported for another turn of a loop, or another use of a block, has
        the same cause, even where the numbers in the message differ.
        """
        if diagnostic.span is not None:
            first = self._first.setdefault((diagnostic.code, diagnostic.span), diagnostic)
            if (first.path, first.chain) != (diagnostic.path, diagnostic.chain):
                return
        self._found.setdefault((diagnostic.code, diagnostic.message, diagnostic.span), diagnostic)

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self._found.values())

    def __len__(self) -> int:
        return len(self._found)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """Those that are errors."""
        return tuple(d for d in self if d.severity == "error")

"""What a YAML text says, with the place of every piece.

Plain classes with slots rather than records: a large spec has 10^5 of these. A span is made when it
is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator

from archc.source import Source, Span
from archc.spec.scalars import ScalarValue, resolve


class Node:
    """A piece of a tree: what it has in common is its place."""

    __slots__ = ("end", "source", "start")

    def __init__(self, span: Span) -> None:
        self.source: Source = span.source
        self.start: int = span.start
        self.end: int = span.end

    @property
    def span(self) -> Span:
        """The place of the piece, without surrounding space, anchors and comments."""
        return Span(self.source, self.start, self.end)


class Scalar(Node):
    """A word, number or text. `plain` when it was written without quotes and not as a block.

    A value that is left out (`batch_norm: `) is the plain scalar `""`, of no width, behind its colon.
    """

    __slots__ = ("parsed", "plain", "text")

    def __init__(self, text: str, plain: bool, span: Span) -> None:
        super().__init__(span)
        self.text = text
        self.plain = plain
        # What `expression_of` or `template_of` made of the text, kept because loops ask again.
        self.parsed: object = None

    @property
    def value(self) -> ScalarValue:
        """What the scalar stands for under the core schema of YAML 1.2; quoted text is always text."""
        return resolve(self.text) if self.plain else self.text

    @property
    def is_empty(self) -> bool:
        """Whether nothing is written here."""
        return self.plain and not self.text

    def __repr__(self) -> str:
        return f"Scalar({self.text!r})"


class Sequence(Node):
    """A list."""

    __slots__ = ("items",)

    def __init__(self, items: tuple[Tree, ...], span: Span) -> None:
        super().__init__(span)
        self.items = items

    def __repr__(self) -> str:
        return f"Sequence({list(self.items)!r})"


class Entry:
    """One key of a mapping and what stands under it."""

    __slots__ = ("key", "value")

    def __init__(self, key: Scalar, value: Tree) -> None:
        self.key = key
        self.value = value

    @property
    def span(self) -> Span:
        """From the key to the end of the value."""
        return Span(self.key.source, self.key.start, max(self.key.end, self.value.end))

    def __repr__(self) -> str:
        return f"{self.key.text}: {self.value!r}"


class Mapping(Node):
    """A mapping with scalar keys, in the order written; no key occurs twice."""

    __slots__ = ("entries",)

    def __init__(self, entries: tuple[Entry, ...], span: Span) -> None:
        super().__init__(span)
        self.entries = entries

    def get(self, name: str) -> Tree | None:
        """Give what stands under a key, or None."""
        entry = self.entry(name)
        return entry.value if entry else None

    def entry(self, name: str) -> Entry | None:
        """Give a key with what stands under it, or None."""
        return next((entry for entry in self.entries if entry.key.text == name), None)

    @property
    def keys(self) -> tuple[str, ...]:
        """The texts of the keys."""
        return tuple(entry.key.text for entry in self.entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __repr__(self) -> str:
        return f"Mapping({list(self.entries)!r})"


Tree = Scalar | Sequence | Mapping


def scalar_at(source: Source, start: int, end: int, text: str, plain: bool) -> Scalar:
    """Make a scalar without making its span, for readers of large texts."""
    node = Scalar.__new__(Scalar)
    node.source, node.start, node.end = source, start, end
    node.text, node.plain, node.parsed = text, plain, None
    return node


def sequence_at(source: Source, start: int, end: int, items: tuple[Tree, ...]) -> Sequence:
    """Make a list without making its span."""
    node = Sequence.__new__(Sequence)
    node.source, node.start, node.end, node.items = source, start, end, items
    return node


def mapping_at(source: Source, start: int, end: int, entries: tuple[Entry, ...]) -> Mapping:
    """Make a mapping without making its span."""
    node = Mapping.__new__(Mapping)
    node.source, node.start, node.end, node.entries = source, start, end, entries
    return node


def moved(tree: Tree, start: int, end: int) -> Tree:
    """Give the same piece at another place; what lies inside keeps its own."""
    if isinstance(tree, Scalar):
        return scalar_at(tree.source, start, end, tree.text, tree.plain)
    if isinstance(tree, Sequence):
        return sequence_at(tree.source, start, end, tree.items)
    return mapping_at(tree.source, start, end, tree.entries)


def describe(tree: Tree) -> str:
    """Say in a word or two what a piece is, for messages."""
    if isinstance(tree, Sequence):
        return "a list"
    if isinstance(tree, Mapping):
        return "a mapping"
    if tree.is_empty:
        return "nothing"
    value = tree.value
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    return "null" if value is None else "text"

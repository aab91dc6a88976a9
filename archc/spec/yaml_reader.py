"""YAML text to a tree with places, from the events of libyaml.

Everything is counted while it is read: depth, and nodes, where an alias counts for all that it stands for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import yaml
from yaml import events as ev

from archc.source import Diagnostic, Diagnostics, Label, Source, Span, did_you_mean
from archc.spec.characters import unreadable
from archc.spec.limits import Limits
from archc.spec.tree import Entry, Mapping, Scalar, Sequence, Tree, mapping_at, moved, scalar_at, sequence_at

# The stubs let marks be missing, which libyaml never does.
Event = Any
Handler = Callable[[Event], None]

_LOADER = getattr(yaml, "CLoader", yaml.Loader)
_ANCHOR = re.compile(r"&[^\s,\[\]{}]+")
_TAG = re.compile(r"![^\s,\[\]{}]*")
_SPACE = re.compile(r"(?:\s+#[^\n\r]*|\s)*")
_COLON = re.compile(r"\s*:")


def read_yaml(source: Source, diagnostics: Diagnostics, limits: Limits) -> Tree | None:
    """Read a text as one YAML document; None if it could not be read to its end."""
    problem = unreadable(source, limits)
    if problem:
        diagnostics.add(problem)
        return None
    reader = _Reader(source, diagnostics, limits)
    try:
        return reader.read()
    except _Stop:
        return None
    except yaml.YAMLError as error:
        from archc.spec.yaml_mistakes import explain

        diagnostics.add(explain(source, error, reader.offset))
        return None


class _Stop(Exception):  # noqa: N818 - no error by itself: why it stops has been reported
    """Reading cannot go on."""


class _Frame:
    """A list or mapping that is being read."""

    __slots__ = (
        "anchor",
        "before",
        "dropped",
        "entries",
        "flow",
        "height",
        "items",
        "key",
        "keys",
        "mapping",
        "start",
        "suspect",
    )

    def __init__(self, mapping: bool, start: int, flow: bool, anchor: str | None, before: int) -> None:
        self.mapping = mapping
        self.start = start
        self.flow = flow
        self.anchor = anchor
        self.before = before
        self.height = 0
        # Whether a text in it may have been split where it should not, or the other way round.
        self.suspect = False
        self.items: list[Tree] = []
        self.entries: list[Entry] = []
        # The key that waits for its value; `dropped` when that value is to be forgotten with it.
        self.key: Tree | None = None
        self.dropped = False
        self.keys: dict[str, Scalar] = {}


class _Reader:
    """One run over the events."""

    def __init__(self, source: Source, diagnostics: Diagnostics, limits: Limits) -> None:
        self.source = source
        self.text = source.text
        self.diagnostics = diagnostics
        self.limits = limits
        # libyaml does not count a byte order mark.
        self.offset = 1 if source.text.startswith("\ufeff") else 0
        self.stack: list[_Frame] = []
        self.root: Tree | None = None
        self.nodes = 0
        self.documents = 0
        # Whether something was left out, so that what is missing later would be reported for nothing.
        self.broken = False
        # Each anchor's tree, how many nodes it has and how deep it is.
        self.anchors: dict[str, tuple[Tree, int, int]] = {}

    def report(
        self, code: str, message: str, start: int, end: int, *help_: str, labels: tuple[Label, ...] = ()
    ) -> None:
        span = Span(self.source, min(start, len(self.text)), min(end, len(self.text)))
        self.diagnostics.add(Diagnostic(code, message, span, labels=labels, help=help_))

    def read(self) -> Tree | None:
        loader = _LOADER(self.text[self.offset :])
        handlers: dict[type, Handler] = {
            ev.ScalarEvent: self.scalar,
            ev.MappingStartEvent: self.open,
            ev.SequenceStartEvent: self.open,
            ev.MappingEndEvent: self.close,
            ev.SequenceEndEvent: self.close,
            ev.AliasEvent: self.alias,
            ev.DocumentStartEvent: self.document,
        }
        try:
            while (event := loader.get_event()) is not None:
                handler = handlers.get(type(event))
                if handler:
                    handler(event)
        finally:
            loader.dispose()
        if self.root is None or (isinstance(self.root, Scalar) and self.root.is_empty):
            self.report("E0115", "the document is empty", 0, 0, "write `inputs:` and `layers:`")
            return None
        return None if self.broken else self.root

    def document(self, event: Event) -> None:
        self.documents += 1
        if self.documents > 1:
            start = event.start_mark.index + self.offset
            self.report(
                "E0109", "a second document begins here", start, start + 3, "put it into a file of its own"
            )
            raise _Stop

    def scalar(self, event: Event) -> None:
        start, end = event.start_mark.index + self.offset, event.end_mark.index + self.offset
        text, style = event.value, event.style
        if event.anchor is not None or event.tag is not None:
            start = self.properties(start, end, bool(text))
        if style:
            if style in "|>":
                end = start + len(self.text[start:end].rstrip())
        elif not text:
            start = end = self.empty_place(start)
        elif self.stack and ("(" in text or ":" in text):
            self.stack[-1].suspect = True
            if len(self.stack) > 1:
                self.stack[-2].suspect = True
        node = scalar_at(self.source, start, end, text, not style)
        self.nodes += 1
        if self.nodes > self.limits.nodes:
            self.count(start, 0)
        if event.anchor is not None:
            self.anchors[event.anchor] = (node, 1, 0)
        self.add(node, 0)

    def empty_place(self, mark: int) -> int:
        """Put a value that is left out right behind its colon."""
        key = self.stack[-1].key if self.stack else None
        if key is None:
            return mark
        colon = _COLON.match(self.text, key.end)
        return colon.end() if colon else key.end

    def properties(self, start: int, end: int, has_text: bool) -> int:
        """Skip an anchor and report a tag; give the place of the node itself."""
        while match := _ANCHOR.match(self.text, start) or _TAG.match(self.text, start):
            word = match.group()
            if word[0] == "!":
                negation = word[1:].isidentifier() and not has_text
                help_ = (
                    f"write `not {word[1:]}`" if negation else "remove it: archc knows the type of each field"
                )
                self.broken = True
                self.report("E0106", f"the tag `{word}` is not allowed", start, match.end(), help_)
            space = _SPACE.match(self.text, match.end())
            if not has_text or space is None or match.end() >= end:
                return match.end()
            start = space.end()
        return start

    def count(self, start: int, nodes: int) -> None:
        self.nodes += nodes
        if self.nodes > self.limits.nodes:
            message = f"the document has more than {self.limits.nodes} nodes, counting what aliases stand for"
            self.report("E0803", message, start, start + 1, "use `repeat`, `for` and blocks")
            raise _Stop

    def check_depth(self, start: int, height: int) -> None:
        if len(self.stack) + height > self.limits.depth:
            self.report("E0802", f"the document nests deeper than {self.limits.depth}", start, start + 1)
            raise _Stop

    def open(self, event: Event) -> None:
        start = event.start_mark.index + self.offset
        if event.anchor is not None or event.tag is not None:
            start = self.properties(start, event.end_mark.index + self.offset, True)
        mapping = type(event) is ev.MappingStartEvent
        self.count(start, 1)
        self.check_depth(start, 1)
        braces = self.text[start : start + 1] == ("{" if mapping else "[")
        self.stack.append(
            _Frame(mapping, start, bool(event.flow_style) and braces, event.anchor, self.nodes - 1)
        )

    def close(self, event: Event) -> None:
        frame = self.stack.pop()
        end = event.end_mark.index + self.offset
        node = self.mapping(frame, end) if frame.mapping else self.sequence(frame, end)
        if frame.anchor is not None:
            self.anchors[frame.anchor] = (node, self.nodes - frame.before, frame.height + 1)
        self.add(node, frame.height + 1)

    def mapping(self, frame: _Frame, end: int) -> Mapping:
        entries, start = frame.entries, frame.start
        if frame.flow and frame.suspect:
            from archc.spec.yaml_repair import repair_entries

            entries = repair_entries(entries, self.diagnostics)
        elif not frame.flow and entries:
            start, end = entries[0].key.start, max(entries[-1].key.end, entries[-1].value.end)
        elif not frame.flow:
            end = start
        return mapping_at(self.source, start, end, tuple(entries))

    def sequence(self, frame: _Frame, end: int) -> Sequence:
        items = frame.items
        if frame.flow and frame.suspect:
            from archc.spec.yaml_repair import repair_items

            items = repair_items(items, self.diagnostics)
        elif not frame.flow and items:
            end = max(items[-1].end, frame.start)
        return sequence_at(self.source, frame.start, end, tuple(items))

    def alias(self, event: Event) -> None:
        start, end = event.start_mark.index + self.offset, event.end_mark.index + self.offset
        name = event.anchor
        if name not in self.anchors:
            inside = any(frame.anchor == name for frame in self.stack)
            what = "stands for something that contains it" if inside else "has no anchor"
            help_ = () if inside else did_you_mean(name, self.anchors)
            self.broken = True
            self.report("E0114", f"the alias `*{name}` {what}", start, end, *help_)
            self.add(scalar_at(self.source, start, end, "", True), 0)
            return
        tree, nodes, height = self.anchors[name]
        self.count(start, nodes)
        self.check_depth(start, height)
        self.add(moved(tree, start, end), height)

    def add(self, node: Tree, height: int) -> None:
        """Put a finished piece where it belongs: a key, a value, an item, or the root."""
        if not self.stack:
            self.root = node
            return
        frame = self.stack[-1]
        if height > frame.height:
            frame.height = height
        key = frame.key
        if not frame.mapping:
            frame.items.append(node)
        elif key is None:
            frame.key, frame.dropped = node, not self.is_key(frame, node)
        else:
            if not frame.dropped and isinstance(key, Scalar):
                frame.entries.append(Entry(key, node))
            frame.key = None

    def is_key(self, frame: _Frame, node: Tree) -> bool:
        """Whether a piece may be the next key of a mapping; reports why not."""
        if not isinstance(node, Scalar) or self.text[node.start : node.start + 1] == "*":
            self.report("E0113", "a key is a single word", node.start, node.end, "write the word itself")
        elif not node.text:
            help_ = "write a word before the colon"
            self.report("E0113", "a key is missing", node.start, node.start + 1, help_)
        elif node.text == "<<" and node.plain:
            help_ = "write the keys out, or make a block with parameters"
            self.report("E0107", "merge keys are not allowed", node.start, node.end, help_)
        elif (first := frame.keys.setdefault(node.text, node)) is not node:
            labels = (Label(first.span, "it stands here first"),)
            message = f"the key `{node.text}` is repeated"
            self.report("E0108", message, node.start, node.end, "remove one", labels=labels)
            return False
        else:
            return True
        self.broken = True
        return False

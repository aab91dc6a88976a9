"""Read a key map: YAML, a list of steps, each with one word that says what it does."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from archc.source import Diagnostics, Source, Span, SpecError, did_you_mean
from archc.spec.files import FileProblem, read_source
from archc.spec.limits import Limits
from archc.spec.placement import Placement
from archc.spec.reading import Reading
from archc.spec.tree import Entry, Scalar, Tree, describe
from archc.spec.tree import Mapping as Fields
from archc.spec.tree import Sequence as Items
from archc.spec.tree_from_data import source_from_data
from archc.spec.yaml_reader import read_yaml
from archc.weights.checkpoint import HIGHEST_RANK
from archc.weights.key_map import Drop, Rename, Step
from archc.weights.map_steps import Concat, Reshape, Split, Stack, Transpose, Unstack
from archc.weights.pattern import Pattern, PatternTooLarge
from archc.weights.pattern_parser import PatternError
from archc.weights.template import Template, template

MOST_STEPS = 200
LIMITS = Limits(text_bytes=1_000_000, nodes=20_000)

KEYS = {
    "rename": ("to",),
    "drop": (),
    "transpose": ("axes",),
    "reshape": ("shape",),
    "split": ("to", "axis", "sizes"),
    "concat": ("to", "axis"),
    "stack": ("to", "axis"),
    "unstack": ("to", "axis"),
}
NEEDED = {"reshape": "shape"} | dict.fromkeys(("rename", "split", "concat", "stack", "unstack"), "to")


def read_key_map(given: str | os.PathLike[str] | Sequence[Mapping[str, object]]) -> tuple[Step, ...]:
    """Read a map from a file, or from the same as lists and dicts; SpecError with all that is wrong.

    Besides what is wrong with YAML: E0930 for a step, E0931 for a pattern, E0932 for a name that is
    made from a group which is not there.
    """
    source = _source(given)
    diagnostics = Diagnostics()
    tree = read_yaml(source, diagnostics, LIMITS)
    reader = _Reader(Reading(source, diagnostics, LIMITS))
    steps = reader.steps(tree) if tree is not None else ()
    if diagnostics.errors:
        raise SpecError(diagnostics)
    return steps


def _source(given: str | os.PathLike[str] | Sequence[Mapping[str, object]]) -> Source:
    if isinstance(given, str | os.PathLike):
        try:
            return read_source(os.fspath(given), LIMITS)
        except FileProblem as problem:
            raise SpecError([problem.diagnostic]) from None
    return source_from_data(list(given), "<map>")


class _Reader:
    """One run over a map."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading

    def wrong(self, message: str, span: Span, *help_: str) -> None:
        self.reading.error("E0930", message, span, *help_)

    def steps(self, tree: Tree) -> tuple[Step, ...]:
        if not isinstance(tree, Items):
            help_ = r"write `- {rename: 'module\.(.*)', to: '\1'}`"
            self.wrong(f"a map is a list of steps, this is {describe(tree)}", self.reading.head(tree), help_)
            return ()
        if len(tree.items) > MOST_STEPS:
            self.wrong(f"the map has more than {MOST_STEPS} steps", tree.items[MOST_STEPS].span)
            return ()
        found = [self.step(item) for item in tree.items]
        return tuple(step for step in found if step is not None)

    def step(self, tree: Tree) -> Step | None:
        if not isinstance(tree, Fields):
            self.wrong(f"a step is a mapping, this is {describe(tree)}", self.reading.head(tree))
            return None
        words = [entry for entry in tree.entries if entry.key.text in KEYS]
        if len(words) != 1:
            self.no_word(tree, words)
            return None
        word = words[0].key.text
        fields = self.reading.fields(tree, (word, *KEYS[word]), f"`{word}`")
        if word in NEEDED and NEEDED[word] not in fields:
            self.wrong(f"`{word}` needs `{NEEDED[word]}`", words[0].key.span)
            return None
        before = self.reading.mistakes
        step = self.made(word, words[0], fields)
        return step if self.reading.mistakes == before else None

    def no_word(self, tree: Fields, words: list[Entry]) -> None:
        if words:
            both = " and ".join(f"`{each.key.text}`" for each in words)
            self.wrong(f"a step does one thing, this one has {both}", words[1].key.span, "make two steps")
            return
        known = ", ".join(f"`{word}`" for word in KEYS)
        near = [line for key in tree.keys for line in did_you_mean(key, KEYS)]
        span = tree.entries[0].key.span if tree.entries else tree.span
        self.wrong("the step does not say what it does", span, *(near or [f"there are {known}"]))

    def made(self, word: str, entry: Entry, fields: dict[str, Tree]) -> Step | None:
        """Make a step; what is wrong with its fields has been reported when it is None."""
        span = entry.key.span
        joined = entry.value.items if word == "concat" and isinstance(entry.value, Items) else ()
        if word == "concat" and len(joined) < 2:
            help_ = r"write `concat: ['(.*)\.q\.weight', '\1.k.weight', '\1.v.weight']`"
            self.wrong("`concat` takes a list: a pattern, and the names that belong to it", span, help_)
            return None
        pattern = self.pattern(joined[0] if joined else entry.value, word)
        if pattern is None:
            return None
        return self._made(word, span, pattern, joined, fields)

    def _made(
        self, word: str, span: Span, pattern: Pattern, joined: tuple[Tree, ...], fields: dict[str, Tree]
    ) -> Step | None:
        if word == "drop":
            return Drop(span, pattern)
        if word == "transpose":
            return Transpose(span, pattern, self.numbers(fields.get("axes"), "axes", 0))
        if word == "reshape":
            shape = self.numbers(fields["shape"], "shape", -1)
            if sum(size < 0 for size in shape) > 1:
                self.wrong("only one size of `shape` can be -1", fields["shape"].span)
            return Reshape(span, pattern, shape)
        axis = self.number(fields.get("axis"), "axis")
        if word == "split":
            return self.split(span, pattern, fields, axis)
        to = self.template(fields["to"], pattern, "to", numbered=word == "unstack")
        if to is None:
            return None
        if word == "rename":
            return Rename(span, pattern, to)
        if word == "stack":
            return Stack(span, pattern, to, axis)
        if word == "unstack":
            return Unstack(span, pattern, to, axis)
        others = [self.template(each, pattern, "concat") for each in joined[1:]]
        return Concat(span, pattern, tuple(each for each in others if each is not None), to, axis)

    def split(self, span: Span, pattern: Pattern, fields: dict[str, Tree], axis: int) -> Step | None:
        to = fields["to"]
        if not isinstance(to, Items) or len(to.items) < 2:
            self.wrong("`to` of `split` is a list of names, one a part", self.reading.head(to))
            return None
        sizes = self.numbers(fields.get("sizes"), "sizes", 1)
        if sizes and len(sizes) != len(to.items):
            self.wrong(f"there are {len(to.items)} names and {len(sizes)} sizes", fields["sizes"].span)
        names = [self.template(each, pattern, "to") for each in to.items]
        return Split(span, pattern, tuple(each for each in names if each is not None), axis, sizes)

    def pattern(self, tree: Tree, word: str) -> Pattern | None:
        scalar = self.reading.scalar(tree, f"`{word}`")
        if scalar is None:
            return None
        try:
            return Pattern(scalar.text)
        except PatternTooLarge:
            message = "the pattern's repetitions unfold to too much"
            self.reading.error("E0931", message, scalar.span, "repeat fewer times")
        except PatternError as error:
            self.misspelt("E0931", scalar, error)
        return None

    def template(self, tree: Tree, pattern: Pattern, word: str, numbered: bool = False) -> Template | None:
        scalar = self.reading.scalar(tree, f"a name in `{word}`")
        if scalar is None:
            return None
        try:
            return template(scalar.text, pattern, numbered)
        except PatternError as error:
            self.misspelt("E0932", scalar, error)
        return None

    def misspelt(self, code: str, scalar: Scalar, error: PatternError) -> None:
        span = Placement(scalar.text, scalar.span).span(error.start, error.end)
        self.reading.error(code, error.message, span, *([error.help] if error.help else []))

    def number(self, tree: Tree | None, word: str) -> int:
        """Give an axis; 0 where none is written."""
        return self._integer(tree, word, 0, HIGHEST_RANK) if tree is not None else 0

    def numbers(self, tree: Tree | None, word: str, least: int) -> tuple[int, ...]:
        """Give a list of numbers; empty where none is written."""
        if tree is None:
            return ()
        if not isinstance(tree, Items) or not 0 < len(tree.items) <= HIGHEST_RANK:
            message = f"`{word}` is a list of 1 to {HIGHEST_RANK} numbers, this is {describe(tree)}"
            self.wrong(message, self.reading.head(tree))
            return ()
        return tuple(self._integer(item, word, least, 2**48) for item in tree.items)

    def _integer(self, tree: Tree, word: str, least: int, most: int) -> int:
        value = tree.value if isinstance(tree, Scalar) else None
        if type(value) is int and least <= value <= most:
            return value
        self.wrong(f"`{word}` takes whole numbers from {least}", self.reading.head(tree))
        return 0

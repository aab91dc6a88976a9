"""Formatting a spec: what YAML needs in quotes is quoted, then all is laid out in one way."""

from __future__ import annotations

from collections.abc import Collection

from archc.format.files import Change
from archc.format.fixes import apply
from archc.format.layout import laid_out
from archc.source import Diagnostics, Source, SpecError
from archc.spec.document_reader import spec_from_tree
from archc.spec.files import read_source
from archc.spec.limits import Limits
from archc.spec.tree import Mapping, Scalar, Tree
from archc.spec.yaml_reader import read_yaml

# A text that has to be in quotes or stand behind a space, so that YAML reads what was meant.
QUOTING = frozenset(("E0110", "E0111", "E0112", "E0209"))
_ROUNDS = 200


def format_place(place: str, limits: Limits, known_ops: Collection[str] = ()) -> Change:
    """Read the spec of a place and format it, which writes nothing. Raises FileProblem."""
    before = read_source(place, limits)
    try:
        return Change(place, before, formatted(before, limits, known_ops))
    except SpecError as error:
        return Change(place, before, before, error.diagnostics)


def formatted(source: Source, limits: Limits, known_ops: Collection[str] = ()) -> Source:
    """Give a spec in archc's layout; it says the same as before.

    Raises SpecError where the text cannot be read as YAML. Mistakes in what it says are no concern.
    """
    quoted = _quoted(Source(source.name, source.text.removeprefix("\ufeff")), limits, known_ops)
    text = laid_out(quoted)
    result = Source(source.name, text)
    assert _same(_tree(quoted, limits), _tree(result, limits)), "formatting changed what the spec says"
    return result


def _quoted(source: Source, limits: Limits, known_ops: Collection[str]) -> Source:
    """Apply the fixes that only quote or space; raises SpecError where the text then is no YAML yet."""
    for _ in range(_ROUNDS):
        diagnostics = Diagnostics()
        tree = read_yaml(source, diagnostics, limits)
        readable = tree is not None and all(each.code in QUOTING for each in diagnostics)
        if tree is not None:
            spec_from_tree(source, tree, diagnostics, limits, known_ops)
        fixed, done = apply(source, (each for each in diagnostics if each.code in QUOTING))
        if not done and readable:
            return source
        if not done:
            break
        source = fixed
    raise SpecError(diagnostics)


def _tree(source: Source, limits: Limits) -> Tree | None:
    return read_yaml(source, Diagnostics(), limits)


def _same(one: Tree | None, other: Tree | None) -> bool:
    """Whether two trees say the same: structure, texts, and what is a text and what a number."""
    if isinstance(one, Scalar) and isinstance(other, Scalar):
        return one.text == other.text and one.plain == other.plain
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys == other.keys and _all_same(
            [entry.value for entry in one], [entry.value for entry in other]
        )
    if (
        one is None
        or other is None
        or isinstance(one, Scalar | Mapping)
        or isinstance(other, Scalar | Mapping)
    ):
        return False
    return _all_same(list(one.items), list(other.items))


def _all_same(ones: list[Tree], others: list[Tree]) -> bool:
    return len(ones) == len(others) and all(_same(*pair) for pair in zip(ones, others, strict=True))

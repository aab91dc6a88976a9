"""Where every piece of a YAML text stands, and what is said of texts that are none."""

from __future__ import annotations

import pytest
import yaml

from archc.source import Diagnostic, Diagnostics, Source
from archc.spec.characters import decode
from archc.spec.limits import Limits
from archc.spec.tree import Mapping, Scalar, Sequence, Tree
from archc.spec.yaml_mistakes import explain
from archc.spec.yaml_reader import read_yaml


def read(text: str, limits: Limits | None = None) -> Tree:
    diagnostics = Diagnostics()
    tree = read_yaml(Source("f.yaml", text), diagnostics, limits or Limits())
    assert not len(diagnostics), list(diagnostics)
    assert tree is not None
    return tree


def mistakes(text: str, limits: Limits | None = None) -> list[Diagnostic]:
    diagnostics = Diagnostics()
    read_yaml(Source("f.yaml", text), diagnostics, limits or Limits())
    return list(diagnostics)


def mistake(text: str, limits: Limits | None = None) -> Diagnostic:
    found = mistakes(text, limits)
    assert len(found) == 1, found
    return found[0]


def pieces(tree: Tree) -> list[tuple[str, int, int]]:
    """Every piece as (its text in the source, line, column)."""
    found = [(tree.span.text, tree.span.line, tree.span.column)]
    if isinstance(tree, Sequence):
        for item in tree.items:
            found += pieces(item)
    elif isinstance(tree, Mapping):
        for entry in tree.entries:
            found += pieces(entry.key) + pieces(entry.value)
    return found


def test_places_in_block_style() -> None:
    text = "a:\n  b: 1   # one\n  c:\n    - x\n    - 'y z'\n\n# end\nd: e\n"
    assert pieces(read(text)) == [
        (text[: text.index("d: e") + 4], 1, 1),
        ("a", 1, 1),
        ("b: 1   # one\n  c:\n    - x\n    - 'y z'", 2, 3),
        ("b", 2, 3),
        ("1", 2, 6),
        ("c", 3, 3),
        ("- x\n    - 'y z'", 4, 5),
        ("x", 4, 7),
        ("'y z'", 5, 7),
        ("d", 8, 1),
        ("e", 8, 4),
    ]


def test_places_in_flow_style() -> None:
    assert pieces(read("{a: [1, {b: c}], d: }")) == [
        ("{a: [1, {b: c}], d: }", 1, 1),
        ("a", 1, 2),
        ("[1, {b: c}]", 1, 5),
        ("1", 1, 6),
        ("{b: c}", 1, 9),
        ("b", 1, 10),
        ("c", 1, 13),
        ("d", 1, 18),
        ("", 1, 20),
    ]


def test_a_pair_in_a_list_ends_with_its_value() -> None:
    tree = read("[linear: 3, relu]")
    assert isinstance(tree, Sequence)
    assert [item.span.text for item in tree.items] == ["linear: 3", "relu"]


@pytest.mark.parametrize("text", ["a:\nb: 1", "a:   # nothing\nb: 1", "{a: , b: 1}", "a:", "a:  \n"])
def test_an_empty_value_stands_behind_its_colon(text: str) -> None:
    tree = read(text)
    assert isinstance(tree, Mapping)
    value = tree.get("a")
    assert isinstance(value, Scalar)
    assert value.is_empty
    assert value.value is None
    assert (value.start, value.end) == (text.index(":") + 1, text.index(":") + 1)


def test_line_ends_of_all_kinds() -> None:
    for end in ("\n", "\r\n", "\r"):
        tree = read(end.join(["a: 1", "b:", "  - x", "  - y", ""]))
        assert [piece for piece in pieces(tree)[1:] if piece[0] in ("a", "b", "x", "y", "1")] == [
            ("a", 1, 1),
            ("1", 1, 4),
            ("b", 2, 1),
            ("x", 3, 5),
            ("y", 4, 5),
        ]


def test_places_behind_characters_of_several_bytes() -> None:
    tree = read("doc: Größe \U0001f600 {x}\nname: 'ü' \nz: [ä, b]\n")
    assert pieces(tree)[-3:] == [("[ä, b]", 3, 4), ("ä", 3, 5), ("b", 3, 8)]
    assert ("'ü'", 2, 7) in pieces(tree)


def test_a_byte_order_mark_shifts_nothing() -> None:
    tree = read("\ufeffa: b\nc: d")
    assert [piece[0] for piece in pieces(tree)[1:]] == ["a", "b", "c", "d"]
    assert pieces(tree)[-1] == ("d", 2, 4)


def test_block_scalars() -> None:
    tree = read("a: |\n  one\n  two\n\n# comment\nb: >-\n  one\n  two\n")
    assert isinstance(tree, Mapping)
    first, second = tree.get("a"), tree.get("b")
    assert isinstance(first, Scalar)
    assert isinstance(second, Scalar)
    assert (first.text, first.span.text) == ("one\ntwo\n", "|\n  one\n  two")
    assert (second.text, second.span.text, second.plain) == ("one two", ">-\n  one\n  two", False)


def test_an_alias_has_its_own_place() -> None:
    tree = read("a: &x {c: [1, 2]}\nb: *x\nd: &y word\ne: [*y]\n")
    assert isinstance(tree, Mapping)
    first, again = tree.get("a"), tree.get("b")
    assert isinstance(first, Mapping)
    assert isinstance(again, Mapping)
    assert (first.span.text, first.span.column) == ("{c: [1, 2]}", 7)
    assert (again.span.text, again.span.line, again.span.column) == ("*x", 2, 4)
    assert again.get("c") is first.get("c")
    word, items = tree.get("d"), tree.get("e")
    assert isinstance(word, Scalar)
    assert isinstance(items, Sequence)
    assert (word.text, word.span.text) == ("word", "word")
    assert (items.items[0].span.text, items.items[0].span.line) == ("*y", 4)


def test_an_anchor_on_a_block() -> None:
    tree = read("a: &x   # shared\n  - b\nc: *x\nd: &y\n  e: f\n")
    assert isinstance(tree, Mapping)
    first, last = tree.get("a"), tree.get("d")
    assert first is not None
    assert last is not None
    assert first.span.text.lstrip().startswith(("- b", "# shared"))
    assert last.span.text == "e: f"


@pytest.mark.parametrize(
    ("text", "code", "place", "help_"),
    [
        ("{linear: max(a, b)}", "E0110", "max(a, b)", '`{linear: "max(a, b)"}`'),
        ("- {f: g('a', b), h: i}", "E0110", "g('a', b)", "`- {f: \"g('a', b)\", h: i}`"),
        ("[linear: max(a, b), relu]", "E0110", "max(a, b)", '`[linear: "max(a, b)", relu]`'),
        ("[N, max(a, b, c)]", "E0110", "max(a, b, c)", '`[N, "max(a, b, c)"]`'),
        ("{repeat: depths[1]}", "E0110", "depths[1]", '`{repeat: "depths[1]"}`'),
        ("{ids: int64[N, T]}", "E0110", "int64[N, T]", '`{ids: "int64[N, T]"}`'),
        ("{f: (g(d[:1]) + i) // (h(d) - 1)}", "E0110", "(g(d[:1]) + i) // (h(d) - 1)", '1)"}`'),
        ("x: [a[0], b]", "E0110", "a[0]", '`x: ["a[0]", b]`'),
        ("- {name: a, linear:120}", "E0111", ":", "`- {name: a, linear: 120}`"),
        ("name:foo\nlayers:\n  - a", "E0111", ":", "`name: foo`"),
        ("a: b: c", "E0112", ":", '`a: "b: c"`'),
        ("a:\n\tb: c", "E0103", "\t", "spaces"),
        ("a: 1\n  b: 2", "E0104", "b", "column"),
        ("a:\n  - b\n c: d", "E0104", "c", "column"),
        ("foo\nbar: 3", "E0101", "foo", "`foo:`"),
        ("a: {b: c", "E0102", "{", "`}`"),
        ("a: [b, c\nd: e", "E0102", "[", "`]`"),
        ("a: {b: c]}", "E0102", "{", "`}`"),
        ("a: 'x", "E0102", "'", "`'`"),
        ("a: @x", "E0101", "@", "quotes"),
        ('a: "\\q"', "E0101", "\\q", "single quotes"),
        ("a: 'x' y", "E0101", "y", "quotes"),
        ("a: !tied b", "E0106", "!tied", "type"),
        ("when: !tied", "E0106", "!tied", "`not tied`"),
        ("{when: !tied}", "E0106", "!tied", "`not tied`"),
        ("a: !!str 3", "E0106", "!!str", "remove"),
        ("a: &x {b: c}\n<<: *x", "E0107", "<<", "block"),
        ("a: 1\nb: 2\na: 3", "E0108", "a", "remove"),
        ("a: 1\n---\nb: 2", "E0109", "---", "file"),
        ("a: 1\n...\nb: 2", "E0109", "b", "..."),
        ("{[a]: b}", "E0113", "[a]", "word"),
        ("{: b}", "E0113", ":", "colon"),
        ("a: 1\n: b", "E0113", ":", "colon"),
        ("? \n: b", "E0113", " ", "colon"),
        ("{a:, b: 1}", "E0111", ":", "`{a: , b: 1}`"),
        ("a: *b", "E0114", "*b", ""),
        ("a: &long [1]\nb: *lon", "E0114", "*lon", "`long`"),
        ("a: &x [*x]", "E0114", "*x", ""),
        ("", "E0115", "", "inputs"),
        ("# only\n", "E0115", "", "inputs"),
        ("a: b\x07", "E0105", "\x07", "remove"),
        ("a: b\u2028c", "E0105", "\u2028", "remove"),
        ("a: \ud800", "E0105", "\ud800", "remove"),
    ],
)
def test_what_is_wrong_and_what_to_write(text: str, code: str, place: str, help_: str) -> None:
    found = mistake(text)
    assert found.code == code
    assert found.span is not None
    assert found.span.text == place
    assert help_ in " ".join(found.help)


def test_both_places_of_a_repeated_key_are_shown() -> None:
    found = mistake("a: 1\nb: 2\na: 3\n")
    assert found.span is not None
    assert (found.span.line, found.labels[0].span.line) == (3, 1)


def test_reading_goes_on_after_a_split_text() -> None:
    found = mistakes("- {linear: max(a, b)}\n- {relu: f(1, 2)}\n- {a: 1, a: 2}\n")
    assert [(one.code, one.span.line if one.span else 0) for one in found] == [
        ("E0110", 1),
        ("E0110", 2),
        ("E0108", 3),
    ]


def test_a_fix_mends_the_text() -> None:
    text = "- {linear: max(a, b), name: x}\n"
    found = mistake(text)
    assert found.fix is not None
    [edit] = found.fix.edits
    mended = text[: edit.span.start] + edit.text + text[edit.span.end :]
    assert not mistakes(mended)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[" * 100_000, "E0802"),
        ("{a: " * 200, "E0802"),
        ("- " * 200, "E0802"),
        ("\n".join(f"a{i}: &a{i} [{f'*a{i - 1}, ' * 9 if i else '1'}]" for i in range(9)), "E0803"),
        ("\n".join(f"a{i}: &a{i} [{f'*a{i - 1}' if i else '1'}]" for i in range(110)), "E0802"),
        ("- 1\n" * 100_001, "E0803"),
        ("x" * 5_000_001, "E0801"),
        ("é" * 2_500_001, "E0801"),
    ],
)
def test_limits(text: str, code: str) -> None:
    assert mistake(text).code == code


def test_limits_can_be_raised() -> None:
    read("[" * 150 + "]" * 150, Limits(depth=200))
    assert mistake("[1, 2, 3]", Limits(nodes=3)).code == "E0803"


def test_a_hundred_levels_are_allowed() -> None:
    read("[" * 100 + "]" * 100)
    assert mistake("[" * 101 + "]" * 101).code == "E0802"


def test_bytes_that_are_not_utf_8() -> None:
    found = decode("f.yaml", "name: Größe\nx: ".encode() + b"\xff")
    assert isinstance(found, Diagnostic)
    assert found.span is not None
    assert (found.code, found.span.line, found.span.column) == ("E0105", 2, 4)
    wide = decode("f.yaml", "name: x".encode("utf-16"))
    assert isinstance(wide, Diagnostic)
    assert "UTF-16" in wide.message
    good = decode("f.yaml", b"\xef\xbb\xbfa: b")
    assert isinstance(good, Source)
    assert good.text == "a: b"


def test_the_limit_of_newer_yaml_parsers_is_ours_too() -> None:
    mark = yaml.Mark("f.yaml", 1001, 0, 1001, None, None)
    error = yaml.MarkedYAMLError(problem="exceeded maximum nesting depth", problem_mark=mark)
    found = explain(Source("f.yaml", "[" * 2000), error, 0)
    assert (found.code, found.span.start) == ("E0802", 1001)

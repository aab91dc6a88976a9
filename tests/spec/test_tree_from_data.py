"""Specs given as Python data read back as what they were."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest

from archc.source import Diagnostics, SpecError
from archc.spec.command_line import read_value
from archc.spec.document_reader import read_spec
from archc.spec.limits import Limits
from archc.spec.tree import Mapping, Scalar, Sequence, Tree
from archc.spec.tree_from_data import source_from_data, tree_from_data
from archc.spec.yaml_reader import read_yaml

EXAMPLES = sorted((Path(__file__).parent / "data").glob("*.yaml"))
# fmt: off
WORDS = [
    "a", "", " ", "a b", "x: y", "# c", "- d", "null", "true", "1.0", "012", "no", "é", "\U0001f600", "a\nb",
    "'", '"', "\\", "$(i)", "4 * planes", "[N, T]", "{a", "\u2028", "\x00", "\x85", "*a", "&a", "!a", "%",
    "@", "a,b", "f(a, [1]) if b else {c}", "a's", "end ", "?", "=", "~", "<<",
]
# fmt: on


def plain(tree: Tree) -> object:
    if isinstance(tree, Scalar):
        return tree.value
    if isinstance(tree, Sequence):
        return [plain(item) for item in tree.items]
    return {entry.key.text: plain(entry.value) for entry in tree.entries}


def random_data(random_: random.Random, depth: int) -> object:
    kind = random_.randrange(8) if depth else random_.randrange(6)
    if kind == 6:
        return [random_data(random_, depth - 1) for _ in range(random_.randrange(4))]
    if kind == 7:
        return {
            key: random_data(random_, depth - 1)
            for key in random_.sample(WORDS[:-3], random_.randrange(4))
            if key
        }
    return random_.choice(
        [None, True, random_.randrange(-99, 99), random_.uniform(-2, 2), 1e-30, *random_.sample(WORDS, 5)]
    )


def test_round_trip() -> None:
    random_ = random.Random(3)
    for _ in range(800):
        data = random_data(random_, 4)
        if data in (None, {}):
            continue
        assert plain(tree_from_data(data, "<dict>")[1]) == data


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_as_data(path: Path) -> None:
    from archc.source import Source

    tree = read_yaml(Source("f", path.read_text()), Diagnostics(), Limits())
    assert isinstance(tree, Mapping)
    data = plain(tree)
    diagnostics = Diagnostics()
    source, again = tree_from_data(data, "<dict>")
    assert plain(again) == data
    assert read_spec(source, diagnostics) is not None
    assert not len(diagnostics)


def test_it_looks_as_one_would_write_it() -> None:
    data = {
        "inputs": {"x": ["N", 3]},
        "layers": [
            "relu",
            {"name": "fc", "linear": {"out_features": "4 * w", "bias": False}},
            {"sequential": ["relu", {"linear": 3}]},
        ],
        "outputs": (),
        "params": {},
    }
    assert source_from_data(data, "<dict>").text == (
        "inputs:\n  x: [N, 3]\nlayers:\n  - relu\n  - name: fc\n    linear:\n"
        "      out_features: 4 * w\n      bias: false\n  - sequential:\n      - relu\n      - linear: 3\n"
        "outputs: []\nparams: {}\n"
    )


def test_expressions_are_not_quoted_where_quotes_would_make_them_text() -> None:
    data = {"let": {"last": "max(8, w)", "both": ["min(w, 2)", "w"], "first": "[1, 2][0]"}, "doc": "a, b: c"}
    assert source_from_data(data, "<dict>").text == (
        'let:\n  last: max(8, w)\n  both:\n    - min(w, 2)\n    - w\n  first: "[1, 2][0]"\ndoc: "a, b: c"\n'
    )


def test_numbers() -> None:
    tree = tree_from_data([1, 2.0, math.inf, -math.inf, 1e22, 2**40], "<dict>")[1]
    assert plain(tree) == [1, 2.0, math.inf, -math.inf, 1e22, 2**40]


def test_what_is_not_data() -> None:
    with pytest.raises(TypeError, match=r"the spec\.layers\[0\] is a set"):
        source_from_data({"layers": [{1, 2}]}, "<dict>")
    with pytest.raises(TypeError, match="a key of the spec is a float"):
        source_from_data({1.5: 2}, "<dict>")
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(ValueError, match="nests deeper"):
        source_from_data(endless, "<dict>")
    deep: object = 1
    for _ in range(120):
        deep = [deep]
    with pytest.raises(SpecError):
        tree_from_data(deep, "<dict>")


def test_values_on_a_command_line() -> None:
    for text, value in (
        ("3", 3),
        ("[1, 2]", [1, 2]),
        ("{a: b}", {"a": "b"}),
        ("'3'", "3"),
        ("x: y", "x: y"),
        ("[1", "[1"),
    ):
        assert plain(read_value("width", text)) == value

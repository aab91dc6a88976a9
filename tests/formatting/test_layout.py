"""What `archc fmt` does to a text: what goes in, what comes out; it never changes what a spec says."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path

import pytest
from random_yaml import Writer
from zoo_specs import files

import archc
from archc import ops
from archc.api import check_source
from archc.format.formatter import formatted
from archc.source import Diagnostics, Source, SpecError
from archc.source.codes import all_codes
from archc.spec.limits import Limits
from archc.spec.yaml_reader import read_yaml

ROOT = Path(__file__).parents[2]
SPECS = sorted([*(ROOT / "specs").rglob("*.yaml"), *(ROOT / "archc").rglob("*.yaml")])
DATA = sorted((ROOT / "tests" / "spec" / "data").glob("*.yaml"))
PIECES = (
    *("", " ", "\n", "\n  ", "\t", ":", ": ", ",", "{", "}", "[", "]", "- ", "#", " # x", "'", '"', "|"),
    *("|\n", "> ", "|2-\n   ", "|+", "&a ", "*a", "? ", "!t ", "---\n", "...\n", "%YAML 1.2\n", "\\", "é"),
)


def fmt(text: str) -> str:
    return formatted(Source("spec.yaml", text), Limits(), ops.names()).text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("a:   1\nb :  2\n", "a: 1\nb: 2\n", id="space around a colon"),
        pytest.param("a: {  b : [1,2 ,3 ],c: {} , }\n", "a: {b: [1, 2, 3], c: {}}\n", id="brackets"),
        pytest.param("a: {b: , c:}\n", "a: {b: , c: }\n", id="values that are left out"),
        pytest.param("a:\n- b\n-   c: 1\n    d: 2\n", "a:\n  - b\n  - c: 1\n    d: 2\n", id="indentation"),
        pytest.param("a:\n    b:\n       - 1\n", "a:\n  b:\n    - 1\n", id="deep indentation"),
        pytest.param("a:\n  -\n    b: 1\n  -\n  - 2\n", "a:\n  - b: 1\n  -\n  - 2\n", id="lone dashes"),
        pytest.param("\n\na: 1\n\n\n\nb: 2\n\n", "a: 1\n\nb: 2\n", id="blank lines"),
        pytest.param("a: 1", "a: 1\n", id="the last line has an end"),
        pytest.param("a: 1\r\nb:  2\r\n", "a: 1\r\nb: 2\r\n", id="line ends stay what they are"),
        pytest.param("\ufeffa: 1\n", "a: 1\n", id="no byte order mark"),
        pytest.param("a: 'b'\n", 'a: "b"\n', id="double quotation marks"),
        pytest.param(
            "a: 'b \"c\"'\nd: '\\e'\n", "a: 'b \"c\"'\nd: '\\e'\n", id="single ones where they help"
        ),
        pytest.param(
            "a: 1 # one\nb: 22   # two\n", "a: 1  # one\nb: 22   # two\n", id="comments behind lines"
        ),
        pytest.param(
            "# top\na:\n# left\n    # in\n    - b   \n    # last\n# end",
            "# top\na:\n# left\n  # in\n  - b\n  # last\n# end\n",
            id="comments on lines of their own",
        ),
        pytest.param(
            "a: [1, # one\n  2,\n\n  # three\n    3\n  ]\n",
            "a: [1,  # one\n  2,\n\n  # three\n  3]\n",
            id="brackets over several lines",
        ),
        pytest.param("a:\n  - {b: 1\n  , c: 2}\n", "a:\n  - {b: 1,\n      c: 2}\n", id="commas end lines"),
        pytest.param('{"a":[1,\n2]\n,\n"b":{}\n}', '{"a": [1,\n  2],\n  "b": {}\n}\n', id="JSON"),
        pytest.param(
            "a: |\n     b\n       c  \n\n\n# d\n", "a: |\n  b\n    c  \n\n# d\n", id="texts keep their lines"
        ),
        pytest.param("a: |+\n b\n\n\nc: |2\n    d\n", "a: |+\n  b\n\n\nc: |2\n    d\n", id="and blank ones"),
        pytest.param("a:\n- >-\n   b\n   c\n", "a:\n  - >-\n    b\n    c\n", id="folded texts"),
        pytest.param("a: b\n      c\nd: 'e\n f'\n", "a: b\n  c\nd: 'e\n  f'\n", id="scalars of two lines"),
        pytest.param("a:   &x [1]\nb:  *x\n", "a: &x [1]\nb: *x\n", id="anchors"),
        pytest.param("---\na: 1\n...\n", "---\na: 1\n...\n", id="marks of a document"),
        pytest.param("? a\n:   b\n", "? a\n: b\n", id="explicit keys"),
        pytest.param("inputs: {ids: int64[N, T]}\n", 'inputs: {ids: "int64[N, T]"}\n', id="a type in braces"),
        pytest.param("a: [{linear: max(a, b)}]\n", 'a: [{linear: "max(a, b)"}]\n', id="a call in braces"),
        pytest.param("a: {repeat: d[1], b: 1}\n", 'a: {repeat: "d[1]", b: 1}\n', id="an index in braces"),
        pytest.param("name:lenet\na: b\n", "name: lenet\na: b\n", id="a space behind a colon"),
        pytest.param(
            "layers: [{from: 1.0, relu: }]\n", 'layers: [{from: "1.0", relu: }]\n', id="a name like a number"
        ),
    ],
)
def test_layout(before: str, after: str) -> None:
    assert fmt(before) == after
    assert fmt(after) == after


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_the_specs_that_come_with_archc_are_laid_out_so(path: Path) -> None:
    text = path.read_text("utf-8")
    assert fmt(text) == text


@pytest.mark.parametrize("path", files())
def test_a_spec_written_in_another_way_compiles_to_the_same_program(path: Path) -> None:
    source = Source(str(path), path.read_text("utf-8"))
    program = archc.compile(str(path)).text()
    tree = read_yaml(source, Diagnostics(), Limits())
    assert tree is not None
    for seed in range(3):
        text = fmt(Writer(seed).document(tree))
        assert fmt(text) == text
        compiled, found = check_source(Source(str(path), text))
        assert compiled is not None, found
        assert compiled.text() == program


@pytest.mark.parametrize("seed", range(8))
def test_whatever_is_in_a_file_it_is_formatted_once_for_all_or_refused(seed: int) -> None:
    """The layout itself holds what a text says before and after against each other."""
    choose = random.Random(seed)
    texts = [path.read_text("utf-8") for path in (*SPECS, *DATA)]
    texts += [text for each in all_codes().values() for text in (each.wrong, each.right) if text]
    formatted_ones = 0
    for text in choose.sample([text for text in texts if len(text) < 5_000], 25):
        tree = read_yaml(Source("spec.yaml", text), Diagnostics(), Limits())
        damaged = text if tree is None else Writer(choose.randrange(10**6)).document(tree)
        for _ in range(choose.choice([0, 0, 1, 2])):
            at = choose.randrange(len(damaged) + 1)
            damaged = damaged[:at] + choose.choice(PIECES) + damaged[at + choose.choice([0, 0, 1, 3]) :]
        with contextlib.suppress(SpecError):
            once = fmt(damaged)
            formatted_ones += 1
            assert fmt(once) == once
    assert formatted_ones > 5

"""However a spec is damaged, reading it gives diagnostics or a spec, never an exception."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from archc.source import Diagnostics, Source
from archc.spec.document_reader import read_spec
from archc.spec.limits import Limits

EXAMPLES = sorted((Path(__file__).parent / "data").glob("*.yaml"))
ROUNDS = 250
CHARACTERS = "[]{}()<>:,.#&*!|>'\"%@`$?-+=\\/~^ \t\n\r0123456789abcxyzNTé\u2028\x00\U0001f600"
PIECES = (
    "$(",
    ")",
    "{a: ",
    "[",
    "- - ",
    "&x ",
    "*x",
    "!!str ",
    "<<: ",
    "...\n",
    "---\n",
    "1e999",
    "99999999999999999999",
    "name: 1.0",
    "when: a = b",
    "repeat: max(a, b)",
    "for: {i: [1, {a: b}]}",
    ": ",
    "? ",
    "''",
    "null",
    "true",
    "0x1F",
    "[[]]",
    "{}",
)


def damaged(text: str, random_: random.Random) -> str:
    for _ in range(random_.randint(1, 4)):
        at = random_.randrange(len(text) + 1)
        end = min(len(text), at + random_.choice((1, 1, 1, 3, 20)))
        lines = text.split("\n")
        row = random_.randrange(len(lines))
        match random_.randrange(9):
            case 0:
                text = text[:at] + text[end:]
            case 1:
                text = text[:at] + random_.choice(CHARACTERS) + text[at:]
            case 2:
                text = text[:at] + random_.choice(CHARACTERS) + text[end:]
            case 3:
                text = text[:at] + random_.choice(PIECES) + text[at:]
            case 4:
                text = "\n".join(lines[:row] + lines[row + 1 :])
            case 5:
                text = "\n".join(lines[: row + 1] + lines[row:])
            case 6:
                other = random_.randrange(len(lines))
                lines[row], lines[other] = lines[other], lines[row]
                text = "\n".join(lines)
            case 7:
                lines[row] = " " * random_.randrange(6) + lines[row].lstrip()
                text = "\n".join(lines)
            case 8:
                text = text[:at] + text[at:end] * 2 + text[end:]
        text = text or "x"
    return text


def check_places(source: Source, diagnostics: Diagnostics) -> None:
    for diagnostic in diagnostics:
        spans = [diagnostic.span, *(label.span for label in diagnostic.labels)]
        for span in spans:
            assert span is not None
            assert 0 <= span.start <= span.end <= len(source.text), diagnostic
            assert span.line >= 1
            assert span.column >= 1


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_damaged_specs_are_reported(path: Path) -> None:
    random_ = random.Random(path.stem)
    text = path.read_text()
    for _ in range(ROUNDS):
        source = Source(path.name, damaged(text, random_))
        diagnostics = Diagnostics()
        spec = read_spec(source, diagnostics, known_ops=("linear", "relu", "conv2d"))
        assert spec is not None or diagnostics.errors
        check_places(source, diagnostics)


@pytest.mark.parametrize("character", list("[{-?:&*!|>\"'%@`#,"))
def test_a_hundred_thousand_of_anything(character: str) -> None:
    for text in (
        character * 100_000,
        f"{character} " * 50_000,
        f"a: {character}" * 20_000,
        f"a: {character * 50_000}",
    ):
        read_spec(Source("many", text), Diagnostics())


def test_every_truncation_of_a_spec() -> None:
    text = EXAMPLES[0].read_text()[:1500]
    for end in range(len(text)):
        source = Source("cut", text[:end])
        diagnostics = Diagnostics()
        read_spec(source, diagnostics, Limits())
        check_places(source, diagnostics)

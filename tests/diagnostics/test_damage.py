"""Specs that are damaged at random: `check` answers quickly, never raises, and points into the text."""

from __future__ import annotations

import random
import re
import time
from pathlib import Path

import pytest

import archc
from archc import ops
from archc.source import Diagnostic
from archc.source.render import FORMATS, render
from archc.spec.limits import Limits

ROOT = Path(__file__).resolve().parents[2]
SPECS = sorted([*(ROOT / "specs").rglob("*.yaml"), *(ROOT / "tests" / "spec" / "data").glob("*.yaml")])
TEXTS = [path.read_text("utf-8") for path in SPECS]
OPS = sorted(ops.names())
WORDS = sorted({word for text in TEXTS for word in re.findall(r"[\w.$()]+", text)})
SIGNS = [*"{}[]():,#&*!|>-'\"%@`?\\ \n\t0", "- ", ": ", "$(", "  ", "\x00", "é", "\u2028", "1e400", "-1"]
_WORD = re.compile(r"[\w.]+")
_PAIR = re.compile(r"\w+: [\w.]+, |, \w+: [\w.]+(?=\})")
_NUMBER = re.compile(r"\b\d+\b")
MOST_SECONDS = 2.0


def _words(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in _WORD.finditer(text)]


def _replace_word(text: str, draw: random.Random) -> str:
    start, end = draw.choice(_words(text))
    return text[:start] + draw.choice(WORDS) + text[end:]


def _misspell(text: str, draw: random.Random) -> str:
    start, end = draw.choice(_words(text))
    at = draw.randrange(start, end)
    return text[:at] + draw.choice(["", "x", text[at] * 2]) + text[at + 1 :]


def _renumber(text: str, draw: random.Random) -> str:
    found = list(_NUMBER.finditer(text))
    if not found:
        return text
    one = draw.choice(found)
    number = draw.choice([0, 1, 2, 3, 7, 64, 65, -1, 0.5, 10**6, 2**31, 2**63, 10**30])
    return text[: one.start()] + str(number) + text[one.end() :]


def _sign(text: str, draw: random.Random) -> str:
    at = draw.randrange(len(text))
    return text[:at] + draw.choice(SIGNS) + text[at + draw.choice([0, 0, 1]) :]


def _delete(text: str, draw: random.Random) -> str:
    at = draw.randrange(len(text))
    return text[:at] + text[at + draw.randrange(1, 12) :]


def _lines(text: str, draw: random.Random) -> str:
    lines = text.split("\n")
    one, other = draw.randrange(len(lines)), draw.randrange(len(lines))
    kind = draw.randrange(4)
    if kind == 0:
        del lines[one]
    elif kind == 1:
        lines.insert(other, lines[one])
    elif kind == 2:
        lines[one], lines[other] = lines[other], lines[one]
    else:
        lines[one] = draw.choice(["  ", " ", ""]) + lines[one].lstrip(" ")
    return "\n".join(lines)


def _other_op(text: str, draw: random.Random) -> str:
    found = [match for match in _WORD.finditer(text) if match.group() in OPS]
    if not found:
        return text
    one = draw.choice(found)
    return text[: one.start()] + draw.choice(OPS) + text[one.end() :]


def _drop_pair(text: str, draw: random.Random) -> str:
    found = list(_PAIR.finditer(text))
    if not found:
        return text
    one = draw.choice(found)
    return text[: one.start()] + text[one.end() :]


def _own_word(text: str, draw: random.Random) -> str:
    start, end = draw.choice(_words(text))
    other = draw.choice(_words(text))
    return text[:start] + text[other[0] : other[1]] + text[end:]


def _mix(text: str, draw: random.Random) -> str:
    other = draw.choice(TEXTS)
    at = draw.randrange(len(text))
    return text[:at] + other[draw.randrange(len(other)) :]


EDITS = [
    *[_other_op, _drop_pair, _own_word] * 3,
    _replace_word,
    _replace_word,
    _misspell,
    _renumber,
    _renumber,
    _sign,
    _sign,
    _delete,
    _lines,
    _lines,
    _mix,
]


def damaged(seed: int) -> str:
    draw = random.Random(seed)
    text = draw.choice(TEXTS)
    for _ in range(draw.choice([1, 1, 1, 2, 3, 8])):
        text = draw.choice(EDITS)(text or " ", draw)
    return text


def _points_into(text: str, one: Diagnostic) -> bool:
    spans = [one.span, *(label.span for label in one.labels)]
    return all(
        span is not None
        and (span.source.name != "<text>" or 0 <= span.start <= span.end <= len(text))
        and 1 <= span.line <= len(span.source.line_starts)
        for span in spans
    )


def examine(seed: int) -> None:
    text = damaged(seed) + "\n"
    before = time.process_time()
    # What a large and right network costs is measured by `bench`: here it is over the limit.
    compiled, found = archc.check(text, limits=Limits(layers=2_000))
    took = time.process_time() - before
    assert took < MOST_SECONDS, f"{seed} took {took:.1f} s"
    errors = [one for one in found if one.severity == "error"]
    assert (compiled is None) == bool(errors), f"{seed}: no error, and no result"
    for one in found:
        assert _points_into(text, one), f"{seed}: {one.code} points outside of the text"
        assert re.fullmatch(r"[EW]\d{4}", one.code)
        assert one.message
    for form in FORMATS:
        shown = render(found, form)
        assert not set(shown) & set("\x00\x1b\u2028"), f"{seed}: {form} shows control characters"


@pytest.mark.parametrize("start", range(0, 400, 50))
def test_damaged_specs(start: int) -> None:
    for seed in range(start, start + 50):
        examine(seed)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(400, 5400, 500))
def test_many_damaged_specs(start: int) -> None:
    for seed in range(start, start + 500):
        examine(seed)

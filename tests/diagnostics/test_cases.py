"""Specs with the diagnostics that they get written on the lines that they concern.

A file in `cases/` holds several specs, each behind a line `# === title`. What is expected stands behind
the line that it concerns, or on comment lines of its own above it:

    - add: [a, b]  # error: 5 [E0404] "axis 1 is 64 and 32"

with the column, the code and a piece of the message, which may be left out. `# requires: T <= 512` says
what the model requires, `# given: width=3, variant=large` what is chosen on the command line. All that
is reported has to be expected, and the other way round.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import archc
from archc.source import Diagnostic

CASES = Path(__file__).parent / "cases"
_EXPECTED = re.compile(r'# (error|warning): (\d+) \[(\w+)\](?: "([^"]*)")?')
_TITLE = re.compile(r"^# === (.+)\n", re.M)


def _cases() -> list[tuple[str, str, str]]:
    found = []
    for path in sorted(CASES.glob("*.yaml")):
        _, *parts = _TITLE.split(path.read_text("utf-8"))
        found += [(path.stem, title, text) for title, text in zip(parts[::2], parts[1::2], strict=True)]
    return found


def _expected(text: str) -> list[tuple[int, str, int, str, str]]:
    found, above = [], []
    for number, line in enumerate(text.splitlines(), 1):
        here = [(s, int(column), code, piece) for s, column, code, piece in _EXPECTED.findall(line)]
        if here and line.lstrip().startswith("#"):
            above += here
            continue
        found += [(number, *each) for each in (*above, *here)]
        above = []
    assert not above, "an expectation stands above no line"
    return found


def _matches(one: Diagnostic, line: int, severity: str, column: int, code: str, piece: str) -> bool:
    assert one.span is not None
    place = (one.span.line, one.span.column)
    return (place, one.severity, one.code) == ((line, column), severity, code) and piece in one.message


@pytest.mark.parametrize(
    "text", [pytest.param(text, id=f"{group}: {title}") for group, title, text in _cases()]
)
def test_what_is_reported_is_what_is_expected(text: str) -> None:
    given = dict(re.findall(r"(\w+)=([^,\n]+)", "".join(re.findall(r"^# given: (.*)$", text, re.M))))
    variant = given.pop("variant", None)
    compiled, found = archc.check(text, given, variant=variant)
    unmatched = list(found)
    missing = []
    for each in _expected(text):
        match = next((one for one in unmatched if _matches(one, *each)), None)
        if match is None:
            missing.append(each)
        else:
            unmatched.remove(match)
    unexpected = [
        f"{one.span.line if one.span else 0}: # {one.severity}: {one.span.column if one.span else 0} "
        f'[{one.code}] "{one.message}"'
        for one in unmatched
    ]
    assert (unexpected, missing) == ([], [])
    required = ", ".join(re.findall(r"^# requires: (.*)$", text, re.M))
    assert (", ".join(compiled.requirements) if compiled else "") == required


def test_there_are_cases() -> None:
    assert len(_cases()) > 60

"""Every code is explained, and what the explanation shows is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import archc
from archc.source.codes import Explanation, all_codes

ROOT = Path(__file__).resolve().parents[2]
CODES = all_codes()
_CODE = re.compile(r'"([EW]\d{4})[":]')


def _raised() -> dict[str, str]:
    found = {}
    for path in sorted((ROOT / "archc").rglob("*.py")):
        if "codes" not in path.parts:
            found.update(dict.fromkeys(_CODE.findall(path.read_text("utf-8")), path.name))
    return found


def test_every_code_is_explained_and_every_explanation_is_of_a_code() -> None:
    raised = _raised()
    assert {code: where for code, where in raised.items() if code not in CODES} == {}
    assert sorted(CODES.keys() - raised.keys()) == []


def test_no_code_is_explained_twice() -> None:
    folder = ROOT / "archc" / "source" / "codes"
    keys = [
        key for path in folder.glob("*.py") for key in re.findall(r'^    "(\w\d{4})"', path.read_text(), re.M)
    ]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(("code", "each"), CODES.items(), ids=list(CODES))
def test_the_wrong_spec_raises_the_code_and_the_right_one_nothing(code: str, each: Explanation) -> None:
    if each.wrong is None:
        assert each.how
        return
    assert each.right is not None
    assert [found.code for found in archc.check(each.wrong)[1]] == [code]
    compiled, found = archc.check(each.right)
    assert (compiled is not None, found) == (True, ())


@pytest.mark.parametrize("code", [code for code, each in CODES.items() if each.wrong is None])
def test_a_code_without_a_wrong_spec_is_raised_by_a_test(code: str) -> None:
    tests = (ROOT / "tests").rglob("test_*.py")
    assert any(code in path.read_text("utf-8") for path in tests)


@pytest.mark.parametrize(("code", "each"), CODES.items(), ids=list(CODES))
def test_an_explanation_reads_well(code: str, each: Explanation) -> None:
    assert (
        each.title[0].islower() or each.title[0] == "`" or each.title.startswith(("ONNX", "YAML", "PyTorch"))
    )
    assert not each.title.endswith(".")
    assert each.text.strip().endswith("."), code
    assert (each.wrong is None) == (each.right is None) or each.how
    assert each.wrong is None or max(map(len, each.wrong.splitlines())) < 4_000

"""Every code of this room is explained, and the explanation's examples show it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import archc.spec
from archc.source import Diagnostics, Source
from archc.source.codes import e01_yaml, e02_document, e06_expressions, e08_limits
from archc.source.codes.explanation import Explanation
from archc.spec.document_reader import read_spec

CODES: dict[str, Explanation] = {
    **e01_yaml.CODES,
    **e02_document.CODES,
    **e06_expressions.CODES,
    **e08_limits.CODES,
}
READ = {
    code: one for code, one in CODES.items() if (code[:3] in ("E01", "E02")) or code in ("E0610", "E0611")
}


def found_in(text: str | None) -> list[str]:
    assert text is not None
    diagnostics = Diagnostics()
    read_spec(Source("f.yaml", text), diagnostics)
    return [one.code for one in diagnostics]


def test_every_code_that_is_raised_is_explained() -> None:
    folder = Path(archc.spec.__path__[0])
    raised = {
        code
        for path in folder.glob("*.py")
        for code in re.findall(r'"(E0[0-9]{3})"', path.read_text())
        if code[:3] in ("E01", "E02", "E06", "E08")
    }
    assert raised <= CODES.keys()


@pytest.mark.parametrize("code", READ)
def test_wrong_examples(code: str) -> None:
    assert found_in(READ[code].wrong) == [code]


@pytest.mark.parametrize("code", CODES)
def test_right_examples(code: str) -> None:
    if CODES[code].right is not None:
        assert found_in(CODES[code].right) == []
    else:
        assert CODES[code].how

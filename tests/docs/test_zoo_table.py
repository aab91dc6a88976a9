"""The page of the zoo is current."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
sys.path.insert(0, str(DOCS))

import zoo_table  # noqa: E402 - it stands beside the pages


@pytest.mark.slow
def test_the_page_of_the_zoo_is_current() -> None:
    text = (DOCS / "zoo.md").read_text(encoding="utf-8")
    assert text == zoo_table.zoo_page(), "run `python docs/build.py`"


def test_each_number_of_a_library_is_of_a_spec() -> None:
    assert set(zoo_table.LIBRARY) <= {path.stem for path in zoo_table.SPECS.rglob("*.yaml")}


def test_lines_of_code_are_without_comments_and_docstrings() -> None:
    said = 'import a\n\n\ndef f():\n    """Say\n    it."""\n    # why\n'
    source = f"{said}    return (\n        1\n    )  # so\n\n\nb = 1\n"
    assert zoo_table.lines_of_code(source) == 4

"""What is drawn, compared character by character; `--update-golden` writes the files anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from archc.api import check_source
from archc.source import Source
from archc.source.render import FORMATS, render

FOLDER = Path(__file__).parent / "golden"
SPECS = sorted(FOLDER.glob("*.yaml"))


def compare(path: Path, text: str, update: bool) -> None:
    if update:
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("path", SPECS, ids=[path.stem for path in SPECS])
def test_the_drawing_is_the_golden_one(path: Path, form: str, update_golden: bool) -> None:
    found = check_source(Source(path.name, path.read_text("utf-8")))[1]
    compare(FOLDER / f"{path.stem}.{form}.txt", render(found, form) + "\n", update_golden)


def test_colour_changes_nothing_but_the_colour(update_golden: bool) -> None:
    path = FOLDER / "broadcast.yaml"
    found = check_source(Source(path.name, path.read_text("utf-8")))[1]
    painted = render(found, "full", color=True)
    compare(FOLDER / "broadcast.color.txt", painted + "\n", update_golden)
    plain = painted
    for style in ("1;31", "1;33", "1;34", "1;36", "1", "0"):
        plain = plain.replace(f"\x1b[{style}m", "")
    assert plain == render(found, "full")


def test_there_is_something_to_compare() -> None:
    assert len(SPECS) >= 5

"""The tour does what it shows; the Chinese pages have the code of the English ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from documents import ROOT, Session, blocks

TOUR = ROOT / "docs" / "tour"
ENGLISH = sorted((TOUR / "en").glob("*.md"))
PAGES = sorted(TOUR.rglob("*.md"))


@pytest.mark.slow
@pytest.mark.parametrize("path", ENGLISH, ids=lambda path: path.stem)
def test_a_step_does_what_it_shows(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    torch.set_num_threads(1)
    session = Session(path.name)
    for block in blocks(path.read_text(encoding="utf-8")):
        session.run(block)


@pytest.mark.parametrize("path", ENGLISH, ids=lambda path: path.stem)
def test_the_chinese_page_has_the_same_code(path: Path) -> None:
    other = TOUR / "zh" / path.name
    ours, theirs = (list(blocks(each.read_text(encoding="utf-8"))) for each in (path, other))
    assert [(each.language, each.text) for each in ours] == [(each.language, each.text) for each in theirs]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_links_of_the_tour_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", path.read_text(encoding="utf-8")):
        assert "://" in target or (path.parent / target).exists(), f"{path} links to {target}"

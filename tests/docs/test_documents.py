"""What the documents show is true: their specs, commands and programs are run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from documents import ROOT, RUN, Block, Session, blocks

from archc import ops
from archc.report.reference import errors_page, page, page_names
from archc.source.codes import all_codes

WRITTEN = (
    "README.md",
    "docs/README.md",
    "docs/language.md",
    "docs/weights.md",
    "docs/training.md",
    "docs/architecture.md",
    "docs/adding-an-op.md",
)
GENERATED = page_names()


@pytest.fixture
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder, in which ops may be added as one adds them to archc."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(ops, "__path__", [*ops.__path__, str(tmp_path / "archc" / "ops")])
    monkeypatch.setattr(ops, "_FAMILY_OF", dict(ops._FAMILY_OF))
    torch.set_num_threads(1)


@pytest.mark.usefixtures("_folder")
@pytest.mark.parametrize("name", WRITTEN)
def test_a_document_does_what_it_shows(name: str) -> None:
    session = Session(name)
    for block in blocks((ROOT / name).read_text(encoding="utf-8")):
        session.run(block)
        if block.language == "python" and block.file and block.file.startswith("archc/ops/"):
            family = Path(block.file).stem
            ops._FAMILY_OF[family] = family


@pytest.mark.parametrize("name", WRITTEN)
def test_links_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)", text):
        if "://" not in target:
            assert ((ROOT / name).parent / target).exists(), f"{name} links to {target}"


def test_the_files_that_the_architecture_names_exist() -> None:
    rooms = [path for path in (ROOT / "archc").rglob("*") if "__pycache__" not in path.parts]
    names = {str(path.relative_to(ROOT / "archc")) for path in rooms}
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for found in re.findall(r"`([\w/]+\.py)`", text):
        place = found.removeprefix("archc/")
        known = any(name == place or name.endswith(f"/{place}") for name in names)
        assert known or (ROOT / found).exists(), found


@pytest.mark.parametrize("name", GENERATED)
def test_the_reference_is_current(name: str, update_golden: bool) -> None:
    path = ROOT / "docs" / name
    if update_golden:
        path.write_text(page(name), encoding="utf-8", newline="\n")
    assert path.read_text(encoding="utf-8") == page(name), "run `python docs/build.py`"


def test_the_reference_has_no_other_pages() -> None:
    found = {f"ops/{path.name}" for path in (ROOT / "docs" / "ops").glob("*.md")}
    assert found == {name for name in GENERATED if name.startswith("ops/")}


def test_every_op_and_code_is_in_the_reference() -> None:
    pages = "\n".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in GENERATED)
    missing = [name for name in ops.names() if f"\n## {name}\n" not in pages]
    missing += [code for code in all_codes() if f"\n### {code}: " not in pages]
    assert missing == []


def test_the_errors_page_shows_specs_that_are_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    session = Session("docs/errors.md")
    for block in blocks(errors_page()):
        session.run(block)


@pytest.mark.usefixtures("_folder")
@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("yaml", "inputs: {x: [N, 3]}\nlayers: [linaer: 4]\n"),
        ("yaml wrong E0201", "inputs: {x: [N, 3]}\nlayers: [relu]\n"),
        ("yaml", "# wrong: E0404\ninputs: {x: [N, 3]}\nlayers: [relu]\n"),
        ("console", "$ archc ops no_such_op\nall is well\n"),
        ("console", "$ archc explain E0404\nE0404: ...\n"),
        ("python", "assert 1 + 1 == 3\n"),
    ],
)
def test_a_document_that_is_not_true_fails(language: str, text: str) -> None:
    block = Block(language, None, text, 1)
    assert block.language in RUN
    with pytest.raises(AssertionError):
        Session("a document").run(block)

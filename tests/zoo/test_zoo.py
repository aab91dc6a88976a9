"""Every spec of the zoo and every variant: valid without a warning, built, and the same in both outputs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from zoo_specs import INNER, Zoo, by_size, entries, everything, files, variants

import archc
from archc.verify import verify

torch.set_num_threads(1)

CITATION = re.compile(r"\(\w[^()]*\b(19|20)\d\d\b[^()]*\)")


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder for weights that is gone at once: the large ones would fill the disk."""
    with tempfile.TemporaryDirectory() as made:
        yield Path(made) / "built"


def test_the_inner_loop_knows_its_specs() -> None:
    assert set(INNER) <= {each.name for each in entries()}


@pytest.mark.parametrize("zoo", everything())
def test_is_valid_without_a_warning(zoo: Zoo) -> None:
    compiled, found = archc.check(zoo.path, variant=zoo.variant)
    assert [f"{each.code} {each.message}" for each in found] == []
    assert compiled is not None


@pytest.mark.parametrize("path", files())
def test_says_where_it_comes_from(path: Path) -> None:
    program = archc.compile(path).program
    assert program.name in (path.stem, *variants(path))
    assert CITATION.search(program.doc), program.doc


@pytest.mark.parametrize("zoo", by_size())
def test_what_is_built_agrees_at_several_sizes(zoo: Zoo, folder: Path) -> None:
    compiled = archc.compile(zoo.path, variant=zoo.variant)
    compiled.build(folder)
    report = verify(compiled.program, folder)
    assert report.agrees, (report.failures[:3], report.culprits)
    assert not report.notes
    assert {model for model, _ in report.points} == set(compiled.models)
    assert len(report.points) >= len(compiled.models) * (1 if zoo.large else 4)


@pytest.mark.parametrize("zoo", everything())
def test_source_is_the_same_each_time_and_parses(zoo: Zoo) -> None:
    first, second = (archc.compile(zoo.path, variant=zoo.variant).to_pytorch() for _ in range(2))
    assert first == second
    tree = ast.parse(first)
    imported = {
        alias.name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert all(name.split(".")[0] in ("torch", "__future__", "typing", "collections") for name in imported)


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("sources")
    for zoo in entries():
        text = archc.compile(zoo.path, variant=zoo.variant).to_pytorch()
        (made / f"{zoo.path.stem}_{zoo.name}.py").write_text(text, encoding="utf-8")
    return made


TOOLS = [
    ("ruff", "format", "--check", "--isolated", "--line-length", "88"),
    ("ruff", "check", "--isolated", "--select", "E,F,W,I,UP,B,C4,SIM,RET", "--line-length", "88"),
    ("mypy", "--strict", "--no-warn-return-any", "--no-error-summary"),
]


@pytest.mark.slow
@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: " ".join(tool[:2]))
def test_sources_satisfy(tool: tuple[str, ...], sources: Path) -> None:
    files = sorted(str(path) for path in sources.glob("*.py"))
    done = subprocess.run(
        [sys.executable, "-m", *tool, *files], cwd=sources, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr

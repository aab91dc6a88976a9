"""Emitted files pass the formatter, the linter and the strict type checker as they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from structures import structure

import archc
from archc.backends.pytorch import emit

GOLDEN = Path(__file__).parent / "golden"
HOSTILE = [
    'ends with a quote"',
    "a backslash \\ and one at the end \\",
    '"""',
    '""" + open("x") + """',
    '\\"""',
    "tabs\tand\r\nlines\n\n\n\nand \x00\x1b[31m\u202e",
    "x" * 200,
    "grüße, 你好 — ½",
    " ",
    "word " * 17 + "w",
    "word " * 16 + "wor",
]


@pytest.fixture(scope="module")
def emitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with emitted files: random structures, and texts that try to break out."""
    folder = tmp_path_factory.mktemp("emitted")
    for seed in range(40):
        compiled, _ = archc.check(json.dumps(structure(seed)) + "\n")
        if compiled is not None:
            (folder / f"structure{seed}.py").write_text(emit(compiled.program), encoding="utf-8")
    for number, text in enumerate(HOSTILE):
        block = {"doc": text, "layers": [{"name": "fc", "linear": 3}]}
        spec = {"name": "m", "doc": text, "inputs": {"x": ["N", 4]}, "blocks": {"b": block}}
        spec["layers"] = [{"name": "one", "b": None}, {"name": "two", "b": None}]
        compiled = archc.compile(spec)
        (folder / f"text{number}.py").write_text(emit(compiled.program), encoding="utf-8")
    return folder


def run(*command: str) -> str:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("RUFF_")}
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, env=environment)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.parametrize("command", ["format --check --diff", "check", "check --select I"])
def test_ruff(emitted: Path, command: str) -> None:
    action, *options = command.split()
    assert run("ruff", action, "--isolated", "--no-cache", *options, str(emitted), str(GOLDEN)) == ""


@pytest.mark.slow
def test_mypy(emitted: Path) -> None:
    options = ("--strict", "--no-warn-return-any", "--config-file=")
    files = [str(path) for folder in (emitted, GOLDEN) for path in sorted(folder.glob("*.py"))]
    assert run("mypy", *options, *files) == ""


def test_texts_stay_texts(emitted: Path) -> None:
    for path in emitted.glob("text*.py"):
        names = {"__name__": "emitted"}
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
        assert "Model" in names

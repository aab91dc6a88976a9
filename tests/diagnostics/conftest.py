"""The fixture that runs commands."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from command_line import Done, Run

from archc.cli import root
from archc.cli.failures import run_guarded


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in an empty folder, as `main` does; `stdin` is given as bytes."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str, stdin: bytes = b"") -> Done:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        code = run_guarded(root, list(arguments))
        shown = capsys.readouterr()
        assert "Traceback" not in shown.err
        assert code != 70, shown.err
        return Done(code, shown.out, shown.err)

    return call

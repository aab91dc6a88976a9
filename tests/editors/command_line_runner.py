"""Runs archc as `main` does."""

from __future__ import annotations

from archc.cli import root
from archc.cli.failures import run_guarded


def archc(*arguments: str) -> None:
    """Run a command that has to do its work."""
    assert run_guarded(root, list(arguments)) == 0

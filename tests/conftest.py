"""Options of the tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Emitted files are type-checked by several tests; what PyTorch's own types are is read once for all of them.
os.environ["MYPY_CACHE_DIR"] = str(Path(__file__).parent.parent / ".mypy_cache" / "emitted")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew")


@pytest.fixture(scope="session")
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Whether golden files are to be written rather than compared."""
    return bool(request.config.getoption("--update-golden"))

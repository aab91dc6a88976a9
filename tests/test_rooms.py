"""The rules of the house: who imports whom, how long files are, who may touch what."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "archc"
ROOMS = (
    "source",
    "sizes",
    "opdef",
    "ops",
    "ir",
    "spec",
    "format",
    "elaborate",
    "passes",
    "weights",
    "backends",
    "verify",
    "report",
    "train",
    "cli",
)
# The Python interface stands between the rooms that do the work and the command line.
FRONT = ("archc", "archc.api", "archc.version", "archc.__main__")
THIRD_PARTY = {
    "yaml": ("spec", "format"),
    "numpy": ("weights", "backends", "verify", "train", "cli"),
    "safetensors": ("weights", "backends", "verify", "train"),
    "torch": ("weights", "backends", "verify", "train"),
    "onnx": ("backends", "verify"),
    "onnxruntime": ("verify",),
    "accelerate": ("train",),
    "sklearn": ("train",),
    "PIL": ("train",),
    "pyarrow": ("train",),
    "datasets": ("train",),
    "torchvision": ("train",),
    "click": ("cli",),
    "rich": ("report", "cli"),
}
# `from __future__`, typing blocks and lazy imports count as imports too: a room is a room.
FILES = sorted(PACKAGE.rglob("*.py"))
MAX_LINES = 400


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in ROOMS else None


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_a_room_imports_only_rooms_before_it(path: Path) -> None:
    module = module_name(path)
    room = room_of(module)
    if room is None:
        assert module in FRONT
        return
    allowed = ROOMS[: ROOMS.index(room) + 1]
    for name in imports(path):
        other = room_of(name)
        assert other is None or other in allowed, f"{module} imports {name}"
        assert not name.startswith("archc.api") or room == "cli", f"{module} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_third_party_packages_stay_in_their_rooms(path: Path) -> None:
    module = module_name(path)
    for name in imports(path):
        top = name.split(".")[0]
        if top in THIRD_PARTY and module not in FRONT:
            assert room_of(module) in THIRD_PARTY[top], f"{module} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_files_are_short(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MAX_LINES, f"{module_name(path)} has {lines} lines"


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_one_exec_and_no_eval(path: Path) -> None:
    calls = [
        node.func.id
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("eval", "exec")
    ]
    allowed = ["exec"] if module_name(path) == "archc.backends.pytorch.live" else []
    assert calls == allowed


@pytest.mark.parametrize(
    "arguments",
    [
        ("validate", "specs/images/lenet5.yaml"),
        ("validate", "specs/learning/digits_vae.yaml"),
        ("summary", "specs/images/lenet5.yaml"),
        ("explain", "E0404"),
        ("fmt", "--check", "specs/images/lenet5.yaml"),
        ("schema",),
    ],
    ids=lambda arguments: arguments[0],
)
def test_looking_at_a_spec_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    program = (
        "import sys; from archc.cli import run_guarded, root; "
        f"code = run_guarded(root, {list(arguments)!r}); "
        "print(code, [m for m in ('torch', 'onnx', 'numpy') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stderr.strip().splitlines()[-1] == "0 []"


@pytest.mark.slow
def test_types_are_strict() -> None:
    own = {name: value for name, value in os.environ.items() if name != "MYPY_CACHE_DIR"}
    done = subprocess.run(
        [sys.executable, "-m", "mypy"], cwd=ROOT, env=own, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("command", [("check",), ("format", "--check")], ids=" ".join)
def test_ruff_is_content(command: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "archc", "tests", "bench"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr

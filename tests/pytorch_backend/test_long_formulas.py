"""Long formulas are laid out as the formatter would: random ones, that begin and end with brackets."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import archc

NAMES = ("alpha", "beta_long", "gamma", "delta_value", "eps_x", "zeta")
FUNCTIONS = ("sigmoid", "tanh", "exp", "relu")
FORMULAS = 120


def term(draw: random.Random) -> str:
    a, b, c = (draw.choice(NAMES) for _ in range(3))
    forms = (f"{a}", f"({a} - {b})", f"({a} + {b} * {c}) / ({b} + 2)")
    calls = (f"{draw.choice(FUNCTIONS)}({a} + {b} * {c})", f"{draw.choice(FUNCTIONS)}({a})")
    return draw.choice((*forms, *calls))


def formula(draw: random.Random) -> str:
    parts = []
    for _ in range(draw.randint(2, 3)):
        terms = [term(draw) for _ in range(draw.randint(1, 3))]
        sign = draw.choice("*+-")
        parts.append(f"({f' {sign} '.join(terms)})")
    return f" {draw.choice('+-*/')} ".join(parts)


def test_random_formulas_are_as_the_formatter_writes_them(tmp_path: Path) -> None:
    draw = random.Random(5)
    layers = []
    for number in range(FORMULAS):
        layers.append({"name": f"some_result_name_{number}", "expr": formula(draw)})
    names = {f"out_{number}": each["name"] for number, each in enumerate(layers)}
    spec = {"name": "m", "inputs": {name: ["N", 4] for name in NAMES}, "layers": layers, "outputs": names}
    (tmp_path / "model.py").write_text(archc.compile(spec).to_pytorch(), encoding="utf-8")
    command = ("ruff", "format", "--isolated", "--line-length", "88", "--diff", "model.py")
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout

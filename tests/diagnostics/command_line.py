"""Commands as a user gives them: what they print, and their exit codes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

GOOD = """\
name: small
params: {width: 4}
variants:
  large: {width: 64}
  zero: {width: 0}
inputs: {x: [N, 3]}
layers:
  - {name: fc, linear: width}
"""
WRONG = GOOD.replace("linear", "leanear")
WARNED = "inputs: {x: [N, 3]}\nlayers:\n  - linear: 4\n"


class Done(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Done]


def write(name: str, text: str | bytes) -> str:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return name

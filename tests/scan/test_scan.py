"""`scan`: a block along an axis, in every output."""

from __future__ import annotations

from pathlib import Path

import torch

import archc
from archc.verify import verify

torch.set_num_threads(1)
ROOT = Path(__file__).resolve().parents[2]


def test_a_cell_written_as_a_block_runs_and_agrees() -> None:
    compiled = archc.compile(ROOT / "specs/sequences/gru_gates.yaml")
    model = compiled.module()
    assert next(iter(model.state_dict())) == "rnn.r.w.weight"
    assert model(torch.randn(2, 5, 8)).shape == (2, 4)
    assert verify(compiled.program, sizes={"N": 2, "T": 3}).agrees

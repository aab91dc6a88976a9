"""The table of optimizers and schedules is that of the PyTorch that is installed."""

from __future__ import annotations

import ast

import pytest
import torch

from archc.train import torch_table
from archc.train.make_torch_table import WITHOUT, table_source


def test_the_table_is_current() -> None:
    made = {
        node.target.id: ast.literal_eval(node.value)
        for node in ast.parse(table_source()).body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None
    }
    assert made == {"OPTIMIZERS": torch_table.OPTIMIZERS, "SCHEDULES": torch_table.SCHEDULES}


def test_what_is_left_out_exists() -> None:
    homes = (torch.optim, torch.optim.lr_scheduler)
    assert [name for name in WITHOUT if not any(hasattr(home, name) for home in homes)] == []


@pytest.mark.parametrize("name", sorted(torch_table.OPTIMIZERS))
def test_every_optimizer_can_be_made(name: str) -> None:
    weight = torch.nn.Parameter(torch.zeros(2, 2))
    assert getattr(torch.optim, name)([weight], lr=0.1).param_groups[0]["lr"] == 0.1

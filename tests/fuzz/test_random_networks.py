"""Random networks: what validates builds, and PyTorch and ONNX agree with the oracle at several sizes."""

from __future__ import annotations

import pytest
import torch
from random_networks import random_spec

import archc

QUICK = 32
ALL = 2000


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


def check_agrees(seed: int) -> None:
    text = random_spec(seed)
    compiled, diagnostics = archc.check(text)
    assert compiled is not None, f"{text}\n{diagnostics}"
    report = compiled.verify(seed)
    assert report.agrees, f"seed {seed}\n{text}\n{report.failures}\n{report.culprits}"


@pytest.mark.parametrize("seed", range(QUICK))
def test_backends_agree_on_random_networks(seed: int) -> None:
    check_agrees(seed)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(QUICK, ALL, 40))
def test_backends_agree_on_many_random_networks(first: int) -> None:
    for seed in range(first, min(first + 40, ALL)):
        check_agrees(seed)


def test_a_network_is_a_function_of_its_seed() -> None:
    assert random_spec(7) == random_spec(7)
    assert random_spec(7) != random_spec(8)

"""What validates is what PyTorch and ONNX Runtime compute, for attributes and types drawn at random."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from op_cases import Case, compiled, node_of, several_sizes, shape_at
from op_runs import Runner, disagreements, inputs_at, is_refused, module_of, reference, run, sessions
from sampled_uses import sampled

import archc
from archc import ops

NAMES = sorted(ops.names())
OPSETS = (20, 18, 23, 21, 19, 24, 17, 22, 25)
"""One for each draw, so that further draws are also of further opsets."""
NOT_COMPUTED = ("ZeroDivisionError", "not implemented for 'Half'")
"""What PyTorch says where numbers drawn divide integers by zero, or a CPU has no half precision."""
NOT_IN_ONNX = {"ctc_loss", "multilabel_margin_loss"}

# The evaluator is wrong about their axes: FAULTS in test_reference_evaluator.py.
FAULTY = {"adaptive_max_pool1d", "adaptive_max_pool3d"}

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def check_use(name: str, index: int) -> None:
    opset = OPSETS[index % len(OPSETS)]
    case = sampled(ops.find(name), index)
    made, _ = archc.check(case.spec())
    if made is None:
        return
    sizes = several_sizes(compiled(case), 2)
    if not computes(case, sizes) or case.op.random or name in NOT_IN_ONNX or is_refused(case, opset):
        return
    assert list(disagreements(case, opset, sizes, runners(case, opset))) == [], case.spec()


def computes(case: Case, all_sizes: list[dict[str, int]]) -> bool:
    """Hold the types to PyTorch's; false where it does not compute this use."""
    for sizes in all_sizes:
        try:
            with torch.no_grad():
                results = run(module_of(case), inputs_at(case, sizes))
        except RuntimeError as error:
            if not any(each in str(error) for each in NOT_COMPUTED):
                raise AssertionError(case.spec()) from error
            return False
        found = [(tuple(each.shape), str(each.dtype)) for each in results]
        values: Any = node_of(compiled(case)).outputs
        stated = [(shape_at(each.type, sizes), f"torch.{each.type.dtype.name}") for each in values]
        assert found[: len(stated)] == stated, case.spec()
    return True


def runners(case: Case, opset: int) -> list[Runner]:
    """Give ONNX Runtime, or ONNX's evaluator where the runtime lacks an operator for an element type."""
    if case.op.name.startswith("scatter") and "float16" in case.spec():
        return [reference(case, opset)]  # the runtime has no such `ScatterElements`, and says so when it runs
    try:
        return sessions(case, opset)
    except Exception as error:
        if type(error).__name__ != "NotImplemented":
            raise
        return [] if case.op.name in FAULTY else [reference(case, opset)]


@pytest.mark.parametrize("name", NAMES)
def test_a_use_drawn_at_random(name: str) -> None:
    check_use(name, 0)


@pytest.mark.slow
@pytest.mark.parametrize("index", range(1, 13))
@pytest.mark.parametrize("name", NAMES)
def test_more_uses_drawn_at_random(name: str, index: int) -> None:
    check_use(name, index)

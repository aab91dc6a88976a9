"""Every op's graph means, to ONNX's own evaluator too, what PyTorch computes."""

from __future__ import annotations

import pytest
import torch
from op_cases import Case, all_cases, compiled, several_sizes
from op_runs import disagreements, is_refused, reference

NOT_IN_ONNX = {"ctc_loss", "multilabel_margin_loss"}
FAULTS = {
    "adaptive_max_pool1d-0": "it drops axes in `GlobalMaxPool` of a length",
    "adaptive_max_pool3d-0": "it keeps an axis too many in `GlobalMaxPool` of a volume",
    "conv_transpose1d-1": "it reshapes groups wrongly in `ConvTranspose`",
    "conv_transpose2d-2": "it reshapes groups wrongly in `ConvTranspose`",
    "gather-2": "it wants equal sizes on all other axes in `GatherElements`",
    "gru-3": "it mixes up the directions of a `GRU`",
    "gru-4": "it mixes up the directions of a `GRU`",
    "local_response_norm-0": "it counts channels by the batch in `LRN`",
    "lstm-3": "it mixes up the directions of an `LSTM`",
    "rnn-1": "it has no `Relu` in an `RNN`",
    "rnn-3": "it mixes up the directions of an `RNN`",
}
"""Where the evaluator is wrong, of what ONNX says; ONNX Runtime agrees with PyTorch there."""
FAULTS_AT = {("grid_sample", 17): "it knows the modes of opset 20 alone in `GridSample`"}

CASES = [case for case in all_cases() if not case.op.random and case.op.name not in NOT_IN_ONNX]
FIRST = [case for case in CASES if case.index == 0]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def problems(case: Case, opset: int) -> list[str]:
    sizes = several_sizes(compiled(case), 2)[-1:]
    try:
        return list(disagreements(case, opset, sizes, [reference(case, opset)]))
    except (ValueError, RuntimeError, TypeError) as error:
        return [repr(error)]


@pytest.mark.parametrize("case", [case for case in FIRST if repr(case) not in FAULTS], ids=repr)
def test_the_evaluator_gives_the_numbers_of_pytorch(case: Case) -> None:
    assert problems(case, 20) == []


@pytest.mark.slow
@pytest.mark.parametrize("opset", [17, 20, 23])
@pytest.mark.parametrize("case", [case for case in CASES if repr(case) not in FAULTS], ids=repr)
def test_the_evaluator_gives_the_numbers_of_pytorch_everywhere(case: Case, opset: int) -> None:
    if not is_refused(case, opset) and (case.op.name, opset) not in FAULTS_AT:
        assert problems(case, opset) == []


@pytest.mark.parametrize("case", [case for case in CASES if repr(case) in FAULTS], ids=repr)
def test_the_faults_of_the_evaluator_are_still_there(case: Case) -> None:
    assert problems(case, 20) != []

"""Every op proves itself by its examples: types, weights, numbers, gradients, cost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from op_cases import Case, all_cases, compiled, node_of, several_sizes, shape_at
from op_runs import disagreements, inputs_at, is_refused, module_of, run
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

import archc
from archc.ir.program import weights
from archc.sizes import evaluate

CASES = all_cases()
EVERY_OPSET = range(17, 26)
NO_GRADIENT = {"detach", "floor_divide", "ones_like", "zeros_like", "full_like", "rand_like", "randn_like"}
NOT_IN_ONNX = {"ctc_loss", "multilabel_margin_loss"}
UNCOUNTED = {"lstm", "gru", "rnn", "bilinear", "affine_grid"}
"""PyTorch runs these as one operation, whose work its counter does not know."""
WEIGHTS_OF_LOSSES = ("in_weight", "in_pos_weight")
UNCOUNTED_FOR_VECTORS = {"matmul", "einsum"}
"""Products with a vector have operations of their own, which it does not know either."""

REFUSED_BEFORE = {
    "scatter_reduce": 18,
    "bitwise_and": 18,
    "bitwise_or": 18,
    "bitwise_xor": 18,
    "bitwise_not": 18,
    "grid_sample": 20,
}
"""What ONNX has no words for before an opset; some of their uses are refused there (E0905)."""

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
every_case = pytest.mark.parametrize("case", CASES, ids=repr)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@every_case
def test_an_example_compiles_without_a_warning(case: Case) -> None:
    assert [each.message for each in compiled(case).diagnostics] == []


@every_case
def test_types_are_those_of_pytorch(case: Case) -> None:
    made = compiled(case)
    sizes_tried = several_sizes(made, 4)
    assert sizes_tried
    for sizes in sizes_tried:
        with torch.no_grad():
            results = run(module_of(case), inputs_at(case, sizes))
        for value, result in zip(node_of(made).outputs, results, strict=bool(case.op.inputs)):
            assert (tuple(result.shape), str(result.dtype)) == (
                shape_at(value.type, sizes),
                f"torch.{value.type.dtype.name}",
            )


@every_case
def test_results_that_jump_in_memory_are_marked(case: Case) -> None:
    made = compiled(case)
    if case.op.strided or node_of(made).params:
        return
    given = inputs_at(case, several_sizes(made, 2)[-1])
    with torch.no_grad():
        assert all(each.is_contiguous() for each in run(module_of(case), given))


@every_case
def test_weights_are_those_of_pytorch(case: Case) -> None:
    stated = dict(weights(compiled(case).program.models[0].module))
    module = module_of(case)
    kept = {key: param.shape for key, param in stated.items() if param.persistent}
    assert {key: tuple(value.shape) for key, value in module.state_dict().items()} == kept
    trained = {key for key, param in stated.items() if not param.buffer}
    assert {key for key, _ in module.named_parameters()} == trained


@every_case
def test_onnx_gives_the_numbers_of_pytorch(case: Case) -> None:
    if case.op.name in NOT_IN_ONNX:
        with pytest.raises(archc.SpecError, match="E0905"):
            compiled(case).to_onnx()
    elif not case.op.random:
        assert list(disagreements(case, 20, several_sizes(compiled(case), 3))) == []


@pytest.mark.slow
@pytest.mark.parametrize("opset", EVERY_OPSET)
@every_case
def test_every_opset_gives_the_numbers_of_pytorch(case: Case, opset: int) -> None:
    if case.op.random or case.op.name in NOT_IN_ONNX:
        return
    if opset < REFUSED_BEFORE.get(case.op.name, 0) and is_refused(case, opset):
        return
    assert list(disagreements(case, opset, several_sizes(compiled(case), 6))) == []


CHAINED = [case for case in CASES if len(case.op.inputs) == 1 == len(case.inputs) and case.op.name != "expr"]


@pytest.mark.parametrize("case", CHAINED, ids=repr)
def test_inside_a_sequential_it_is_the_same(case: Case) -> None:
    if case.op.random or len(node_of(compiled(case)).outputs) > 1:
        return
    module = archc.compile(case.spec(sequential=True)).module().eval()
    state = {key.replace("layer", "layer.0", 1): value for key, value in module_of(case).state_dict().items()}
    module.load_state_dict(state)
    given = inputs_at(case, several_sizes(compiled(case), 2)[-1])
    with torch.no_grad():
        [alone], [inside] = run(module_of(case), given), run(module, given)
    assert torch.equal(inside.nan_to_num(), alone.nan_to_num())


@every_case
def test_gradients_reach_weights_and_inputs(case: Case) -> None:
    made = compiled(case)
    given = inputs_at(case, several_sizes(made, 2)[-1])
    learns = [name for name in given if not (case.op.loss and name in ("in_target", *WEIGHTS_OF_LOSSES))]
    floats = {name: given[name].requires_grad_() for name in learns if given[name].is_floating_point()}
    module = module_of(case)
    learned = dict(module.named_parameters())
    results = [each for each in run(module, given) if each.is_floating_point()]
    counts_only = getattr(node_of(made).op, "ord", None) == 0
    if not results or not (floats or learned) or case.op.name in NO_GRADIENT or counts_only:
        return
    sum(each.sum() for each in results).backward()  # type: ignore[union-attr]
    without = [name for name, x in {**floats, **learned}.items() if x.grad is None]
    module.zero_grad()
    assert without == []


@every_case
def test_multiply_adds_are_those_of_pytorch(case: Case) -> None:
    made = compiled(case)
    node = node_of(made)
    for sizes in several_sizes(made, 3):
        given = inputs_at(case, sizes)
        with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
            run(module_of(case), given)
        stated = evaluate(node.op.multiply_adds(node.outputs[0].type, *node.types), sizes)
        counted = counter.get_total_flops()
        if case.op.name not in UNCOUNTED and (counted or case.op.name not in UNCOUNTED_FOR_VECTORS):
            assert 2 * stated == counted


TOOLS = {
    "types": ["mypy", "--strict", "--no-warn-return-any", "."],
    "lint": ["ruff", "check", "--isolated", "."],
    "format": ["ruff", "format", "--isolated", "--check", "."],
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the PyTorch source of every example."""
    folder = tmp_path_factory.mktemp("sources")
    for case in CASES:
        name = repr(case).replace("-", "_")
        (folder / f"{name}.py").write_text(compiled(case).to_pytorch(), encoding="utf-8")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("tool", TOOLS)
def test_the_sources_please_the_tools(sources: Path, tool: str) -> None:
    command = [sys.executable, "-m", *TOOLS[tool]]
    done = subprocess.run(command, cwd=sources, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout

"""Cells written as blocks equal the ready-made recurrent layers: outputs, states and gradients."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import archc

torch.set_num_threads(1)
ROOT = Path(__file__).resolve().parents[2]
WIDTH, HIDDEN, STEPS, BATCH = 8, 32, 7, 3
READY = {
    "rnn": ("rnn", {}),
    "lstm": ("lstm", {}),
    "gru": ("gru", {}),
    "reset_first_gru": ("gru", {"reset_after": False}),
}


def ready_made(kind: str) -> nn.Module:
    """Give the op of the language, with the weights of a seed."""
    op, options = READY[kind]
    layer = {op: {"hidden_size": HIDDEN, "batch_first": True, **options}, "name": "layer"}
    names = ("output", "h_n", "c_n") if op == "lstm" else ("output", "h_n")
    spec = {"inputs": {"x": ["N", "T", WIDTH]}, "layers": [layer]}
    module = (
        archc.compile({**spec, "outputs": {name: f"layer.{name}" for name in names}}).module(seed=3).double()
    )
    if kind == "reset_first_gru":
        nn.init.zeros_(module.get_parameter("layer.bias_hh_l0"))
    return module


def from_library(kind: str) -> nn.Module:
    states = {"h": "zeros", "c": "zeros"} if kind == "lstm" else {"h": "zeros"}
    layer = {"name": "rnn", f"{kind}_cell": HIDDEN, "scan": {"axis": 1, "state": states}}
    spec = {"import": ["std/recurrent"], "inputs": {"x": ["N", "T", WIDTH]}, "layers": [layer]}
    finals = {f"last_{name}": f"rnn.last.{name}" for name in states}
    return archc.compile({**spec, "outputs": {"output": "rnn", **finals}}).module(seed=0).double()


def library_weights(kind: str, ready: dict[str, Tensor]) -> dict[str, Tensor]:
    """Give what each weight of a library cell is of the ready-made layer's."""
    found = {"ih.weight": ready["weight_ih_l0"], "ih.bias": ready["bias_ih_l0"]}
    if kind != "reset_first_gru":
        return found | {"hh.weight": ready["weight_hh_l0"], "hh.bias": ready["bias_hh_l0"]}
    rows = ready["weight_hh_l0"].split([2 * HIDDEN, HIDDEN])
    return found | {"hh.weight": rows[0], "candidate.weight": rows[1]}


def gate_weights(order: str, ready: dict[str, Tensor]) -> dict[str, Tensor]:
    """Give what each weight of a cell written gate by gate is: `order` names PyTorch's gates."""
    found = {}
    for number, gate in enumerate(order):
        rows = slice(number * HIDDEN, (number + 1) * HIDDEN)
        found[f"{gate}.w.weight"] = ready["weight_ih_l0"][rows]
        found[f"{gate}.u.weight"] = ready["weight_hh_l0"][rows]
        found[f"{gate}.w.bias"] = ready["bias_ih_l0"][rows] + ready["bias_hh_l0"][rows]
    return found


def grads_of(module: nn.Module, prefix: str) -> dict[str, Tensor]:
    found = {}
    for name, parameter in module.named_parameters():
        if name.startswith(prefix):
            assert parameter.grad is not None, name
            found[name.removeprefix(prefix)] = parameter.grad
    return found


def load(module: nn.Module, weights: dict[str, Tensor]) -> None:
    state = module.state_dict()
    assert {f"rnn.{name}" for name in weights} == {name for name in state if name.startswith("rnn.")}
    module.load_state_dict({**state, **{f"rnn.{name}": each.detach() for name, each in weights.items()}})


def run(module: nn.Module, x: Tensor) -> tuple[list[Tensor], Tensor]:
    """Give the results with the gradient of the input; those of the weights are left in them."""
    x = x.clone().requires_grad_()
    given = module(x)
    results = [each.squeeze(0) if each.shape[0] == 1 else each for each in given]
    sum((each * torch.arange(1, HIDDEN + 1)).sum() for each in results).backward()
    assert x.grad is not None
    return results, x.grad


@pytest.mark.parametrize("kind", READY)
def test_a_cell_of_the_library_is_the_ready_made_layer(kind: str) -> None:
    ready, own = ready_made(kind), from_library(kind)
    load(own, library_weights(kind, {n.removeprefix("layer."): p for n, p in ready.named_parameters()}))
    x = torch.randn(BATCH, STEPS, WIDTH, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    (expected, of_x), (found, own_of_x) = run(ready, x), run(own, x)
    for each, other in zip(expected, found, strict=True):
        torch.testing.assert_close(other, each)
    torch.testing.assert_close(own_of_x, of_x)
    wanted = library_weights(kind, grads_of(ready, "layer."))
    for name, grad in grads_of(own, "rnn.").items():
        torch.testing.assert_close(grad, wanted[name], msg=name)


@pytest.mark.parametrize(
    ("name", "kind", "order"), [("lstm", "lstm", "ifgo"), ("gru", "reset_first_gru", "rzn")]
)
def test_gates_written_one_by_one_are_the_ready_made_layer(name: str, kind: str, order: str) -> None:
    ready, own = (
        ready_made(kind),
        archc.compile(ROOT / f"specs/sequences/{name}_gates.yaml").module(seed=0).double(),
    )
    load(own, gate_weights(order, {n.removeprefix("layer."): p for n, p in ready.named_parameters()}))
    x = torch.randn(BATCH, STEPS, WIDTH, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    results: list[Any] = []
    for module in (ready, own):
        given = x.clone().requires_grad_()
        last = module(given)[1].squeeze(0) if module is ready else None
        out = own.get_submodule("fc")(last) if last is not None else module(given)
        (out * torch.arange(1, out.shape[1] + 1)).sum().backward()
        results.append((out, given.grad))
    for each, other in zip(*results, strict=True):
        torch.testing.assert_close(other, each)
    grads = grads_of(ready, "layer.")
    grads["bias_hh_l0"] = torch.zeros_like(grads["bias_hh_l0"])  # the gates have one bias, and its gradient
    wanted = gate_weights(order, grads)
    for key, grad in grads_of(own, "rnn.").items():
        torch.testing.assert_close(grad, wanted[key], msg=key)

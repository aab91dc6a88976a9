"""Gradients against finite differences, in fp64."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from archc.ir.program import Program
from archc.source import Record
from archc.verify.eager import in_double, tensors
from archc.verify.inputs import make_inputs
from archc.verify.sampling import points

if TYPE_CHECKING:
    import torch

ENTRIES = 5
STEPS = (1e-5, 1e-6, 1e-7)
"""Where the two sides of a point differ by more than curvature explains, it is near a kink: go nearer."""
TOLERANCE = 1e-5
SMALL = 1e-4
"""Gradients below this share of the whole are compared by it: differences of it carry its rounding."""


class Gradient(Record):
    """One tensor: its key, how many entries were looked at, and the worst relative error.

    `kinks` counts entries that lie on a kink, where there is no gradient to compare.
    """

    key: str
    entries: int
    kinks: int
    error: float

    @property
    def agrees(self) -> bool:
        """Whether the error is one of rounding."""
        return self.error <= TOLERANCE


def check_model(program: Program, name: str, seed: int) -> tuple[Gradient, ...]:
    """Compare a model's gradients by its weights and inputs, at its smallest sizes.

    What is differentiated is a random projection of all float outputs, in evaluation mode.
    """
    import torch

    from archc.backends.folding import folded
    from archc.backends.pytorch import load_module
    from archc.weights.torch_state import load_initial

    program = folded(program)
    model = next(each for each in program.models if each.name == name)
    module = load_module(program, name).eval()
    load_initial(program, module, name, seed)
    module = module.double()
    values = model.module.inputs
    given = tensors(values, make_inputs(model, values, points(model, {})[0], seed))
    wide = [each.double() if each.is_floating_point() else each for each in given]
    named = {value.name: each for value, each in zip(values, wide, strict=True) if each.is_floating_point()}
    weights: dict[str, torch.Tensor] = dict(module.named_parameters())

    def projected() -> torch.Tensor:
        torch.manual_seed(seed)
        made = module(*wide)
        results = made if isinstance(made, tuple) else (made,)
        floats = [each for each in results if each.is_floating_point()]
        stream = torch.Generator().manual_seed(seed + 1)
        parts = [(each * torch.randn(each.shape, generator=stream)).sum() for each in floats]
        return torch.stack(parts).sum() if parts else torch.zeros(())

    return compare(projected, {**named, **weights}, seed)


def compare(
    function: Callable[[], torch.Tensor], variables: Mapping[str, torch.Tensor], seed: int
) -> tuple[Gradient, ...]:
    """Compare the gradients of a number by fp64 tensors that it depends on with central differences.

    The tensors are changed in place and put back. A few entries of each are looked at.
    """
    import torch

    for tensor in variables.values():
        tensor.requires_grad_(True)
        tensor.grad = None
    with in_double():
        total = function()
        if total.requires_grad:
            torch.autograd.backward(total)
        scale = max(1.0, abs(float(total.detach())))
        with torch.no_grad():
            stream = np.random.default_rng(seed)
            return tuple(_one(function, key, each, stream, scale) for key, each in variables.items())


def _one(
    function: Callable[[], torch.Tensor],
    key: str,
    tensor: torch.Tensor,
    stream: np.random.Generator,
    scale: float,
) -> Gradient:
    count = min(ENTRIES, tensor.numel())
    flat = tensor.detach().view(-1)
    given = [0.0] * tensor.numel() if tensor.grad is None else tensor.grad.reshape(-1).tolist()
    worst, kinks = 0.0, 0
    for index in stream.choice(tensor.numel(), count, replace=False).tolist():
        error = _error(function, flat, index, given[index], scale)
        if error is None:
            kinks += 1
        else:
            worst = max(worst, error)
    return Gradient(key, count, kinks, worst)


def _error(
    function: Callable[[], torch.Tensor], flat: torch.Tensor, index: int, given: float, scale: float
) -> float | None:
    """Give the relative error of one entry; None on a kink."""
    before = float(flat[index])
    middle = float(function())
    error = None
    for step in STEPS:
        width = step * max(1.0, abs(before))
        flat[index] = before + width
        above = float(function())
        flat[index] = before - width
        below = float(function())
        flat[index] = before
        left, right = (middle - below) / width, (above - middle) / width
        size = max(abs(left), abs(right), abs(given), SMALL * scale)
        if abs(right - left) <= 1e-3 * size + 1e-10 * scale / width:
            found = abs((left + right) / 2 - given) / size
            error = found if error is None else min(error, found)
    return error

"""Put values into a live PyTorch module."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from archc.ir.program import Program, ties
from archc.opdef import Param
from archc.weights.elements import Array, numpy_type
from archc.weights.filling import Filling
from archc.weights.match import stored_weights
from archc.weights.models import find_model

if TYPE_CHECKING:
    import torch


def load_initial(program: Program, module: torch.nn.Module, model: str | None, seed: int) -> None:
    """Give a module the values that a build with this seed writes, in place."""
    load_filling(program, module, model, Filling(program, seed))


def load_filling(program: Program, module: torch.nn.Module, model: str | None, filling: Filling) -> None:
    """Give a module the values that a build with this filling writes, in place."""
    chosen = find_model(program, model)
    shared = ties(chosen.module)
    weights = [(key, param) for key, param in stored_weights(chosen.module) if key not in shared]
    load_arrays(module, ((key, _whole(filling.chunks(chosen, key, param), param)) for key, param in weights))


def _whole(chunks: Iterable[Array], param: Param) -> Array:
    parts = list(chunks)
    return (np.concatenate(parts) if parts else np.empty(0, numpy_type(param.dtype))).reshape(param.shape)


def load_arrays(module: torch.nn.Module, arrays: Iterable[tuple[str, Array]]) -> None:
    """Give a module the values of arrays, by key, in place; bfloat16 comes as bits in uint16."""
    import torch

    state = module.state_dict()
    with torch.no_grad():
        for key, array in arrays:
            values = torch.from_numpy(np.array(array))
            state[key].copy_(values.view(torch.bfloat16) if array.dtype == np.uint16 else values)

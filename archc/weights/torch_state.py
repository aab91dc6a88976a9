"""Put a seed's first values into a live PyTorch module."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from archc.ir.program import Model, Program, ties
from archc.weights.elements import Array
from archc.weights.initial import initial
from archc.weights.match import seed_key, stored_weights

__all__ = ["find_model", "load_arrays", "load_initial", "seed_key"]

if TYPE_CHECKING:
    import torch


def load_initial(program: Program, module: torch.nn.Module, model: str | None, seed: int) -> None:
    """Give a module the values that a build with this seed writes, in place."""
    chosen = find_model(program, model)
    shared = ties(chosen.module)
    weights = [(key, param) for key, param in stored_weights(chosen.module) if key not in shared]
    load_arrays(
        module, ((key, initial(seed, seed_key(program, chosen, key), param)) for key, param in weights)
    )


def load_arrays(module: torch.nn.Module, arrays: Iterable[tuple[str, Array]]) -> None:
    """Give a module the values of arrays, by key, in place; bfloat16 comes as bits in uint16."""
    import torch

    state = module.state_dict()
    with torch.no_grad():
        for key, array in arrays:
            values = torch.from_numpy(np.array(array))
            state[key].copy_(values.view(torch.bfloat16) if array.dtype == np.uint16 else values)


def find_model(program: Program, name: str | None) -> Model:
    """Give a model by name, or the only one. ValueError where that does not name one."""
    models = {model.name: model for model in program.models}
    if name is None and len(models) == 1:
        return program.models[0]
    if name not in models:
        wrong = "there are several models" if name is None else f"there is no model `{name}`"
        raise ValueError(f"{wrong}, the models are {', '.join(models)}")
    return models[name]

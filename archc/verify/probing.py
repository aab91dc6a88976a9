"""Weights to verify with where no build is given: a seed's, moved so that each of them matters.

Biases that start at zero and scales that start at one would hide a bias or a scale that is lost.
"""

from __future__ import annotations

import numpy as np

from archc.ir.program import Model, ties
from archc.opdef import Param
from archc.weights import decoded, encoded, initial, stored_weights
from archc.weights.elements import Array
from archc.weights.initial import stream_of

AROUND_ZERO = 0.1
AROUND_OTHERS = 0.25


def probing_weights(model: Model, seed: int) -> dict[str, Array]:
    """Give an array for each weight of a model."""
    shared = ties(model.module)
    arrays = {
        key: _probing(seed, key, param) for key, param in stored_weights(model.module) if key not in shared
    }
    return {**arrays, **{key: arrays[owner] for key, owner in shared.items()}}


def _probing(seed: int, key: str, param: Param) -> Array:
    values = initial(seed, key, param)
    if not param.dtype.is_float or param.init.name not in ("zeros", "ones", "constant"):
        return values
    start = decoded(values, param.dtype).astype(np.float64)
    noise = stream_of(seed, key, 0).uniform(-1, 1, param.shape)
    return encoded(
        start + noise * np.where(start == 0, AROUND_ZERO, AROUND_OTHERS * np.abs(start)), param.dtype
    )

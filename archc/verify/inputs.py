"""Inputs to try: normal floats, integers inside their range, random booleans."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from archc.ir.program import Model, Value
from archc.sizes import BFLOAT16, BOOL, Dim, evaluate
from archc.weights import encoded, numpy_type
from archc.weights.elements import Array

WITHOUT_RANGE = (0, 7)


def make_inputs(
    model: Model, values: tuple[Value, ...], sizes: Mapping[str, int], seed: int
) -> dict[str, Array]:
    """Give an array for each input; bfloat16 as bits in uint16."""
    ranges = dict(model.ranges)
    stream = np.random.default_rng([seed, *sizes.values()])
    return {value.name: _array(stream, value, ranges.get(value.name), sizes) for value in values}


def _array(
    stream: np.random.Generator, value: Value, bounds: tuple[Dim, Dim] | None, sizes: Mapping[str, int]
) -> Array:
    shape = tuple(evaluate(dim, sizes) for dim in value.type.shape)
    dtype = value.type.dtype
    if dtype is BOOL:
        return stream.integers(0, 2, shape).astype(bool)
    if dtype.is_float:
        normal = stream.standard_normal(shape)
        return encoded(normal, BFLOAT16) if dtype is BFLOAT16 else normal.astype(numpy_type(dtype))
    low, high = (evaluate(bound, sizes) for bound in bounds or WITHOUT_RANGE)
    return np.asarray(stream.integers(low, high, shape, endpoint=True)).astype(numpy_type(dtype))

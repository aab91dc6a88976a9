"""How far a result may be from the oracle: sixteen times as far as eager fp32 is."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from archc.sizes import BFLOAT16, FLOAT16, FLOAT64, DType
from archc.source import Record
from archc.weights.elements import Array

FACTOR = 16
FLOOR = 1.2e-7
# Numbers below fp32's smallest normal one may be flushed to zero.
SMALLEST = 2.0**-126
FLOORS: dict[DType, float] = {FLOAT16: 1e-3, BFLOAT16: 8e-3, FLOAT64: 1e-13}


class Distance(Record):
    """How far a result is from the oracle, and how far it may be."""

    error: float
    tolerance: float
    scale: float

    @property
    def within(self) -> bool:
        """Whether the result is near enough."""
        return self.error <= self.tolerance


def distance(
    result: Array, eager: Array, oracle: Array, dtype: DType, roundings: Sequence[Array] = ()
) -> Distance:
    """Measure floats by their largest difference, other values by how many differ.

    `roundings` are further draws of what fp32's rounding may do; the worst of them and of eager counts.

    Equal infinities and two NaN agree. Where fp32's rounding alone decides whether a value is finite
    (eager or a draw differs from the oracle in that), nothing is asked.
    """
    if not dtype.is_float:
        wrong, own = (float(np.count_nonzero(each != oracle)) for each in (result, eager))
        return Distance(wrong, FACTOR * own, float(oracle.size))
    result, eager, oracle = (np.asarray(each, dtype=np.float64) for each in (result, eager, oracle))
    draws = [eager, *roundings]
    judged = np.all([np.isfinite(each) == np.isfinite(oracle) for each in draws], axis=0)
    finite = np.isfinite(oracle) & judged
    scale = float(np.abs(oracle[finite]).max(initial=0.0))
    own = max(float(np.abs(each[finite] - oracle[finite]).max(initial=0.0)) for each in draws)
    tolerance = FACTOR * max(own, FLOORS.get(dtype, FLOOR) * scale, SMALLEST)
    if not _same_where_not_finite(result, oracle, judged & ~finite) or not np.isfinite(result[finite]).all():
        return Distance(math.inf, tolerance, scale)
    return Distance(float(np.abs(result[finite] - oracle[finite]).max(initial=0.0)), tolerance, scale)


def _same_where_not_finite(result: Array, oracle: Array, where: Array) -> bool:
    one, other = result[where], oracle[where]
    return bool(np.all((one == other) | (np.isnan(one) & np.isnan(other))))

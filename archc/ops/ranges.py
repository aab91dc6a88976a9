"""What is known about the values of integers after arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from archc.ops.operands import Weak
from archc.sizes import Dim, TensorType, ValueRange

Bounds = tuple[Dim, Dim]


def bounds(given: TensorType) -> Bounds | None:
    """Give the least and greatest value, where both are known."""
    known = given.range
    return (known.low, known.high) if known and known.low is not None and known.high is not None else None


def _all(operands: Sequence[TensorType]) -> list[Bounds] | None:
    found = [bounds(each) for each in operands]
    return [each for each in found if each] if all(found) else None


def total(operands: Sequence[TensorType]) -> ValueRange | None:
    """Give the range of a sum."""
    known = _all(operands)
    if known is None:
        return None
    return ValueRange(*reduce(lambda a, b: (a[0] + b[0], a[1] + b[1]), known))


def difference(operands: Sequence[TensorType]) -> ValueRange | None:
    """Give the range of `a - b`."""
    known = _all(operands)
    if known is None:
        return None
    (low, high), (other_low, other_high) = known
    return ValueRange(low - other_high, high - other_low)


def product_of(operands: Sequence[TensorType]) -> ValueRange | None:
    """Give the range of a value times a whole number."""
    known = _all(operands)
    if known is None or len(known) != 2:
        return None
    factors = [each.value for each in operands if isinstance(each, Weak) and isinstance(each.value, int)]
    value = next((k for k, each in zip(known, operands, strict=True) if not isinstance(each, Weak)), None)
    if len(factors) != 1 or value is None:
        return None
    ends = (value[0] * factors[0], value[1] * factors[0])
    return ValueRange(*(ends if factors[0] >= 0 else reversed(ends)))


def remainder_of(operands: Sequence[TensorType]) -> ValueRange | None:
    """Give the range of a remainder by a positive whole number."""
    divisor = operands[1]
    if isinstance(divisor, Weak) and isinstance(divisor.value, int) and divisor.value > 0:
        return ValueRange(0, divisor.value - 1)
    return None

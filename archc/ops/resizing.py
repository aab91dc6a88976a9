"""How ONNX resizes exactly as PyTorch interpolates."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import floor
from struct import pack, unpack

from archc.opdef import OnnxBuilder
from archc.ops.pooling_adaptive import adaptive_pool
from archc.sizes import INT64, Dim, floor_div

Shape = tuple[Dim, ...]

# PyTorch multiplies by 1/k in single precision; up to this k a multiple of k gives the whole number.
LARGEST_EXACT_FACTOR = 40
ONNX_FLOAT = 1
"""Single precision, whatever the model's float is."""


def whole_ratio(size: Dim, target: Dim) -> Fraction | None:
    """Give `target / size` where it is a whole number, or one over a whole number, for every size."""
    for big, small, invert in ((target, size, False), (size, target, True)):
        factor = floor_div(big, small)
        if isinstance(factor, int) and factor > 0 and small * factor == big:
            return Fraction(1, factor) if invert else Fraction(factor)
    return None


def resized(
    g: OnnxBuilder, x: str, target: Shape, factors: Sequence[float] | None = None, **attributes: object
) -> str:
    """Give `Resize` by factors, else to the target's sizes."""
    if factors is not None:
        source = g.types[0]
        assert source is not None
        pairs = zip(source.shape[2:], factors, target[2:], strict=True)
        scales = [1.0, 1.0, *(_single_factor(*each) for each in pairs)]
        return g.emit("Resize", x, "", g.emit("Constant", value_floats=scales), **attributes)
    if g.opset < 18:
        return g.emit("Resize", x, "", "", g.sizes(target), **attributes)
    axes = list(range(2, len(target)))
    return g.emit("Resize", x, "", "", g.sizes(target[2:]), axes=axes, **attributes)


def _single_factor(size: Dim, factor: float, target: Dim) -> float:
    """Give the factor in single precision, such that a runtime's product has the size that is wanted."""
    if not isinstance(size, int):
        return factor
    near = _single(factor)
    step = abs(near) * 2.0**-23
    for candidate in (near, _single(near - step), _single(near + step)):
        if floor(candidate * size) == floor(_single(candidate * size)) == target:
            return candidate
    return near


def _single(value: float) -> float:
    result: float = unpack("f", pack("f", value))[0]
    return result


def resized_nearest(
    g: OnnxBuilder, x: str, target: Shape, factors: Sequence[float] | None, offset: float
) -> str:
    """Take the value whose place is nearest: `Resize` where all factors are exact, else `Gather`.

    PyTorch computes floor((index + offset) * scale) in single precision; other ways to compute it
    differ by a whole pixel where the product is close to a whole number.
    """
    source = g.types[0]
    assert source is not None
    sizes = source.shape[2:]
    ratios = [whole_ratio(*pair) for pair in zip(sizes, target[2:], strict=True)]
    if factors is not None:
        ratios = [Fraction(factor) for factor in factors]
    if all(ratio is not None and _is_exact(ratio) for ratio in ratios):
        places = ("half_pixel", "round_prefer_ceil") if offset else ("asymmetric", "floor")
        names = dict(zip(("coordinate_transformation_mode", "nearest_mode"), places, strict=True))
        return resized(g, x, target, factors, mode="nearest", **names)
    for axis, (size, goal) in enumerate(zip(sizes, target[2:], strict=True)):
        if factors is not None:
            scale = g.emit("Constant", value_float=1.0 / factors[axis])
        else:
            scale = g.emit("Div", _float(g, g.size(size)), _float(g, g.size(goal)))
        x = _gathered(g, x, axis + 2, size, goal, scale, offset)
    return x


def _is_exact(ratio: Fraction) -> bool:
    power_of_two = ratio.numerator == 1 and ratio.denominator & (ratio.denominator - 1) == 0
    return power_of_two or (ratio.denominator == 1 and ratio <= LARGEST_EXACT_FACTOR)


def _float(g: OnnxBuilder, value: str) -> str:
    return g.emit("Cast", value, to=ONNX_FLOAT)


def _gathered(g: OnnxBuilder, x: str, axis: int, size: Dim, goal: Dim, scale: str, offset: float) -> str:
    places = _float(g, g.emit("Range", g.size(0), g.size(goal), g.size(1)))
    if offset:
        places = g.emit("Add", places, g.emit("Constant", value_float=offset))
    indices = g.cast(g.emit("Floor", g.emit("Mul", places, scale)), INT64)
    return g.emit("Gather", x, g.emit("Min", indices, g.size(size - 1)), axis=axis)


def resized_area(g: OnnxBuilder, x: str, shape: Shape, target: Shape) -> str:
    """Average areas of equal weight, as an adaptive pool does."""
    counts = tuple(each if isinstance(each, int) else None for each in target[2:])
    x = adaptive_pool(g, x, shape, counts, "avg")
    ratios = [
        Fraction(1) if isinstance(goal, int) else whole_ratio(size, goal) or Fraction(1)
        for size, goal in zip(shape[2:], target[2:], strict=True)
    ]
    kernel = [ratio.denominator for ratio in ratios]
    if any(each > 1 for each in kernel):
        x = g.emit("AveragePool", x, kernel_shape=kernel, strides=kernel)
    grown = [float(ratio.numerator) for ratio in ratios]
    if all(each == 1 for each in grown):
        return x
    scales = g.emit("Constant", value_floats=[1.0, 1.0, *grown])
    return g.emit(
        "Resize",
        x,
        "",
        scales,
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )

"""Pools that give a fixed number of windows, whatever the size of the input."""

from __future__ import annotations

from typing import ClassVar

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, ints, op, shortened
from archc.opdef.python import Call, Input, Lit, PyTorch, Site
from archc.ops.window import PER_AXIS, for_rank, layout
from archc.sizes import Dim, TensorType, ceil_div, floor_div

ONNX_POOLS = {
    "avg": ("GlobalAveragePool", "AveragePool", "ReduceMean"),
    "max": ("GlobalMaxPool", "MaxPool", "ReduceMax"),
}


class AdaptivePool(Free):
    """What adaptive pools share: window i covers floor(i * size / n) to ceil((i + 1) * size / n)."""

    rank: ClassVar[int]
    summary: ClassVar[str]
    output_size: tuple[int | None, ...] = attr(
        ints(PER_AXIS, min=1, holes=True),
        main=True,
        doc="number of windows along each axis; null keeps an axis as it is",
    )

    def __init_subclass__(cls, rank: int = 0, summary: str = "") -> None:
        super().__init_subclass__()
        if rank:
            cls.rank, cls.summary = rank, summary
            cls.attributes = for_rank(cls.attributes, rank)

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Put the number of windows in the place of each size."""
        rule.float_input(x)
        rule.rank(x, self.rank + 2, layout=layout(self.rank))
        pairs = zip(x.shape[2:], self.output_size, strict=True)
        return x.with_shape((*x.shape[:2], *(size if count is None else count for size, count in pairs)))

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give the function, `F.adaptive_avg_pool2d` and its like."""
        size = Lit(self.output_size if None in self.output_size else shortened(self.output_size))
        module = f"nn.Adaptive{self.summary.capitalize()}Pool{self.rank}d"
        return PyTorch(
            Call(f"F.adaptive_{self.summary}_pool{self.rank}d", (Input(0), size)),
            as_module=Call(module, (size,)),
        )

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give a global pool, a pool of equal windows, or slices that are summarised one by one."""
        source = g.types[0]
        assert source is not None
        return adaptive_pool(g, x, source.shape, self.output_size, self.summary)


def adaptive_pool(
    g: OnnxBuilder, x: str, shape: tuple[Dim, ...], counts: tuple[int | None, ...], summary: str
) -> str:
    """Write an adaptive pool over the axes after the second; `counts` has None for axes to keep."""
    globally, equally, _ = ONNX_POOLS[summary]
    sizes = shape[2:]
    wanted = tuple(None if count == size else count for size, count in zip(sizes, counts, strict=True))
    if all(count == 1 for count in wanted):
        return g.emit(globally, x)
    ratios = [_ratio(size, count) for size, count in zip(sizes, wanted, strict=True)]
    kernel = [ratio or 1 for ratio in ratios]
    if any(ratio not in (None, 1) for ratio in ratios):
        x = g.emit(equally, x, kernel_shape=kernel, strides=kernel)
    for axis, (ratio, count) in enumerate(zip(ratios, wanted, strict=True)):
        if ratio is None and count is not None:
            x = _windows(g, x, axis + 2, sizes[axis], count, summary)
    return x


def _ratio(size: Dim, count: int | None) -> int | None:
    """Give the width of equal windows; None where they are unequal or the size is not a number."""
    if count is None:
        return 1
    return size // count if isinstance(size, int) and size % count == 0 else None


def _windows(g: OnnxBuilder, x: str, axis: int, size: Dim, count: int, summary: str) -> str:
    if count == 1:
        return _reduce(g, x, axis, summary)
    parts = []
    for index in range(count):
        start, stop = floor_div(index * size, count), ceil_div((index + 1) * size, count)
        part = g.emit("Slice", x, g.sizes([start]), g.sizes([stop]), g.ints(axis))
        parts.append(_reduce(g, part, axis, summary))
    return g.emit("Concat", *parts, axis=axis)


def _reduce(g: OnnxBuilder, x: str, axis: int, summary: str) -> str:
    reduction = ONNX_POOLS[summary][2]
    if g.opset < 18:
        return g.emit(reduction, x, axes=[axis], keepdims=1)
    return g.emit(reduction, x, g.ints(axis), keepdims=1)


@op("adaptive_avg_pool1d")
class AdaptiveAvgPool1d(AdaptivePool, rank=1, summary="avg"):
    """Average a length into a fixed number of windows."""

    examples = (Example("1", ("[N, 4, T]",)), Example("3", ("[N, 4, 10]",)))


@op("adaptive_avg_pool2d")
class AdaptiveAvgPool2d(AdaptivePool, rank=2, summary="avg"):
    """Average an image into a fixed number of windows."""

    examples = (
        Example("1", ("[N, 8, H, W]",)),
        Example("7", ("[N, 4, 14, 7]",)),
        Example("[3, 5]", ("[N, 2, 7, W]",)),
        Example("[1, null]", ("[N, 2, H, W]",)),
    )


@op("adaptive_avg_pool3d")
class AdaptiveAvgPool3d(AdaptivePool, rank=3, summary="avg"):
    """Average a volume into a fixed number of windows."""

    examples = (Example("1", ("[N, 4, D, H, W]",)), Example("[1, 2, 2]", ("[N, 4, D, 8, 8]",)))


@op("adaptive_max_pool1d")
class AdaptiveMaxPool1d(AdaptivePool, rank=1, summary="max"):
    """Keep the largest values of a length in a fixed number of windows."""

    examples = (Example("1", ("[N, 4, T]",)), Example("4", ("[N, 4, 10]",)))


@op("adaptive_max_pool2d")
class AdaptiveMaxPool2d(AdaptivePool, rank=2, summary="max"):
    """Keep the largest values of an image in a fixed number of windows."""

    examples = (
        Example("1", ("[N, 8, H, W]",)),
        Example("[3, 2]", ("[N, 2, H, 8]",)),
    )


@op("adaptive_max_pool3d")
class AdaptiveMaxPool3d(AdaptivePool, rank=3, summary="max"):
    """Keep the largest values of a volume in a fixed number of windows."""

    examples = (Example("1", ("[N, 4, D, H, W]",)),)

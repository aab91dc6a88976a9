"""Pools: summarise windows of the last axes."""

from __future__ import annotations

from math import prod
from typing import ClassVar

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, boolean, integer, ints, op, shortened
from archc.opdef.python import Call, Input, Lit, Py, PyTorch, Site
from archc.ops.window import PER_AXIS, for_rank, layout, windows
from archc.sizes import TensorType


class Pool(Free):
    """What max and average pools share."""

    rank: ClassVar[int]
    kernel_size: tuple[int, ...] = attr(
        ints(PER_AXIS, min=1), main=True, doc="size of the windows along each axis"
    )
    stride: tuple[int, ...] | None = attr(
        ints(PER_AXIS, min=1, optional=True), None, doc="step between windows; the kernel's size by default"
    )

    padding: tuple[int, ...]
    ceil_mode: bool

    def __init_subclass__(cls, rank: int = 0) -> None:
        super().__init_subclass__()
        if rank:
            cls.rank = rank
            cls.attributes = for_rank(cls.attributes, rank)

    @property
    def step(self) -> tuple[int, ...]:
        """The stride; the kernel's size where none is written."""
        return self.kernel_size if self.stride is None else self.stride

    @property
    def spread(self) -> tuple[int, ...]:
        """The dilation."""
        return (1,) * self.rank

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Count the windows along each of the last axes."""
        rule.float_input(x)
        rule.rank(x, self.rank + 2, layout=layout(self.rank))
        for kernel, pad in zip(self.kernel_size, self.padding, strict=True):
            if pad > kernel // 2:
                rule.fail(
                    "E0704",
                    f"`padding` must be at most half the kernel, {pad} is more than {kernel}/2",
                    "padding",
                )
        pads = tuple((p, p) for p in self.padding)
        sizes = windows(rule, x, self.kernel_size, self.step, pads, self.spread, self.ceil_mode)
        return x.with_shape((*x.shape[: -self.rank], *sizes))

    def window_function(self, name: str, keywords: tuple[tuple[str, Py], ...]) -> PyTorch:
        """Give the pool as a function, and as the module of the same name in CamelCase."""
        kernel = Lit(shortened(self.kernel_size))
        words = "".join(part.capitalize() for part in name.split("_"))
        module = Call(f"nn.{words}{self.rank}d", (kernel,), keywords)
        return PyTorch(Call(f"F.{name}{self.rank}d", (Input(0), kernel), keywords), as_module=module)

    def window_attributes(self) -> dict[str, object]:
        """Give the attributes that ONNX's pools share."""
        return {
            "kernel_shape": list(self.kernel_size),
            "strides": list(self.step),
            "pads": [*self.padding, *self.padding],
            "ceil_mode": int(self.ceil_mode),
        }


class MaxPool(Pool):
    """What max pools of every rank share."""

    padding: tuple[int, ...] = attr(ints(PER_AXIS, min=0), 0, doc="minus infinity added on both sides")
    dilation: tuple[int, ...] = attr(ints(PER_AXIS, min=1), 1, doc="distance between a window's taps")
    ceil_mode: bool = attr(boolean(), False, doc="round the number of windows up")

    @property
    def spread(self) -> tuple[int, ...]:
        """The dilation."""
        return self.dilation

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.max_pool1d`, `F.max_pool2d` or `F.max_pool3d`."""
        return self.window_function("max_pool", self.keywords("stride", "padding", "dilation", "ceil_mode"))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `MaxPool`."""
        return g.emit("MaxPool", x, **self.window_attributes(), dilations=list(self.dilation))


@op("max_pool1d")
class MaxPool1d(MaxPool, rank=1):
    """Keep the largest value of each window of a length."""

    examples = (
        Example("2", ("[N, 6, T]",)),
        Example("{kernel_size: 3, stride: 2, padding: 1, dilation: 2}", ("[N, 3, 17]",)),
    )


@op("max_pool2d")
class MaxPool2d(MaxPool, rank=2):
    """Keep the largest value of each window of height and width."""

    examples = (
        Example("2", ("[N, 6, 28, 28]",)),
        Example("{kernel_size: 3, stride: 2, padding: 1}", ("[N, 8, H, W]",)),
        Example("{kernel_size: 3, stride: 2, ceil_mode: true}", ("[N, 4, H, 15]",)),
    )


@op("max_pool3d")
class MaxPool3d(MaxPool, rank=3):
    """Keep the largest value of each window of depth, height and width."""

    examples = (Example("{kernel_size: [1, 2, 2]}", ("[N, 2, D, 8, 8]",)),)


class AvgPool(Pool):
    """What average pools of every rank share."""

    padding: tuple[int, ...] = attr(ints(PER_AXIS, min=0), 0, doc="zeros added on both sides")
    ceil_mode: bool = attr(boolean(), False, doc="round the number of windows up")
    count_include_pad: bool = attr(boolean(), True, doc="count the padding in the average")

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.avg_pool1d`, `F.avg_pool2d` or `F.avg_pool3d`."""
        names = ("stride", "padding", "ceil_mode", "count_include_pad")
        return self.window_function("avg_pool", self.keywords(*names))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `AveragePool`."""
        included = int(self.count_include_pad)
        return g.emit("AveragePool", x, **self.window_attributes(), count_include_pad=included)


@op("avg_pool1d")
class AvgPool1d(AvgPool, rank=1):
    """Average each window of a length."""

    examples = (
        Example("2", ("[N, 6, T]",)),
        Example("{kernel_size: 3, stride: 2, padding: 1, ceil_mode: true}", ("[N, 3, T]",)),
    )


class DivisorAvgPool(AvgPool):
    """What average pools share whose divisor can be chosen."""

    divisor_override: int | None = attr(
        integer(min=1, optional=True), None, doc="divide by this in place of the window's size"
    )

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.avg_pool2d` or `F.avg_pool3d`."""
        names = ("stride", "padding", "ceil_mode", "count_include_pad", "divisor_override")
        return self.window_function("avg_pool", self.keywords(*names))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `AveragePool`; another divisor is a factor after it."""
        if self.divisor_override is None:
            return super().onnx(g, x)
        if self.ceil_mode:
            g.refuse("an average pool with both `divisor_override` and `ceil_mode`")
        pooled = g.emit("AveragePool", x, **self.window_attributes(), count_include_pad=1)
        return g.emit("Mul", pooled, g.scalar(prod(self.kernel_size) / self.divisor_override))


@op("avg_pool2d")
class AvgPool2d(DivisorAvgPool, rank=2):
    """Average each window of height and width."""

    examples = (
        Example("2", ("[N, 6, 28, 28]",)),
        Example("{kernel_size: 3, stride: 2, padding: 1, count_include_pad: false}", ("[N, 8, H, W]",)),
        Example("{kernel_size: [3, 2], padding: 1, divisor_override: 4}", ("[N, 2, 9, 9]",)),
        Example("{kernel_size: 4, stride: 3, padding: 2, ceil_mode: true}", ("[N, 2, H, 9]",)),
    )


@op("avg_pool3d")
class AvgPool3d(DivisorAvgPool, rank=3):
    """Average each window of depth, height and width."""

    examples = (Example("2", ("[N, 2, D, 8, 8]",)),)

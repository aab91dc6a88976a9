"""Pools: summarise windows of the last axes."""

from __future__ import annotations

from typing import ClassVar

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, boolean, integer, ints, op, shortened
from archc.opdef.python import Call, Input, Lit, Py, PyTorch, Site
from archc.ops.window import layout, windows
from archc.sizes import TensorType


class Pool(Free):
    """What max and average pools share."""

    rank: ClassVar[int]
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...] | None
    padding: tuple[int, ...]
    ceil_mode: bool

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
                rule.fail("E0704", f"`padding` must be at most half the kernel, {pad} is more than {kernel}/2", "padding")
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

    dilation: tuple[int, ...]

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


@op("max_pool2d")
class MaxPool2d(MaxPool):
    """Keep the largest value of each window of height and width."""

    rank = 2
    kernel_size: tuple[int, ...] = attr(ints(2, min=1), main=True, doc="height and width of the windows")
    stride: tuple[int, ...] | None = attr(
        ints(2, min=1, optional=True), None, doc="step between windows; the kernel's size by default"
    )
    padding: tuple[int, ...] = attr(ints(2, min=0), (0, 0), doc="minus infinity added on both sides")
    dilation: tuple[int, ...] = attr(ints(2, min=1), (1, 1), doc="distance between a window's taps")
    ceil_mode: bool = attr(boolean(), False, doc="round the number of windows up")

    examples = (
        Example("2", ("[N, 6, 28, 28]",)),
        Example("{kernel_size: 3, stride: 2, padding: 1}", ("[N, 8, H, W]",)),
        Example("{kernel_size: 3, stride: 2, ceil_mode: true}", ("[N, 4, 12, 15]",)),
    )


class AvgPool(Pool):
    """What average pools of every rank share."""

    count_include_pad: bool

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.avg_pool1d`, `F.avg_pool2d` or `F.avg_pool3d`."""
        names = ("stride", "padding", "ceil_mode", "count_include_pad", "divisor_override")
        keywords = self.keywords(*(name for name in names if name in self.attributes))
        return self.window_function("avg_pool", keywords)


@op("avg_pool2d")
class AvgPool2d(AvgPool):
    """Average each window of height and width."""

    rank = 2
    kernel_size: tuple[int, ...] = attr(ints(2, min=1), main=True, doc="height and width of the windows")
    stride: tuple[int, ...] | None = attr(
        ints(2, min=1, optional=True), None, doc="step between windows; the kernel's size by default"
    )
    padding: tuple[int, ...] = attr(ints(2, min=0), (0, 0), doc="zeros added on both sides")
    ceil_mode: bool = attr(boolean(), False, doc="round the number of windows up")
    count_include_pad: bool = attr(boolean(), True, doc="count the padding in the average")
    divisor_override: int | None = attr(
        integer(min=1, optional=True), None, doc="divide by this in place of the window's size"
    )

    examples = (
        Example("2", ("[N, 6, 28, 28]",)),
        Example("{kernel_size: 3, stride: 2, padding: 1, count_include_pad: false}", ("[N, 8, H, W]",)),
    )

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `AveragePool`; another divisor is a factor after it."""
        attributes = self.window_attributes()
        if self.divisor_override is None:
            return g.emit("AveragePool", x, **attributes, count_include_pad=int(self.count_include_pad))
        factor = self.kernel_size[0] * self.kernel_size[1] / self.divisor_override
        return g.emit("Mul", g.emit("AveragePool", x, **attributes, count_include_pad=1), g.scalar(factor))

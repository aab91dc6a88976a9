"""Pools: summarise windows of the last axes."""

from __future__ import annotations

from math import prod
from typing import ClassVar

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, boolean, integer, ints, op, shortened
from archc.opdef.python import Call, Input, Lit, Py, PyTorch, Site
from archc.ops.operands import input_type
from archc.ops.window import PER_AXIS, for_rank, layout, reach, windows
from archc.sizes import INT64, Dim, TensorType, ValueRange, at_least, dim_max, product, text


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

    def infer(self, rule: Rule, x: TensorType) -> TensorType | tuple[TensorType, ...]:
        """Count the windows along each of the last axes."""
        return self.windows(rule, x)

    def windows(self, rule: Rule, x: TensorType) -> TensorType:
        """Give the type with the numbers of windows in place of the sizes."""
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

    def pooled(self, g: OnnxBuilder, operator: str, x: str, **attributes: object) -> str:
        """Give ONNX's pool, without what rounding up would have left over."""
        x, behind, _ = self.covered(g, x)
        return g.emit(operator, x, **self.window_attributes(behind), **attributes)

    def window_attributes(self, behind: list[int]) -> dict[str, object]:
        """Give what ONNX's pools say of their windows."""
        return {
            "kernel_shape": list(self.kernel_size),
            "strides": list(self.step),
            "pads": [*self.padding, *behind],
            "ceil_mode": int(self.ceil_mode),
        }

    def covered(self, g: OnnxBuilder, x: str) -> tuple[str, list[int], list[Dim]]:
        """Give the part of the input that the windows cover, the padding behind it, and its sizes.

        PyTorch drops a last window that starts in the padding behind; ONNX's shape inference does not,
        so what no window covers is cut off where the size is known.
        """
        source = input_type(g)
        behind, sizes = list(self.padding), list(source.shape[2:])
        for axis, pad in enumerate(self.padding if self.ceil_mode else ()):
            size, count = source.shape[axis + 2], g.outputs[0].shape[axis + 2]
            if isinstance(size, int) and isinstance(count, int):
                covered = (count - 1) * self.step[axis] + reach(self.kernel_size[axis], self.spread[axis])
                unused = max(size + 2 * pad - covered, 0)
                behind[axis] = max(pad - unused, 0)
                if unused > pad:
                    x = g.emit("Slice", x, g.ints(0), g.ints(covered - pad), g.ints(axis + 2))
                    sizes[axis] = covered - pad
        return x, behind, sizes


class MaxPool(Pool):
    """What max pools of every rank share."""

    outputs = ("output", "indices")
    padding: tuple[int, ...] = attr(ints(PER_AXIS, min=0), 0, doc="minus infinity added on both sides")
    dilation: tuple[int, ...] = attr(ints(PER_AXIS, min=1), 1, doc="distance between a window's taps")
    ceil_mode: bool = attr(boolean(), False, doc="round the number of windows up")
    return_indices: bool = attr(
        boolean(), False, doc="give where the largest values lie too, for a max unpool"
    )

    @property
    def spread(self) -> tuple[int, ...]:
        """The dilation."""
        return self.dilation

    def infer(self, rule: Rule, x: TensorType) -> TensorType | tuple[TensorType, ...]:
        """Count the windows; each of them holds a value, however far apart its taps are."""
        result = self.windows(rule, x)
        for size, pad, dilation in zip(x.shape[2:], self.padding, self.dilation, strict=True):
            if pad and dilation > 1:
                rule.require(
                    at_least(size, dilation),
                    "E0430",
                    f"the taps of `{self.name}` are {dilation} apart, so a window may miss an input "
                    f"of {text(size)}",
                    "dilation",
                    [(0, f"this is {x}")],
                )
        if not self.return_indices:
            return result
        return result, TensorType(INT64, result.shape, ValueRange(0, product(x.shape[2:]) - 1))

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.max_pool1d`, `F.max_pool2d` or `F.max_pool3d`."""
        names = ("stride", "padding", "dilation", "ceil_mode", "return_indices")
        made = self.window_function("max_pool", self.keywords(*names))
        return made.replace(as_module=None) if self.return_indices else made

    def onnx(self, g: OnnxBuilder, x: str) -> str | tuple[str, ...]:
        """Give `MaxPool`."""
        if not self.return_indices:
            return self.pooled(g, "MaxPool", x, dilations=list(self.dilation))
        x, behind, sizes = self.covered(g, x)
        windows = self.window_attributes(behind)
        made, indices = g.emit_many(2, "MaxPool", x, dilations=list(self.dilation), **windows)
        return made, self._within_channel(g, indices, sizes) if g.used[1] else ""

    def _within_channel(self, g: OnnxBuilder, indices: str, sizes: list[Dim]) -> str:
        """Count positions within a channel of the whole input; ONNX counts through the tensor it is given."""
        whole = input_type(g).shape[2:]
        place = g.emit("Mod", indices, g.size(product(sizes)))
        if tuple(sizes) == whole:
            return place
        made = ""
        factor: Dim = 1
        for size, full in zip(reversed(sizes), reversed(whole), strict=True):
            step = g.emit("Mul", g.emit("Mod", place, g.size(size)), g.size(factor))
            made = g.emit("Add", made, step) if made else step
            place = g.emit("Div", place, g.size(size))
            factor = factor * full
        return made


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
        Example("{kernel_size: [1, 3], stride: 4, padding: [0, 1], ceil_mode: true}", ("[N, 2, 10, 7]",)),
        Example("{kernel_size: 2, return_indices: true}", ("[N, 2, H, 8]",)),
        Example(
            "{kernel_size: [1, 3], stride: 4, ceil_mode: true, return_indices: true}", ("[N, 2, 10, 8]",)
        ),
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
        return self.pooled(g, "AveragePool", x, count_include_pad=int(self.count_include_pad))


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
        """Give `AveragePool`; another divisor is a factor after one that counts every zero."""
        if self.divisor_override is None:
            return super().onnx(g, x)
        kernel, steps = list(self.kernel_size), list(self.step)
        padded = g.emit("Pad", x, g.sizes(self._zeros(g)))
        pooled = g.emit("AveragePool", padded, kernel_shape=kernel, strides=steps)
        return g.emit("Mul", pooled, g.scalar(prod(kernel) / self.divisor_override))

    def _zeros(self, g: OnnxBuilder) -> list[Dim]:
        """Give the zeros before and behind each axis that fill all windows."""
        source = g.types[0]
        assert source is not None
        windows = zip(
            source.shape[2:], g.outputs[0].shape[2:], self.kernel_size, self.step, self.padding, strict=True
        )
        behind = [
            dim_max(0, (count - 1) * step + kernel - size - pad) for size, count, kernel, step, pad in windows
        ]
        return [0, 0, *self.padding, 0, 0, *behind]


@op("avg_pool2d")
class AvgPool2d(DivisorAvgPool, rank=2):
    """Average each window of height and width."""

    examples = (
        Example("2", ("[N, 6, 28, 28]",)),
        Example("{kernel_size: 3, stride: 2, padding: 1, count_include_pad: false}", ("[N, 8, H, W]",)),
        Example("{kernel_size: [3, 2], padding: 1, divisor_override: 4}", ("[N, 2, 9, 9]",)),
        Example("{kernel_size: 4, stride: 3, padding: 2, ceil_mode: true}", ("[N, 2, H, 9]",)),
        Example("{kernel_size: 3, stride: [2, 4], ceil_mode: true, divisor_override: 4}", ("[N, 2, H, 8]",)),
    )


@op("avg_pool3d")
class AvgPool3d(DivisorAvgPool, rank=3):
    """Average each window of depth, height and width."""

    examples = (
        Example("2", ("[N, 2, D, 8, 8]",)),
        Example("{kernel_size: 3, padding: 1}", ("[N, 2, D, 8, 8]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Count the windows; PyTorch wants an input as large as a window even without its padding."""
        windows(rule, x, self.kernel_size, self.step, ((0, 0),) * 3, self.spread)
        return self.windows(rule, x)

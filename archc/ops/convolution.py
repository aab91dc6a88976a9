"""Convolutions of one, two and three dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod, sqrt
from typing import ClassVar

from archc.opdef import (
    Example,
    OnnxBuilder,
    Op,
    Param,
    Rule,
    attr,
    boolean,
    integer,
    ints,
    known,
    op,
    shortened,
    text,
    uniform,
)
from archc.opdef.python import Call, Input, Lit, Py, PyTorch, Site, Tuple, in_order, layer
from archc.ops.window import PER_AXIS, check_groups, for_rank, layout, same_padding, windows
from archc.sizes import Dim, TensorType, at_least, product

ONNX_PAD_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}
LAST = 2**62
"""An end for `Slice` beyond every size."""


class Convolution(Op):
    """What convolutions of every rank share; a leaf says its rank and its tuple attributes."""

    rank: ClassVar[int]
    out_channels: int = attr(integer(min=1), main=True, doc="number of filters")
    kernel_size: tuple[int, ...] = attr(ints(PER_AXIS, min=1), doc="size of the filters along each axis")
    stride: tuple[int, ...] = attr(ints(PER_AXIS, min=1), 1, doc="step between windows")
    padding: tuple[int, ...] | str = attr(
        ints(PER_AXIS, min=0, words=("same", "valid")), 0, doc="positions added on both sides"
    )
    dilation: tuple[int, ...] = attr(ints(PER_AXIS, min=1), 1, doc="distance between the filter's taps")
    groups: int = attr(integer(min=1), 1, doc="number of independent groups of channels")
    bias: bool = attr(boolean(), True, doc="add a learned bias to each output channel")
    padding_mode: str = attr(
        text("zeros", "reflect", "replicate", "circular"), "zeros", doc="what the padding holds"
    )

    def __init_subclass__(cls, rank: int) -> None:
        super().__init_subclass__()
        cls.rank = rank
        cls.attributes = for_rank(cls.attributes, rank)

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Slide the kernel: floor((size + padding - reach) / stride) + 1 along each axis."""
        rule.float_input(x)
        rule.rank(x, self.rank + 2, layout=layout(self.rank))
        channels = rule.number(x.shape[1], f"the number of input channels of `{self.name}`")
        check_groups(rule, self.groups, channels, self.out_channels, x)
        if self.padding == "same" and any(s != 1 for s in self.stride):
            rule.fail(
                "E0703",
                "`padding: same` needs a stride of 1",
                "stride",
                help=("write the padding as a number",),
            )
        pads = self.pads
        self._check_padding_mode(rule, x)
        sizes = windows(rule, x, self.kernel_size, self.stride, pads, self.dilation)
        return x.with_shape((x.shape[0], self.out_channels, *sizes))

    def _check_padding_mode(self, rule: Rule, x: TensorType) -> None:
        if self.padding_mode not in ("reflect", "circular"):
            return
        for size, pad in zip(x.shape[2:], self.pads, strict=True):
            least = max(pad) + (1 if self.padding_mode == "reflect" else 0)
            rule.require(
                at_least(size, least),
                "E0407",
                f"`padding_mode: {self.padding_mode}` needs an input at least {least} wide "
                f"for a padding of {max(pad)}",
                "padding",
                [(0, f"this is {x}")],
            )

    @property
    def pads(self) -> tuple[tuple[int, int], ...]:
        """The padding before and after, along each axis."""
        if self.padding == "same":
            return same_padding(self.kernel_size, self.dilation)
        if isinstance(self.padding, str):
            return ((0, 0),) * self.rank
        return tuple((p, p) for p in self.padding)

    def weights(self, x: TensorType) -> tuple[Param, ...]:
        """Give weight [out, in/groups, *kernel] and bias [out], uniform in 1/sqrt(fan_in), as PyTorch."""
        shape = (self.out_channels, known(x.shape[1]) // self.groups, *self.kernel_size)
        init = uniform(1 / sqrt(prod(shape[1:])))
        weight = Param("weight", shape, init)
        return (weight, Param("bias", shape[:1], init)) if self.bias else (weight,)

    def pytorch(self, _site: Site, x: TensorType) -> PyTorch:
        """Give `nn.Conv1d`, `nn.Conv2d` or `nn.Conv3d`."""
        args = (Lit(x.shape[1]), Lit(self.out_channels), Lit(shortened(self.kernel_size)))
        names = ("stride", "padding", "dilation", "groups", "bias", "padding_mode")
        return layer(Call(f"nn.Conv{self.rank}d", args, self.keywords(*names)))

    def functional(self, weights: Mapping[str, Py], _x: TensorType) -> PyTorch:
        """Give `F.conv1d`, `F.conv2d` or `F.conv3d`, with an `F.pad` before it for other paddings."""
        x: Py = Input(0)
        names: tuple[str, ...] = ("stride", "padding", "dilation", "groups")
        if self.padding_mode != "zeros":
            amounts = tuple(Lit(amount) for pair in reversed(self.pads) for amount in pair)
            x = Call("F.pad", (x, Tuple(amounts)), (("mode", Lit(self.padding_mode)),))
            names = ("stride", "dilation", "groups")
        given = in_order(weights, "weight", "bias")
        return PyTorch(Call(f"F.conv{self.rank}d", (x, *given), self.keywords(*names)))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Conv`, with a `Pad` before it where the padding is not of zeros."""
        before, after = zip(*self.pads, strict=True)
        if self.padding_mode != "zeros" and any(before + after):
            x = self._padded(g, x)
            before = after = (0,) * self.rank
        inputs = (g.param("weight"), *((g.param("bias"),) if self.bias else ()))
        return g.emit(
            "Conv",
            x,
            *inputs,
            kernel_shape=list(self.kernel_size),
            strides=list(self.stride),
            pads=[*before, *after],
            dilations=list(self.dilation),
            group=self.groups,
        )

    def _padded(self, g: OnnxBuilder, x: str) -> str:
        mode = ONNX_PAD_MODES[self.padding_mode]
        if mode != "wrap" or g.opset >= 19:
            before, after = zip(*self.pads, strict=True)
            return g.emit("Pad", x, g.ints(0, 0, *before, 0, 0, *after), mode=mode)
        for axis, (start, stop) in enumerate(self.pads, 2):
            parts = [g.emit("Slice", x, g.ints(-start), g.ints(LAST), g.ints(axis))] if start else []
            parts += [x, *([g.emit("Slice", x, g.ints(0), g.ints(stop), g.ints(axis))] if stop else [])]
            x = g.emit("Concat", *parts, axis=axis) if len(parts) > 1 else x
        return x

    def multiply_adds(self, out: TensorType, x: TensorType) -> Dim:
        """Count kernel positions times input channels of a group, for each output value."""
        return product(out.shape) * (known(x.shape[1]) // self.groups) * prod(self.kernel_size)


@op("conv1d")
class Conv1d(Convolution, rank=1):
    """Slide filters over a length; each output channel looks at all input channels of its group."""

    examples = (
        Example("{out_channels: 6, kernel_size: 3, padding: 1}", ("[N, 4, T]",)),
        Example("{out_channels: 8, kernel_size: 5, stride: 2, dilation: 2, groups: 2}", ("[N, 4, 40]",)),
        Example("{out_channels: 8, kernel_size: 4, padding: same, bias: false}", ("[N, 2, T]",)),
        Example("{out_channels: 4, kernel_size: 3, padding: 2, padding_mode: replicate}", ("[N, 2, T]",)),
    )


@op("conv2d")
class Conv2d(Convolution, rank=2):
    """Slide filters over height and width; each output channel looks at all input channels of its group."""

    examples = (
        Example("{out_channels: 6, kernel_size: 5, padding: 2}", ("[N, 1, 28, 28]",)),
        Example("{out_channels: 8, kernel_size: [3, 5], stride: 2, bias: false}", ("[N, 3, H, W]",)),
        Example(
            "{out_channels: 8, kernel_size: 3, groups: 4, padding: same, dilation: 2}", ("[N, 4, 12, 12]",)
        ),
        Example("{out_channels: 4, kernel_size: 3, padding: valid}", ("[N, 2, 9, 9]",)),
        Example("{out_channels: 4, kernel_size: 3, padding: 1, padding_mode: reflect}", ("[N, 2, 9, 9]",)),
        Example(
            "{out_channels: 4, kernel_size: 3, padding: [2, 1], padding_mode: circular}", ("[N, 2, H, 9]",)
        ),
    )


@op("conv3d")
class Conv3d(Convolution, rank=3):
    """Slide filters over depth, height and width; each output channel looks at all channels of its group."""

    examples = (
        Example("{out_channels: 4, kernel_size: 3, padding: 1}", ("[N, 2, D, 8, 8]",)),
        Example("{out_channels: 4, kernel_size: [1, 3, 3], stride: [1, 2, 2]}", ("[N, 3, 4, 9, 9]",)),
    )

"""Transposed convolutions: the gradient of a convolution as a layer, for growing sizes."""

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
    uniform,
)
from archc.opdef.python import Call, Input, Lit, Py, PyTorch, Site, in_order, layer
from archc.ops.window import AXIS_NAMES, PER_AXIS, check_groups, for_rank, layout, reach
from archc.sizes import Dim, TensorType, at_least, product, text


class TransposedConvolution(Op):
    """What transposed convolutions of every rank share."""

    rank: ClassVar[int]
    out_channels: int = attr(integer(min=1), main=True, doc="number of channels that come out")
    kernel_size: tuple[int, ...] = attr(ints(PER_AXIS, min=1), doc="size of the filters along each axis")
    stride: tuple[int, ...] = attr(ints(PER_AXIS, min=1), 1, doc="how far apart the windows are put")
    padding: tuple[int, ...] = attr(ints(PER_AXIS, min=0), 0, doc="positions cut off on both sides")
    output_padding: tuple[int, ...] = attr(ints(PER_AXIS, min=0), 0, doc="positions added at the end")
    groups: int = attr(integer(min=1), 1, doc="number of independent groups of channels")
    bias: bool = attr(boolean(), True, doc="add a learned bias to each output channel")
    dilation: tuple[int, ...] = attr(ints(PER_AXIS, min=1), 1, doc="distance between the filter's taps")

    def __init_subclass__(cls, rank: int) -> None:
        super().__init_subclass__()
        cls.rank = rank
        cls.attributes = for_rank(cls.attributes, rank)

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Put a window down for each position: (size - 1) * stride + reach - 2 * padding + output_padding."""
        rule.float_input(x)
        rule.rank(x, self.rank + 2, layout=layout(self.rank))
        channels = rule.number(x.shape[1], f"the number of input channels of `{self.name}`")
        check_groups(rule, self.groups, channels, self.out_channels, x)
        sizes = [self._size(rule, x, axis) for axis in range(self.rank)]
        return x.with_shape((x.shape[0], self.out_channels, *sizes))

    def _size(self, rule: Rule, x: TensorType, axis: int) -> Dim:
        stride, dilation, extra = self.stride[axis], self.dilation[axis], self.output_padding[axis]
        if extra >= max(stride, dilation):
            rule.fail(
                "E0720",
                f"`output_padding` must be smaller than the stride or the dilation, it is {extra}, "
                f"the stride is {stride}, the dilation {dilation}",
                "output_padding",
            )
        size = x.shape[2 + axis]
        result = (
            (size - 1) * stride - 2 * self.padding[axis] + reach(self.kernel_size[axis], dilation) + extra
        )
        name = AXIS_NAMES[self.rank][axis]
        rule.require(
            at_least(result, 1),
            "E0420",
            f"`{self.name}` leaves nothing of the {name} {text(size)} after cutting a padding of "
            f"{self.padding[axis]} off both sides",
            "padding",
            [(0, f"this is {x}")],
            ("use less padding, or a larger kernel",),
        )
        return result

    def weights(self, x: TensorType) -> tuple[Param, ...]:
        """Give weight [in, out/groups, *kernel] and bias [out], uniform as PyTorch draws them."""
        shape = (known(x.shape[1]), self.out_channels // self.groups, *self.kernel_size)
        init = uniform(1 / sqrt(prod(shape[1:])))
        weight = Param("weight", shape, init)
        return (weight, Param("bias", (self.out_channels,), init)) if self.bias else (weight,)

    def pytorch(self, _site: Site, x: TensorType) -> PyTorch:
        """Give `nn.ConvTranspose1d`, `nn.ConvTranspose2d` or `nn.ConvTranspose3d`."""
        args = (Lit(x.shape[1]), Lit(self.out_channels), Lit(shortened(self.kernel_size)))
        names = ("stride", "padding", "output_padding", "groups", "bias", "dilation")
        return layer(Call(f"nn.ConvTranspose{self.rank}d", args, self.keywords(*names)))

    def functional(self, weights: Mapping[str, Py], _x: TensorType) -> PyTorch:
        """Give `F.conv_transpose1d`, `F.conv_transpose2d` or `F.conv_transpose3d`."""
        names = ("stride", "padding", "output_padding", "groups", "dilation")
        given = (Input(0), *in_order(weights, "weight", "bias"))
        return PyTorch(Call(f"F.conv_transpose{self.rank}d", given, self.keywords(*names)))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `ConvTranspose`."""
        bias = (g.param("bias"),) if self.bias else ()
        pairs = list(zip(self.padding, self.output_padding, strict=True))
        if all(extra < stride for extra, stride in zip(self.output_padding, self.stride, strict=True)):
            return self._transposed(g, (x, g.param("weight"), *bias), self.padding, self.output_padding)
        # Runtimes refuse an output padding beyond the stride: cut less off, and add what is still missing.
        cut = tuple(max(pad - extra, 0) for pad, extra in pairs)
        missing = [max(extra - pad, 0) for pad, extra in pairs]
        none = (0,) * self.rank
        if not any(missing):
            return self._transposed(g, (x, g.param("weight"), *bias), cut, none)
        result = self._transposed(g, (x, g.param("weight")), cut, none)
        result = g.emit("Pad", result, g.ints(0, 0, *none, 0, 0, *missing))
        if not self.bias:
            return result
        aligned = g.emit("Reshape", *bias, g.ints(self.out_channels, *[1] * self.rank))
        return g.emit("Add", result, aligned)

    def _transposed(
        self, g: OnnxBuilder, inputs: tuple[str, ...], cut: tuple[int, ...], extra: tuple[int, ...]
    ) -> str:
        return g.emit(
            "ConvTranspose",
            *inputs,
            kernel_shape=list(self.kernel_size),
            strides=list(self.stride),
            pads=[*self.padding, *cut],
            output_padding=list(extra),
            dilations=list(self.dilation),
            group=self.groups,
        )

    def multiply_adds(self, _out: TensorType, x: TensorType) -> Dim:
        """Count kernel positions times output channels of a group, for each input value."""
        return product(x.shape) * (self.out_channels // self.groups) * prod(self.kernel_size)


@op("conv_transpose1d")
class ConvTranspose1d(TransposedConvolution, rank=1):
    """Put a filter down at each position of a length and add up where they overlap."""

    examples = (
        Example("{out_channels: 4, kernel_size: 4, stride: 2, padding: 1}", ("[N, 6, T]",)),
        Example(
            "{out_channels: 4, kernel_size: 3, groups: 2, dilation: 3, output_padding: 2}", ("[N, 6, 9]",)
        ),
        Example(
            "{out_channels: 2, kernel_size: 3, dilation: 3, padding: 2, output_padding: 1}", ("[N, 2, 9]",)
        ),
    )


@op("conv_transpose2d")
class ConvTranspose2d(TransposedConvolution, rank=2):
    """Put a filter down at each place of an image and add up where they overlap."""

    examples = (
        Example("{out_channels: 4, kernel_size: 2, stride: 2}", ("[N, 8, H, W]",)),
        Example("{out_channels: 3, kernel_size: 4, stride: 2, padding: 1, bias: false}", ("[N, 4, 7, 7]",)),
        Example(
            "{out_channels: 6, kernel_size: [3, 5], stride: [2, 3], "
            "padding: 1, output_padding: [1, 2], groups: 2}",
            ("[N, 4, H, W]",),
        ),
        Example("{out_channels: 4, kernel_size: 3, padding: 3, dilation: 2}", ("[N, 2, 9, 9]",)),
    )


@op("conv_transpose3d")
class ConvTranspose3d(TransposedConvolution, rank=3):
    """Put a filter down at each place of a volume and add up where they overlap."""

    examples = (Example("{out_channels: 2, kernel_size: 2, stride: 2}", ("[N, 4, D, 5, 5]",)),)

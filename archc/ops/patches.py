"""Patches of images side by side, and put together again."""

from __future__ import annotations

from math import prod

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, ints, known, op, shortened
from archc.opdef import sizes as several
from archc.opdef.python import Call, Input, Lit, Py, PyTorch, Site, Tuple
from archc.ops.operands import constant, input_type
from archc.ops.reshaping import dimension
from archc.ops.window import layout, reach, windows
from archc.sizes import Dim, TensorType, product, text

COL2IM_SINCE = 18


class Patches(Free):
    """What `unfold` and `fold` share: windows over height and width."""

    kernel_size: tuple[int, ...] = attr(ints(2, min=1), main=True, doc="height and width of a patch")
    dilation: tuple[int, ...] = attr(ints(2, min=1), (1, 1), doc="distance between a patch's pixels")
    padding: tuple[int, ...] = attr(ints(2, min=0), (0, 0), doc="zeros added on both sides")
    stride: tuple[int, ...] = attr(ints(2, min=1), (1, 1), doc="step between patches")

    @property
    def pads(self) -> tuple[tuple[int, int], ...]:
        """The padding before and after, along both axes."""
        return tuple((each, each) for each in self.padding)

    def call(self, name: str, *before: Py) -> PyTorch:
        """Give the function, and the module of its name."""
        kernel = Lit(shortened(self.kernel_size))
        keywords = self.keywords("dilation", "padding", "stride")
        module = Call(f"nn.{name.capitalize()}", (*before, kernel), keywords)
        return PyTorch(Call(f"F.{name}", (Input(0), *before, kernel), keywords), as_module=module)


@op("unfold")
class Unfold(Patches):
    """Lay out the patches of an image as columns: [N, channels * patch, patches] (im2col)."""

    examples = (
        Example("3", ("[N, 2, 5, W]",)),
        Example("{kernel_size: 4, stride: 4}", ("[N, 3, H, 8]",)),
        Example("{kernel_size: [3, 2], dilation: [1, 2], padding: [1, 0], stride: 2}", ("[N, 2, H, W]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Count the patches along both axes."""
        rule.float_input(x)
        rule.rank(x, 4, layout=layout(2))
        rows, columns = windows(rule, x, self.kernel_size, self.stride, self.pads, self.dilation)
        return x.with_shape((x.shape[0], x.shape[1] * prod(self.kernel_size), rows * columns))

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.unfold`."""
        return self.call("unfold")

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give a `Gather` along each axis, by the places of the patches' pixels."""
        source = input_type(g)
        if any(self.padding):
            x = g.emit("Pad", x, g.ints(0, 0, *self.padding, 0, 0, *self.padding))
        counts = []
        for place, size in enumerate(source.shape[2:]):
            kernel, dilation = self.kernel_size[place], self.dilation[place]
            span = size + 2 * self.padding[place] - reach(kernel, dilation)
            count = span // self.stride[place] + 1
            counts.append(count)
            x = g.emit("Gather", x, self._places(g, place, count), axis=2 + 2 * place)
        moved = g.emit("Transpose", x, perm=[0, 1, 2, 4, 3, 5])
        return g.emit("Reshape", moved, g.sizes(g.outputs[0].shape))

    def _places(self, g: OnnxBuilder, place: int, count: Dim) -> str:
        kernel, dilation = self.kernel_size[place], self.dilation[place]
        taps = g.emit("Reshape", steps_of(g, kernel, dilation), g.ints(-1, 1))
        steps = steps_of(g, count, self.stride[place])
        return g.emit("Add", taps, steps)


@op("fold")
class Fold(Patches):
    """Put patches, laid out as columns, back into an image, and add up where they overlap (col2im)."""

    output_size: tuple[Dim, ...] = attr(several(min=1, single=True), doc="height and width of the image")
    kernel_size: tuple[int, ...] = attr(ints(2, min=1), doc="height and width of a patch")

    examples = (
        Example("{output_size: [4, 6], kernel_size: 2, stride: 2}", ("[N, 12, 6]",)),
        Example("{output_size: [5, 6], kernel_size: 3, padding: 1, dilation: [1, 2]}", ("[N, 9, 20]",)),
        Example("{output_size: [4, 2 * W], kernel_size: 2, stride: 2}", ("[W, 4, 2 * W]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Require as many columns as the image has patches."""
        rule.float_input(x)
        rule.rank(x, 3, layout="[batch, channels * patch, patches]")
        if len(self.output_size) > 2:
            message = f"`output_size` is a height and a width, {len(self.output_size)} sizes are given"
            rule.fail("E0726", message, "output_size")
        area = prod(self.kernel_size)
        rows = rule.number(x.shape[1], "the number of rows of `fold`")
        if rows % area:
            message = f"`fold` needs a multiple of a patch's {area} values along axis 1, it has {rows}"
            rule.fail("E0493", message, "kernel_size", [(0, f"this is {x}")])
        image = TensorType(x.dtype, (x.shape[0], rows // area, *self.image))
        down, across = windows(rule, image, self.kernel_size, self.stride, self.pads, self.dilation)
        message = (
            f"an image of {text(self.image[0])} by {text(self.image[1])} has {text(down * across)} patches, "
            f"`fold` is given {text(x.shape[2])}"
        )
        rule.same(x.shape[2], down * across, "E0493", message, "output_size", [(0, f"this is {x}")])
        return image

    @property
    def image(self) -> tuple[Dim, Dim]:
        """Height and width; one size stands for both."""
        return self.output_size[0], self.output_size[-1]

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.fold`."""
        sizes = tuple(dimension(each) for each in self.image)
        form = self.call("fold", Tuple(sizes))
        fixed = all(isinstance(each, int) for each in self.image)
        return form if fixed else form.replace(as_module=None)

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Col2Im`, from opset 18 on; before, values added at their places."""
        if g.opset < COL2IM_SINCE:
            return self._added(g, x)
        pads = [*self.padding, *self.padding]
        return g.emit(
            "Col2Im",
            x,
            g.sizes(self.image),
            g.ints(*self.kernel_size),
            dilations=list(self.dilation),
            pads=pads,
            strides=list(self.stride),
        )

    def _added(self, g: OnnxBuilder, x: str) -> str:
        made = g.outputs[0]
        batch, channels, *image = made.shape
        padded = [size + 2 * pad for size, pad in zip(image, self.padding, strict=True)]
        places = self._places(g, padded)
        given = (batch, channels, known(input_type(g).shape[1]) // known(channels) * input_type(g).shape[2])
        zeros = g.emit("Expand", constant(g, 0, made.dtype), g.sizes((batch, channels, product(padded))))
        values = g.emit("Reshape", x, g.sizes(given))
        index = g.emit("Expand", places, g.sizes(given))
        summed = g.emit("ScatterElements", zeros, index, values, axis=2, reduction="add")
        whole = g.emit("Reshape", summed, g.sizes((batch, channels, *padded)))
        ends = [size + pad for size, pad in zip(image, self.padding, strict=True)]
        return g.emit("Slice", whole, g.ints(*self.padding), g.sizes(ends), g.ints(2, 3))

    def _places(self, g: OnnxBuilder, padded: list[Dim]) -> str:
        """Give where each value goes, in the order of the columns, with the rows in a row."""
        grids = []
        for place, (early, later) in enumerate(
            (((-1, 1, 1, 1), (1, 1, -1, 1)), ((1, -1, 1, 1), (1, 1, 1, -1)))
        ):
            kernel, dilation, stride = self.kernel_size[place], self.dilation[place], self.stride[place]
            count = (padded[place] - reach(kernel, dilation)) // stride + 1
            taps = g.emit("Reshape", steps_of(g, kernel, dilation), g.ints(*early))
            grids.append(g.emit("Add", taps, g.emit("Reshape", steps_of(g, count, stride), g.ints(*later))))
        whole = g.emit("Add", g.emit("Mul", grids[0], g.size(padded[1])), grids[1])
        return g.emit("Reshape", whole, g.ints(1, 1, -1))


def steps_of(g: OnnxBuilder, count: Dim, step: int) -> str:
    """Give 0, step, 2 * step and so on."""
    return g.emit("Range", g.size(0), g.size(count * step), g.size(step))

"""Images sampled at places that are values themselves."""

from __future__ import annotations

from archc.opdef import Example, Free, Kind, OnnxBuilder, Rule, Weightless, attr, op, text
from archc.opdef import sizes as several
from archc.opdef.python import Call, Input, Lit, PyTorch, Site, Tuple
from archc.ops.matmul import require_one_dtype
from archc.ops.operands import constant, input_type
from archc.ops.reshaping import dimension
from archc.sizes import Dim, DType, TensorType, product
from archc.sizes import text as size_text

ALIGN = Kind("bool", optional=True)
VOLUMES_SINCE = 20
MODES_SINCE_20 = {"bilinear": "linear", "nearest": "nearest", "bicubic": "cubic"}


@op("affine_grid")
class AffineGrid(Weightless):
    """Give the places that affine transforms send the pixels of an image to, for `grid_sample`."""

    inputs = ("theta",)
    size: tuple[Dim, ...] = attr(
        several(min=1), main=True, doc="sizes of the image: batch, channels, height and width (depth first)"
    )
    align_corners: bool | None = attr(
        ALIGN, None, doc="-1 and 1 are the centres of the corner pixels, not their edges; null is false"
    )

    examples = (
        Example("[N, 3, 4, 6]", ("[N, 2, 3]",)),
        Example("{size: [N, 1, N, 5], align_corners: true}", ("[N, 2, 3]",)),
        Example("[N, 1, 2, 3, 4]", ("[N, 3, 4]",)),
        Example("{size: [2, 1, 1, 3], align_corners: true}", ("[2, 2, 3]",)),
    )

    def infer(self, rule: Rule, theta: TensorType) -> TensorType:
        """Give [batch, height, width, 2], or [batch, depth, height, width, 3]."""
        rule.float_input(theta)
        rule.rank(theta, 3, layout="[batch, 2, 3], or [batch, 3, 4] for volumes")
        if len(self.size) not in (4, 5):
            message = f"`size` is that of an image (4 sizes) or a volume (5), {len(self.size)} are given"
            rule.fail("E0726", message, "size")
        axes = len(self.size) - 2
        for found, wanted in zip(theta.shape, (self.size[0], axes, axes + 1), strict=True):
            message = f"`affine_grid` of {axes} axes needs transforms of [batch, {axes}, {axes + 1}]"
            rule.same(found, wanted, "E0494", message, 0, [(0, f"this is {theta}")])
        return theta.with_shape((self.size[0], *self.size[2:], axes))

    def pytorch(self, _site: Site, _theta: TensorType) -> PyTorch:
        """Give `F.affine_grid`."""
        sizes = Tuple(tuple(dimension(each) for each in self.size), "[]")
        align = (("align_corners", Lit(bool(self.align_corners))),)
        return PyTorch(Call("F.affine_grid", (Input(0), sizes), align))

    def onnx(self, g: OnnxBuilder, theta: str) -> str:
        """Give the places before the transform as rows, times the transforms."""
        dtype, image = g.outputs[0].dtype, self.size[2:]
        columns = [self._coordinates(g, axis, dtype) for axis in reversed(range(len(image)))]
        whole = g.sizes((*image, 1))
        expanded = [g.emit("Expand", each, whole) for each in (*columns, constant(g, 1, dtype))]
        rows = g.emit("Reshape", g.emit("Concat", *expanded, axis=len(image)), g.ints(1, -1, len(image) + 1))
        placed = g.emit("MatMul", rows, g.emit("Transpose", theta, perm=[0, 2, 1]))
        return g.emit("Reshape", placed, g.sizes(g.outputs[0].shape))

    def _coordinates(self, g: OnnxBuilder, axis: int, dtype: DType) -> str:
        """Give the places of the pixels along an axis, from -1 to 1, turned into that axis."""
        count = self.size[2 + axis]
        last = g.cast(g.size(count - 1), dtype)
        counted = g.cast(g.emit("Range", g.size(0), g.size(count), g.size(1)), dtype)
        centred = g.emit("Sub", g.emit("Mul", counted, constant(g, 2, dtype)), last)
        width = (
            g.emit("Max", last, constant(g, 1, dtype)) if self.align_corners else g.cast(g.size(count), dtype)
        )
        turned = [-1 if each == axis else 1 for each in range(len(self.size) - 1)]
        return g.emit("Reshape", g.emit("Div", centred, width), g.ints(*turned))

    def multiply_adds(self, out: TensorType, _theta: TensorType) -> Dim:
        """Count the products with the transforms."""
        return product(out.shape) * (out.rank - 1)


@op("grid_sample")
class GridSample(Free):
    """Take the values of an image at the places of a grid, whose last axis holds x and y in -1 to 1."""

    inputs = ("input", "grid")
    mode: str = attr(
        text("bilinear", "nearest", "bicubic"),
        "bilinear",
        main=True,
        doc="how values between pixels are made",
    )
    padding_mode: str = attr(
        text("zeros", "border", "reflection"), "zeros", doc="what lies outside of the image"
    )
    align_corners: bool | None = attr(
        ALIGN, None, doc="-1 and 1 are the centres of the corner pixels, not their edges; null is false"
    )

    examples = (
        Example("", ("[N, 3, H, W]", "[N, 4, 5, 2]")),
        Example("", ("[N, 2, 3, 4, 5]", "[N, 2, H, 3, 3]")),
        Example("{mode: nearest, padding_mode: border}", ("[N, 2, 6, 7]", "[N, H, W, 2]")),
        Example(
            "{mode: bicubic, padding_mode: reflection, align_corners: true}", ("[N, 2, 5, 6]", "[N, T, 3, 2]")
        ),
    )

    def infer(self, rule: Rule, x: TensorType, grid: TensorType) -> TensorType:
        """Put the sizes of the grid in the place of the image's."""
        rule.float_input(x)
        require_one_dtype(rule, self.name, (x, grid))
        rule.rank(x, 4, *(() if self.mode == "bicubic" else (5,)), layout="[batch, channels, height, width]")
        rule.rank(grid, x.rank, at=1)
        show = [(0, f"this is {x}"), (1, f"this is {grid}")]
        batches = f"{size_text(x.shape[0])} and {size_text(grid.shape[0])}"
        message = f"the grid has places for each image, the batches are {batches}"
        batch = rule.same(x.shape[0], grid.shape[0], "E0494", message, 1, show)
        message = (
            f"the last axis of the grid holds {x.rank - 2} coordinates, it has {size_text(grid.shape[-1])}"
        )
        rule.same(grid.shape[-1], x.rank - 2, "E0494", message, 1, show)
        return x.with_shape((batch, x.shape[1], *grid.shape[1:-1]))

    def pytorch(self, _site: Site, *_types: TensorType) -> PyTorch:
        """Give `F.grid_sample`."""
        keywords = self.keywords("mode", "padding_mode")
        align = ("align_corners", Lit(bool(self.align_corners)))
        return PyTorch(Call("F.grid_sample", (Input(0), Input(1)), (*keywords, align)))

    def onnx(self, g: OnnxBuilder, x: str, grid: str) -> str:
        """Give `GridSample`; of volumes from opset 20 on."""
        if input_type(g).rank == 5 and g.opset < VOLUMES_SINCE:
            g.refuse(f"`GridSample` takes no volumes before opset {VOLUMES_SINCE}")
        mode = MODES_SINCE_20[self.mode] if g.opset >= VOLUMES_SINCE else self.mode
        return g.emit(
            "GridSample",
            x,
            grid,
            mode=mode,
            padding_mode=self.padding_mode,
            align_corners=int(bool(self.align_corners)),
        )

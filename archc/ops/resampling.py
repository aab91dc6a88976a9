"""Other resolutions: interpolation, and channels traded for pixels."""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import Any

from archc.opdef import (
    Example,
    Free,
    Kind,
    OnnxBuilder,
    Rule,
    attr,
    floats,
    integer,
    op,
    sizes,
    text,
)
from archc.opdef.python import Call, Input, Lit, Py, PyTorch, Site, Size, Tuple
from archc.ops.resizing import resized, resized_area, resized_nearest, whole_ratio
from archc.sizes import Condition, Dim, TensorType, at_least, divides, floor_div, product
from archc.sizes import text as size_text

RANKS = {"linear": (1,), "bilinear": (2,), "trilinear": (3,), "bicubic": (2,)}
ONNX_MODES = {"linear": "linear", "bilinear": "linear", "trilinear": "linear", "bicubic": "cubic"}


@op("interpolate")
class Interpolate(Free):
    """Resize the axes after the second to a size, or by a factor."""

    size: tuple[Dim, ...] | None = attr(
        sizes(min=1, optional=True, single=True), None, doc="the sizes that come out; one stands for all axes"
    )
    scale_factor: tuple[float, ...] | None = attr(
        floats(0, optional=True, single=True),
        None,
        main=True,
        doc="factors of the sizes; one stands for all axes",
    )
    mode: str = attr(
        text("nearest", "linear", "bilinear", "bicubic", "trilinear", "area", "nearest-exact"),
        "nearest",
        doc="how new values are made from old ones",
    )
    align_corners: bool | None = attr(
        Kind("bool", optional=True), None, doc="put corner on corner; only for the linear and cubic modes"
    )

    examples = (
        Example("2", ("[N, 3, H, W]",)),
        Example("{scale_factor: 0.5, mode: nearest-exact}", ("[N, 3, H, W]",)),
        Example("{size: [7, 5]}", ("[N, 3, H, 10]",)),
        Example("{size: [7, 5], mode: nearest-exact}", ("[N, 3, H, 3]",)),
        Example("{scale_factor: 2, mode: bilinear}", ("[N, 3, H, W]",)),
        Example("{size: [9, 5], mode: bilinear, align_corners: true}", ("[N, 3, H, W]",)),
        Example("{scale_factor: [1.5, 0.7], mode: bilinear}", ("[N, 3, 9, 10]",)),
        Example("{size: 12, mode: bicubic}", ("[N, 2, H, 8]",)),
        Example("{scale_factor: 2, mode: bicubic, align_corners: true}", ("[N, 2, H, 8]",)),
        Example("{scale_factor: 3, mode: linear}", ("[N, 2, T]",)),
        Example("{scale_factor: 2, mode: trilinear}", ("[N, 2, 3, H, 4]",)),
        Example("{size: 3, mode: area}", ("[N, 2, H, 8]",)),
        Example("{scale_factor: 1.3}", ("[N, 2, 11]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Put the new sizes in the place of the old: `size`, or floor(size * factor)."""
        rule.float_input(x)
        axes = x.rank - 2
        rule.rank(x, *(axes + 2 for axes in RANKS.get(self.mode, (1, 2, 3))), layout="[batch, channels, ...]")
        if (self.size is None) == (self.scale_factor is None):
            given = "neither is" if self.size is None else "both are"
            rule.fail("E0724", f"`interpolate` needs either `size` or `scale_factor`, {given} given", "size")
        if self.align_corners is not None and self.mode not in ONNX_MODES:
            rule.fail("E0725", f"`align_corners` has no meaning for `mode: {self.mode}`", "align_corners")
        for name, values in (("size", self.size), ("scale_factor", self.scale_factor)):
            if values is not None and len(values) not in (1, axes):
                message = f"`{name}` takes {axes} values here, or one for all, this has {len(values)}"
                rule.fail("E0726", message, name, [(0, f"this is {x}")])
        return x.with_shape((*x.shape[:2], *(self._target(rule, x, axis) for axis in range(axes))))

    def _target(self, rule: Rule, x: TensorType, axis: int) -> Dim:
        size = x.shape[axis + 2]
        if self.size is not None:
            target = self.size[axis % len(self.size)]
            self._check_area(rule, x, size, target)
            return target
        assert self.scale_factor is not None
        factor = self.scale_factor[axis % len(self.scale_factor)]
        if factor <= 0:
            rule.fail("E0727", f"`scale_factor` must be above zero, it is {factor}", "scale_factor")
        result = self._scaled(rule, x, size, factor)
        self._check_area(rule, x, size, result)
        rule.require(
            at_least(result, 1),
            "E0425",
            f"`interpolate` leaves nothing of the size {size_text(size)} times {factor}",
            "scale_factor",
            [(0, f"this is {x}")],
        )
        self._check_rounding(rule, x, size, result, factor)
        return result

    def _check_rounding(self, rule: Rule, x: TensorType, size: Dim, result: Dim, factor: float) -> None:
        """Refuse where a factor rounds to another one and PyTorch uses either, depending on the kernel."""
        for whole in (1, 2) if self.mode.startswith("nearest") else (1,):
            if factor == whole or self.mode == "area":
                continue
            rule.require(
                Condition(result, "!=", whole * size),
                "E0431",
                f"`scale_factor: {factor}` of the size {size_text(size)} rounds to a factor of {whole}",
                "scale_factor",
                [(0, f"this is {x}")],
                (f"write `{whole}`, or `size` in its place",),
            )

    def _scaled(self, rule: Rule, x: TensorType, size: Dim, factor: float) -> Dim:
        if isinstance(size, int):
            return floor(size * factor)
        exact = Fraction(factor)
        if exact.denominator > 64:
            rule.fail(
                "E0426",
                f"`scale_factor: {factor}` of the size `{size_text(size)}` depends on how PyTorch rounds; "
                "a factor of a symbolic size must be a whole number, or one with halves, quarters...",
                "scale_factor",
                [(0, f"this is {x}")],
                ("use `size` with an expression in its place", "or fix the size of the input"),
            )
        return floor_div(size * exact.numerator, exact.denominator)

    def _check_area(self, rule: Rule, x: TensorType, size: Dim, target: Dim) -> None:
        if self.mode != "area" or isinstance(target, int):
            return
        if whole_ratio(size, target) is None:
            rule.fail(
                "E0427",
                f"`mode: area` from the size `{size_text(size)}` to `{size_text(target)}` "
                "needs one to be a multiple of the other",
                "mode",
                [(0, f"this is {x}")],
                (
                    "declare a multiple under `dims`: `{multiple_of: ...}`",
                    "or use `avg_pool2d` or `bilinear`",
                ),
            )

    def pytorch(self, site: Site, _x: TensorType) -> PyTorch:
        """Give `F.interpolate`."""
        if self.size is not None:
            target: tuple[str, Py] = ("size", _display([Size(dim) for dim in site.output.shape[2:]]))
        else:
            factors = self.scale_factor or ()
            one = len(set(factors)) == 1
            target = ("scale_factor", Lit(factors[0]) if one else _display([Lit(each) for each in factors]))
        keywords = (target, *self.keywords("mode", "align_corners"))
        fixed = self.size is None or all(isinstance(dim, int) for dim in self.size)
        module = Call("nn.Upsample", (), keywords) if fixed and self.mode != "area" else None
        return PyTorch(Call("F.interpolate", (Input(0),), keywords), as_module=module)

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Resize` in the mode that computes as PyTorch does, or what comes to the same."""
        source = g.types[0]
        assert source is not None
        target = g.outputs[0].shape
        if source.shape == target:
            return x
        if self.mode == "area":
            return resized_area(g, x, source.shape, target)
        factors = self.scale_factor
        if factors is not None and len(factors) == 1:
            factors = factors * (source.rank - 2)
        if self.mode in ONNX_MODES:
            smooth: dict[str, Any] = {
                "mode": ONNX_MODES[self.mode],
                "cubic_coeff_a": -0.75 if self.mode == "bicubic" else None,
            }
            if self.align_corners:
                return resized(g, x, target, coordinate_transformation_mode="align_corners", **smooth)
            return resized(g, x, target, factors, coordinate_transformation_mode="half_pixel", **smooth)
        return resized_nearest(g, x, target, factors, 0.5 if self.mode == "nearest-exact" else 0.0)


def _display(items: list[Py]) -> Py:
    return Tuple(tuple(items), "[]")


@op("pixel_shuffle")
class PixelShuffle(Free):
    """Trade channels for resolution: [.., C * r * r, H, W] becomes [.., C, H * r, W * r]."""

    upscale_factor: int = attr(integer(min=1), main=True, doc="factor of height and width")

    examples = (
        Example("2", ("[N, 12, H, W]",)),
        Example("3", ("[N, T, 18, 4, 5]",)),
        Example("2", ("[4, H, W]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Divide the channels, multiply height and width."""
        rule.at_least_rank(x, 3)
        *batch, channels, height, width = x.shape
        r = self.upscale_factor
        rule.require(
            divides(r * r, channels),
            "E0428",
            f"`pixel_shuffle` by {r} needs a multiple of {r * r} channels, there are {size_text(channels)}",
            "upscale_factor",
            [(0, f"this is {x}")],
        )
        return x.with_shape((*batch, floor_div(channels, r * r), height * r, width * r))

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.pixel_shuffle`."""
        factor = Lit(self.upscale_factor)
        return PyTorch(
            Call("F.pixel_shuffle", (Input(0), factor)), as_module=Call("nn.PixelShuffle", (factor,))
        )

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `DepthToSpace` in the order of PyTorch; other ranks are folded around it."""
        source = g.types[0]
        assert source is not None
        if not source.dtype.is_float:
            return self._moved(g, x)
        folded = source.rank != 4
        if folded:
            x = g.emit("Reshape", x, g.sizes((product(source.shape[:-3]), *source.shape[-3:])))
        x = g.emit("DepthToSpace", x, blocksize=self.upscale_factor, mode="CRD")
        return g.emit("Reshape", x, g.sizes(g.outputs[0].shape)) if folded else x

    def _moved(self, g: OnnxBuilder, x: str) -> str:
        """Give `Reshape`, `Transpose`, `Reshape`: runtimes have `DepthToSpace` for floats."""
        source = g.types[0]
        assert source is not None
        r = self.upscale_factor
        *batch, channels, height, width = source.shape
        split = g.emit(
            "Reshape", x, g.sizes((product(batch), floor_div(channels, r * r), r, r, height, width))
        )
        moved = g.emit("Transpose", split, perm=[0, 1, 4, 2, 5, 3])
        return g.emit("Reshape", moved, g.sizes(g.outputs[0].shape))


@op("pixel_unshuffle")
class PixelUnshuffle(Free):
    """Trade resolution for channels: [.., C, H * r, W * r] becomes [.., C * r * r, H, W]."""

    downscale_factor: int = attr(integer(min=1), main=True, doc="divisor of height and width")

    examples = (
        Example("2", ("[N, 3, 8, W]",)),
        Example("3", ("[2, 9, 6]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Multiply the channels, divide height and width."""
        rule.at_least_rank(x, 3)
        *batch, channels, height, width = x.shape
        r = self.downscale_factor
        for name, size in (("height", height), ("width", width)):
            rule.require(
                divides(r, size),
                "E0429",
                f"`pixel_unshuffle` by {r} needs a multiple of {r}, the {name} is {size_text(size)}",
                "downscale_factor",
                [(0, f"this is {x}")],
            )
        return x.with_shape((*batch, channels * r * r, floor_div(height, r), floor_div(width, r)))

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.pixel_unshuffle`."""
        factor = Lit(self.downscale_factor)
        module = Call("nn.PixelUnshuffle", (factor,))
        return PyTorch(Call("F.pixel_unshuffle", (Input(0), factor)), as_module=module)

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Reshape`, `Transpose`, `Reshape`: `SpaceToDepth` orders the channels otherwise."""
        source = g.types[0]
        assert source is not None
        r = self.downscale_factor
        *batch, _, height, width = g.outputs[0].shape
        channels = source.shape[-3]
        folded = product(batch)
        split = g.emit("Reshape", x, g.sizes((folded, channels, height, r, width, r)))
        moved = g.emit("Transpose", split, perm=[0, 1, 3, 5, 2, 4])
        return g.emit("Reshape", moved, g.sizes(g.outputs[0].shape))

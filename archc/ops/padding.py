"""Borders around the last axes."""

from __future__ import annotations

from collections.abc import Sequence

from archc.opdef import Example, Free, Kind, OnnxBuilder, Rule, attr, ints, op, text
from archc.opdef.python import Call, Input, Lit, PyTorch, Site
from archc.ops.operands import Weak, constant, result_dtype
from archc.sizes import TensorType, at_least
from archc.sizes import text as size_text

ONNX_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
WRAPS_SINCE = 19
LONGEST = 2**63 - 1
Widths = list[tuple[int, int]]


@op("pad")
class Pad(Free):
    """Add a border around the last axes; negative widths cut off."""

    pad: tuple[int, ...] = attr(
        ints(0), main=True, doc="two widths an axis, before and after, from the last axis backwards"
    )
    mode: str = attr(
        text("constant", "reflect", "replicate", "circular"), "constant", doc="what the border holds"
    )
    value: float | int | bool | None = attr(
        Kind("scalar", optional=True), None, doc="the number of a constant border; 0 by default"
    )

    examples = (
        Example("[1, 2]", ("[N, 8]",)),
        Example("[1, 1, 2, 0]", ("[N, 3, H, W]",)),
        Example("{pad: [0, 0, -1, 1], value: -1.5}", ("[N, 3, 8, W]",)),
        Example("{pad: [0, 1], value: 3}", ("int64[N, T]",)),
        Example("{pad: [2, 1, 1, 1], mode: reflect}", ("[N, 3, 8, 8]",)),
        Example("{pad: [2, 1, 0, 3], mode: replicate}", ("[N, 3, H, W]",)),
        Example("{pad: [2, 1], mode: circular}", ("[N, 3, 8]",)),
        Example("{pad: [-1, 2], mode: circular}", ("[N, 3, 8]",)),
        Example("{pad: [1, 1, 1, 1, 1, 1], mode: replicate}", ("[N, 2, 3, 4, 5]",)),
        Example("{pad: [1, 0], value: true}", ("bool[N, T]",)),
    )

    def widths(self, rank: int) -> Widths:
        """Give the widths before and after each axis, from the first axis on."""
        pairs = list(zip(self.pad[::2], self.pad[1::2], strict=True))[::-1]
        return [(0, 0)] * (rank - len(pairs)) + pairs

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Add the widths."""
        count = len(self.pad) // 2
        if len(self.pad) % 2 or count > x.rank:
            message = (
                f"`pad` takes two widths for each axis it pads, {len(self.pad)} are given for {x.rank} axes"
            )
            rule.fail("E0748", message, "pad", [(0, f"this is {x}")])
        if self.mode != "constant":
            self._check_border(rule, x, count)
        elif self.value is not None:
            self._check_value(rule, x)
        sizes = [size + sum(width) for size, width in zip(x.shape, self.widths(x.rank), strict=True)]
        for size, before in zip(sizes, x.shape, strict=True):
            message = f"`pad` cuts everything off an axis of {size_text(before)}"
            rule.require(at_least(size, 1), "E0457", message, "pad", [(0, f"this is {x}")])
        return TensorType(x.dtype, tuple(sizes), None if self.mode == "constant" else x.range)

    def _check_border(self, rule: Rule, x: TensorType, count: int) -> None:
        if self.value is not None:
            rule.fail("E0749", f"`value` is for a constant border, the mode is `{self.mode}`", "value")
        rule.float_input(x)
        if count not in (1, 2, 3) or x.rank - count not in (1, 2):
            message = (
                f"`mode: {self.mode}` pads the last 1 to 3 axes, with one or two axes before them; "
                f"{count} of {x.rank} are padded"
            )
            help_ = ("write all axes behind the channels, with widths of 0",)
            rule.fail("E0748", message, "pad", [(0, f"this is {x}")], help_)
        for size, (before, after) in zip(x.shape, self.widths(x.rank), strict=True):
            widest = max(before, after)
            if widest <= 0:
                continue
            least = 1 if self.mode == "replicate" else widest + (self.mode == "reflect")
            cut = size + min(before, 0) + min(after, 0)
            message = (
                f"`mode: {self.mode}` needs an axis of at least {least} for a width of {widest}, "
                f"it has {size_text(cut)}"
            )
            rule.require(at_least(cut, least), "E0457", message, "pad", [(0, f"this is {x}")])

    def _check_value(self, rule: Rule, x: TensorType) -> None:
        assert self.value is not None
        if result_dtype([TensorType(x.dtype, (1,)), Weak(self.value)]) is not x.dtype:
            message = f"`pad` puts {self.value} into a tensor of {x.dtype}, which cannot hold it"
            rule.fail("E0543", message, "value", [(0, f"this is {x}")])

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.pad`."""
        return PyTorch(Call("F.pad", (Input(0), Lit(self.pad)), self.keywords("mode", "value")))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Pad`, after a `Slice` where something is cut off."""
        widths = self.widths(g.outputs[0].rank)
        x = cropped(g, x, widths)
        border = [(max(before, 0), max(after, 0)) for before, after in widths]
        if not any(before or after for before, after in border):
            return g.emit("Identity", x)
        if self.mode == "circular" and g.opset < WRAPS_SINCE:
            return wrapped(g, x, border)
        pads = g.ints(*(before for before, _ in border), *(after for _, after in border))
        value = () if self.value is None else (constant(g, self.value, g.outputs[0].dtype),)
        return g.emit("Pad", x, pads, *value, mode=ONNX_MODES[self.mode])


def cropped(g: OnnxBuilder, x: str, widths: Widths) -> str:
    """Cut off what negative widths say."""
    cut = [(axis, min(b, 0), min(a, 0)) for axis, (b, a) in enumerate(widths) if b < 0 or a < 0]
    if not cut:
        return x
    starts = g.ints(*(-before for _, before, _ in cut))
    ends = g.ints(*(after or LONGEST for _, _, after in cut))
    return g.emit("Slice", x, starts, ends, g.ints(*(axis for axis, _, _ in cut)))


def wrapped(g: OnnxBuilder, x: str, widths: Sequence[tuple[int, int]]) -> str:
    """Join each axis with its own ends, for opsets whose `Pad` cannot wrap."""
    for axis, (before, after) in enumerate(widths):
        parts = [x]
        if before:
            parts.insert(0, g.emit("Slice", x, g.ints(-before), g.ints(LONGEST), g.ints(axis)))
        if after:
            parts.append(g.emit("Slice", x, g.ints(0), g.ints(after), g.ints(axis)))
        x = g.emit("Concat", *parts, axis=axis) if len(parts) > 1 else x
    return x

"""Pools by the norm of each window."""

from __future__ import annotations

import math
from math import prod
from typing import ClassVar

from archc.opdef import Example, OnnxBuilder, Rule, attr, boolean, ints, number, op, shortened
from archc.opdef.python import Call, Input, Lit, PyTorch, Site
from archc.ops.operands import constant
from archc.ops.pooling import Pool
from archc.ops.window import PER_AXIS
from archc.sizes import TensorType


class NormPool(Pool):
    """What these pools share: (sum of x^p)^(1/p) over each window; infinite p takes the largest |x|."""

    norm_type: float = attr(number(), doc="the order p of the norm")
    kernel_size: tuple[int, ...] = attr(ints(PER_AXIS, min=1), doc="size of the windows along each axis")
    stride: tuple[int, ...] | None = attr(
        ints(PER_AXIS, min=1, optional=True), None, doc="step between windows; the kernel's size by default"
    )
    ceil_mode: bool = attr(boolean(), False, doc="round the number of windows up")

    examples: ClassVar[tuple[Example, ...]]

    @property
    def padding(self) -> tuple[int, ...]:  # type: ignore[override]
        """Nothing: PyTorch pads none of these."""
        return (0,) * self.rank

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Count the windows."""
        if self.norm_type == 0:
            rule.fail("E0721", f"`norm_type` of `{self.name}` must not be zero", "norm_type")
        return self.windows(rule, x)

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.lp_pool1d`, `F.lp_pool2d` or `F.lp_pool3d`."""
        args = (Lit(self.norm_type), Lit(shortened(self.kernel_size)))
        keywords = self.keywords("stride", "ceil_mode")
        module = Call(f"nn.LPPool{self.rank}d", args, keywords)
        return PyTorch(Call(f"F.{self.name}", (Input(0), *args), keywords), as_module=module)

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give an average of powers, times the size of a window: `LpPool` takes |x| for odd orders."""
        order, dtype = self.norm_type, g.outputs[0].dtype
        if math.isinf(order):
            if order > 0:
                return self.pooled(g, "MaxPool", g.emit("Abs", x))
            return g.emit("Neg", self.pooled(g, "MaxPool", g.emit("Neg", g.emit("Abs", x))))
        powers = g.emit("Mul", x, x) if order == 2 else g.emit("Pow", x, constant(g, order, dtype))
        mean = self.pooled(g, "AveragePool", powers, count_include_pad=1)
        total = g.emit("Mul", mean, constant(g, prod(self.kernel_size), dtype))
        return g.emit("Sqrt", total) if order == 2 else g.emit("Pow", total, constant(g, 1 / order, dtype))


@op("lp_pool1d")
class LpPool1d(NormPool, rank=1):
    """Give the norm of each window of a length."""

    examples = (
        Example("{norm_type: 2, kernel_size: 3, stride: 2}", ("[N, 4, T]",)),
        Example("{norm_type: .inf, kernel_size: 2}", ("[N, 4, T]",)),
    )


@op("lp_pool2d")
class LpPool2d(NormPool, rank=2):
    """Give the norm of each window of height and width."""

    examples = (
        Example("{norm_type: 2, kernel_size: 2}", ("[N, 3, H, W]",)),
        Example("{norm_type: 4, kernel_size: [3, 2], stride: 2, ceil_mode: true}", ("[N, 2, H, 8]",)),
        Example("{norm_type: 1, kernel_size: 2}", ("[N, 2, 6, 6]",)),
    )


@op("lp_pool3d")
class LpPool3d(NormPool, rank=3):
    """Give the norm of each window of depth, height and width."""

    examples = (Example("{norm_type: 2, kernel_size: 2}", ("[N, 2, D, 4, 4]",)),)

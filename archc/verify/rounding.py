"""What rounding alone does to a model: its fp64 form with fp32's rounding errors put in by chance.

Eager's own error is one draw of many. With few elements, or sums whose terms cancel, it can be far
smaller by luck than that of an equally right order of the same operations. The idea is that of
stochastic arithmetic (Vignes, 1993, A stochastic arithmetic for reliable scientific computation).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

UNIT = 2.0**-24
DRAWS = 3
# Sums in which each term is rounded into a running total: the error grows as the root of their length.
SUMS = {
    *("sum", "mean", "var", "std", "var_mean", "prod", "cumsum", "logsumexp"),
    *("linalg_vector_norm", "norm", "native_batch_norm"),
}
# Norms that give the mean and the reciprocal deviation they used, beside the result.
NORMS = {"native_layer_norm", "native_group_norm"}
# Functions that libraries approximate: they promise two units, not the half that arithmetic keeps.
APPROXIMATED = {
    *("exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "pow", "sigmoid", "softplus", "erf", "gelu"),
    *("sin", "cos", "tan", "asin", "acos", "atan", "atan2"),
    *("sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
}
APPROXIMATION = 4 * UNIT
# Built on a sigmoid, or on exp(x) - 1, which runtimes give to a unit of 1, however small the value is.
NEAR_ONE = {"sigmoid", "silu", "glu", "elu", "celu"}
# Resizes whose results move with the scale; the nearest pixel does not.
RESIZES = {"upsample_linear1d", "upsample_bilinear2d", "upsample_trilinear3d", "upsample_bicubic2d"}


def with_rounding(run: Callable[[], list[Any]], seed: int) -> list[Any]:
    """Run in fp64 with every result rounded to one of its two neighbours in fp32, by chance."""
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_map

    draw = _Draw(seed)

    class Rounding(TorchDispatchMode):  # type: ignore[no-untyped-call]
        def __torch_dispatch__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
            name = func.overloadpacket.__name__
            if name in RESIZES:
                args = draw.with_scales(args, func._schema)
            if args and draw.is_tensor(args[0]):
                args = tree_map(draw.nudged, args)
            result = func(*args, **(kwargs or {}))
            if func.is_view or func._schema.is_mutable:
                return result
            if name in SUMS:
                return tree_map(lambda each: draw.rounded(each, UNIT * _terms(args[0], each) ** 0.5), result)
            if name in NORMS:
                return (draw.rounded(draw.with_mean_off(name, args, *result)), *result[1:])
            if name in NEAR_ONE:
                result = draw.with_unit_off(name, args, result)
            unit = APPROXIMATION if name in APPROXIMATED else UNIT
            return tree_map(lambda each: draw.rounded(each, unit), result)

    with Rounding():  # type: ignore[no-untyped-call]
        return run()


def _terms(summed: Any, result: Any) -> float:
    """Count the terms of each sum."""
    count = result.numel() if hasattr(result, "numel") and result.dim() else 1
    across = summed.shape[1] if count == summed.numel() and summed.dim() > 1 else count
    return max(1.0, float(summed.numel()) / max(across, 1))


class _Draw:
    """One draw of rounding errors."""

    def __init__(self, seed: int) -> None:
        import torch

        self._torch = torch
        self._generator = torch.Generator().manual_seed(seed)

    def is_tensor(self, given: object) -> bool:
        """Whether something is a tensor."""
        return isinstance(given, self._torch.Tensor)

    def _noise(self, shape: Any) -> Any:
        double = self._torch.float64
        return 2 * self._torch.rand(shape, generator=self._generator, dtype=double) - 1

    def rounded(self, result: Any, unit: float = UNIT) -> Any:
        """Move a result by at most a relative unit, then to the nearest number of fp32."""
        if not self.is_tensor(result) or result.dtype is not self._torch.float64:
            return result
        return (result * (1 + unit * self._noise(result.shape))).float().double()

    def nudged(self, argument: Any) -> Any:
        """Move a float argument, such as a scale, which graphs hold in fp32."""
        if not isinstance(argument, float) or argument.is_integer():
            return argument
        return argument * (1 + UNIT * self._noise(()).item())

    def with_unit_off(self, name: str, args: Any, result: Any) -> Any:
        """Move a result by what the sigmoid or the power of e in it may be off."""
        if result.dtype is not self._torch.float64:
            return result
        shift = UNIT * self._noise(result.shape)
        if name == "sigmoid":
            return result + shift
        if name == "silu":
            return result + args[0] * shift
        if name == "glu":
            return result + args[0].chunk(2, args[1] if len(args) > 1 else -1)[0] * shift
        return self._torch.where(args[0] < 0, result + math.prod(args[1:3]) * shift, result)

    def with_mean_off(self, name: str, args: Any, result: Any, mean: Any, reciprocal: Any) -> Any:
        """Move a normalised result by what a mean that was added up in fp32 may be off."""
        terms = args[0].numel() / max(mean.numel(), 1)
        shift = UNIT * terms**0.5 * self._noise(mean.shape) * mean.abs() * reciprocal
        weight = args[1] if name == "native_group_norm" else args[2]
        if name == "native_group_norm":
            behind = (1,) * (result.dim() - 2)
            each = result.shape[1] // mean.shape[1]
            shift = shift.repeat_interleave(each, 1).view(*result.shape[:2], *behind)
            weight = None if weight is None else weight.view(-1, *behind)
        return result + (shift if weight is None else shift * weight)

    def with_scales(self, args: Any, schema: Any) -> Any:
        """Give a resize the scales that it would compute from sizes, so that their rounding is drawn too."""
        image, size = args[0], args[1]
        names = [each.name for each in schema.arguments]
        filled = [*args, *[None] * (len(names) - len(args))]
        scales = [index for index, each in enumerate(names) if each.startswith("scales")]
        for index, before, after in zip(scales, image.shape[2:], size, strict=False):
            ratio = after / before if filled[index] is None else filled[index]
            filled[index] = ratio * (1 + UNIT * self._noise(()).item())
        return tuple(filled)

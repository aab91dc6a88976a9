"""What rounding alone does to a model: its fp64 form with fp32's rounding errors put in by chance.

Eager's own error is one draw of many. With few elements, or sums whose terms cancel, it can be far
smaller by luck than that of an equally right order of the same operations. The idea is that of
stochastic arithmetic (Vignes, 1993, A stochastic arithmetic for reliable scientific computation).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

UNIT = 2.0**-24
DRAWS = 3
# Sums in which each term is rounded into a running total: the error grows as the root of their length.
SUMS = {
    *("sum", "mean", "var", "std", "var_mean", "prod", "cumsum", "logsumexp"),
    *("linalg_vector_norm", "norm", "native_batch_norm"),
}


def with_rounding(run: Callable[[], list[Any]], seed: int) -> list[Any]:
    """Run in fp64 with every floating-point result moved by at most half a unit of fp32's last place."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils._pytree import tree_map

    generator = torch.Generator().manual_seed(seed)

    def rounded(result: Any, unit: float = UNIT) -> Any:
        if not isinstance(result, torch.Tensor) or result.dtype is not torch.float64:
            return result
        noise = torch.rand(result.shape, generator=generator, dtype=torch.float64)
        return result * (1 + unit * (2 * noise - 1))

    def nudged(argument: Any) -> Any:
        """Move a float argument, such as a scale, which graphs hold in fp32."""
        if not isinstance(argument, float) or argument.is_integer():
            return argument
        return argument * (1 + UNIT * (2 * torch.rand((), generator=generator).item() - 1))

    class Rounding(TorchDispatchMode):  # type: ignore[no-untyped-call]
        def __torch_dispatch__(self, func: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if args and isinstance(args[0], torch.Tensor):
                args = tree_map(nudged, args)
            result = func(*args, **(kwargs or {}))
            computes = not (func.is_view or func._schema.is_mutable)
            if not computes:
                return result
            if func.overloadpacket.__name__ in SUMS:
                return tree_map(lambda each: rounded(each, UNIT * _terms(args[0], each) ** 0.5), result)
            return tree_map(rounded, result)

    def _terms(summed: Any, result: Any) -> float:
        count = result.numel() if isinstance(result, torch.Tensor) and result.dim() else 1
        across = summed.shape[1] if count == summed.numel() and summed.dim() > 1 else count
        return max(1.0, float(summed.numel()) / max(across, 1))

    with Rounding():  # type: ignore[no-untyped-call]
        return run()

"""PyTorch's side: the module in fp32, and the same in fp64 as the oracle."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from archc.ir.program import Value
from archc.sizes import BFLOAT16
from archc.verify.rounding import DRAWS, with_rounding
from archc.weights.elements import Array

if TYPE_CHECKING:
    import torch


class Eager:
    """A module in evaluation mode beside its copy in double precision."""

    def __init__(self, module: torch.nn.Module) -> None:
        self._single = module.eval()
        self._double = copy.deepcopy(module).double().eval()

    def single(self, inputs: Sequence[Any]) -> list[Any]:
        """Give the results in fp32."""
        return _called(self._single, inputs)

    def roundings(self, inputs: Sequence[Any]) -> list[list[Any]]:
        """Give the results in fp64 with fp32's rounding errors put in by chance, a few times."""
        return [with_rounding(lambda: self.double(inputs), seed) for seed in range(DRAWS)]

    def double(self, inputs: Sequence[Any]) -> list[Any]:
        """Give the results in fp64, whatever floats come in."""
        widened = [
            each.double() if each is not None and each.is_floating_point() else each for each in inputs
        ]
        with in_double():
            return _called(self._double, widened)


@contextmanager
def in_double() -> Iterator[None]:
    """Let what runs compute in fp64, also where it makes floats itself or says float32."""
    import torch

    # What the source makes without naming a dtype follows the default one.
    torch.set_default_dtype(torch.float64)
    try:
        with _widening():
            yield
    finally:
        torch.set_default_dtype(torch.float32)


def _widening() -> Any:
    """Give a mode in which what the source calls float32 is float64: both stand for the model's float."""
    import torch
    from torch.overrides import TorchFunctionMode

    def wide(given: object) -> object:
        return torch.float64 if given is torch.float32 else given

    class Widening(TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            named = {name: wide(given) for name, given in (kwargs or {}).items()}
            return func(*(wide(given) for given in args), **named)

    return Widening()


def _called(module: torch.nn.Module, inputs: Sequence[Any]) -> list[Any]:
    import torch

    with torch.no_grad(), _one_thread():
        result = module(*inputs)
    return list(result) if isinstance(result, tuple | list) else [result]


class _one_thread:  # noqa: N801 - reads as a statement
    def __enter__(self) -> None:
        import torch

        self._before = torch.get_num_threads()
        torch.set_num_threads(1)

    def __exit__(self, *_: object) -> None:
        import torch

        torch.set_num_threads(self._before)


def tensors(values: Sequence[Value | None], arrays: Mapping[str, Array]) -> list[Any]:
    """Give inputs as tensors, in order; None for one that is left out."""
    import torch

    found: list[Any] = []
    for value in values:
        if value is None:
            found.append(None)
            continue
        tensor = torch.from_numpy(np.asarray(arrays[value.name], order="C"))
        found.append(tensor.view(torch.bfloat16) if value.type.dtype is BFLOAT16 else tensor)
    return found


def array(tensor: Any) -> Array:
    """Give a tensor as an array; bfloat16 as fp32."""
    import torch

    return np.asarray((tensor.float() if tensor.dtype is torch.bfloat16 else tensor).detach().numpy())


def torch_name(tensor: Any) -> str:
    """Give the name of a tensor's element type."""
    return str(tensor.dtype).removeprefix("torch.")

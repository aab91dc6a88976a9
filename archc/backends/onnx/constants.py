"""Constants of a graph: initializers named by what they hold, each once."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import numpy as np
import onnx

from archc.backends.onnx.types import ELEMENT
from archc.sizes import BOOL, INT64, DType
from archc.weights import encoded

SHOWN = 8


class Constants:
    """The constants of one graph, in the order of first use."""

    def __init__(self) -> None:
        self.protos: dict[str, onnx.TensorProto] = {}

    def tensor(self, values: Sequence[float], dtype: DType, shape: Sequence[int]) -> str:
        """Give the name of a constant."""
        if len(values) != math.prod(shape):
            raise ValueError(f"{len(values)} values for the shape {list(shape)}")
        if dtype.is_float:
            array = np.array(values, dtype=np.float64 if dtype.bits == 64 else np.float32)
        else:
            array = np.array(values, dtype=bool if dtype is BOOL else np.int64)
        data = encoded(array, dtype).tobytes()
        name = _name(values, dtype, tuple(shape), data)
        if name not in self.protos:
            self.protos[name] = onnx.TensorProto(
                name=name, dims=list(shape), data_type=ELEMENT[dtype], raw_data=data
            )
        return name

    def ints(self, values: Sequence[int]) -> str:
        """Give the name of a one-dimensional int64 constant."""
        name = f"int64[{','.join(map(str, values))}]"
        return name if name in self.protos else self.tensor(values, INT64, (len(values),))


def _name(values: Sequence[float], dtype: DType, shape: tuple[int, ...], data: bytes) -> str:
    if shape == () or (len(shape) == 1 and len(values) <= SHOWN):
        shown = ",".join(repr(value) if dtype.is_float else str(int(value)) for value in values)
        return f"{dtype.name}({shown})" if shape == () else f"{dtype.name}[{shown}]"
    sizes = ",".join(map(str, shape))
    return f"{dtype.name}[{sizes}]({hashlib.sha256(data).hexdigest()[:12]})"

"""Attributes of ONNX nodes from Python values."""

from __future__ import annotations

import onnx

from archc.backends.onnx.types import ELEMENT
from archc.sizes import DType

_A = onnx.AttributeProto


def attribute(name: str, value: object) -> onnx.AttributeProto:
    """Give an attribute; its type follows from the value."""
    if isinstance(value, DType):
        return _A(name=name, type=_A.INT, i=ELEMENT[value])
    if isinstance(value, int):
        return _A(name=name, type=_A.INT, i=int(value))
    if isinstance(value, float):
        return _A(name=name, type=_A.FLOAT, f=value)
    if isinstance(value, str):
        return _A(name=name, type=_A.STRING, s=value.encode())
    if isinstance(value, onnx.GraphProto):
        return _A(name=name, type=_A.GRAPH, g=value)
    if isinstance(value, list | tuple):
        return _several(name, list(value))
    raise TypeError(f"the attribute `{name}` cannot be {value!r}")


def _several(name: str, values: list[object]) -> onnx.AttributeProto:
    ints = [value for value in values if isinstance(value, int)]
    if len(ints) == len(values):
        return _A(name=name, type=_A.INTS, ints=ints)
    floats = [float(value) for value in values if isinstance(value, int | float)]
    if len(floats) == len(values):
        return _A(name=name, type=_A.FLOATS, floats=floats)
    return _A(name=name, type=_A.STRINGS, strings=[str(value).encode() for value in values])

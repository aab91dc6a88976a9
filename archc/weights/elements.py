"""Elements of tensors in numpy; bfloat16, which numpy does not have, as its bits in uint16."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from archc.sizes import BFLOAT16, DType

Array: TypeAlias = np.ndarray[Any, Any]


def numpy_type(dtype: DType) -> np.dtype[Any]:
    """Give numpy's element type, little-endian as files hold it."""
    name = "uint16" if dtype is BFLOAT16 else dtype.name
    return np.dtype(name).newbyteorder("<")


def encoded(values: Array, dtype: DType) -> Array:
    """Give values as elements of a type, rounded to nearest even."""
    if dtype is BFLOAT16:
        return _to_bfloat16(np.asarray(values, dtype=np.float32, order="C"))
    with np.errstate(over="ignore"):
        return np.asarray(values, dtype=numpy_type(dtype), order="C")


def decoded(elements: Array, dtype: DType) -> Array:
    """Give elements as values that numpy computes with."""
    if dtype is BFLOAT16:
        return (elements.astype(np.uint32) << 16).view(np.float32)
    return elements


def _to_bfloat16(values: Array) -> Array:
    bits = values.view(np.uint32)
    rounded = bits + (np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1)))
    quiet = (bits >> np.uint32(16)) | np.uint32(0x40)
    return np.where(np.isnan(values), quiet, rounded >> np.uint32(16)).astype("<u2")

"""How the safetensors format names element types."""

from __future__ import annotations

from archc.sizes import (
    BFLOAT16,
    BOOL,
    FLOAT16,
    FLOAT32,
    FLOAT64,
    INT8,
    INT16,
    INT32,
    INT64,
    UINT8,
    DType,
)

STORED_NAMES: dict[DType, str] = {
    FLOAT64: "F64",
    FLOAT32: "F32",
    FLOAT16: "F16",
    BFLOAT16: "BF16",
    INT64: "I64",
    INT32: "I32",
    INT16: "I16",
    INT8: "I8",
    UINT8: "U8",
    BOOL: "BOOL",
}
STORED_TYPES: dict[str, DType] = {name: dtype for dtype, name in STORED_NAMES.items()}

"""ONNX graphs, written directly from the IR."""

from archc.backends.onnx.export import (
    DEFAULT_OPSET,
    OPSETS,
    check_embeddable,
    check_opset,
    embedded,
    export,
    serialized,
    write,
)
from archc.backends.onnx.fixing import check_dims, solution_of, symbols_of
from archc.backends.onnx.storage import Embedded, External, Storage

__all__ = [
    "DEFAULT_OPSET",
    "OPSETS",
    "Embedded",
    "External",
    "Storage",
    "check_dims",
    "check_embeddable",
    "check_opset",
    "embedded",
    "export",
    "serialized",
    "solution_of",
    "symbols_of",
    "write",
]

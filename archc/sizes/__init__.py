"""Symbolic sizes: expressions, facts, proofs, requirements; element types and tensor types."""

from archc.sizes.condition import Condition, at_least, at_most, divides, equal, less
from archc.sizes.divide import ceil_div, dim_max, dim_min, floor_div, mod, product
from archc.sizes.dtype import (
    BFLOAT16,
    BOOL,
    DTYPES,
    FLOAT16,
    FLOAT32,
    FLOAT64,
    INT8,
    INT16,
    INT32,
    INT64,
    UINT8,
    DType,
    promote,
)
from archc.sizes.evaluate import evaluate, substitute, symbols
from archc.sizes.expr import Dim, Expr, FloorDiv, Max, Min, SizeTooLarge, Symbol, symbol
from archc.sizes.facts import Facts, SizeFact
from archc.sizes.need import Conflict, Need, Requirement
from archc.sizes.prove import Proof, prove
from archc.sizes.solve import Solution, solve
from archc.sizes.tensor import TensorType, ValueRange
from archc.sizes.text import shape_text, text

__all__ = [
    "BFLOAT16",
    "BOOL",
    "DTYPES",
    "FLOAT16",
    "FLOAT32",
    "FLOAT64",
    "INT8",
    "INT16",
    "INT32",
    "INT64",
    "UINT8",
    "Condition",
    "Conflict",
    "DType",
    "Dim",
    "Expr",
    "Facts",
    "FloorDiv",
    "Max",
    "Min",
    "Need",
    "Proof",
    "Requirement",
    "SizeFact",
    "SizeTooLarge",
    "Solution",
    "Symbol",
    "TensorType",
    "ValueRange",
    "at_least",
    "at_most",
    "ceil_div",
    "dim_max",
    "dim_min",
    "divides",
    "equal",
    "evaluate",
    "floor_div",
    "less",
    "mod",
    "product",
    "promote",
    "prove",
    "shape_text",
    "solve",
    "substitute",
    "symbol",
    "symbols",
    "text",
]

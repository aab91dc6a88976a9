"""What an op definition is: attributes, shape rule, weights, PyTorch, ONNX and cost."""

from archc.opdef.attributes import (
    REQUIRED,
    Attr,
    Kind,
    attr,
    boolean,
    floats,
    integer,
    ints,
    number,
    size,
    sizes,
    text,
)
from archc.opdef.definition import Example, Free, Infers, Op, OpInput, Weightless, op, registered, shortened
from archc.opdef.onnx import OnnxBuilder
from archc.opdef.rule import Rule, RuleError, RuleNeed, known
from archc.opdef.weights import ONES, ZEROS, Init, Param, uniform

__all__ = [
    "ONES",
    "REQUIRED",
    "ZEROS",
    "Attr",
    "Example",
    "Free",
    "Infers",
    "Init",
    "Kind",
    "OnnxBuilder",
    "Op",
    "OpInput",
    "Param",
    "Rule",
    "RuleError",
    "RuleNeed",
    "Weightless",
    "attr",
    "boolean",
    "floats",
    "integer",
    "ints",
    "known",
    "number",
    "op",
    "registered",
    "shortened",
    "size",
    "sizes",
    "text",
    "uniform",
]

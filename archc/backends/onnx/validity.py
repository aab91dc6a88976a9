"""Whether a graph's operators take its element types.

Every operator that ops are written with takes single precision; few took bfloat16 before opset 22.
"""

from __future__ import annotations

import onnx
import onnx.shape_inference

from archc.ir.program import Module, modules
from archc.sizes import BFLOAT16, DType
from archc.source import Diagnostic, SpecError


def require_valid_types(model: onnx.ModelProto, module: Module, model_float: DType, opset: int) -> None:
    """Refuse a graph with bfloat16 in operators that do not take it at this opset (E0905)."""
    if model_float is not BFLOAT16 and not any(_holds_bfloat16(each) for each in modules(module)):
        return
    try:
        onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    except onnx.shape_inference.InferenceError as error:
        said = " ".join(str(error).split()).removeprefix("[ShapeInferenceError] ")
        message = f"the model cannot be written as ONNX of opset {opset}: {said}"
        help_ = (
            "use a later opset: `--opset 25`",
            "or convert the values to float32 before: `cast: float32`",
        )
        raise SpecError([Diagnostic("E0905", message, help=help_)]) from None


def _holds_bfloat16(module: Module) -> bool:
    values = (*module.inputs, *(value for node in module.nodes for value in node.outputs))
    return any(value.type.dtype is BFLOAT16 for value in values)

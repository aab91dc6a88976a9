"""Types of values as ONNX writes them."""

from __future__ import annotations

import onnx

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
    Dim,
    DType,
    TensorType,
    substitute,
    text,
)

ELEMENT: dict[DType, int] = {
    FLOAT32: onnx.TensorProto.FLOAT,
    FLOAT64: onnx.TensorProto.DOUBLE,
    FLOAT16: onnx.TensorProto.FLOAT16,
    BFLOAT16: onnx.TensorProto.BFLOAT16,
    INT64: onnx.TensorProto.INT64,
    INT32: onnx.TensorProto.INT32,
    INT16: onnx.TensorProto.INT16,
    INT8: onnx.TensorProto.INT8,
    UINT8: onnx.TensorProto.UINT8,
    BOOL: onnx.TensorProto.BOOL,
}


class Types:
    """The types of one export: with fixed sizes in place of symbols, and the model's float."""

    def __init__(self, dims: dict[str, int], model_float: DType) -> None:
        self._dims = dims
        self._float = model_float
        self._changed = bool(dims) or model_float is not FLOAT32
        self._known: dict[TensorType, TensorType] = {}
        self._protos: dict[TensorType, onnx.TypeProto] = {}

    def dtype(self, dtype: DType) -> DType:
        """Give the element type; float32 stands for the model's float."""
        return self._float if dtype is FLOAT32 else dtype

    def dim(self, dim: Dim) -> Dim:
        """Give a size with the fixed symbols replaced."""
        return substitute(dim, self._dims) if self._dims and not isinstance(dim, int) else dim

    def fixed(self, type_: TensorType) -> TensorType:
        """Give a type with the fixed symbols and the model's float."""
        if not self._changed:
            return type_
        if type_ not in self._known:
            shape = tuple(self.dim(dim) for dim in type_.shape)
            self._known[type_] = TensorType(self.dtype(type_.dtype), shape, type_.range)
        return self._known[type_]

    def proto(self, type_: TensorType) -> onnx.TypeProto:
        """Give the type as ONNX writes it; a derived size is named by its text."""
        known = self._protos.get(type_)
        if known is None:
            known = self._protos[type_] = onnx.TypeProto()
            fixed = self.fixed(type_)
            tensor = known.tensor_type
            tensor.elem_type = ELEMENT[fixed.dtype]
            tensor.shape.SetInParent()
            for dim in fixed.shape:
                place = tensor.shape.dim.add()
                if isinstance(dim, int):
                    place.dim_value = dim
                else:
                    place.dim_param = text(dim)
        return known

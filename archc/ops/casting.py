"""Other element types."""

from __future__ import annotations

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, op, text
from archc.opdef.python import Name, PyTorch, Site, method
from archc.sizes import DTYPES, TensorType


@op("cast")
class Cast(Free):
    """Convert to another element type; floats lose their fraction as integers."""

    elementwise = True
    dtype: str = attr(text(*DTYPES), main=True, doc="the element type")

    examples = (
        Example("int64", ("[N, 8]",)),
        Example("float32", ("int64[N, T]",)),
        Example("bool", ("int64[N, T]",)),
        Example("int32", ("bool[N, T]",)),
    )

    def infer(self, _rule: Rule, x: TensorType) -> TensorType:
        """Keep the shape, and what is known of integers."""
        dtype = DTYPES[self.dtype]
        kept = x.range if x.dtype.is_integer and dtype.is_integer and dtype.bits >= x.dtype.bits else None
        return TensorType(dtype, x.shape, kept)

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `x.to(dtype)`."""
        return method("to", Name(f"torch.{self.dtype}"))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Cast`."""
        return g.cast(x, g.outputs[0].dtype)

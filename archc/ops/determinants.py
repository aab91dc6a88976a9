"""Determinants of matrices."""

from __future__ import annotations

from archc.opdef import Example, Free, OnnxBuilder, Rule, op
from archc.opdef.python import Call, Input, PyTorch, Site
from archc.sizes import TensorType, text


@op("det")
class Det(Free):
    """Give the determinants of square matrices, which are the last two axes."""

    examples = (Example("", ("[N, 3, 3]",)), Example("", ("[4, 4]",)), Example("", ("[N, T, 2, 2]",)))

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Drop the last two axes, which are equal."""
        rule.float_input(x)
        rule.at_least_rank(x, 2)
        rows, columns = x.shape[-2:]
        message = f"`det` takes square matrices, these have {text(rows)} rows and {text(columns)} columns"
        rule.same(rows, columns, "E0548", message, 0, [(0, f"this is {x}")])
        return TensorType(x.dtype, x.shape[:-2])

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `torch.det`."""
        return PyTorch(Call("torch.det", (Input(0),)))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Det`."""
        return g.emit("Det", x)

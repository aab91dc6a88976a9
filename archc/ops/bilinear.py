"""A product of two inputs with learned weights."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

from archc.opdef import Example, OnnxBuilder, Op, Param, Rule, attr, boolean, integer, known, op, uniform
from archc.opdef.python import Call, Input, Lit, Py, PyTorch, Site, function, in_order, layer
from archc.ops.matmul import require_one_dtype
from archc.ops.operands import input_type
from archc.ops.reduction import reduce
from archc.sizes import Dim, TensorType, product, text


@op("bilinear")
class Bilinear(Op):
    """Multiply two inputs through a weight: x1 A x2 for each output feature, plus a bias."""

    inputs = ("input1", "input2")
    combines = True
    out_features: int = attr(integer(min=1), main=True, doc="size of the last axis of the output")
    bias: bool = attr(boolean(), True, doc="add a learned bias")

    examples = (
        Example("5", ("[N, 8]", "[N, 3]")),
        Example("{out_features: 2, bias: false}", ("[N, T, 4]", "[N, T, 6]")),
    )

    def infer(self, rule: Rule, a: TensorType, b: TensorType) -> TensorType:
        """Put `out_features` in the place of the last axes; all others are equal."""
        rule.float_input(a)
        require_one_dtype(rule, self.name, (a, b))
        rule.at_least_rank(a, 1)
        rule.rank(b, a.rank, at=1)
        rule.number(a.shape[-1], "the number of features of the first input of `bilinear`")
        rule.number(b.shape[-1], "the number of features of the second input of `bilinear`", 1)
        outer = []
        for axis, (left, right) in enumerate(zip(a.shape[:-1], b.shape[:-1], strict=True)):
            message = (
                f"`bilinear` needs inputs alike but for the last axis, "
                f"axis {axis} is {text(left)} and {text(right)}"
            )
            show = [(0, f"this is {a}"), (1, f"this is {b}")]
            outer.append(rule.same(left, right, "E0453", message, None, show))
        return a.with_shape((*outer, self.out_features))

    def weights(self, a: TensorType, b: TensorType) -> tuple[Param, ...]:
        """Give weight [out, in1, in2] and bias [out], uniform in 1/sqrt(in1), as PyTorch."""
        sizes = known(a.shape[-1]), known(b.shape[-1])
        init = uniform(1 / sqrt(sizes[0]))
        weight = Param("weight", (self.out_features, *sizes), init)
        return (weight, Param("bias", (self.out_features,), init)) if self.bias else (weight,)

    def pytorch(self, _site: Site, a: TensorType, b: TensorType) -> PyTorch:
        """Give `nn.Bilinear`."""
        args = (Lit(a.shape[-1]), Lit(b.shape[-1]), Lit(self.out_features))
        return layer(Call("nn.Bilinear", args, self.keywords("bias")), Input(0), Input(1))

    def functional(self, weights: Mapping[str, Py], _a: TensorType, _b: TensorType) -> PyTorch:
        """Give `F.bilinear`."""
        return function("F.bilinear", Input(0), Input(1), *in_order(weights, "weight", "bias"))

    def onnx(self, g: OnnxBuilder, a: str, b: str) -> str:
        """Give the weight as a matrix, times the first input, weighed by the second and added up."""
        left, right = known(input_type(g).shape[-1]), known(input_type(g, 1).shape[-1])
        outer = g.outputs[0].shape[:-1]
        matrix = g.emit("Transpose", g.param("weight"), perm=[1, 0, 2])
        flat = g.emit("Reshape", matrix, g.ints(left, self.out_features * right))
        partial = g.emit("Reshape", g.emit("MatMul", a, flat), g.sizes((*outer, self.out_features, right)))
        weighed = g.emit("Mul", partial, g.emit("Unsqueeze", b, g.ints(-2)))
        made = reduce(g, "ReduceSum", weighed, [-1], False)
        return g.emit("Add", made, g.param("bias")) if self.bias else made

    def multiply_adds(self, out: TensorType, a: TensorType, b: TensorType) -> Dim:
        """Count one multiply-add for each weight and position."""
        return product(out.shape) * a.shape[-1] * b.shape[-1]

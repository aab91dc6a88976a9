"""Normalizations of each example by itself, over its last axes or over groups of channels."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from archc.opdef import (
    ONES,
    ZEROS,
    Example,
    OnnxBuilder,
    Op,
    Param,
    Rule,
    attr,
    boolean,
    integer,
    ints,
    known,
    number,
    op,
)
from archc.opdef.python import Call, Input, Lit, Py, PyTorch, Site, in_order, layer
from archc.ops.normalization_batch import constants, mean, several_values
from archc.sizes import Dim, TensorType, text

# What torch adds to the mean square where `eps` is null: the gap between 1 and the next float.
EPSILON = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}


class LastAxesNorm(Op):
    """What normalizations over the last axes share; the weights have those axes' shape."""

    normalized_shape: tuple[int, ...] | None = attr(
        ints(0, min=1, optional=True, single=True),
        None,
        main=True,
        doc="sizes of the last axes that are normalized together; only the last one by default",
    )
    eps: float | None
    elementwise_affine: bool

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the type; the normalized sizes are numbers, those of the last axes."""
        rule.float_input(x)
        shape = self.normalized_shape
        rule.at_least_rank(x, 1 if shape is None else max(len(shape), 1))
        if shape is None:
            rule.number(x.shape[-1], f"the last axis under `{self.name}`")
            return x
        if not shape:
            rule.fail(
                "E0723",
                f"`normalized_shape` of `{self.name}` must name at least one axis",
                "normalized_shape",
            )
        for wanted, found in zip(shape, x.shape[-len(shape) :], strict=True):
            rule.same(
                found,
                wanted,
                "E0424",
                f"`normalized_shape` must be the sizes of the last axes, it says {wanted} "
                f"where the input has {text(found)}",
                "normalized_shape",
                [(0, f"this is {x}")],
            )
        return x

    def shape(self, x: TensorType) -> tuple[int, ...]:
        """Give the sizes that are normalized together."""
        return (known(x.shape[-1]),) if self.normalized_shape is None else self.normalized_shape

    def module(self, name: str, x: TensorType, keywords: tuple[tuple[str, Py], ...]) -> PyTorch:
        """Give the module that takes the normalized shape."""
        shape = self.shape(x)
        return layer(Call(name, (Lit(shape[0] if len(shape) == 1 else shape),), keywords))

    def multiply_adds(self, _out: TensorType, _x: TensorType) -> Dim:
        """Contract nothing."""
        return 0


@op("layer_norm")
class LayerNorm(LastAxesNorm):
    """Normalize the last axes of each example to zero mean and unit variance."""

    eps: float = attr(number(min=0), 1e-5, doc="added to the variance")
    elementwise_affine: bool = attr(boolean(), True, doc="learn a scale and a shift for each position")
    bias: bool = attr(boolean(), True, doc="learn the shift too")

    examples = (
        Example("", ("[N, T, 8]",)),
        Example("[3, 8]", ("[N, 3, 8]",)),
        Example("{eps: 1.0e-6, bias: false}", ("[N, 8]",)),
        Example("{elementwise_affine: false}", ("[N, T, 8]",)),
    )

    def weights(self, x: TensorType) -> tuple[Param, ...]:
        """Give weight, ones, and bias, zeros."""
        if not self.elementwise_affine:
            return ()
        shape = self.shape(x)
        return (Param("weight", shape, ONES), *((Param("bias", shape, ZEROS),) if self.bias else ()))

    def pytorch(self, _site: Site, x: TensorType) -> PyTorch:
        """Give `nn.LayerNorm`."""
        return self.module("nn.LayerNorm", x, self.keywords("eps", "elementwise_affine", "bias"))

    def functional(self, weights: Mapping[str, Py], x: TensorType) -> PyTorch:
        """Give `F.layer_norm`."""
        given = (Input(0), Lit(self.shape(x)), *in_order(weights, "weight", "bias"))
        return PyTorch(Call("F.layer_norm", given, self.keywords("eps")))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `LayerNormalization`, which insists on a scale."""
        source = g.types[0]
        assert source is not None
        shape = self.shape(source)
        learned = self.elementwise_affine
        scale = g.param("weight") if learned else g.constant([1.0] * prod(shape), source.dtype, shape)
        inputs = (x, scale, g.param("bias")) if learned and self.bias else (x, scale)
        return g.emit("LayerNormalization", *inputs, axis=-len(shape), epsilon=self.eps)


@op("rms_norm")
class RMSNorm(LastAxesNorm):
    """Scale the last axes of each example to a root mean square of one."""

    eps: float | None = attr(
        number(min=0, optional=True), None, doc="added to the mean square; null is the float's own epsilon"
    )
    elementwise_affine: bool = attr(boolean(), True, doc="learn a scale for each position")

    examples = (
        Example("", ("[N, T, 8]",)),
        Example("{eps: 1.0e-6, elementwise_affine: false}", ("[N, 8]",)),
        Example("{normalized_shape: [3, 8], eps: 0.1}", ("[N, 3, 8]",)),
    )

    def weights(self, x: TensorType) -> tuple[Param, ...]:
        """Give weight, ones."""
        return (Param("weight", self.shape(x), ONES),) if self.elementwise_affine else ()

    def pytorch(self, _site: Site, x: TensorType) -> PyTorch:
        """Give `nn.RMSNorm`."""
        return self.module("nn.RMSNorm", x, self.keywords("eps", "elementwise_affine"))

    def functional(self, weights: Mapping[str, Py], x: TensorType) -> PyTorch:
        """Give `F.rms_norm`."""
        given = (Input(0), Lit(self.shape(x)), weights["weight"])
        return PyTorch(Call("F.rms_norm", given, self.keywords("eps")))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `RMSNormalization` from opset 23 on, its formula before."""
        source = g.types[0]
        assert source is not None
        shape = self.shape(source)
        eps = EPSILON[source.dtype.name] if self.eps is None else self.eps
        if g.opset >= 23:
            scale = (
                g.param("weight")
                if self.elementwise_affine
                else g.constant([1.0] * prod(shape), source.dtype, shape)
            )
            return g.emit("RMSNormalization", x, scale, axis=-len(shape), epsilon=eps)
        square = mean(g, g.emit("Mul", x, x), range(-len(shape), 0), keepdims=1)
        scaled = g.emit("Div", x, g.emit("Sqrt", g.emit("Add", square, g.scalar(eps))))
        return g.emit("Mul", scaled, g.param("weight")) if self.elementwise_affine else scaled


@op("group_norm")
class GroupNorm(Op):
    """Normalize groups of channels of each example together."""

    num_groups: int = attr(integer(min=1), main=True, doc="number of groups; divides the channels")
    eps: float = attr(number(min=0), 1e-5, doc="added to the variance")
    affine: bool = attr(boolean(), True, doc="learn a scale and a shift for each channel")

    examples = (
        Example("2", ("[N, 6, H, W]",)),
        Example("{num_groups: 4, eps: 0.001, affine: false}", ("[N, 4, T]",)),
        Example("1", ("[N, 6]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the type; axis 1 holds the channels, a multiple of the groups."""
        rule.float_input(x)
        rule.at_least_rank(x, 2)
        channels = rule.number(x.shape[1], "the number of channels of `group_norm`")
        if channels % self.num_groups:
            rule.fail(
                "E0406",
                f"`num_groups` must divide the channels, {channels} is not a multiple of {self.num_groups}",
                "num_groups",
                [(0, f"this is {x}")],
            )
        several_values(rule, "group_norm", x, (x.shape[0], channels // self.num_groups, *x.shape[2:]))
        return x

    def weights(self, x: TensorType) -> tuple[Param, ...]:
        """Give weight, ones, and bias, zeros, one number a channel."""
        shape = (known(x.shape[1]),)
        return (Param("weight", shape, ONES), Param("bias", shape, ZEROS)) if self.affine else ()

    def pytorch(self, _site: Site, x: TensorType) -> PyTorch:
        """Give `nn.GroupNorm`."""
        args = (Lit(self.num_groups), Lit(x.shape[1]))
        return layer(Call("nn.GroupNorm", args, self.keywords("eps", "affine")))

    def functional(self, weights: Mapping[str, Py], _x: TensorType) -> PyTorch:
        """Give `F.group_norm`."""
        given = (Input(0), Lit(self.num_groups), *in_order(weights, "weight", "bias"))
        return PyTorch(Call("F.group_norm", given, self.keywords("eps")))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give groups as instances, then scale and shift.

        `GroupNormalization` has a definition that loses precision where the variance is small.
        """
        source = g.types[0]
        assert source is not None
        channels = known(source.shape[1])
        grouped = g.emit("Reshape", x, g.ints(0, self.num_groups, -1))
        normal = g.emit("InstanceNormalization", grouped, *constants(g, self.num_groups), epsilon=self.eps)
        result = g.emit("Reshape", normal, g.sizes(source.shape))
        if not self.affine:
            return result
        aligned = g.ints(channels, *[1] * (source.rank - 2))
        scaled = g.emit("Mul", result, g.emit("Reshape", g.param("weight"), aligned))
        return g.emit("Add", scaled, g.emit("Reshape", g.param("bias"), aligned))

    def multiply_adds(self, _out: TensorType, _x: TensorType) -> Dim:
        """Contract nothing."""
        return 0

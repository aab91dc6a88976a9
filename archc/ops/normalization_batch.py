"""Normalizations with one mean and variance a channel: over the batch, or for each instance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archc.opdef import ONES, ZEROS, Example, OnnxBuilder, Op, Param, Rule, attr, boolean, known, number, op
from archc.opdef.python import Binary, Call, Lit, Method, Py, PyTorch, Site, layer
from archc.sizes import INT64, Dim, TensorType, at_least, product, text


class ChannelNorm(Op):
    """What normalizations with learned weights for each channel, and perhaps running statistics, share."""

    eps: float = attr(number(min=0), 1e-5, doc="added to the variance")
    momentum: float | None
    affine: bool
    track_running_stats: bool

    def weights(self, x: TensorType) -> tuple[Param, ...]:
        """Give weight and bias, one number a channel, and the running statistics as buffers."""
        shape = (known(x.shape[1]),)
        learned = (Param("weight", shape, ONES), Param("bias", shape, ZEROS))
        running = (
            Param("running_mean", shape, ZEROS, buffer=True),
            Param("running_var", shape, ONES, buffer=True),
            Param("num_batches_tracked", (), ZEROS, INT64, buffer=True),
        )
        return (*(learned if self.affine else ()), *(running if self.track_running_stats else ()))

    def multiply_adds(self, _out: TensorType, _x: TensorType) -> Dim:
        """Contract nothing."""
        return 0

    def module(self, name: str, x: TensorType) -> PyTorch:
        """Give the module that takes the number of channels."""
        keywords = self.keywords("eps", "momentum", "affine", "track_running_stats")
        return layer(Call(name, (Lit(x.shape[1]),), keywords))

    def functional(self, weights: Mapping[str, Py], x: TensorType) -> PyTorch:
        """Give the module without weights, then the scale and the shift along the channels."""
        plain = self.replace(affine=False).pytorch(Site((x,), (True,)), x)
        spread = tuple(Lit(size) for size in (-1, *[1] * (x.rank - 2)))
        scale, shift = (
            Method(weights[name], "view", spread) if x.rank > 2 else weights[name]
            for name in ("weight", "bias")
        )
        return PyTorch(Binary("+", Binary("*", plain.forward, scale), shift), plain.module)

    def scale_and_shift(self, g: OnnxBuilder, channels: int) -> tuple[str, str]:
        """Give weight and bias; ones and zeros where there are none."""
        if self.affine:
            return g.param("weight"), g.param("bias")
        return constants(g, channels)

    def with_running_stats(self, g: OnnxBuilder, x: str, channels: int) -> str:
        """Give `BatchNormalization`, which in a graph for inference uses the statistics it is given."""
        scale, shift = self.scale_and_shift(g, channels)
        statistics = (g.param("running_mean"), g.param("running_var"))
        return g.emit("BatchNormalization", x, scale, shift, *statistics, epsilon=self.eps)


def constants(g: OnnxBuilder, count: int) -> tuple[str, str]:
    """Give ones and zeros, for an operator that insists on weights."""
    dtype = g.outputs[0].dtype
    return g.constant([1.0] * count, dtype, (count,)), g.constant([0.0] * count, dtype, (count,))


def several_values(rule: Rule, name: str, x: TensorType, sizes: Sequence[Dim]) -> None:
    """Require statistics to be taken over at least two values, as PyTorch does."""
    count = product(sizes)
    rule.require(
        at_least(count, 2),
        "E0423",
        f"`{name}` needs at least 2 values for each mean and variance, there are {text(count)}",
        None,
        [(0, f"this is {x}")],
    )


@op("batch_norm")
class BatchNorm(ChannelNorm):
    """Normalize each channel over the batch in training, by running statistics in evaluation."""

    momentum: float | None = attr(
        number(optional=True), 0.1, doc="weight of a new batch in the running statistics; null averages all"
    )
    affine: bool = attr(boolean(), True, doc="learn a scale and a shift for each channel")
    track_running_stats: bool = attr(
        boolean(), True, doc="keep running statistics; else evaluation uses the batch's own"
    )

    examples = (
        Example("", ("[N, 6, H, W]",)),
        Example("{eps: 0.001, momentum: 0.03}", ("[N, 6]",)),
        Example("{affine: false, momentum: null}", ("[N, 6, T]",)),
        Example("{track_running_stats: false}", ("[4, 3, H, W]",)),
        Example("", ("[N, 2, D, 4, 4]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the type; axis 1 holds the channels, a number of them."""
        if self.eps == 0:
            rule.fail(
                "E0721", "`eps` of `batch_norm` must be above zero: PyTorch trains with no other", "eps"
            )
        rule.float_input(x)
        rule.rank(x, 2, 3, 4, 5, layout="[batch, channels, ...]")
        rule.number(x.shape[1], "the number of channels of `batch_norm`")
        if not self.track_running_stats:
            several_values(rule, "batch_norm", x, (x.shape[0], *x.shape[2:]))
        return x

    def pytorch(self, _site: Site, x: TensorType) -> PyTorch:
        """Give `nn.BatchNorm1d`, `nn.BatchNorm2d` or `nn.BatchNorm3d`, by the number of axes."""
        return self.module(f"nn.BatchNorm{max(x.rank - 2, 1)}d", x)

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `BatchNormalization`; without running statistics on those of the batch."""
        source = g.types[0]
        assert source is not None
        channels = known(source.shape[1])
        if self.track_running_stats:
            return self.with_running_stats(g, x, channels)
        axes = (0, *range(2, source.rank))
        centred = g.emit("Sub", x, mean(g, x, axes, keepdims=1))
        variance = mean(g, g.emit("Mul", centred, centred), axes, keepdims=0)
        scale, shift = self.scale_and_shift(g, channels)
        return g.emit(
            "BatchNormalization", centred, scale, shift, constants(g, channels)[1], variance, epsilon=self.eps
        )


def mean(g: OnnxBuilder, x: str, axes: Sequence[int], keepdims: int) -> str:
    """Average over axes."""
    if g.opset < 18:
        return g.emit("ReduceMean", x, axes=list(axes), keepdims=keepdims)
    return g.emit("ReduceMean", x, g.ints(*axes), keepdims=keepdims)


@op("instance_norm")
class InstanceNorm(ChannelNorm):
    """Normalize each channel of each example over its own positions."""

    momentum: float | None = attr(
        number(optional=True), 0.1, doc="weight of a new batch in the running statistics; null averages all"
    )
    affine: bool = attr(boolean(), False, doc="learn a scale and a shift for each channel")
    track_running_stats: bool = attr(
        boolean(), False, doc="keep running statistics, and use them in evaluation"
    )

    examples = (
        Example("", ("[N, 6, H, W]",)),
        Example("{affine: true, eps: 0.001}", ("[N, 4, T]",)),
        Example("{track_running_stats: true}", ("[N, 4, H, W]",)),
        Example("", ("[N, 2, 4, 4, D]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the type; axis 1 holds the channels, a number of them."""
        rule.float_input(x)
        rule.rank(x, 3, 4, 5, layout="[batch, channels, ...]")
        rule.number(x.shape[1], "the number of channels of `instance_norm`")
        several_values(rule, "instance_norm", x, x.shape[2:])
        return x

    def pytorch(self, _site: Site, x: TensorType) -> PyTorch:
        """Give `nn.InstanceNorm1d`, `nn.InstanceNorm2d` or `nn.InstanceNorm3d`, by the number of axes."""
        return self.module(f"nn.InstanceNorm{x.rank - 2}d", x)

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `InstanceNormalization`, or `BatchNormalization` on running statistics."""
        source = g.types[0]
        assert source is not None
        channels = known(source.shape[1])
        if self.track_running_stats:
            return self.with_running_stats(g, x, channels)
        scale, shift = self.scale_and_shift(g, channels)
        return g.emit("InstanceNormalization", x, scale, shift, epsilon=self.eps)

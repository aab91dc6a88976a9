"""Dropout: off in evaluation, so ONNX has nothing of it."""

from __future__ import annotations

from typing import ClassVar

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, number, op
from archc.opdef.python import Call, Lit, PyTorch, Site, layer
from archc.ops.window import layout
from archc.sizes import TensorType


class AnyDropout(Free):
    """What all dropouts share; a leaf says the name of its `nn` module."""

    module: ClassVar[str]
    p: float = attr(number(min=0, max=1), 0.5, main=True, doc="probability of a value to be dropped")

    examples: ClassVar[tuple[Example, ...]] = (Example("", ("[N, 8]",)), Example("0.1", ("[N, T, 8]",)))

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the type."""
        rule.float_input(x)
        return x

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give the module, so that training and evaluation differ."""
        changed = (Lit(self.p),) if self.p != 0.5 else ()
        return layer(Call(f"nn.{self.module}", changed))

    def onnx(self, _g: OnnxBuilder, x: str) -> str:
        """Give the input: a graph is for evaluation."""
        return x


@op("dropout")
class Dropout(AnyDropout):
    """Set random values to zero in training, and scale the others up by 1 / (1 - p)."""

    module = "Dropout"


@op("alpha_dropout")
class AlphaDropout(AnyDropout):
    """Drop random values in training such that mean and variance stay, for SELU nets."""

    module = "AlphaDropout"


@op("feature_alpha_dropout")
class FeatureAlphaDropout(AnyDropout):
    """Drop whole random channels in training such that mean and variance stay, for SELU nets."""

    module = "FeatureAlphaDropout"
    examples = (Example("0.2", ("[N, 4, H, W]",)),)

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the type; axis 1 holds the channels."""
        rule.at_least_rank(x, 2)
        return super().infer(rule, x)


class ChannelDropout(AnyDropout):
    """What dropouts of whole channels share."""

    rank: ClassVar[int]

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the type; axis 1 holds the channels."""
        rule.rank(x, self.rank + 2, layout=layout(self.rank))
        return super().infer(rule, x)


@op("dropout1d")
class Dropout1d(ChannelDropout):
    """Set whole random channels of a sequence to zero in training."""

    module = "Dropout1d"
    rank = 1
    examples = (Example("", ("[N, 4, T]",)),)


@op("dropout2d")
class Dropout2d(ChannelDropout):
    """Set whole random channels of an image to zero in training."""

    module = "Dropout2d"
    rank = 2
    examples = (Example("0.2", ("[N, 4, H, W]",)),)


@op("dropout3d")
class Dropout3d(ChannelDropout):
    """Set whole random channels of a volume to zero in training."""

    module = "Dropout3d"
    rank = 3
    examples = (Example("0.2", ("[N, 4, D, H, W]",)),)

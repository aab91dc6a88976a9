"""Channels that change places."""

from __future__ import annotations

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, integer, op
from archc.opdef.python import Call, Input, Lit, PyTorch, Site
from archc.ops.operands import input_type
from archc.sizes import TensorType, divides, floor_div, text


@op("channel_shuffle")
class ChannelShuffle(Free):
    """Take channels from each group in turn, so that groups mix (Zhang et al., 2017)."""

    groups: int = attr(integer(min=1), main=True, doc="number of groups; divides the channels")

    examples = (Example("2", ("[N, 6, H, W]",)), Example("3", ("[N, 9, T]",)))

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the type; axis 1 holds the channels."""
        rule.float_input(x)
        rule.at_least_rank(x, 3)
        channels = x.shape[1]
        message = f"`groups` must divide the channels, {text(channels)} is not a multiple of {self.groups}"
        rule.require(divides(self.groups, channels), "E0406", message, "groups", [(0, f"this is {x}")])
        return x

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.channel_shuffle`."""
        groups = Lit(self.groups)
        module = Call("nn.ChannelShuffle", (groups,))
        return PyTorch(Call("F.channel_shuffle", (Input(0), groups)), as_module=module)

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Reshape`, `Transpose`, `Reshape`."""
        batch, channels, *rest = input_type(g).shape
        split = g.emit("Reshape", x, g.sizes((batch, self.groups, floor_div(channels, self.groups), *rest)))
        perm = [0, 2, 1, *range(3, 3 + len(rest))]
        return g.emit("Reshape", g.emit("Transpose", split, perm=perm), g.sizes(g.outputs[0].shape))

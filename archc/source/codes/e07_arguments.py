"""E07xx: what is written under an op."""

from archc.source.codes.explanation import Explanation


def _layer(layer: str, shape: str = "[N, 3, 8, 8]") -> str:
    """Give a small spec of one layer."""
    return f"inputs:\n  x: {shape}\nlayers:\n  - {{name: layer, {layer}}}\n"


CODES = {
    "E0701": Explanation(
        "an attribute gets a value of another kind",
        "Each attribute takes numbers, booleans, lists or certain words; `archc ops NAME` shows which. Text "
        "where a number is expected is an expression; a float is a whole number only if it has no fraction.",
        _layer("conv2d: {out_channels: 4.5, kernel_size: 3}"),
        _layer("conv2d: {out_channels: 4, kernel_size: 3}"),
    ),
    "E0702": Explanation(
        "an op has no such attribute",
        "Attributes have the names that `torch.nn` gives them. What follows from the input is not written: "
        "`in_channels`, `in_features`, `num_features`, `input_size`.",
        _layer("conv2d: {in_channels: 3, out_channels: 4, kernel_size: 3}"),
        _layer("conv2d: {out_channels: 4, kernel_size: 3}"),
    ),
    "E0705": Explanation(
        "the axes to join are in the wrong order",
        "`flatten` joins the axes from `start_dim` to `end_dim`, so the first comes first. Both may count "
        "from the end, where -1 is the last axis.",
        _layer("flatten: {start_dim: -1, end_dim: 1}"),
        _layer("flatten: {start_dim: 1, end_dim: -1}"),
    ),
    "E0706": Explanation(
        "an attribute is missing",
        "An attribute without a default has to be written. `archc ops NAME` shows them.",
        _layer("conv2d: {out_channels: 4}"),
        _layer("conv2d: {out_channels: 4, kernel_size: 3}"),
    ),
    "E0707": Explanation(
        "an attribute is out of bounds",
        "Counts of channels and features, sizes of kernels and strides are at least 1, probabilities lie "
        "between 0 and 1; `archc ops NAME` shows the bounds.",
        _layer("dropout: 50"),
        _layer("dropout: 0.5"),
    ),
    "E0708": Explanation(
        "an initializer is not understood",
        "`init` maps the weights that a layer owns to initializers, which have the names and arguments of "
        "`torch.nn.init` without the underscore: `{weight: {normal: {std: 0.02}}, bias: zeros}`.",
        _layer("linear: 4, init: {weight: {gauss: {std: 0.02}}}", "[N, 3]"),
        _layer("linear: 4, init: {weight: {normal: {std: 0.02}}}", "[N, 3]"),
    ),
}

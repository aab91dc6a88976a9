"""E04xx: sizes that layers with windows, groups or channels cannot work with."""

from archc.source.codes.explanation import Explanation


def _layer(input_: str, layer: str) -> str:
    """Give a small spec with one layer."""
    return f"""\
inputs:
  x: {input_}
layers:
  - name: layer
    {layer}
"""


CODES = {
    "E0401": Explanation(
        "an input has too many or too few axes",
        "A layer for images takes `[batch, channels, height, width]`, one for sequences "
        "`[batch, channels, length]`. A batch of one is still an axis.",
        _layer("[3, 32, 32]", "conv2d: {out_channels: 8, kernel_size: 3}"),
        _layer("[1, 3, 32, 32]", "conv2d: {out_channels: 8, kernel_size: 3}"),
    ),
    "E0402": Explanation(
        "an axis is not there",
        "Axes count from 0, or from -1 at the end: a tensor of 3 axes has 0, 1, 2 and -3, -2, -1.",
        _layer("[N, 8]", "softmax: 2"),
        _layer("[N, 8]", "softmax: -1"),
    ),
    "E0403": Explanation(
        "a weight's size is not a number",
        "The shape of a weight is fixed when the model is built, so the sizes that it comes from "
        "(channels of a convolution, features of a linear layer) are numbers. Batch, length, height and "
        "width may be symbols.",
        _layer("[N, C]", "linear: 10"),
        _layer("[N, 8]", "linear: 10"),
    ),
    "E0405": Explanation(
        "a kernel is larger than its input",
        "A kernel of size k with dilation d spans d * (k - 1) + 1 positions; the input with its padding "
        "must have at least as many. Where the size is a symbol it becomes a requirement of the model.",
        _layer("[N, 3, 4, 4]", "conv2d: {out_channels: 8, kernel_size: 5}"),
        _layer("[N, 3, 4, 4]", "conv2d: {out_channels: 8, kernel_size: 5, padding: 2}"),
    ),
    "E0406": Explanation(
        "groups do not divide the channels",
        "Each group has as many channels as the next one, of the input and of the output.",
        _layer("[N, 6, 8, 8]", "conv2d: {out_channels: 8, kernel_size: 3, groups: 4}"),
        _layer("[N, 8, 8, 8]", "conv2d: {out_channels: 8, kernel_size: 3, groups: 4}"),
    ),
    "E0407": Explanation(
        "an input is too small for what fills its padding",
        "Reflection needs more positions than it pads, wrapping around at least as many.",
        _layer("[N, 3, 2]", "conv1d: {out_channels: 8, kernel_size: 5, padding: 2, padding_mode: reflect}"),
        _layer("[N, 3, 3]", "conv1d: {out_channels: 8, kernel_size: 5, padding: 2, padding_mode: reflect}"),
    ),
    "E0420": Explanation(
        "a transposed convolution cuts everything off",
        "The padding of a transposed convolution is cut off what it makes: (size - 1) * stride + reach - "
        "2 * padding + output_padding positions are left, at least 1.",
        _layer("[N, 3, 1]", "conv_transpose1d: {out_channels: 8, kernel_size: 4, stride: 2, padding: 2}"),
        _layer("[N, 3, 1]", "conv_transpose1d: {out_channels: 8, kernel_size: 4, stride: 2, padding: 1}"),
    ),
    "E0421": Explanation(
        "an axis cannot be halved",
        "`glu` weighs the first half of an axis by the second, so its size is even.",
        _layer("[N, 7]", "glu: -1"),
        _layer("[N, 8]", "glu: -1"),
    ),
    "E0422": Explanation(
        "there are not as many slopes as channels",
        "`prelu` learns one slope for all values, or one for each channel (axis 1).",
        _layer("[N, 8, T]", "prelu: 4"),
        _layer("[N, 8, T]", "prelu: 8"),
    ),
    "E0423": Explanation(
        "a mean of a single value",
        "A normalization over one value gives zero whatever the value is; PyTorch refuses it. Each mean is "
        "taken over two values or more.",
        _layer("[N, 8, 1, 1]", "instance_norm:"),
        _layer("[N, 8, 4, 4]", "instance_norm:"),
    ),
    "E0424": Explanation(
        "`normalized_shape` is not the shape of the last axes",
        "It names the sizes that are normalized together, which are those of the last axes. Left out, it "
        "is the last axis alone.",
        _layer("[N, 16, 8]", "layer_norm: 16"),
        _layer("[N, 16, 8]", "layer_norm: [16, 8]"),
    ),
    "E0425": Explanation(
        "nothing is left after scaling",
        "A size times its factor, rounded down, is at least 1.",
        _layer("[N, 3, 3, 3]", "interpolate: {scale_factor: 0.25}"),
        _layer("[N, 3, 4, 4]", "interpolate: {scale_factor: 0.25}"),
    ),
    "E0426": Explanation(
        "a scaled size depends on how floats are rounded",
        "PyTorch rounds size * factor down, in floats: 100 * 0.29 is 28.999..., which gives 28. No exact "
        "expression says that for every size of a symbol, so the factor of a symbolic size is a whole "
        "number or one with halves, quarters and so on.",
        _layer("[N, 3, H, W]", "interpolate: {scale_factor: 0.3}"),
        _layer("[N, 3, H, W]", "interpolate: {scale_factor: 0.25}"),
    ),
    "E0427": Explanation(
        "areas that are not equal",
        "`mode: area` averages windows. With symbolic sizes they can be written as a graph only where one "
        "size is a multiple of the other; declare that under `dims`, or give the size as a number.",
        _layer("[N, 3, H, W]", "interpolate: {scale_factor: 0.5, mode: area}"),
        "dims: {H: {multiple_of: 2}, W: {multiple_of: 2}}\n"
        + _layer("[N, 3, H, W]", "interpolate: {scale_factor: 0.5, mode: area}"),
    ),
    "E0428": Explanation(
        "the channels do not make whole squares of pixels",
        "`pixel_shuffle` by r turns r * r channels into a square of r by r pixels.",
        _layer("[N, 6, 4, 4]", "pixel_shuffle: 2"),
        _layer("[N, 8, 4, 4]", "pixel_shuffle: 2"),
    ),
    "E0429": Explanation(
        "the pixels do not make whole squares",
        "`pixel_unshuffle` by r turns squares of r by r pixels into channels; height and width are "
        "multiples of r.",
        _layer("[N, 3, 5, 4]", "pixel_unshuffle: 2"),
        _layer("[N, 3, 6, 4]", "pixel_unshuffle: 2"),
    ),
    "E0430": Explanation(
        "a window that holds no value",
        "With a dilation, the taps of a max pool may fall on the padding alone; the largest of nothing is "
        "minus infinity. The input is at least as large as the distance between the taps.",
        _layer("[N, 3, 1, 8]", "max_pool2d: {kernel_size: [2, 1], padding: [1, 0], dilation: [2, 1]}"),
        _layer("[N, 3, 2, 8]", "max_pool2d: {kernel_size: [2, 1], padding: [1, 0], dilation: [2, 1]}"),
    ),
    "E0431": Explanation(
        "a factor that rounds to another one",
        "8 * 1.1 is 8.8, rounded down 8. PyTorch then samples at distances of 1/1.1 or of 1, depending on "
        "the mode and the number of axes, so what it gives is an accident.",
        _layer("[N, 3, 8, 8]", "interpolate: {scale_factor: 1.1, mode: bicubic}"),
        _layer("[N, 3, 8, 8]", "interpolate: {scale_factor: 1.25, mode: bicubic}"),
    ),
}

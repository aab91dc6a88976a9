"""E07xx: attributes of layers that do not go together."""

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
    "E0703": Explanation(
        "`padding: same` with a stride",
        "`same` keeps the size, which a stride cannot. With a stride of 2, an odd kernel k and `padding: "
        "(k - 1) // 2` the size is halved, rounded up.",
        _layer("[N, 3, 8, 8]", "conv2d: {out_channels: 8, kernel_size: 3, stride: 2, padding: same}"),
        _layer("[N, 3, 8, 8]", "conv2d: {out_channels: 8, kernel_size: 3, stride: 2, padding: 1}"),
    ),
    "E0704": Explanation(
        "a pool pads too much",
        "A window must hold at least one value of the input, so PyTorch pads at most half a window.",
        _layer("[N, 3, 8, 8]", "max_pool2d: {kernel_size: 3, padding: 2}"),
        _layer("[N, 3, 8, 8]", "max_pool2d: {kernel_size: 3, padding: 1}"),
    ),
    "E0720": Explanation(
        "an output padding that is too large",
        "`output_padding` chooses among the sizes that a strided convolution maps to the same one, so it is "
        "smaller than the stride, or than the dilation.",
        _layer(
            "[N, 3, T]", "conv_transpose1d: {out_channels: 8, kernel_size: 4, stride: 2, output_padding: 2}"
        ),
        _layer(
            "[N, 3, T]", "conv_transpose1d: {out_channels: 8, kernel_size: 4, stride: 2, output_padding: 1}"
        ),
    ),
    "E0721": Explanation(
        "a division by zero",
        "`alpha` of `celu` and `beta` of `softplus` divide, and so does what holds `eps` of `batch_norm`.",
        _layer("[N, 8]", "softplus: {beta: 0}"),
        _layer("[N, 8]", "softplus: {beta: 2}"),
    ),
    "E0722": Explanation(
        "limits out of order",
        "`hardtanh` limits values to `min_val`..`max_val`, the smaller one first.",
        _layer("[N, 8]", "hardtanh: {min_val: 1, max_val: -1}"),
        _layer("[N, 8]", "hardtanh: {min_val: -1, max_val: 1}"),
    ),
    "E0723": Explanation(
        "a normalization over no axis",
        "`normalized_shape` names the sizes of the last axes, at least one; left out, it is the last axis.",
        _layer("[N, 8]", "layer_norm: []"),
        _layer("[N, 8]", "layer_norm: [8]"),
    ),
    "E0724": Explanation(
        "a size and a factor",
        "`interpolate` goes to a `size` or by a `scale_factor`: one of them, not both.",
        _layer("[N, 3, 8, 8]", "interpolate: {size: 16, scale_factor: 2}"),
        _layer("[N, 3, 8, 8]", "interpolate: {size: 16}"),
    ),
    "E0725": Explanation(
        "corners where none are aligned",
        "`align_corners` is for the modes that mix neighbours by distance: linear, bilinear, bicubic and "
        "trilinear.",
        _layer("[N, 3, 8, 8]", "interpolate: {scale_factor: 2, align_corners: true}"),
        _layer("[N, 3, 8, 8]", "interpolate: {scale_factor: 2, mode: bilinear, align_corners: true}"),
    ),
    "E0726": Explanation(
        "too many or too few sizes",
        "`interpolate` takes one size or factor for all axes after the second, or one for each.",
        _layer("[N, 3, 8, 8]", "interpolate: {size: [1, 3, 16]}"),
        _layer("[N, 3, 8, 8]", "interpolate: {size: [16, 16]}"),
    ),
    "E0727": Explanation(
        "a factor of zero or less",
        "`scale_factor` multiplies sizes: 2 doubles, 0.5 halves.",
        _layer("[N, 3, 8, 8]", "interpolate: {scale_factor: 0}"),
        _layer("[N, 3, 8, 8]", "interpolate: {scale_factor: 0.5}"),
    ),
}

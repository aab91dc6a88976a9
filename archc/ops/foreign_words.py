"""Words of Keras, Ultralytics and ONNX for what has PyTorch's name here: read only by messages."""

from __future__ import annotations

_GLOBAL_MEAN = "`mean: {dim: [2, 3]}`, or `adaptive_avg_pool2d: 1` and `flatten`"
_ITEM = "the activation as an item of its own, such as `relu`"

OPS: dict[str, str] = {
    # Keras
    "Dense": "`linear`",
    **{f"Conv{rank}D": f"`conv{rank}d`" for rank in (1, 2, 3)},
    **{f"Conv{rank}DTranspose": f"`conv_transpose{rank}d`" for rank in (1, 2, 3)},
    **{f"MaxPooling{rank}D": f"`max_pool{rank}d`" for rank in (1, 2, 3)},
    **{f"AveragePooling{rank}D": f"`avg_pool{rank}d`" for rank in (1, 2, 3)},
    "DepthwiseConv2D": "`conv2d: {groups: ..}`",
    "SeparableConv2D": "`depthwise_separable` of std/convolution",
    "GlobalAveragePooling2D": _GLOBAL_MEAN,
    "GlobalMaxPooling2D": "`amax: {dim: [2, 3]}`",
    "BatchNormalization": "`batch_norm`",
    "LayerNormalization": "`layer_norm`",
    "Activation": _ITEM,
    "Concatenate": "`concat`",
    "Multiply": "`mul`",
    "ZeroPadding2D": "`pad`",
    "UpSampling2D": "`interpolate`",
    "SpatialDropout2D": "`dropout2d`",
    "Bidirectional": "`bidirectional: true` under the op",
    "TimeDistributed": "the layer itself: `linear` takes any leading axes",
    "SimpleRNN": "`rnn`",
    "Input": "it under `inputs`",
    "InputLayer": "it under `inputs`",
    # ONNX
    "Gemm": "`linear`",
    "ConvTranspose": "`conv_transpose2d`",
    "GlobalAveragePool": _GLOBAL_MEAN,
    "ReduceMean": "`mean`",
    "ReduceSum": "`sum`",
    "Resize": "`interpolate`",
    # Ultralytics
    "Concat": "`concat`",
}
"""What to write, by the name of a layer."""

ATTRIBUTES: dict[str, str] = {
    "filters": "out_channels",
    "units": "out_features",
    "kernel": "kernel_size",
    "kernel_shape": "kernel_size",
    "pool_size": "kernel_size",
    "strides": "stride",
    "pad": "padding",
    "pads": "padding",
    "rate": "p",
    "dilation_rate": "dilation",
    "dilations": "dilation",
    "group": "groups",
    "use_bias": "bias",
    "epsilon": "eps",
    "axis": "dim",
    "axes": "dim",
    "keepdims": "keepdim",
    "target_shape": "shape",
}
"""The attribute here, by its name elsewhere."""

ELSEWHERE: dict[str, str] = {
    "activation": f"write {_ITEM}",
    "act": f"write {_ITEM}",
    "return_sequences": "leave it out: `NAME.output` is the sequence, `NAME.h_n` the last state",
}
"""What to do, for attributes that are none here."""

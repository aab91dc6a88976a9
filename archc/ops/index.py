"""Which family each op lives in; made by `python -m archc.ops.make_index`."""

FAMILIES: dict[str, tuple[str, ...]] = {
    "activation": (
        "relu",
        "tanh",
    ),
    "convolution": (
        "conv2d",
    ),
    "linear": (
        "linear",
    ),
    "pooling": (
        "max_pool2d",
        "avg_pool2d",
    ),
    "reshaping": (
        "flatten",
    ),
}

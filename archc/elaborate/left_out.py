"""Arguments of PyTorch's modules and functions that no op here has, and why.

Only the message of an unknown attribute reads it.
"""

from __future__ import annotations

LEFT_OUT = {
    "in_channels": "the channels of the input give it",
    "num_channels": "the channels of the input give it",
    "num_features": "the channels of the input give it",
    "in_features": "the last axis of the input gives it",
    "in1_features": "the last axis of the first input gives it",
    "in2_features": "the last axis of the second input gives it",
    "input_size": "the last axis of the input gives it",
    "embed_dim": "the last axis of the query gives it",
    "kdim": "the last axis of the key gives it",
    "vdim": "the last axis of the value gives it",
    "inplace": "archc's values never change in place",
    "out": "archc's values never change in place",
    "device": "devices are chosen where the model is run",
    "dtype": "weights are of the model's float",
    "requires_grad": "a `parameter` is trained, a `buffer` is not",
    "data": "`init` says what a parameter starts from",
    "antialias": "runtimes weigh pixels otherwise than PyTorch there, so no graph gives the same values",
    "recompute_scale_factor": "`size` says which sizes come out, `scale_factor` by how much",
    "max_norm": "it changes the weights while they are read",
    "norm_type": "it goes with `max_norm`, which changes the weights while they are read",
    "scale_grad_by_freq": "gradients are those of the forward pass",
    "sparse": "gradients are dense",
    "include_last_offset": "bags are the rows of the input",
    "_freeze": "training says what is frozen",
    "_weight": "`from: {weight: ..}` takes the weights from a value, `init` says what they start from",
    "size_average": "`reduction` says it",
    "reduce": "`reduction` says it",
    "compute_mode": "it chooses between ways to compute the same",
    "min_value": "`min_val` says it",
    "max_value": "`max_val` says it",
    "add_bias_kv": "append what is learned to key and value: `parameter` and `concat`",
    "add_zero_attn": "append zeros to key and value: `pad`",
    "split_size_or_sections": "`split_size` says it",
    "return_indices": "windows of unequal width have no positions in ONNX",
    "padding_mode": "PyTorch pads with zeros alone here",
    "stable": "the order of equal values is not promised",
    "sorted": "what comes out is in order",
    "training": "the model is told, not the layer",
}

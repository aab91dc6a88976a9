"""E05xx: element types and values."""

from archc.source.codes.explanation import Explanation


def _layer(inputs: str, layer: str) -> str:
    """Give a small spec of one layer."""
    return f"""\
inputs: {inputs}
layers:
  - {{name: layer, {layer}}}
"""


CODES = {
    "E0570": Explanation(
        "a length may lie outside the sequence",
        "`lengths` of a recurrent layer counts the real steps of each sequence: at least 1, at most the "
        "number of steps. Without a declared range that is taken as the range of the input.",
        _layer(
            "{x: [7, N, 4], lengths: {dtype: int64, shape: [N], min: 0, max: 7}}",
            "from: {input: x, lengths: lengths}, lstm: 8",
        ),
        _layer(
            "{x: [7, N, 4], lengths: {dtype: int64, shape: [N], min: 1, max: 7}}",
            "from: {input: x, lengths: lengths}, lstm: 8",
        ),
    ),
    "E0571": Explanation(
        "query, key and value have different element types",
        "Attention multiplies and adds them, and converts none.",
        _layer(
            "{q: [N, L, 8], k: {dtype: float16, shape: [N, S, 8]}}",
            "from: [q, k, k], scaled_dot_product_attention: ",
        ),
        _layer("{q: [N, L, 8], k: [N, S, 8]}", "from: [q, k, k], scaled_dot_product_attention: "),
    ),
    "E0572": Explanation(
        "a mask has the wrong element type",
        "The mask of `scaled_dot_product_attention` is bool (true keeps a key) or float (added to the "
        "scores); that of `multihead_attention` too, but there true masks a key. `key_padding_mask` is "
        "bool.",
        _layer(
            "{x: [N, 2, 5, 8], mask: {dtype: int64, shape: [5, 5]}}",
            "from: [x, x, x, mask], scaled_dot_product_attention: ",
        ),
        _layer(
            "{x: [N, 2, 5, 8], mask: {dtype: bool, shape: [5, 5]}}",
            "from: [x, x, x, mask], scaled_dot_product_attention: ",
        ),
    ),
}

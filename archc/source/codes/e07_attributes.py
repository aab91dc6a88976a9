"""E07xx: attributes of ops."""

from archc.source.codes.explanation import Explanation


def _layer(inputs: str, layer: str) -> str:
    """Give a small spec of one layer."""
    return f"""\
inputs: {inputs}
layers:
  - {{name: layer, {layer}}}
"""


CODES = {
    "E0770": Explanation(
        "a projection is not smaller than the state",
        "`proj_size` projects the state of an `lstm` to fewer features than `hidden_size`.",
        _layer("{x: [T, N, 4]}", "lstm: {hidden_size: 8, proj_size: 8}"),
        _layer("{x: [T, N, 4]}", "lstm: {hidden_size: 8, proj_size: 6}"),
    ),
    "E0771": Explanation(
        "a causal mask and another one",
        "`is_causal` is a mask of its own. Where both are needed, write the causal part into the mask.",
        _layer(
            "{x: [N, 2, 5, 8], mask: {dtype: bool, shape: [5, 5]}}",
            "from: [x, x, x, mask], scaled_dot_product_attention: {is_causal: true}",
        ),
        _layer("{x: [N, 2, 5, 8]}", "from: [x, x, x], scaled_dot_product_attention: {is_causal: true}"),
    ),
}

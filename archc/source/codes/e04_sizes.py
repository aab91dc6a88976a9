"""E04xx: shapes and sizes."""

from archc.source.codes.explanation import Explanation


def _layer(inputs: str, layer: str) -> str:
    """Give a small spec of one layer."""
    return f"""\
inputs: {inputs}
layers:
  - {{name: layer, {layer}}}
"""


_GROUPED = "from: [q, k, k], scaled_dot_product_attention: {enable_gqa: true}"

CODES = {
    "E0470": Explanation(
        "an initial state has the wrong shape",
        "A recurrent layer's `hx` (and `cx`) holds one row of features for each layer, direction and "
        "sequence: [num_layers * directions, batch, hidden_size], also where `batch_first` is true. The "
        "state `h_n` of `lstm` is as wide as `proj_size` where that is set.",
        _layer("{x: [T, N, 4], h: [1, N, 8]}", "from: [x, h], gru: {hidden_size: 8, num_layers: 2}"),
        _layer("{x: [T, N, 4], h: [2, N, 8]}", "from: [x, h], gru: {hidden_size: 8, num_layers: 2}"),
    ),
    "E0471": Explanation(
        "there is not one length for each sequence",
        "`lengths` says how many steps of each sequence of the batch are real, so it has one entry for "
        "each sequence. The batch is the second axis of the sequences, or the first with `batch_first`.",
        _layer(
            "{x: [7, 3, 4], lengths: {dtype: int64, shape: [7]}}",
            "from: {input: x, lengths: lengths}, lstm: 8",
        ),
        _layer(
            "{x: [7, 3, 4], lengths: {dtype: int64, shape: [3]}}",
            "from: {input: x, lengths: lengths}, lstm: 8",
        ),
    ),
    "E0472": Explanation(
        "one of the two states of an `lstm` is missing",
        "An `lstm` carries two states, `hx` and `cx`. Both are given, or none: both then start at zero.",
        _layer("{x: [T, N, 4], h: [1, N, 8]}", "from: {input: x, hx: h}, lstm: 8"),
        _layer("{x: [T, N, 4], h: [1, N, 8], c: [1, N, 8]}", "from: {input: x, hx: h, cx: c}, lstm: 8"),
    ),
    "E0473": Explanation(
        "queries and keys are not equally wide",
        "Attention multiplies each query with each key, so the last axis of both has the same size.",
        _layer("{q: [N, L, 8], k: [N, S, 6]}", "from: [q, k, k], scaled_dot_product_attention: "),
        _layer("{q: [N, L, 8], k: [N, S, 8]}", "from: [q, k, k], scaled_dot_product_attention: "),
    ),
    "E0474": Explanation(
        "keys and values are not equally many",
        "Each key has one value, so key and value have the same number of positions.",
        _layer(
            "{q: [N, L, 8], k: [N, 5, 8], v: [N, 6, 8]}", "from: [q, k, v], scaled_dot_product_attention: "
        ),
        _layer(
            "{q: [N, L, 8], k: [N, 5, 8], v: [N, 5, 8]}", "from: [q, k, v], scaled_dot_product_attention: "
        ),
    ),
    "E0475": Explanation(
        "the heads of grouped queries do not fit",
        "With `enable_gqa` each head of keys and values serves several heads of queries: the heads stand "
        "third from the end, key and value have equally many, and their number divides the query's.",
        _layer("{q: [N, 6, L, 8], k: [N, 4, S, 8]}", _GROUPED),
        _layer("{q: [N, 6, L, 8], k: [N, 3, S, 8]}", _GROUPED),
    ),
    "E0476": Explanation(
        "a mask does not fit the scores",
        "There is one score for each query and key. The `attn_mask` of `scaled_dot_product_attention` "
        "broadcasts to [..., queries, keys] and never makes it larger; that of `multihead_attention` is "
        "[queries, keys] or [heads * batch, queries, keys], and `key_padding_mask` is [batch, keys].",
        _layer("{x: [N, 2, 5, 8], mask: [5, 4]}", "from: [x, x, x, mask], scaled_dot_product_attention: "),
        _layer("{x: [N, 2, 5, 8], mask: [5, 5]}", "from: [x, x, x, mask], scaled_dot_product_attention: "),
    ),
    "E0477": Explanation(
        "the heads do not divide the width",
        "`multihead_attention` gives each head an equal part of the query's features, so `num_heads` "
        "divides the size of its last axis.",
        _layer("{x: [T, N, 10]}", "multihead_attention: 4"),
        _layer("{x: [T, N, 12]}", "multihead_attention: 4"),
    ),
    "E0478": Explanation(
        "query, key and value belong to different batches",
        "The batch is the second axis of what `multihead_attention` takes, or the first with "
        "`batch_first: true`. It is the same for query, key and value.",
        _layer("{x: [5, 7, 8], memory: [5, 9, 8]}", "from: [x, memory], multihead_attention: 2"),
        _layer(
            "{x: [5, 7, 8], memory: [5, 9, 8]}",
            "from: [x, memory], multihead_attention: {num_heads: 2, batch_first: true}",
        ),
    ),
}

"""W01xx: what is allowed and most likely not meant."""

from archc.source.codes.explanation import Explanation


def _layers(*items: str, inputs: str = "{x: [N, 3]}", before: str = "", rest: str = "") -> str:
    """Give a small spec of some layers."""
    listed = "".join(f"  - {item}\n" for item in items)
    return f"{before}inputs: {inputs}\nlayers:\n{listed}{rest}"


CODES = {
    "W0101": Explanation(
        "a value is computed and never used",
        "No layer reads the value and no output names it. A layer takes the value before it, so one whose "
        "successor says `from` something else is easily lost.",
        _layers("{name: a, linear: 4}", "{name: b, from: x, linear: 4}"),
        _layers("{name: a, linear: 4}", "{name: b, from: x, linear: 4}", "add: [a, b]"),
    ),
    "W0102": Explanation(
        "a layer with weights has no name",
        "The names of layers are the keys of the weights. A layer without one is called by its op and a "
        "number, which changes when another is put before it: weights that were saved then no longer fit.",
        _layers("linear: 4", "relu"),
        _layers("{name: fc, linear: 4}", "relu"),
    ),
    "W0103": Explanation(
        "an input is never used",
        "No layer reads the input, and none of the sizes that it alone has is used.",
        _layers("{name: fc, from: x, linear: 4}", inputs="{x: [N, 3], mask: [N, 5]}"),
        _layers("{name: fc, from: x, linear: 4}", inputs="{x: [N, 3]}"),
    ),
    "W0104": Explanation(
        "a symbolic size has nearly the name of a parameter",
        "A name in the shape of an input that is no parameter is a symbol, which stands for any size. A "
        "misspelt parameter therefore is no error.",
        _layers("relu", inputs="{x: [N, widht]}", before="params: {width: 3}\n"),
        _layers("relu", inputs="{x: [N, width]}", before="params: {width: 3}\n"),
    ),
    "W0106": Explanation(
        "indices of which nothing is known",
        """
An op looks things up by the values of this tensor, and the compiler cannot bound them: they come out
of a conversion or of arithmetic. A value outside of the table stops the model when it runs. Values of
model inputs, `arange`, `argmax` and `clamp` are bounded.
""",
        """
name: wrong
inputs: {x: [N, T]}
layers:
  - cast: int64
  - {name: table, embedding: {num_embeddings: 10, embedding_dim: 4}}
""",
        """
name: right
inputs: {x: [N, T]}
layers:
  - cast: int64
  - clamp: {min: 0, max: 9}
  - {name: table, embedding: {num_embeddings: 10, embedding_dim: 4}}
""",
    ),
    "W0105": Explanation(
        "a causal mask over other keys than queries",
        "`is_causal` aligns queries and keys at their starts, as PyTorch does: the first query sees the "
        "first key alone. Where there are more keys than queries, as with a cache, the last ones are then "
        "seen by nobody; what is meant is mostly a mask that aligns them at their ends.",
        """
name: wrong
inputs: {q: [N, T, 8], k: [N, S, 8]}
layers:
  - {from: {query: q, key: k, value: k}, scaled_dot_product_attention: {is_causal: true}}
""",
        """
name: right
inputs: {q: [N, T, 8], k: [N, T, 8]}
layers:
  - {from: {query: q, key: k, value: k}, scaled_dot_product_attention: {is_causal: true}}
""",
    ),
    "W0111": Explanation(
        "a step of a key map has no effect",
        "No tensor has a name that the pattern matches at this step: a pattern is the whole name, and "
        "earlier steps may have changed it.",
        None,
        how="A name in the map is misspelt, or the map is for another version of the file.",
    ),
}

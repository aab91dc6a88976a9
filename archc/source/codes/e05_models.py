"""E05xx: dtypes and ranges that models and blocks declare."""

from archc.source.codes.explanation import Explanation

_LOOKUP = """\
layers:
  - {name: table, embedding: {num_embeddings: 10, embedding_dim: 4}}
"""


def _halved(dtype: str) -> str:
    """Give a spec that uses a block which declares a dtype."""
    return f"""\
inputs:
  x: {dtype}[N, 3]
layers:
  - {{name: halved, halved: }}
blocks:
  halved:
    inputs:
      x: float32[N, C]
    layers:
      - mul: [x, 0.5]
"""


CODES = {
    "E0505": Explanation(
        "an input has another dtype than the block declares",
        "A block that writes a dtype in its signature takes that one only. One that writes none takes any "
        "that its layers take.",
        _halved("int64"),
        _halved("float32"),
    ),
    "E0506": Explanation(
        "the range of an input is empty, or not of integers",
        "Integer inputs may say which values they hold, with `min` and `max`, both included. Floats and "
        "booleans have no range.",
        "inputs: {ids: {dtype: int64, shape: [N, T], min: 5, max: 4}}\n" + _LOOKUP,
        "inputs: {ids: {dtype: int64, shape: [N, T], min: 0, max: 9}}\n" + _LOOKUP,
    ),
}

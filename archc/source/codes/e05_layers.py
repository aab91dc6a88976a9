"""E05xx: element types and values that layers cannot work with."""

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
    "E0501": Explanation(
        "integers where floats are needed",
        "Layers that multiply, average or squash work on floats. Integers that stand for words or classes "
        "go through `embedding` or `one_hot` first; numbers through `cast`.",
        _layer("int64[N, 8]", "linear: 4"),
        _layer("[N, 8]", "linear: 4"),
    ),
    "E0502": Explanation(
        "floats where indices are needed",
        "An index is int64 or int32. An input holds floats unless its type says otherwise.",
        _layer("[N, T]", "embedding: {num_embeddings: 100, embedding_dim: 8}"),
        _layer("int64[N, T]", "embedding: {num_embeddings: 100, embedding_dim: 8}"),
    ),
    "E0503": Explanation(
        "an index beyond the end",
        "What integers may be is known from their declared range, from `arange`, or from use. All of them "
        "must be among the entries that they choose from.",
        _layer(
            "{dtype: int64, shape: [N, T], min: 0, max: 100}",
            "embedding: {num_embeddings: 100, embedding_dim: 8}",
        ),
        _layer(
            "{dtype: int64, shape: [N, T], min: 0, max: 99}",
            "embedding: {num_embeddings: 100, embedding_dim: 8}",
        ),
    ),
    "E0520": Explanation(
        "the padding's index is not in the table",
        "`padding_idx` is one of the table's rows, counted from 0, or from -1 at the end.",
        _layer("int64[N, T]", "embedding: {num_embeddings: 100, embedding_dim: 8, padding_idx: 100}"),
        _layer("int64[N, T]", "embedding: {num_embeddings: 100, embedding_dim: 8, padding_idx: 0}"),
    ),
}

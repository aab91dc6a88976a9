"""E049x: indices, orders, diagonals and patches that do not fit the tensors they are for."""

from archc.source.codes.explanation import Explanation


def _layer(inputs: str, layer: str) -> str:
    """Give a small spec with one layer on all its inputs."""
    return f"""\
inputs: {{{inputs}}}
layers:
  - {{name: layer, {layer}}}
"""


CODES = {
    "E0490": Explanation(
        "an index does not fit its tensor",
        "`gather` and `scatter` take an index with as many axes as the tensor, which is no larger than it "
        "on the axes that are not picked from; the source of `scatter` is at least as large as the index.",
        _layer('x: [4, 8], i: "int64[5, 2]"', "from: [x, i], gather: 1"),
        _layer('x: [4, 8], i: "int64[4, 2]"', "from: [x, i], gather: 1"),
    ),
    "E0491": Explanation(
        "an axis has too few values",
        "`topk` takes its values out of an axis that has at least as many.",
        _layer("x: [N, 8]", "topk: 9"),
        _layer("x: [N, 8]", "topk: 8"),
    ),
    "E0492": Explanation(
        "a diagonal outside of its matrix",
        "Diagonal 0 starts in the first row and column, 1 a column further, -1 a row further down. One "
        "that has no entries is refused: no axis is empty.",
        _layer("x: [4, 4]", "diag: 4"),
        _layer("x: [4, 4]", "diag: 3"),
    ),
    "E0493": Explanation(
        "patches that do not make up an image",
        "`fold` takes [batch, channels * patch, patches]: as many rows as a patch has values, times the "
        "channels, and as many columns as the image has patches at this stride.",
        _layer("x: [N, 12, 5]", "fold: {output_size: [4, 6], kernel_size: 2, stride: 2}"),
        _layer("x: [N, 12, 6]", "fold: {output_size: [4, 6], kernel_size: 2, stride: 2}"),
    ),
    "E0494": Explanation(
        "a grid or its transform has another shape",
        "`grid_sample` takes a grid [batch, height, width, 2] (3 for volumes) with the batch of the image; "
        "`affine_grid` takes transforms [batch, 2, 3] (3 and 4 for volumes) with the batch of its `size`.",
        _layer("x: [N, 3, 8, 8], g: [N, 8, 8, 3]", "from: [x, g], grid_sample: "),
        _layer("x: [N, 3, 8, 8], g: [N, 8, 8, 2]", "from: [x, g], grid_sample: "),
    ),
    "E0495": Explanation(
        "the size before a pool is too far off",
        "`output_size` of a max unpool says which of the sizes that a pool makes alike came before it; "
        "they differ by less than a stride.",
        _layer(
            'x: [N, 1, 3, 3], i: "int64[N, 1, 3, 3]"',
            "from: [x, i], max_unpool2d: {kernel_size: 2, output_size: [8, 7]}",
        ),
        _layer(
            'x: [N, 1, 3, 3], i: "int64[N, 1, 3, 3]"',
            "from: [x, i], max_unpool2d: {kernel_size: 2, output_size: [7, 7]}",
        ),
    ),
    "E0496": Explanation(
        "vectors in space have three coordinates",
        "`cross` takes an axis of size 3 from both inputs.",
        _layer("x: [N, 4], y: [N, 4]", "cross: [x, y]"),
        _layer("x: [N, 3], y: [N, 3]", "cross: [x, y]"),
    ),
    "E0545": Explanation(
        "floats have no bits to combine",
        "`bitwise_and` and its like take integers and booleans.",
        _layer("x: [N, 8]", "bitwise_and: 3"),
        _layer('x: "int64[N, 8]"', "bitwise_and: 3"),
    ),
    "E0546": Explanation(
        "an input is of another float than the weights",
        "Weights are of the model's float, which a type without a name stands for. PyTorch multiplies no "
        "float64 with a float32.",
        _layer('x: "float64[N, 8]"', "linear: 4"),
        _layer("x: [N, 8]", "linear: 4"),
    ),
    "E0547": Explanation(
        "an equation of narrow integers",
        "PyTorch adds up some equations as int64 and multiplies matrices for others, which keeps int32: "
        "convert integers to int64 first.",
        _layer('x: "int32[N, 4]", y: "int32[N, 4]"', 'from: [x, y], einsum: "ni,ni->n"'),
        _layer('x: "int64[N, 4]", y: "int64[N, 4]"', 'from: [x, y], einsum: "ni,ni->n"'),
    ),
    "E0548": Explanation(
        "a matrix is not square",
        "A determinant is that of a square matrix: the last two axes of `det` are equal.",
        _layer("x: [N, 3, 4]", "det: "),
        _layer("x: [N, 3, 3]", "det: "),
    ),
    "E0754": Explanation(
        "a value and a number for the same place",
        "`scatter` and `lerp` take either a further input or a number in its place.",
        _layer("x: [N, 8], y: [N, 8], w: [N, 8]", "from: [x, y, w], lerp: 0.5"),
        _layer("x: [N, 8], y: [N, 8]", "from: [x, y], lerp: 0.5"),
    ),
    "E0755": Explanation(
        "shifts and axes do not come in pairs",
        "`roll` takes one shift for each of `dims`, or one alone for all values in a row.",
        _layer("x: [N, 8, 8]", "roll: {shifts: [1, 2], dims: 1}"),
        _layer("x: [N, 8, 8]", "roll: {shifts: [1, 2], dims: [1, 2]}"),
    ),
    "E0756": Explanation(
        "weights of an embedding bag need a sum",
        "PyTorch weighs the entries of a bag only where it adds them up.",
        _layer(
            'x: "int64[N, 4]", w: [N, 4]',
            "from: [x, w], embedding_bag: {num_embeddings: 9, embedding_dim: 3}",
        ),
        _layer(
            'x: "int64[N, 4]", w: [N, 4]',
            "from: [x, w], embedding_bag: {num_embeddings: 9, embedding_dim: 3, mode: sum}",
        ),
    ),
    "E0758": Explanation(
        "a class to leave out, among probabilities",
        "`ignore_index` names a class index that does not count; a target of probabilities has none.",
        _layer("x: [N, 5], y: [N, 5]", "from: [x, y], cross_entropy: {ignore_index: 0}"),
        _layer('x: [N, 5], y: "int64[N]"', "from: [x, y], cross_entropy: {ignore_index: 0}"),
    ),
    "E0757": Explanation(
        "an attribute's value has no meaning",
        "`lower` of `rrelu` is at most `upper`, `tau` of `gumbel_softmax` is above zero, and the "
        "boundaries of `bucketize` ascend.",
        _layer("x: [N, 8]", "rrelu: {lower: 0.5, upper: 0.1}"),
        _layer("x: [N, 8]", "rrelu: {lower: 0.1, upper: 0.5}"),
    ),
}

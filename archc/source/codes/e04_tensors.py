"""E04xx: shapes that moving, joining, splitting and multiplying tensors cannot work with."""

from archc.source.codes.explanation import Explanation


def _layer(inputs: str, layer: str) -> str:
    """Give a small spec with one layer on all its inputs."""
    return f"""\
inputs: {{{inputs}}}
layers:
  - {{name: layer, {layer}}}
"""


CODES = {
    "E0404": Explanation(
        "shapes that do not broadcast",
        "Sizes are compared from the last axis on: they are equal, or one of them is 1 and repeated, or one "
        "shape has no more axes. Two different symbols never broadcast.",
        _layer("x: [N, 64, 8, 8], y: [N, 128, 8, 8]", "add: [x, y]"),
        _layer("x: [N, 64, 8, 8], y: [N, 64, 1, 1]", "add: [x, y]"),
    ),
    "E0440": Explanation(
        "the size that -1 stands for is not whole",
        "A -1 stands for what is left of the elements when they are divided among the other sizes. Where "
        "sizes are symbols this becomes a requirement of the model.",
        _layer("x: [N, 10]", "reshape: [N, -1, 4]"),
        _layer("x: [N, 12]", "reshape: [N, -1, 4]"),
    ),
    "E0441": Explanation(
        "a new shape has another number of elements",
        "`reshape` and `unflatten` keep the elements and their order, so the sizes before and after have "
        "the same product.",
        _layer("x: [N, 10]", "reshape: [N, 3, 4]"),
        _layer("x: [N, 12]", "reshape: [N, 3, 4]"),
    ),
    "E0442": Explanation(
        "only axes of size 1 can be squeezed",
        "PyTorch leaves an axis of another size as it is, without a word; that depends on the input, so it "
        "is refused here.",
        _layer("x: [N, 2, 8]", "squeeze: 1"),
        _layer("x: [N, 1, 8]", "squeeze: 1"),
    ),
    "E0443": Explanation(
        "a permutation leaves out an axis or names one twice",
        "`permute` lists all axes of the input in the order of the result.",
        _layer("x: [N, 2, 8]", "permute: [0, 2]"),
        _layer("x: [N, 2, 8]", "permute: [0, 2, 1]"),
    ),
    "E0444": Explanation(
        "a list of axes does not fit",
        "An axis is named once in a list; `movedim` takes as many places as axes.",
        _layer("x: [N, 2, 8]", "sum: [1, -2]"),
        _layer("x: [N, 2, 8]", "sum: [1, 2]"),
    ),
    "E0445": Explanation(
        "`expand` has too few sizes",
        "`expand` lists a size for each axis of the input, -1 for one that stays, and may put new axes "
        "before them, whose sizes have to be numbers.",
        _layer("x: [N, 1, 8]", "expand: [4, 8]"),
        _layer("x: [N, 1, 8]", "expand: [-1, 4, 8]"),
    ),
    "E0446": Explanation(
        "`expand` repeats an axis that is not 1",
        "Only axes of size 1 can be expanded; `tile` repeats others.",
        _layer("x: [N, 2, 8]", "expand: [-1, 4, -1]"),
        _layer("x: [N, 1, 8]", "expand: [-1, 4, -1]"),
    ),
    "E0447": Explanation(
        "a part lies outside of its axis",
        "`slice` and `narrow` take at least one entry, `select` one that is there.",
        _layer("x: [N, 8]", "select: {dim: 1, index: 8}"),
        _layer("x: [N, 8]", "select: {dim: 1, index: 7}"),
    ),
    "E0448": Explanation(
        "a symbolic bound of a slice lies outside of the axis",
        "Numbers beyond the axis are cut to it, as in Python; a symbolic bound that cannot lie inside is "
        "taken for a mistake.",
        _layer('x: "[N, T]"', "slice: {dim: 1, end: T + 1}"),
        _layer('x: "[N, T + 1]"', "slice: {dim: 1, end: T}"),
    ),
    "E0449": Explanation(
        "the sizes of a split do not add up",
        "A list of sizes says how an axis is cut up, all of it.",
        _layer("x: [N, 8]", "split: {split_size: [2, 5], dim: 1}"),
        _layer("x: [N, 8]", "split: {split_size: [2, 6], dim: 1}"),
    ),
    "E0450": Explanation(
        "the number of parts is not known",
        "How many values `split` and `unbind` give is fixed when the spec is compiled, so the axis is a "
        "number, or the sizes are listed.",
        _layer("x: [N, T]", "unbind: 1"),
        _layer("x: [N, 3]", "unbind: 1"),
    ),
    "E0451": Explanation(
        "a symbolic axis cannot be cut into equal parts",
        "`chunk` cuts a symbolic axis into equal parts; where the facts about the symbol rule that out it "
        "is an error.",
        "dims: {N: {multiple_of: 2, remainder: 1}}\n" + _layer("x: [N, 8]", "chunk: 2"),
        "dims: {N: {multiple_of: 2}}\n" + _layer("x: [N, 8]", "chunk: 2"),
    ),
    "E0452": Explanation(
        "values with different numbers of axes cannot be joined",
        "`concat` and `stack` take values with equally many axes; `unsqueeze` adds one.",
        _layer("x: [N, 8], y: [8]", "concat: [x, y]"),
        _layer("x: [N, 8], y: [N, 2]", "concat: [x, y]"),
    ),
    "E0453": Explanation(
        "values of different sizes cannot be joined",
        "`concat` adds up the sizes of one axis (1, unless `dim` says otherwise); on all others its inputs "
        "are equal. In a skip connection a difference of one often comes from a stride on an odd size: "
        "pad or crop one of the two.",
        _layer("x: [N, 8, 65, 65], y: [N, 8, 64, 64]", "concat: [x, y]"),
        _layer("x: [N, 8, 64, 64], y: [N, 4, 64, 64]", "concat: [x, y]"),
    ),
    "E0454": Explanation(
        "two matrices cannot be multiplied",
        "The last axis of the first and the second last axis of the second are summed over: they are equal.",
        _layer("x: [N, 8], y: [4, 8]", "matmul: [x, y]"),
        _layer("x: [N, 8], y: [8, 4]", "matmul: [x, y]"),
    ),
    "E0455": Explanation(
        "a variance of too few values",
        "With Bessel's correction (the default, as in PyTorch) the variance of one value is not a number.",
        _layer("x: [N, 1]", "var: 1"),
        _layer("x: [N, 1]", "var: {dim: 1, correction: 0}"),
    ),
    "E0456": Explanation(
        "a range without numbers",
        "`arange` counts from `start` up to `end`, which is left out; no axis is empty.",
        _layer("x: [N, 8]", "arange: 0").replace("- {", "- relu\n  - {"),
        """\
inputs: {x: [N, 8]}
layers:
  - {name: positions, arange: 8}
  - add: [x, positions]
""",
    ),
    "E0457": Explanation(
        "an axis is too small for its border",
        "A reflected border is narrower than the axis, one that wraps around at most as wide; negative "
        "widths leave at least one entry.",
        _layer("x: [N, 3, 4]", "pad: {pad: [4, 0], mode: reflect}"),
        _layer("x: [N, 3, 4]", "pad: {pad: [3, 0], mode: reflect}"),
    ),
    "E0458": Explanation(
        "a pattern has another number of axes than its input",
        "The left side of a pattern names every axis of the input; `...` stands for any number of them.",
        _layer("x: [N, 4, 8]", 'rearrange: "n d -> d n"'),
        _layer("x: [N, 4, 8]", 'rearrange: "n t d -> n d t"'),
    ),
    "E0459": Explanation(
        "the sizes in a pattern do not make up an axis",
        "The product of the sizes in brackets is the size of the axis.",
        _layer("x: [N, 10]", 'rearrange: {pattern: "n (h d) -> n h d", h: 4}'),
        _layer("x: [N, 12]", 'rearrange: {pattern: "n (h d) -> n h d", h: 4}'),
    ),
    "E0460": Explanation(
        "a letter of an equation stands for two sizes",
        "In `einsum` a letter is one size throughout, and each input has an axis for each of its letters.",
        _layer("x: [N, 8], y: [4, 8]", 'einsum: "ij,jk->ik", from: [x, y]'),
        _layer("x: [N, 8], y: [4, 8]", 'einsum: "ij,kj->ik", from: [x, y]'),
    ),
}

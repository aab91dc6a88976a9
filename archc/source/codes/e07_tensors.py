"""E07xx: attributes of ops on tensors that make no sense together."""

from archc.source.codes.explanation import Explanation


def _layer(layer: str, inputs: str = "x: [N, 8]") -> str:
    """Give a small spec with one layer on all its inputs."""
    return f"""\
inputs: {{{inputs}}}
layers:
  - {{name: layer, {layer}}}
"""


def _source(layer: str) -> str:
    """Give a small spec that adds what a layer makes to its input."""
    return f"""\
inputs: {{x: [N, 2]}}
layers:
  - {{name: made, {layer}}}
  - add: [x, made]
"""


CODES = {
    "E0740": Explanation(
        "a number where a tensor is needed, or both",
        "The second input of arithmetic is a value or a number, not both; logic and the first input of "
        "`fmod` take tensors alone, as in PyTorch.",
        _layer("sub: {other: 2}, from: [x, y]", "x: [N, 8], y: [N, 8]"),
        _layer("sub: [x, y]", "x: [N, 8], y: [N, 8]"),
    ),
    "E0741": Explanation(
        "two sizes to infer",
        "Only one size can follow from the others.",
        _layer("reshape: [-1, 2, -1]"),
        _layer("reshape: [-1, 2, 4]"),
    ),
    "E0742": Explanation(
        "a size below 1",
        "No axis is empty. -1 leaves a size to be inferred (`reshape`) or kept (`expand`).",
        _layer("reshape: [N, 0, 8]"),
        _layer("reshape: [N, 1, 8]"),
    ),
    "E0743": Explanation(
        "`clamp` without bounds",
        "One of `min` and `max` is needed.",
        _layer("clamp: "),
        _layer("clamp: {min: 0}"),
    ),
    "E0744": Explanation(
        "bounds the wrong way round",
        "The lower bound of `clamp` is not above the upper one.",
        _layer("clamp: {min: 1, max: 0}"),
        _layer("clamp: {min: 0, max: 1}"),
    ),
    "E0745": Explanation(
        "an axis is needed",
        "`keepdim` of `max`, `min`, `prod`, `argmax` and `argmin` goes with one axis; `logsumexp` always "
        "takes one, as in PyTorch.",
        _layer("argmax: {keepdim: true}"),
        _layer("argmax: {dim: 1, keepdim: true}"),
    ),
    "E0746": Explanation(
        "a step that leads nowhere",
        "The step of `arange` is not zero, and whole where the range ends at a symbolic size. "
        "Where the elements are whole numbers, so are `start`, `end` and `step`.",
        _source("arange: {end: 2, step: 0}"),
        _source("arange: {end: 2, step: 1}"),
    ),
    "E0747": Explanation(
        "lists of unequal lengths",
        "A constant is a tensor: the lists inside a list are equally long, and none is empty.",
        _source("constant: [[1, 2], [3]]"),
        _source("constant: [[1, 2]]"),
    ),
    "E0748": Explanation(
        "a border that does not fit the axes",
        "`pad` takes two widths an axis, for the last axis first. Borders that are not constant go around "
        "the last one to three axes, behind one or two others.",
        _layer("pad: [1, 1, 1]"),
        _layer("pad: [1, 1]"),
    ),
    "E0749": Explanation(
        "a value for a border that is not constant",
        "`value` fills a constant border; the others repeat what is there.",
        _layer("pad: {pad: [1, 1], mode: reflect, value: 1}", "x: [N, 3, 8]"),
        _layer("pad: {pad: [1, 1], value: 1}", "x: [N, 3, 8]"),
    ),
    "E0750": Explanation(
        "a pattern that cannot be read",
        "einops' notation: names of axes, `1`, `...` and brackets around what one axis is made of, the same "
        "names on both sides of `->`.",
        _layer('rearrange: "n (h d) -> n h"'),
        _layer('rearrange: {pattern: "n (h d) -> n h d", h: 2}'),
    ),
    "E0751": Explanation(
        "a size of no name of the pattern",
        "Beside `pattern` stand sizes of names that occur in it.",
        _layer('rearrange: {pattern: "n (h d) -> n h d", heads: 2}'),
        _layer('rearrange: {pattern: "n (h d) -> n h d", h: 2}'),
    ),
    "E0752": Explanation(
        "two sizes of one axis are open",
        "Of the names in a bracket all but one need a size.",
        _layer('rearrange: "n (h d) -> n h d"'),
        _layer('rearrange: {pattern: "n (h d) -> n h d", d: 4}'),
    ),
    "E0753": Explanation(
        "an equation that cannot be read",
        "Letters for the axes of each input, separated by commas, then `->` and the letters of the result.",
        _layer('einsum: "ij,jk->ik"'),
        _layer('einsum: "ij->ji"'),
    ),
}

"""E04xx: sizes that do not fit between layers, blocks and what is declared."""

from archc.source.codes.explanation import Explanation


def _layers(*items: str, inputs: str = "{x: [N, 3]}", before: str = "", rest: str = "") -> str:
    """Give a small spec of some layers."""
    listed = "".join(f"  - {item}\n" for item in items)
    return f"{before}inputs: {inputs}\nlayers:\n{listed}{rest}"


def _positions(kernel: int) -> str:
    """Give a spec that looks up eight positions at most, and slides a kernel over them."""
    return f"""\
inputs: {{x: [N, 4, T]}}
layers:
  - {{name: conv, conv1d: {{out_channels: 4, kernel_size: {kernel}}}}}
  - mean: 2
  - {{name: steps, arange: T}}
  - {{name: table, embedding: {{num_embeddings: 8, embedding_dim: 4}}}}
  - mean: 0
  - add: [mean, mean_1]
"""


_IMAGE = "{x: [N, 3, H, 32]}"
_CONV = "{name: conv, conv2d: {out_channels: 8, kernel_size: 7}}"
_BLOCK = """\
blocks:
  gate:
    inputs: {x: [N, C], g: [N, C]}
    layers:
      - mul: [x, g]
"""

CODES = {
    "E0408": Explanation(
        "an input does not fit the signature of a block",
        "A block declares the number of axes that it takes, and names their sizes. A name that occurs twice "
        "is one size; a number or an expression has to be met.",
        _layers("{name: gate, from: [x, y], gate: }", inputs="{x: [N, 3], y: [N, 4]}", rest=_BLOCK),
        _layers("{name: gate, from: [x, y], gate: }", inputs="{x: [N, 3], y: [N, 3]}", rest=_BLOCK),
    ),
    "E0409": Explanation(
        "the output does not have the shape that `shape` says",
        "`shape` beside an op says what comes out. New names in it are bound to the sizes, for use below; "
        "numbers, and names that are known, are checked.",
        _layers("{name: fc, linear: 4, shape: [N, 8]}"),
        _layers("{name: fc, linear: 8, shape: [N, 8]}"),
    ),
    "E0410": Explanation(
        "a residual changes the shape",
        "`residual` adds what went in to what comes out, so both have the same shape; nothing is broadcast. "
        "Where the shape changes, the shortcut needs a projection: write the sum with `add`.",
        _layers("{name: block, residual: [{name: fc, linear: 4}]}"),
        _layers("{name: block, residual: [{name: fc, linear: 3}]}"),
    ),
    "E0411": Explanation(
        "a size is not a whole number from 1",
        "The sizes of a tensor are whole numbers, at least 1, or expressions over symbols that are.",
        _layers("{name: fc, linear: 4}", inputs="{x: [N, 3 - 3]}"),
        _layers("{name: fc, linear: 4}", inputs="{x: [N, 3 - 2]}"),
    ),
    "E0412": Explanation(
        "no size satisfies the facts about a symbol",
        "Under `dims`, `multiple_of` and `min` and `max` are whole numbers, `remainder` is below "
        "`multiple_of`, and at least one size lies between `min` and `max`.",
        _layers("relu", inputs=_IMAGE, before="dims: {H: {multiple_of: 32, max: 31}}\n"),
        _layers("relu", inputs=_IMAGE, before="dims: {H: {multiple_of: 32, max: 64}}\n"),
    ),
    "E0413": Explanation(
        "`dims` speaks of a size that no input has",
        "`dims` states facts about the symbols that stand in the shapes of inputs.",
        _layers("relu", inputs=_IMAGE, before="dims: {W: {multiple_of: 32}}\n"),
        _layers("relu", inputs=_IMAGE, before="dims: {H: {multiple_of: 32}}\n"),
    ),
    "E0414": Explanation(
        "the model needs more of a size than `dims` says",
        "What a model requires of a symbol that `dims` does not mention is inferred and stated. What `dims` "
        "does mention has to be enough: else the model would be built for sizes with which it cannot run.",
        _layers(
            "{name: c, conv2d: {out_channels: 8, kernel_size: 7}}",
            inputs=_IMAGE,
            before="dims: {H: {min: 4}}\n",
        ),
        _layers(
            "{name: c, conv2d: {out_channels: 8, kernel_size: 7}}",
            inputs=_IMAGE,
            before="dims: {H: {min: 7}}\n",
        ),
    ),
    "E0415": Explanation(
        "no size satisfies all that a model needs",
        "Each layer could run with some sizes of a symbol, and there is no size with which all of them can.",
        _positions(9),
        _positions(7),
    ),
}

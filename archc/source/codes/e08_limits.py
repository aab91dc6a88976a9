"""E08xx: limits, so that no spec can exhaust the machine that compiles it."""

from archc.source.codes.explanation import Explanation


def _linear(size: str) -> str:
    """Give a small spec with an expression in it."""
    return f"""\
inputs:
  x: [N, 3]
layers:
  - name: fc
    linear: {size}
"""


def _layer(shape: str, layer: str) -> str:
    """Give a small spec whose last layer takes one of several results."""
    return f"""\
inputs:
  x: {shape}
layers:
  - {{name: pieces, {layer}}}
  - {{name: first, from: pieces.0, relu: }}
"""


def _repeated(times: int) -> str:
    """Give a small spec with a loop."""
    return f"""\
inputs:
  x: [N, 3]
layers:
  - {{relu: , repeat: {times}}}
"""


def _nested(inner: str) -> str:
    """Give a spec with a block that uses itself."""
    return f"""\
inputs:
  x: [N, 3]
layers:
  - {{name: outer, nested: 3}}
blocks:
  nested:
    params: {{depth: int}}
    layers:
      - {{name: fc, linear: 3}}
      - {inner}
"""


CODES = {
    "E0801": Explanation(
        "the text is too large",
        "A spec has at most 5 MB of text. Layers that are alike are written once, with `repeat`, `for` "
        "and blocks.",
        None,
        how="The file is larger than 5 MB, or than `--max-bytes`.",
    ),
    "E0802": Explanation(
        "the document nests too deeply",
        "Mappings and lists nest at most 100 deep, counting what aliases stand for.",
        None,
        how="The text opens more than 100 lists or mappings inside each other, as a hundred `[` in a row do.",
    ),
    "E0803": Explanation(
        "the document has too many nodes",
        "Every key, value and list counts, and an alias counts for all that it stands for: at most 10^5.",
        None,
        how="Aliases of lists of aliases grow tenfold with each line, so a short text can stand for "
        "billions of nodes.",
    ),
    "E0804": Explanation(
        "an expression is too long",
        "An expression has at most 1,000 words and nests at most 100 deep. Parts of it can get names "
        "with `let`.",
        _linear(" + ".join(["1"] * 600)),
        _linear("600"),
    ),
    "E0805": Explanation(
        "an expression takes too much work",
        "An expression takes at most 10^6 steps, and its lists have fewer than 65,536 items.",
        _linear("sum(range(100000))"),
        _linear("sum(range(100))"),
    ),
    "E0806": Explanation(
        "a number is too large",
        "Integers stay below 2^63. Integers beyond 2^53 are not exact as floats, so they do not mix "
        "with them.",
        _linear("2 ** 70"),
        _linear("2 ** 7"),
    ),
    "E0811": Explanation(
        "the spec expands to too many layers",
        "Loops and blocks expand to at most 10^6 layers. `--max-layers` raises the limit.",
        _repeated(1_000_001),
        _repeated(10),
    ),
    "E0812": Explanation(
        "blocks use blocks without end",
        "A block may use itself, with arguments that come to an end: a parameter that counts down, and a "
        "`when` that becomes false. Blocks nest at most 100 deep.",
        _nested("{name: inner, nested: depth - 1}"),
        _nested("{name: inner, when: depth > 1, nested: depth - 1}"),
    ),
    "E0813": Explanation(
        "a tensor is too large",
        """
A size is below 2^31 and a tensor below 2^48 elements: what runtimes can address. A size that grows
beyond all bounds as an expression (a product of hundreds of terms) is refused likewise.
""",
        """
name: wrong
inputs: {x: [N, 8]}
layers:
  - {name: fc, linear: 3000000000}
""",
        """
name: right
inputs: {x: [N, 8]}
layers:
  - {name: fc, linear: 3000}
""",
    ),
    "E0814": Explanation(
        "a layer gives too many values",
        "`split`, `chunk` and `unbind` give one value for each piece, at most 10,000. What is that many is "
        "better kept as an axis of one tensor.",
        _layer("[N, 20000]", "unbind: 1"),
        _layer("[N, 200]", "unbind: 1"),
    ),
}

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
}

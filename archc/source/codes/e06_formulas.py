"""E06xx: mistakes in formulas (`expr`)."""

from archc.source.codes.explanation import Explanation


def _formula(formula: str, inputs: str = "x: [N, 8], y: [N, 8]") -> str:
    """Give a small spec with one formula."""
    return f"""\
inputs: {{{inputs}}}
layers:
  - {{name: layer, expr: "{formula}"}}
"""


CODES = {
    "E0640": Explanation(
        "not a function of formulas",
        "A formula is elementwise: its functions are the ops that act on each element alone (`exp`, `where`, "
        "`clamp`, `sigmoid` and so on). Sums, softmax and products of matrices are layers of their own.",
        _formula("x / sum(y)"),
        _formula("x / exp(y)"),
    ),
    "E0641": Explanation(
        "a formula without values",
        "What is known at compile time is a number, not a tensor: `constant` and `full` make one of it.",
        "params: {p: 3}\n" + _formula("2 * p").replace("  - {", "  - add: [x, y]\n  - {"),
        "params: {p: 3}\n" + _formula("2 * p * x + y"),
    ),
    "E0642": Explanation(
        "a formula with `from`",
        "The values of a formula are named in it. A mapping under `from` may give them other names.",
        _formula("x + y").replace(', expr: "x + y"', ', expr: "x + y", from: x'),
        _formula("x + y").replace(', expr: "x + y"', ', expr: "a + b", from: {a: x, b: y}'),
    ),
    "E0643": Explanation(
        "not elementwise",
        "A formula has arithmetic, comparisons, `and`, `or`, `not` and functions; no indexing, no lists, no "
        "text. Parts of values are taken by layers: `select`, `slice`, `chunk`.",
        _formula("x[0] + y"),
        _formula("x + y"),
    ),
    "E0644": Explanation(
        "a choice between values",
        "`a if condition else b` is decided when the spec is compiled; `where(condition, a, b)` chooses for "
        "each element when the model runs.",
        _formula("x if x > y else y"),
        _formula("where(x > y, x, y)"),
    ),
    "E0645": Explanation(
        "wrong arguments of a function in a formula",
        "Functions take what the op of that name takes: its inputs first, then its attributes, in order or "
        "by name. A function of numbers alone is one of those of expressions, or of mathematics.",
        _formula("masked_fill(x, y > 0)"),
        _formula("masked_fill(x, y > 0, value=-1)"),
    ),
}

"""E06xx: expressions and parameters."""

from archc.source.codes.explanation import Explanation


def _linear(size: str) -> str:
    """Give a small spec with an expression in it."""
    return f"""\
params:
  width: 8
  widths: [4, 8]
  wide: true
inputs:
  x: [N, 3]
layers:
  - name: fc
    linear: {size}
"""


_RIGHT = _linear("2 * width")
_WHEN = "inputs: {{x: [N, 3]}}\nlayers:\n  - {{when: present({}), relu: }}\n"

CODES = {
    "E0601": Explanation(
        "an expression is misspelt",
        "Expressions are written as in Python: `4 * width`, `a if b else c`, `widths[-1]`, `not a`, `a "
        "and b`, `[2 * w for w in widths]`. There are no methods, no assignments and no lambdas; "
        "booleans are `true` and `false`.",
        _linear("2 * width if wide && width > 4 else 1"),
        _linear("2 * width if wide and width > 4 else 1"),
    ),
    "E0602": Explanation(
        "a number is misspelt",
        "`012` is 10 for some readers of YAML, 12 for others and a mistake in Python; `12:30` is 750 "
        "for some; `1_000` is text in YAML. None of them is a number here.",
        _linear("012"),
        _linear("12"),
    ),
    "E0603": Explanation(
        "a name is not known at compile time",
        "An expression sees parameters, `let` names, the sizes of inputs and the indices of loops. "
        "Values of layers exist only when the model runs: `expr` computes with those.",
        _linear("2 * widht"),
        _RIGHT,
    ),
    "E0604": Explanation(
        "a function does not exist, or its arguments do not fit",
        "The functions are min max abs round floor ceil len sum range sqrt log2 int float make_divisible.",
        _linear("maximum(width, 4)"),
        _linear("max(width, 4)"),
    ),
    "E0605": Explanation(
        "an operator or function gets a value that it does not take",
        "Booleans are not numbers, text is not a list, and a symbolic size takes only `+ - * // %` with"
        " integers, since it is an integer that is not known yet.",
        _linear("width + wide"),
        _linear("width + (1 if wide else 0)"),
    ),
    "E0606": Explanation(
        "a result does not exist",
        "A division by zero, the root of a negative number, the largest of no numbers, a step of zero.",
        _linear("width // 0"),
        _linear("width // 2"),
    ),
    "E0607": Explanation(
        "a condition depends on a symbolic size",
        "Conditions are decided at compile time. One that holds for some sizes and not for others "
        "cannot be, unless `dims` says enough about the symbol.",
        """\
inputs:
  x: [N, 3, T]
layers:
  - {when: T > 4, relu: }
  - flatten
""",
        """\
dims: {T: {min: 5}}
inputs:
  x: [N, 3, T]
layers:
  - {when: T > 4, relu: }
  - flatten
""",
    ),
    "E0608": Explanation(
        "an index or field is not there",
        "Lists count from 0, and from -1 backwards. A record has the fields that it was written with.",
        _linear("widths[2]"),
        _linear("widths[1]"),
    ),
    "E0610": Explanation(
        "a parameter has neither a type nor a default",
        "A parameter is `NAME: TYPE` (required), `NAME: DEFAULT`, or `NAME: {type:, default:, min:, "
        "max:, choices:, doc:}`. The types are int, float, bool, text, list, dict and layer.",
        """\
params: {width: {type: integer, default: 4}}
inputs:
  x: [N, 3]
layers:
  - {name: fc, linear: width}
""",
        """\
params: {width: {type: int, default: 4}}
inputs:
  x: [N, 3]
layers:
  - {name: fc, linear: width}
""",
    ),
    "E0612": Explanation(
        "`present` asks for one input",
        "`present(NAME)` says whether an input is given: one of the model or block that the expression "
        "stands in, by its name.",
        _WHEN.format("y"),
        _WHEN.format("x"),
    ),
    "E0611": Explanation(
        "a variant sets what is not a parameter",
        "A variant is a named set of values for the parameters of the spec, and for nothing else.",
        """\
params: {width: 4}
variants:
  wide: {widht: 64}
inputs:
  x: [N, 3]
layers:
  - {name: fc, linear: width}
""",
        """\
params: {width: 4}
variants:
  wide: {width: 64}
inputs:
  x: [N, 3]
layers:
  - {name: fc, linear: width}
""",
    ),
}

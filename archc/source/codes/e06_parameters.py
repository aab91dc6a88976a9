"""E06xx: conditions, parameters, loops."""

from archc.source.codes.explanation import Explanation


def _spec(item: str, params: str = "{wide: true, widths: [4, 8]}") -> str:
    """Give a spec of one layer, with parameters and a block `mlp`."""
    return f"""\
params: {params}
inputs:
  x: [N, 3]
layers:
  - {item}
blocks:
  mlp:
    params: {{hidden: int, depth: {{default: 1, min: 1}}}}
    layers:
      - {{name: fc, linear: hidden, repeat: depth}}
"""


def _carried(outputs: str) -> str:
    """Give a loop over a block with two inputs."""
    return f"""\
inputs: {{x: [N, 3], h: [N, 3]}}
layers:
  - {{name: steps, from: {{x: x, h: h}}, step: , repeat: 3}}
blocks:
  step:
    inputs: {{x: [N, C], h: [N, C]}}
    layers:
      - {{name: sum, add: [x, h]}}
      - {{name: next, tanh: }}
    outputs: {outputs}
"""


CODES = {
    "E0609": Explanation(
        "a condition is not a boolean",
        "`when` takes true or false, or an expression that gives one of them. Numbers and texts are neither.",
        _spec("{name: fc, when: len(widths), linear: 4}"),
        _spec("{name: fc, when: len(widths) > 0, linear: 4}"),
    ),
    "E0621": Explanation(
        "there is no such parameter",
        "A block takes the parameters that it declares under `params`, and so does a spec, from the command "
        "line with `-p NAME=VALUE`. A block with one required parameter takes its value alone: `mlp: 64`.",
        _spec("{name: mlp, mlp: {hiden: 8}}"),
        _spec("{name: mlp, mlp: {hidden: 8}}"),
    ),
    "E0622": Explanation(
        "a parameter has no value",
        "A parameter that is declared with a type alone (`hidden: int`) has to be given where the block is "
        "used; that of a spec on the command line: `-p hidden=64`.",
        _spec("{name: mlp, mlp: {depth: 2}}"),
        _spec("{name: mlp, mlp: {depth: 2, hidden: 8}}"),
    ),
    "E0623": Explanation(
        "a value does not fit its parameter",
        "A parameter takes values of its type, between its `min` and `max`, out of its `choices`. Without a "
        "type, that of the default counts.",
        _spec("{name: mlp, mlp: {hidden: 8, depth: 0}}"),
        _spec("{name: mlp, mlp: {hidden: 8, depth: 2}}"),
    ),
    "E0624": Explanation(
        "there is no such variant",
        "`--variant` chooses one of the named sets of parameter values that a spec lists under `variants`.",
        None,
        how="A variant is chosen on the command line, or in Python: `archc validate --variant large SPEC` "
        "where the spec has no variant `large`.",
    ),
    "E0631": Explanation(
        "a loop does not know its turns",
        "`repeat` takes a whole number from 0. `for` takes columns that are walked together, each a number "
        "of turns or a list, all of one length; or the name of a list of records.",
        _spec("{name: fc, for: {w: widths, k: 3}, linear: w}"),
        _spec("{name: fc, for: {w: widths, k: 2}, linear: w}"),
    ),
    "E0632": Explanation(
        "a loop's index hides a name in use",
        "The index of `repeat` is `i`; `for` names its own. A name that is in use already would mean two "
        "things: choose another.",
        _spec("{name: fc, for: {wide: widths}, linear: wide}"),
        _spec("{name: fc, for: {w: widths}, linear: w}"),
    ),
    "E0633": Explanation(
        "a loop carries nothing from turn to turn",
        "In a loop over a block with several inputs, an input is carried from the turn before if an output "
        "of the block has its name. If none is, every turn would do the same: run them side by side with "
        "`parallel: true`, or name an output like the input that it replaces.",
        _carried("[next]"),
        _carried("{h: next}"),
    ),
}

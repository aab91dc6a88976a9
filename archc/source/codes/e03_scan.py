"""E0324 to E0335: a block applied along an axis."""

from __future__ import annotations

from archc.source.codes.explanation import Explanation


def _scan(scan: str, cell: str = "", inputs: str = "x: [N, T, 8]", modifiers: str = "") -> str:
    """Give a spec that scans a cell."""
    return f"""\
inputs: {{{inputs}}}
layers:
  - {{name: rnn, {modifiers}cell: 8, scan: {{{scan}}}}}
blocks:
  cell:
{cell or _cell()}"""


def _cell(
    inputs: str = "x: [N, D], h: [N, size]",
    item: str = "linear: size",
    more: str = "",
    out: str = "{h: next}",
) -> str:
    return f"""\
    params: {{size: int}}
    inputs: {{{inputs}}}
    layers:
      - {{name: xh, concat: [x, h]}}
      - {{name: next, {item}}}
{f"      - {more}{chr(10)}" if more else ""}    outputs: {out}
"""


_GOOD = "axis: 1, state: {h: zeros}"

CODES = {
    "E0324": Explanation(
        "a state is no input of the block",
        "A key under `state` is the input of the block that is carried from one step to the next.",
        _scan("axis: 1, state: {hidden: zeros}"),
        _scan(_GOOD),
    ),
    "E0325": Explanation(
        "nothing gives the next value of a state",
        "A state is an input of the block whose value at the next step is the block's output of the same "
        "name. A block without `outputs` gives the next value of its only state.",
        _scan(_GOOD, cell=_cell(out="{y: next}")),
        _scan(_GOOD),
    ),
    "E0326": Explanation(
        "a sequence has no such axis",
        "`axis` says along which axis the sequences are taken apart, from 0 on, or from the back: -1 is the "
        "last one. Without it, it is 0.",
        _scan("axis: 3, state: {h: zeros}"),
        _scan(_GOOD),
    ),
    "E0327": Explanation(
        "sequences of different lengths",
        "Each step takes a slice of every sequence, so all have one length; `length`, where it is written, "
        "is that one.",
        _scan("axis: 1, length: 4, state: {h: zeros}, over: x", inputs="x: [N, 5, 8]"),
        _scan("axis: 1, length: 5, state: {h: zeros}, over: x", inputs="x: [N, 5, 8]"),
    ),
    "E0328": Explanation(
        "a state changes its type from step to step",
        "What a step gives as the next value of a state goes into the same block again: it has the shape "
        "and the element type that the state had before.",
        _scan(_GOOD, cell=_cell(item="linear: 2 * size")),
        _scan(_GOOD),
    ),
    "E0329": Explanation(
        "there is nothing to scan",
        "A scan has as many steps as its sequences are long. Where every input of the block is a state or "
        "a constant, `length` says how many there are.",
        _scan("state: {h: zeros}", inputs="x: [N, 8]", modifiers="from: {x: x}, "),
        _scan("length: 3, state: {h: zeros}", inputs="x: [N, 8]", modifiers="from: {x: x}, "),
    ),
    "E0332": Explanation(
        "`scan` on what is no block",
        "`scan` applies a block once a step. An op works on whole tensors; a container or op that is to "
        "run step by step goes into a block.",
        """\
inputs: {x: [N, T, 8]}
layers:
  - {name: rnn, linear: 8, scan: {axis: 1}}
""",
        """\
inputs: {x: [N, T, 8]}
layers:
  - {name: rnn, linear: 8}
""",
    ),
    "E0333": Explanation(
        "an input of a scanned block is given twice",
        "An input of the block is one of three: a sequence (`over`), a state (`state`), or the same at "
        "every step (`from`).",
        _scan("axis: 1, over: {x: x, h: x}, state: {h: zeros}"),
        _scan("axis: 1, over: {x: x}, state: {h: zeros}"),
    ),
    "E0334": Explanation(
        "the shape of a state that starts in zeros is not known",
        "`zeros` takes its shape from the block's signature, over the block's parameters and the sizes of "
        "its other inputs. A size that stands nowhere else has to come from a value.",
        _scan(_GOOD, cell=_cell("x: [N, D], h: [N, K]", "linear: K")),
        _scan(_GOOD),
    ),
    "E0335": Explanation(
        "an output cannot be stacked along the axis",
        "The outputs of all steps are stacked along the axis of the sequences. An output with fewer axes "
        "has no such place.",
        _scan(
            "axis: 2, state: {h: zeros}",
            _cell(more="{name: s, constant: 1.0}", out="{h: next, s: s}"),
            inputs="x: [N, 8, T]",
        ),
        _scan("axis: 2, state: {h: zeros}", inputs="x: [N, 8, T]"),
    ),
}

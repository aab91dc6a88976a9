"""E01xx: the text is not YAML, or YAML that archc does not take."""

from archc.source.codes.explanation import Explanation

_RIGHT = """\
inputs:
  x: [N, 3]
layers:
  - {name: fc, linear: 4}
"""

CODES = {
    "E0101": Explanation(
        "the text is not YAML",
        "The text cannot be read as YAML. Texts with special characters (`:`, `#`, `{`, `[`, `@`, `*`) "
        "are put in quotes; every line is `key: value` or an item that begins with `- `.",
        """\
inputs:
  x: [N, 3]
layers:
  - linear: @width
""",
        _RIGHT,
    ),
    "E0102": Explanation(
        "a bracket or a quotation mark is not closed",
        "What is opened with `{`, `[`, a single or a double quotation mark has to be closed. The place "
        "shown is where it was opened.",
        """\
inputs:
  x: [N, 3
layers:
  - linear: 4
""",
        _RIGHT,
    ),
    "E0103": Explanation(
        "a tab is used for indentation",
        "YAML forbids tabs in indentation, because their width is a matter of opinion. Indent with "
        "spaces; most editors can convert a file.",
        "inputs:\n\tx: [N, 3]\nlayers:\n  - linear: 4\n",
        _RIGHT,
    ),
    "E0104": Explanation(
        "a line is indented unlike its neighbours",
        "The keys of one mapping, and the items of one list, start in the same column. What belongs to "
        "a key stands further to the right.",
        """\
inputs:
  x: [N, 3]
layers:
  - linear: 4
 outputs: [linear]
""",
        """\
inputs:
  x: [N, 3]
layers:
  - {name: fc, linear: 4}
outputs: [fc]
""",
    ),
    "E0105": Explanation(
        "a character is not allowed",
        "A spec is UTF-8 text without control characters and without the line separators U+0085, U+2028"
        " and U+2029, which tools disagree about.",
        'doc: "a bell: \x07"\ninputs:\n  x: [N, 3]\nlayers:\n  - linear: 4\n',
        _RIGHT,
    ),
    "E0106": Explanation(
        "tags are not allowed",
        "`!name` is a tag in YAML: it says which type a value has, or runs code. archc knows the type "
        "of each field and reads no tags. To negate a condition, write `not`.",
        """\
params: {plain: false}
inputs:
  x: [N, 3]
layers:
  - {name: fc, linear: 4}
  - {when: !plain , relu: }
""",
        """\
params: {plain: false}
inputs:
  x: [N, 3]
layers:
  - {name: fc, linear: 4}
  - {when: not plain, relu: }
""",
    ),
    "E0107": Explanation(
        "merge keys are not allowed",
        "`<<` merges a mapping into another one in some readers of YAML; YAML 1.2 does not have it. A "
        "block with parameters says the same, with a name.",
        """\
inputs:
  x: [N, 3]
layers:
  - linear: &settings {out_features: 4, bias: false}
  - linear: {<<: *settings}
""",
        """\
inputs:
  x: [N, 3]
layers:
  - {name: a, linear: &settings {out_features: 4, bias: false}}
  - {name: b, linear: *settings}
""",
    ),
    "E0108": Explanation(
        "a key is repeated",
        "A mapping holds each key once. Other readers of YAML silently keep the last one. Two layers "
        "are two items of a list, not two keys.",
        """\
inputs:
  x: [N, 3]
  x: [N, 4]
layers:
  - {name: fc, linear: 4}
""",
        """\
inputs:
  x: [N, 3]
  y: [N, 3]
layers:
  - add: [x, y]
""",
    ),
    "E0109": Explanation(
        "a second document",
        "A file holds one spec. `---` begins another document, and `...` ends one.",
        """\
inputs:
  x: [N, 3]
layers:
  - linear: 4
---
name: another
""",
        _RIGHT,
    ),
    "E0110": Explanation(
        "a text needs quotes inside `{}` or `[]`",
        "Inside `{}` and `[]`, a comma ends a text and a bracket begins a list, so `max(a, b)`, "
        "`widths[1]` and `int64[N, T]` have to be quoted there. Alone behind `key: ` or `- ` on a line "
        "of their own they need no quotes.",
        """\
params: {width: 8}
inputs:
  x: [N, 3]
layers:
  - {name: fc, linear: max(width, 4)}
""",
        """\
params: {width: 8}
inputs:
  x: [N, 3]
layers:
  - {name: fc, linear: "max(width, 4)"}
""",
    ),
    "E0111": Explanation(
        "a space is missing after a colon",
        "`linear:4` is one word in YAML; `linear: 4` is a key and its value.",
        """\
inputs:
  x: [N, 3]
layers:
  - linear:4
""",
        _RIGHT,
    ),
    "E0112": Explanation(
        "a second colon in one line",
        "A colon with a space after it makes a key. A text that contains one has to be quoted.",
        """\
doc: a net: small
inputs:
  x: [N, 3]
layers:
  - linear: 4
""",
        """\
doc: "a net: small"
inputs:
  x: [N, 3]
layers:
  - {name: fc, linear: 4}
""",
    ),
    "E0113": Explanation(
        "a key is not a word",
        "The keys of a mapping are words. Lists, mappings and aliases cannot be keys, and a key cannot "
        "be left out.",
        """\
inputs:
  [x, y]: [N, 3]
layers:
  - linear: 4
""",
        """\
inputs:
  x: [N, 3]
  y: [N, 3]
layers:
  - add: [x, y]
""",
    ),
    "E0114": Explanation(
        "an alias stands for nothing, or for itself",
        "`*name` repeats what is marked with `&name` above it. The anchor has to come first, and cannot"
        " contain the alias.",
        """\
inputs:
  x: [N, 3]
layers:
  - linear: *width
""",
        """\
inputs:
  x: [N, 3]
layers:
  - {name: a, linear: &width 4}
  - {name: b, linear: *width}
""",
    ),
    "E0115": Explanation(
        "the document is empty",
        "A spec has at least `inputs` and `layers`, or `models`, or `blocks`.",
        "# nothing but a comment\n",
        _RIGHT,
    ),
}

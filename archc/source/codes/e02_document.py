"""E02xx: the document's structure and keys."""

from archc.source.codes.explanation import Explanation

_RIGHT = """\
inputs:
  x: [N, 3]
layers:
  - {name: fc, linear: 4}
"""

CODES = {
    "E0201": Explanation(
        "a key does not exist",
        "No key is ignored: one that archc does not know is a mistake, with the nearest word that it "
        "knows. Attributes of an op stand under the op; the modifiers `name`, `from`, `when`, "
        "`repeat`... stand beside it.",
        """\
inputs:
  x: [N, 3]
layers:
  - {name: fc, form: x, linear: 4}
""",
        """\
inputs:
  x: [N, 3]
layers:
  - {name: fc, from: x, linear: 4}
""",
    ),
    "E0202": Explanation(
        "a value is of the wrong kind",
        "A mapping stands where a list is needed, or the other way round, or a word where one of them "
        "is. The message says which.",
        """\
inputs:
  x: [N, 3]
layers:
  linear: 4
""",
        _RIGHT,
    ),
    "E0203": Explanation(
        "an item is not a layer",
        "An item of `layers` is a word (`relu`), or a mapping with exactly one op, block or container, "
        "and modifiers. `identity` is the op that does nothing.",
        """\
inputs:
  x: [N, 3]
layers:
  - {name: fc, linear: 4}
  - {name: out}
""",
        """\
inputs:
  x: [N, 3]
layers:
  - {name: fc, linear: 4}
  - {name: out, identity: }
""",
    ),
    "E0204": Explanation(
        "an item has two ops",
        "Each op is an item of its own: the order of the keys in a mapping says nothing.",
        """\
inputs:
  x: [N, 3]
layers:
  - {linear: 4, relu: }
""",
        """\
inputs:
  x: [N, 3]
layers:
  - {name: fc, linear: 4}
  - relu
""",
    ),
    "E0205": Explanation(
        "something has to be there and is not",
        "A model has `inputs` and `layers`, an input of a model has a shape, a container has items.",
        """\
layers:
  - linear: 4
""",
        _RIGHT,
    ),
    "E0206": Explanation(
        "layers beside `models`",
        "A spec has either `inputs`, `layers` and `outputs`, or `models`, each of which has its own.",
        """\
models:
  encoder:
    inputs: {x: [N, 3]}
    layers: [{name: fc, linear: 4}]
outputs: [fc]
""",
        """\
models:
  encoder:
    inputs: {x: [N, 3]}
    layers: [{name: fc, linear: 4}]
    outputs: [fc]
""",
    ),
    "E0207": Explanation(
        "the language's version is not known",
        "`archc` says in which version of the language a spec is written. There is one so far.",
        """\
archc: 2
inputs:
  x: [N, 3]
layers:
  - {name: fc, linear: 4}
""",
        """\
archc: 1
inputs:
  x: [N, 3]
layers:
  - {name: fc, linear: 4}
""",
    ),
    "E0208": Explanation(
        "a name cannot be given",
        "A name is made of a-z, A-Z, 0-9 and _; layers, inputs and outputs may join such parts, or "
        "digits, with dots. It becomes an attribute of a Python class, so it is no keyword (`class`) "
        "and hides no attribute of `torch.nn.Module` (`forward`, `train`, `type`).",
        """\
inputs:
  x: [N, 3]
layers:
  - {name: forward, linear: 4}
""",
        _RIGHT,
    ),
    "E0209": Explanation(
        "a number where a name is needed",
        "YAML reads `1.0` as a number, and `1.10` as the same number as `1.1`. A path such as `1.0` is "
        "put in quotes.",
        """\
inputs:
  x: [N, 3]
layers:
  - {name: net, sequential: [linear: 4, sequential: [linear: 5]]}
  - {from: 1.0, relu: }
""",
        """\
inputs:
  x: [N, 3]
layers:
  - {name: net, sequential: [linear: 4, sequential: [linear: 5]]}
  - {from: "net.1.0", relu: }
""",
    ),
    "E0210": Explanation(
        "modifiers do not go together",
        "`else` says what a name stands for when `when` drops the layer; `parallel` belongs to a loop; "
        "a loop is `repeat` or `for`.",
        """\
inputs:
  x: [N, 3]
layers:
  - {name: fc, linear: 4, parallel: true}
""",
        """\
inputs:
  x: [N, 3]
layers:
  - {name: fc, linear: 4, repeat: 2, parallel: true}
  - concat: ["fc.*"]
""",
    ),
    "E0211": Explanation(
        "the type of a tensor is not understood",
        "A type is a list of sizes, `[N, 3, H, W]`, with a dtype before it or not, `int64[N, T]`. The "
        "signature of a block may begin with `...` for any further axes.",
        """\
inputs:
  ids: long[N, T]
layers:
  - {name: table, embedding: {num_embeddings: 10, embedding_dim: 4}}
""",
        """\
inputs:
  ids: int64[N, T]
layers:
  - {name: table, embedding: {num_embeddings: 10, embedding_dim: 4}}
""",
    ),
}

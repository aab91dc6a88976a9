"""E034x and E035x: models that other models call, and paths."""

from archc.source.codes.explanation import Explanation


def _models(*items: str, inputs: str = "{x: [M, 8]}", before: str = "", rest: str = "") -> str:
    """Give a spec of two models, of which the second may call the first."""
    listed = "".join(f"      - {item}\n" for item in items)
    return f"""\
{before}models:
  encoder:
    inputs: {{image: [N, 8]}}
    layers:
      - {{name: fc, linear: 4}}
  whole:
    inputs: {inputs}
    layers:
{listed}{rest}"""


def _layers(*items: str) -> str:
    """Give a small spec of some layers."""
    return "inputs: {x: [N, 3]}\nlayers:\n" + "".join(f"  - {item}\n" for item in items)


_WEIGHT = "{name: w, parameter: {shape: [4, 3], init: xavier_uniform}}"
_SCALE = "{name: s, parameter: {shape: [3], init: ones}}"
_STEPS = "{name: steps, arange: 3}"
_BLOCK = """\
blocks:
  head:
    layers:
      - {name: code, encoder: }
"""
_CALLED = """\
blocks:
  head:
    layers:
      - relu
"""

CODES = {
    "E0346": Explanation(
        "a block calls a model",
        "A block sees nothing of the outside but its inputs and parameters, so the weights of a model are "
        "not its to use. The model that uses the block calls the other one, and passes its value in.",
        _models("head", rest=_BLOCK),
        _models("{name: code, encoder: }", "head", rest=_CALLED),
    ),
    "E0347": Explanation(
        "a model is called with arguments",
        "A model has inputs and no parameters of its own: those of the spec hold for all of its models. What "
        "goes in stands under `from`.",
        _models("{name: code, encoder: {width: 4}}"),
        _models("{name: code, encoder: }"),
    ),
    "E0348": Explanation(
        "a model needs itself",
        "A model that another one calls is a part of that one. It cannot be a part of itself, neither "
        "directly nor through others; what repeats is a loop, or a block that uses itself under a `when`.",
        _models("{name: again, whole: }"),
        _models("{name: code, encoder: }"),
    ),
    "E0349": Explanation(
        "a model is called with sizes that `dims` does not allow it",
        "`dims` states facts about the symbols of every model that has them, and the conditions of a model "
        "may rely on them. So what a call passes in has to be within them too.",
        _models("{name: code, encoder: }", inputs="{x: [2, 8]}", before="dims: {N: {min: 4}}\n"),
        _models("{name: code, encoder: }", inputs="{x: [5, 8]}", before="dims: {N: {min: 4}}\n"),
    ),
    "E0350": Explanation(
        "a word is two things: an op, and a block or a model",
        "An item of `layers` is told by its one word: an op, a block or a model. So a block has no op's "
        "name, and neither has a model that others call.",
        "inputs: {x: [N, 8]}\nlayers: [relu]\nblocks:\n  relu:\n    layers: [tanh]\n",
        "inputs: {x: [N, 8]}\nlayers: [own_relu]\nblocks:\n  own_relu:\n    layers: [tanh]\n",
    ),
    "E0351": Explanation(
        "weights lie inside of another layer",
        "A path is the key of one layer's weights. A layer named `.` has the path of the list around it, so "
        "nothing else there has weights; and no dotted name leads into a layer.",
        _layers("{name: fc, layers: [{name: ., linear: 4}, {name: more, linear: 4}]}"),
        _layers("{name: fc, layers: [{name: ., linear: 4}, relu]}", "{name: more, linear: 4}"),
    ),
    "E0352": Explanation(
        "the own path cannot be given to this layer",
        "`.` is the path of the list around a layer. A single op with weights has it inside of a container "
        "or block, not in a model, whose weights need names. A model that is called has its own name, and a "
        "block that is scanned is a module of its own.",
        _layers("{name: ., linear: 4}"),
        _layers("{name: fc, linear: 4}"),
    ),
    "E0354": Explanation(
        "a value does not fit the weight that it stands for",
        "A weight that comes in under `from` has the shape and the element type of the weight that the layer "
        "would own: for `linear`, `[out_features, in_features]`.",
        _layers(_WEIGHT, "{name: fc, from: {input: x, weight: w}, linear: 5}"),
        _layers(_WEIGHT, "{name: fc, from: {input: x, weight: w}, linear: 4}"),
    ),
    "E0355": Explanation(
        "some weights of a layer come in, and others do not",
        "A layer that keeps statistics takes both its scale and its shift as values, or owns both.",
        _layers(_SCALE, "{name: bn, from: {input: x, weight: s}, batch_norm: }"),
        _layers(_SCALE, "{name: bn, from: {input: x, weight: s, bias: s}, batch_norm: }"),
    ),
    "E0356": Explanation(
        "a value is not known when the model is made",
        "A buffer with `from`, and the initializer `value`, are computed once, before anything comes in. So "
        "they depend on no input, no weight, nothing random, and no symbolic size.",
        _layers("{name: index, from: x, buffer: }", "{name: y, mul: [x, index]}"),
        _layers(_STEPS, "{name: index, from: steps, buffer: }", "{name: y, mul: [x, index]}"),
    ),
    "E0357": Explanation(
        "a computed buffer says what its value says already",
        "Its shape, element type and values are those of the layer that it takes them from; it says only "
        "whether it is `persistent`.",
        _layers(_STEPS, "{name: index, from: steps, buffer: {shape: [3]}}", "{name: y, mul: [x, index]}"),
        _layers(
            _STEPS, "{name: index, from: steps, buffer: {persistent: false}}", "{name: y, mul: [x, index]}"
        ),
    ),
}

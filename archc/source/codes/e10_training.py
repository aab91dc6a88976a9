"""E101x and E102x: the `train` section."""

from archc.source.codes.explanation import Explanation

_MODEL = """\
name: net
inputs: {image: [N, 1, 8, 8]}
layers:
  - flatten
  - {name: hidden, linear: 16}
  - {name: scores, linear: 10}
"""
_DATA = "  data: {source: digits}\n"
_LOSS = "  loss: cross_entropy(scores, label)\n"
_OPTIMIZER = "  optimizer: {SGD: {lr: 0.1}}\n"
_LONG = "  epochs: 1\n"
_RIGHT = f"{_MODEL}train:\n{_DATA}{_LOSS}{_OPTIMIZER}{_LONG}"


def _spec(model: str = _MODEL, **parts: str) -> str:
    """Give a spec with a `train` section, some lines of which are others."""
    own = {"data": _DATA, "loss": _LOSS, "optimizer": _OPTIMIZER, "long": _LONG}
    lines = {**own, **{word: f"  {line}\n" if line else "" for word, line in parts.items()}}
    return model + "train:\n" + "".join(lines.values())


_SEVERAL = """\
models:
  first: {inputs: {image: [N, 1, 8, 8]}, layers: [flatten, {name: fc, linear: 4}]}
  second: {inputs: {x: [N, 4]}, layers: [{name: out, linear: 10}]}
"""


def _steps(update: str, first: str = "{name: code, from: image, first: }") -> str:
    """Give two models that a step calls one after the other."""
    step = f"""\
steps:
    - update: {update}
      layers: [{first}, {{name: scores, second: }}]
      loss: cross_entropy(scores, label)"""
    return _spec(_SEVERAL, loss=step)


CODES = {
    "E1010": Explanation(
        "something that training needs is not said",
        "Training needs `data` with a `source`, a `loss`, an `optimizer`, and an end: `epochs` or "
        "`max_steps`. With several models, `layers` or `steps` say how they are called.",
        _spec(optimizer=""),
        _RIGHT,
    ),
    "E1011": Explanation(
        "an input that the data does not have",
        "Without `layers`, the model is called on the fields of the data that have its inputs' names. Call "
        "it yourself where the names differ, or prepare a field under that name.",
        _spec(_MODEL.replace("image", "picture")),
        _spec(
            _MODEL.replace("image", "picture"),
            data="data: {source: digits, layers: [{name: picture, from: image, mul: 1.0}]}",
        ),
    ),
    "E1012": Explanation(
        "a field with a name that is taken",
        "The steps see the spec's parameters and the data's fields, so that a name cannot be both.",
        _spec("params: {label: 1}\n" + _MODEL),
        _spec("params: {labels: 1}\n" + _MODEL),
    ),
    "E1013": Explanation(
        "a field that the model does not take",
        "A field is laid out in the shape of the model's input of its name where that holds as many "
        "numbers. Else it has to be prepared: resized, flattened, converted.",
        _spec(_MODEL.replace("8, 8", "16, 16")),
        _spec(
            _MODEL.replace("8, 8", "16, 16"),
            data="data: {source: digits, layers: [{name: image, from: image, pad: [4, 4, 4, 4]}]}",
        ),
    ),
    "E1014": Explanation(
        "a loss that is not one number",
        "A loss and a metric are one float for a batch. Average what has axes left.",
        _spec(loss="loss: cross_entropy(scores, label, reduction='none')"),
        _spec(loss="loss: cross_entropy(scores, label, reduction='sum')"),
    ),
    "E1015": Explanation(
        "a loss without a way to the weights",
        "A step changes the weights of the models under `update`, so its loss has to depend on them. "
        "`detach` cuts that way.",
        _steps("[first]", "{name: code, from: image, sequential: [first, detach]}"),
        _steps("[second]", "{name: code, from: image, sequential: [first, detach]}"),
    ),
    "E1016": Explanation(
        "an optimizer or schedule that torch does not have",
        "They have the names of the classes in `torch.optim` and `torch.optim.lr_scheduler`. Those that "
        "take functions, other schedules or several looks at the loss are left out.",
        _spec(optimizer="optimizer: {adam: {lr: 0.001}}"),
        _spec(optimizer="optimizer: {Adam: {lr: 0.001}}"),
    ),
    "E1017": Explanation(
        "an argument that does not exist, or is missing",
        "Arguments of optimizers and schedules are those of torch's classes, those of data sources are "
        "listed by the message.",
        _spec(optimizer="optimizer: {SGD: {learning_rate: 0.1}}"),
        _RIGHT,
    ),
    "E1018": Explanation(
        "a model that is not there",
        "`update` lists models of the spec by name; so does `model` under `ema`.",
        _steps("[first, third]"),
        _steps("[first, second]"),
    ),
    "E1019": Explanation(
        "a setting that makes no sense here",
        "`validation` is a share below 1 or a whole number of examples; `warmup` goes before a schedule "
        "that counts steps.",
        _spec(data="data: {source: digits, validation: 1.5}"),
        _spec(data="data: {source: digits, validation: 150}"),
    ),
    "E1020": Explanation(
        "a metric that is not there",
        "A metric is a measure of the standard library (`accuracy`, `binary_accuracy`, `binary_iou`, "
        "`mean_absolute_error`) or a loss function with its inputs, or an expression as for the loss.",
        _spec(more="metrics: {accurate: [scores, label]}"),
        _spec(more="metrics: {accuracy: [scores, label]}"),
    ),
    "E1021": Explanation(
        "layers that prepare no field",
        "Layers under `data` prepare the fields whose names they have. A field has the examples of a batch "
        "on axis 0. What has another name and no axis of examples is no field. `augment` adds no fields, so "
        "that other names are free there, and keeps the types of those that are.",
        _spec(data="data: {source: digits, layers: [{from: image, mul: 1.0}]}"),
        _spec(data="data: {source: digits, layers: [{name: image, from: image, mul: 1.0}]}"),
    ),
    "E1063": Explanation(
        "a metric of two shapes",
        "`accuracy` takes scores with the classes on axis 1, and an integer for each of them, without that "
        "axis. The other metrics compare element with element: a target [N] beside a value [N, 1] would be "
        "compared N times over.",
        _spec(more="metrics: {accuracy: [label, scores]}"),
        _spec(more="metrics: {accuracy: [scores, label]}"),
    ),
    "E1022": Explanation(
        "a pattern that matches no parameter",
        "`freeze` and `groups` name parameters by their keys in the `state_dict`; `*` stands for any text. "
        "With several models a key begins with the model's name.",
        _spec(more='freeze: ["hiden.*"]'),
        _spec(more='freeze: ["hidden.*"]'),
    ),
    "E1052": Explanation(
        "weights outside the models",
        "Layers with weights stand in models. Those of a step, or of what prepares data, would be neither "
        "learned nor kept, and no build would have them. Numbers to normalise by are a `constant`.",
        _spec(data="data: {source: digits, layers: [{name: image, from: image, batch_norm: }]}"),
        _spec(data="data: {source: digits, layers: [{name: image, from: image, mul: 2.0}]}"),
    ),
}

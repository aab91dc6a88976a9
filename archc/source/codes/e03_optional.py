"""E033x and E034x: optional inputs of models, and what weights belong to."""

from archc.source.codes.explanation import Explanation


def _masked(*items: str, inputs: str = "{x: [N, 8], mask: {shape: [N, 8], optional: true}}") -> str:
    """Give a small spec of a model with an optional input."""
    return f"inputs: {inputs}\nlayers:\n" + "".join(f"  - {item}\n" for item in items)


_FIVE = "{{x: [N, 8], a: {{repeat: 5, shape: [N, 8]{}}}}}"
_MANY = "concat: [x, a.*]"
_HEAD = "{name: head, linear: 2}"

CODES = {
    "E0336": Explanation(
        "a weight depends on whether an optional input is given",
        "A model has the same weights with and without its optional inputs, for there is one file of "
        "them. A layer with weights is there in both cases; what a parameter decides is another model.",
        _masked("{name: fc, from: x, linear: 8}", "{name: gate, when: present(mask), linear: 8}", _HEAD),
        _masked(
            "{name: fc, from: x, linear: 8}", "{name: kept, when: present(mask), mul: [fc, mask]}", _HEAD
        ),
    ),
    "E0337": Explanation(
        "a required input is behind an optional one",
        "`forward` takes the inputs in the order in which they are written, and what may be left out "
        "stands last, as Python has it.",
        _masked("add: [x, mask]", inputs="{mask: {shape: [N, 8], optional: true}, x: [N, 8]}"),
        _masked("{when: present(mask), add: [x, mask], else: x}"),
    ),
    "E0338": Explanation(
        "a model has too many optional inputs",
        "Each set of inputs that is left out is a form of the model, which is checked and proved on its "
        "own. There are four optional inputs at most; a parameter can decide about more.",
        _masked(_MANY, inputs=_FIVE.format(", optional: true")),
        _masked(_MANY, inputs=_FIVE.format("")),
    ),
    "E0339": Explanation(
        "an output depends on whether an optional input is given",
        "A model gives the same outputs with and without its optional inputs. What a layer under "
        "`present(...)` makes has something else to stand for it (`else`), or is no output.",
        _masked("{name: fc, from: x, linear: 8}", "{name: kept, when: present(mask), mul: [fc, mask]}")
        + "outputs: {y: fc, kept: {from: kept, when: present(mask)}}\n",
        _masked(
            "{name: fc, from: x, linear: 8}", "{name: kept, when: present(mask), mul: [fc, mask], else: fc}"
        )
        + "outputs: {y: fc, kept: kept}\n",
    ),
    "E0340": Explanation(
        "there is no optional input of this name",
        "`--without` leaves out inputs that the spec says are `optional: true`.",
        None,
        how="The command line names an input that is not there, or that is required.",
    ),
    "E0342": Explanation(
        "`init` stands on what has no weights of its own",
        "`init` says how the weights of one op begin. A block or container has none but those of its "
        "layers, which say it each; the spec's `init` says it by op for all of them.",
        "inputs: {x: [N, 3]}\nlayers:\n  - {name: g, init: {weight: zeros}, sequential: [linear: 4]}\n",
        "inputs: {x: [N, 3]}\nlayers:\n  - {name: g, sequential: [{init: {weight: zeros}, linear: 4}]}\n",
    ),
    "E0343": Explanation(
        "a layer takes no values for its weights",
        "A recurrent layer or `multihead_attention` is a module of PyTorch, and what it computes has no "
        "plain public function that takes the weights. Written out of layers that have one (`linear`, "
        "`conv2d`, `embedding`, `layer_norm` and others), the same network takes them as values.",
        "inputs: {x: [T, N, 3], w: [16, 3]}\nlayers:\n"
        "  - {name: rnn, from: {input: x, weight_ih_l0: w}, lstm: 4}\n",
        "inputs: {x: [T, N, 3], w: [16, 3]}\nlayers:\n"
        "  - {name: gates, from: {input: x, weight: w}, linear: 16}\n",
    ),
    "E0341": Explanation(
        "one `forward` cannot stand for a model with and without an input",
        "PyTorch's source has one `forward`, in which an input that is left out is None. It passes the "
        "None on, or skips and exchanges layers under `present(...)`. Two layers of one name, of which "
        "one is there with the input and the other without, are one module that is called in two ways: "
        "choose what it reads first, under a name of its own, and write the layer once.",
        None,
        how="The source of a model is written that has other layers with and without an input.",
    ),
}

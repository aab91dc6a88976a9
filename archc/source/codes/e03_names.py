"""E03xx: names and references."""

from archc.source.codes.explanation import Explanation


def _layers(*items: str, inputs: str = "{x: [N, 3]}", rest: str = "") -> str:
    """Give a small spec of some layers."""
    return f"inputs: {inputs}\nlayers:\n" + "".join(f"  - {item}\n" for item in items) + rest


def _importing(path: str) -> str:
    """Give a spec with an import."""
    return f"import: [{path}]\n" + _layers("{name: fc, linear: 4}")


_BLOCK = """\
blocks:
  shifted:
    inputs: {x: [N, C], shift: [N, C]}
    layers:
      - add: [x, shift]
"""

CODES = {
    "E0301": Explanation(
        "there is no such op or block",
        "The word of an item is an op, which is named as in `torch` and `torch.nn.functional` (`archc ops` "
        "lists them), or a block of the spec. There are no other names for an op.",
        _layers("{name: fc, leanear: 4}"),
        _layers("{name: fc, linear: 4}"),
    ),
    "E0302": Explanation(
        "a name is used twice",
        "Within one list of layers each name stands for one value, and it is none of the names of inputs, "
        "sizes, parameters and indices: every name is a path of the model's `state_dict`. The one exception "
        "are two layers of which at most one is there, after `when`.",
        _layers("{name: fc, linear: 4}", "{name: fc, linear: 5}"),
        _layers("{name: fc1, linear: 4}", "{name: fc2, linear: 5}"),
    ),
    "E0303": Explanation(
        "there is no value of this name",
        "`from` names an input, an earlier layer of the same list or of a list around it, or by its dotted "
        "path a value inside an earlier container. A block sees only its own inputs and layers, and of a "
        "block only its outputs can be named.",
        _layers("{name: fc, linear: 4}", "{from: fx, relu: }"),
        _layers("{name: fc, linear: 4}", "{from: fc, relu: }"),
    ),
    "E0304": Explanation(
        "a value is used before it is computed",
        "A layer sees the values before it, in the order in which they are written. So there are no "
        "circles: what carries a value from one step to the next is a recurrent op, or `scan`.",
        _layers("{name: a, from: b, linear: 3}", "{name: b, from: x, linear: 3}", "add: [a, b]"),
        _layers("{name: b, linear: 3}", "{name: a, linear: 3}", "add: [a, b]"),
    ),
    "E0305": Explanation(
        "a number stands where the name of a value is needed",
        "Inputs are named. The second input of `add`, `mul` and the like may be a number; where the number "
        "comes first, as in `1 - x`, write a formula with `expr`.",
        _layers("sub: [1, x]"),
        _layers("{name: opposite, neg: }", "add: [opposite, 1]"),
    ),
    "E0306": Explanation(
        "a compile-time value stands where a tensor is needed",
        "Parameters, `let` names, sizes and indices are numbers, texts and lists that are known when the "
        "spec is compiled. `from` takes the values of layers and inputs.",
        "params: {width: 4}\n" + _layers("{from: width, relu: }"),
        "params: {width: 4}\n" + _layers("{name: fc, linear: width}", "relu"),
    ),
    "E0307": Explanation(
        "the first layer has no single input to take",
        "A layer takes the value before it. Before the first layer of a model or block there is its input, "
        "if it has only one; where there are several, the first layer says which with `from`.",
        _layers("{name: fc, linear: 4}", "add: [fc, b]", inputs="{a: [N, 3], b: [N, 4]}"),
        _layers("{name: fc, from: a, linear: 4}", "add: [fc, b]", inputs="{a: [N, 3], b: [N, 4]}"),
    ),
    "E0308": Explanation(
        "a list of values stands where one is needed",
        "A loop with `parallel: true` gives the list of its turns' results, as do `split` and `chunk`. "
        "`NAME.0` is one of them; `concat`, `add` and `stack` take them all.",
        _layers("{name: heads, linear: 4, repeat: 3, parallel: true}", "relu"),
        _layers("{name: heads, linear: 4, repeat: 3, parallel: true}", 'concat: ["heads.*"]'),
    ),
    "E0309": Explanation(
        "a value is needed, and the name stands for nothing",
        "A layer that `when` drops stands for its own input, unless `else` says otherwise; with "
        "`else: none` it stands for nothing. So does an optional input of a block that is not given. Such "
        "a name may be given to an optional input of an op, and to nothing else.",
        _layers("{name: a, when: false, else: none, linear: 3}", "{from: a, relu: }"),
        _layers("{name: a, when: false, linear: 3}", "{from: a, relu: }"),
    ),
    "E0310": Explanation(
        "the inputs of a layer are written twice",
        "Ops that combine values take them under their own name, `add: [a, b]`, or with `from: [a, b]`.",
        _layers("{from: [x, x], add: [x, x]}"),
        _layers("{from: [x, x], add: }"),
    ),
    "E0311": Explanation(
        "an input is missing",
        "An op or block has inputs that must be given. `archc ops NAME` shows those of an op.",
        _layers("{name: a, shifted: }", rest=_BLOCK),
        _layers("{name: a, from: [x, x], shifted: }", rest=_BLOCK),
    ),
    "E0312": Explanation(
        "there are more inputs than the layer takes",
        "Each op and block takes a number of inputs, in an order that `archc ops NAME` shows for ops and "
        "that a block declares under `inputs`.",
        _layers("{name: fc, from: [x, x], linear: 4}"),
        _layers("{name: sum, from: [x, x], add: }", "{name: fc, linear: 4}"),
    ),
    "E0313": Explanation(
        "a layer has no input of this name",
        "The keys of a mapping under `from` are torch's names of the arguments for an op, and the declared "
        "names for a block.",
        _layers("{name: a, from: {x: x, offset: x}, shifted: }", rest=_BLOCK),
        _layers("{name: a, from: {x: x, shift: x}, shifted: }", rest=_BLOCK),
    ),
    "E0314": Explanation(
        "more names are given than there are outputs",
        "A list under `name` names the outputs of a layer in their order.",
        _layers("{name: [a, b], linear: 4}", "add: [a, b]"),
        _layers("{name: a, linear: 4}", "{name: b, relu: }", "add: [a, b]"),
    ),
    "E0315": Explanation(
        "an output names a layer that is dropped",
        "An output has to be there. One that belongs to a layer with `when` carries the same `when`; what "
        "would have gone into the dropped layer is no output, unless an `else` says so.",
        "params: {wide: false}\n"
        + _layers(
            "{name: a, linear: 3}",
            "{name: b, when: wide, else: none, linear: 3}",
            rest="outputs: {a: a, b: b}\n",
        ),
        "params: {wide: false}\n"
        + _layers(
            "{name: a, linear: 3}",
            "{name: b, when: wide, else: none, linear: 3}",
            rest="outputs: {a: a, b: {from: b, when: wide}}\n",
        ),
    ),
    "E0316": Explanation(
        "there is no such weight to take",
        "`tie` takes a weight of an earlier layer, by its key: `{weight: embed.weight}`. It is looked up as "
        "values are: in the list of layers here, then in those around it, inside containers and blocks by "
        "dotted path.",
        _layers("{name: a, linear: 3}", "{name: b, linear: 3, tie: {weight: a.kernel}}"),
        _layers("{name: a, linear: 3}", "{name: b, linear: 3, tie: {weight: a.weight}}"),
    ),
    "E0317": Explanation(
        "tied weights differ in shape",
        "Tied weights are one tensor under two keys, so both layers need the same shape. The weight of an "
        "embedding is `[num_embeddings, embedding_dim]`, that of a linear layer `[out, in]`.",
        _layers("{name: a, linear: 3}", "{name: b, linear: 4, tie: {weight: a.weight}}"),
        _layers("{name: a, linear: 3}", "{name: b, linear: 3, tie: {weight: a.weight}}"),
    ),
    "E0318": Explanation(
        "a layer owns no such weight to tie",
        "The keys under `tie` are the weights that the layer itself owns. Blocks and containers own none: "
        "`tie` stands on a layer inside of them.",
        _layers("{name: a, linear: 3}", "{name: b, linear: 3, tie: {biases: a.bias}}"),
        _layers("{name: a, linear: 3}", "{name: b, linear: 3, tie: {bias: a.bias}}"),
    ),
    "E0319": Explanation(
        "a tied weight has an initializer of its own",
        "A tied weight is another layer's tensor, and starts with the values that the other layer gives it.",
        _layers(
            "{name: a, linear: 3}", "{name: b, linear: 3, tie: {weight: a.weight}, init: {weight: zeros}}"
        ),
        _layers(
            "{name: a, linear: 3, init: {weight: zeros}}", "{name: b, linear: 3, tie: {weight: a.weight}}"
        ),
    ),
    "E0320": Explanation(
        "there is no file to import",
        "`import` lists paths that are relative to the spec's own file, or parts of the standard library: "
        "`std/NAME`. The suffix `.yaml` may be left out.",
        _importing("std/transformers"),
        _layers("{name: fc, linear: 4}"),
    ),
    "E0321": Explanation(
        "an import lies outside of the spec's folder",
        "A spec is data, and may come from anywhere: it reads nothing but the files below its own folder, "
        "and the standard library.",
        _importing("../shared/blocks.yaml"),
        _layers("{name: fc, linear: 4}"),
    ),
    "E0322": Explanation(
        "files import each other",
        "What two files need is put into a third one, which both import.",
        None,
        how="`a.yaml` has `import: [b.yaml]`, and `b.yaml` has `import: [a.yaml]`.",
    ),
    "E0323": Explanation(
        "an import brings a block that is there already",
        "Two blocks of one name would mean two things. The mapping form of `import` puts the blocks of a "
        "file under a namespace: `import: {other: blocks.yaml}`, and then `other.bottleneck`.",
        None,
        how="A spec has a block `bottleneck`, and imports a file that has one as well.",
    ),
    "E0330": Explanation(
        "there is no such layer to apply again",
        "`reuse` takes an earlier layer, container or block, by its name, of the list of layers here or of "
        "one around it. What a block holds inside is its own.",
        _layers("{name: a, linear: 3}", "{name: b, reuse: c}"),
        _layers("{name: a, linear: 3}", "{name: b, reuse: a}"),
    ),
    "E0331": Explanation(
        "a layer cannot be applied again to these inputs",
        "A layer that is applied again keeps its weights, so the sizes that fix the shapes of its weights "
        "must be those that it was made for; other sizes may differ.",
        _layers("{name: a, linear: 4}", "{name: b, reuse: a}"),
        _layers("{name: a, linear: 3}", "{name: b, reuse: a}"),
    ),
}

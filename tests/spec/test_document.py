"""What a document says, and what is said of documents that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from archc.source import Diagnostic, Diagnostics, Source
from archc.spec.document import LayerDecl, Spec
from archc.spec.document_reader import read_spec
from archc.spec.tree import Scalar

EXAMPLES = sorted((Path(__file__).parent / "data").glob("*.yaml"))
OPS = ("relu", "conv2d", "linear", "tile", "add", "identity", "batch_norm", "flatten", "dropout", "concat")
HEAD = "inputs: {x: [N, 3]}\nlayers:\n"


def read(text: str, known_ops: tuple[str, ...] = OPS) -> Spec:
    diagnostics = Diagnostics()
    spec = read_spec(Source("f.yaml", text), diagnostics, known_ops=known_ops)
    assert not len(diagnostics), list(diagnostics)
    assert spec is not None
    assert spec.complete
    return spec


def mistakes(text: str) -> tuple[Spec | None, list[Diagnostic]]:
    diagnostics = Diagnostics()
    spec = read_spec(Source("f.yaml", text), diagnostics, known_ops=OPS)
    return spec, list(diagnostics)


def layer(item: str) -> LayerDecl:
    [found] = read(f"{HEAD}  - {item}\n").models[0].layers
    return found


def text_of(tree: object) -> str:
    assert isinstance(tree, Scalar)
    return tree.text


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples(path: Path) -> None:
    spec = read(path.read_text(), ())
    assert spec.name is not None
    assert spec.name.text == path.stem
    assert all(model.layers for model in spec.models)
    assert all(decl.kind != "broken" for model in spec.models for decl in model.layers)


def test_a_spec_s_parts() -> None:
    spec = read(
        "archc: 1\nname: net\ndoc: A net.\nimport: [std/a, b.yaml]\n"
        "params: {width: 8, depth: int, "
        "drop: {type: float, default: 0.1, min: 0, max: 1, choices: [0.1], doc: d}, norm: {batch_norm: }}\n"
        "let: {wide: 2 * width}\nvariants: {big: {width: 64}}\ndims: {H: {multiple_of: 32, min: 32}}\n"
        "inputs:\n  x: [N, 3, H, W]\n  ids: int64[N, max(T, 2)]\n"
        "  m: {dtype: bool, shape: [N], min: 0, max: 1, when: width > 3, doc: d}\n"
        "layers: [relu]\noutputs: {a: relu, b: {from: relu, when: width > 3}}\n"
        "init: {linear: {weight: zeros}}\ntrain: {epochs: 3}\n"
    )
    assert (spec.name and spec.name.text, spec.doc) == ("net", "A net.")
    assert [one.path.text for one in spec.imports] == ["std/a", "b.yaml"]
    width, depth, drop, norm = spec.params
    assert (width.name, width.type, width.required, width.value_type) == ("width", None, False, "int")
    assert (depth.type, depth.required, depth.default) == ("int", True, None)
    assert (drop.type, text_of(drop.default), text_of(drop.min), text_of(drop.max), drop.doc) == (
        "float",
        "0.1",
        "0",
        "1",
        "d",
    )
    assert norm.value_type == "dict"
    assert [(one.name, text_of(one.value)) for one in spec.let] == [("wide", "2 * width")]
    assert text_of(spec.variants["big"].values["width"]) == "64"
    assert (spec.dims[0].name, text_of(spec.dims[0].multiple_of), spec.dims[0].max) == ("H", "32", None)
    x, ids, m = spec.models[0].inputs
    assert (x.dtype, [dim.text for dim in x.shape or ()]) == (None, ["N", "3", "H", "W"])
    assert (text_of(ids.dtype), [dim.text for dim in ids.shape or ()]) == ("int64", ["N", "max(T, 2)"])
    assert ids.shape is not None
    assert ids.shape[1].span.text == "max(T, 2)"
    assert ids.dtype is not None
    assert ids.dtype.span.text == "int64"
    assert (text_of(m.dtype), text_of(m.when), m.doc, m.optional) == ("bool", "width > 3", "d", False)
    a, b = spec.models[0].outputs or ()
    assert (a.name.text, a.source.text, b.source.text, text_of(b.when)) == ("a", "relu", "relu", "width > 3")
    assert spec.init is not None
    assert spec.train is not None


def test_imports_with_namespaces() -> None:
    spec = read("import: {tf: std/transformer}\n" + HEAD + "  - tf.encoder\n")
    assert [(one.namespace and one.namespace.text, one.path.text) for one in spec.imports] == [
        ("tf", "std/transformer")
    ]


def test_several_models_and_blocks() -> None:
    spec = read(
        "models:\n  enc: {inputs: {x: [N]}, layers: [relu]}\n"
        "  dec: {doc: d, inputs: {z: [N]}, layers: [relu], outputs: [relu]}\n"
        "blocks:\n  b:\n    params: {p: int}\n    layers: [relu]\n"
        "    inputs: {x: [..., D], y: , z: int64, w: {optional: true}}\n"
        "  c: {layers: [relu]}\n"
    )
    assert [model.name for model in spec.models] == ["enc", "dec"]
    b, c = spec.blocks["b"], spec.blocks["c"]
    assert c.inputs is None
    assert b.inputs is not None
    assert [one.shape and [dim.text for dim in one.shape] for one in b.inputs] == [
        ["...", "D"],
        None,
        None,
        None,
    ]
    assert (text_of(b.inputs[2].dtype), b.inputs[3].optional) == ("int64", True)


def test_a_file_of_blocks_has_no_model() -> None:
    assert read("blocks:\n  b: {layers: [relu]}\n").models == ()


def test_forms_of_layers() -> None:
    bare = layer("relu")
    assert (bare.kind, bare.op.text, bare.arguments, bare.name) == ("op", "relu", None, None)
    op = layer("{name: a, linear: 4}")
    assert (op.kind, op.op.text, text_of(op.arguments), text_of(op.name)) == ("op", "linear", "4", "a")
    assert layer("{relu: }").arguments is None
    template = layer("$(norm)")
    assert (template.kind, template.op.text) == ("op", "$(norm)")
    assert layer("{$(norm): 3}").op.text == "$(norm)"
    nested = layer("{name: s, sequential: [relu, {residual: [linear: 4]}]}")
    assert (nested.kind, nested.arguments, [one.kind for one in nested.body]) == (
        "sequential",
        None,
        ["op", "residual"],
    )
    again = layer("{reuse: enc}")
    assert (again.kind, text_of(again.arguments)) == ("reuse", "enc")
    full = layer(
        "{name: [q, k], from: {query: x, key: [y, z]}, when: a > 1, else: none, for: {i: 3, f: [s2, s3]},"
        " parallel: true, scan: {axis: 1, state: {h: zeros}}, tie: {weight: e.weight}, init: {bias: zeros},"
        " shape: [N, K], doc: d, add: [a, b]}"
    )
    assert (text_of(full.when), text_of(full.else_), full.parallel, full.doc) == ("a > 1", "none", True, "d")
    assert [dim.text for dim in full.shape or ()] == ["N", "K"]
    assert full.scan is not None
    assert full.tie is not None
    assert full.init is not None
    assert full.for_ is not None


def test_the_span_of_an_item_is_the_item() -> None:
    text = "inputs: {x: [N]}\nlayers:\n  - name: a\n    linear: 3\n\n  # end\n  - relu\n"
    first, second = read(text).models[0].layers
    assert (first.span.text, first.span.line, first.span.column) == ("name: a\n    linear: 3", 3, 5)
    assert (second.span.text, second.span.line) == ("relu", 7)


@pytest.mark.parametrize(
    ("item", "code", "place", "help_"),
    [
        ("{name: a, from: x}", "E0203", "name", "identity"),
        ("{nam: a, relu: }", "E0201", "nam", "`name`"),
        ("{linear: 3, fron: x}", "E0201", "fron", "`from`"),
        ("{conv2d: 64, kernel_size: 3}", "E0201", "kernel_size", "`conv2d: {kernel_size: ...}`"),
        ("{whn: a}", "E0201", "whn", "`when`"),
        ("{relu: , linear: 3}", "E0204", "linear", "item of each"),
        ("{}", "E0203", "{}", "identity"),
        ("3", "E0203", "3", "relu"),
        ("", "E0203", "", "dash"),
        ("[relu, relu]", "E0203", "[relu, relu]", "`layers:`"),
        ("relu()", "E0203", "relu()", "`relu`"),
        ("linear(120)", "E0203", "linear(120)", "`linear: 120`"),
        ("linear:120", "E0111", ":", "`- linear: 120`"),
        ("foo bar", "E0203", "foo bar", "relu"),
        ("sequential", "E0203", "sequential", "sequential: "),
        ("{sequential: }", "E0205", "sequential", "[...]"),
        ("{sequential: relu}", "E0202", "relu", "`- `"),
        ("{reuse: }", "E0202", "", "NAME"),
        ("{reuse: 1.5}", "E0209", "1.5", '"1.5"'),
        ("{name: 1.0, relu: }", "E0209", "1.0", '`- {name: "1.0", relu: }`'),
        ("{name: [a, 1.5], relu: }", "E0209", "1.5", '"1.5"'),
        ("{name: true, relu: }", "E0209", "true", "word"),
        ("{name: null, relu: }", "E0209", "null", "word"),
        ("{name: , relu: }", "E0202", "", "name"),
        ("{name: {a: b}, relu: }", "E0202", "{a: b}", "list of names"),
        ("{name: a-b, relu: }", "E0208", "a-b", "`a_b`"),
        ("{name: 1x, relu: }", "E0208", "1x", "`_1x`"),
        ("{name: class, relu: }", "E0208", "class", "`class_`"),
        ("{name: forward, relu: }", "E0208", "forward", "`forward_`"),
        ("{name: a.train, relu: }", "E0208", "a.train", ""),
        ("{name: none, relu: }", "E0208", "none", ""),
        ("{name: a..b, relu: }", "E0208", "a..b", ""),
        ("{name: __init__, relu: }", "E0208", "__init__", ""),
        ("{name: größe, relu: }", "E0208", "größe", "`gr_e`"),
        ("{name: '${i}', relu: }", "E0208", "'${i}'", "$(name)"),
        ("{name: a-$(i), relu: }", "E0208", "a-$(i)", "`a_0`"),
        ("{name: 'a$(i', relu: }", "E0601", "$(", "`)`"),
        ("{name: a$(i +), relu: }", "E0601", "+", ""),
        ("{relu: , from: 1.0}", "E0209", "1.0", '`- {relu: , from: "1.0"}`'),
        ("{add: , from: [a, 1.0]}", "E0209", "1.0", '"1.0"'),
        ("{add: , from: {a: 1.0}}", "E0209", "1.0", '"1.0"'),
        ("{relu: , from: }", "E0202", "", "value"),
        ("{relu: , else: x}", "E0210", "x", "`when`"),
        ("{relu: , when: a, else: [a]}", "E0202", "[a]", ""),
        ("{relu: , repeat: 2, for: {i: 3}}", "E0210", "2", "columns"),
        ("{relu: , parallel: true}", "E0210", "true", "`for`"),
        ("{relu: , parallel: yes, repeat: 2}", "E0202", "yes", "`true`"),
        ("{relu: , when: a = b}", "E0601", "=", "`==`"),
        ("{relu: , when: [a]}", "E0202", "[a]", ""),
        ("{relu: , repeat: 012}", "E0602", "012", "`12`"),
        ("{relu: , repeat: 12:30}", "E0602", "12:30", ""),
        ("{relu: , for: [1, 2]}", "E0202", "[1, 2]", "for: {i: 4}"),
        ("{relu: , for: {i: {a: b}}}", "E0202", "{a: b}", ""),
        ("{relu: , for: {1x: 3}}", "E0208", "1x", ""),
        ("{relu: , scan: {axs: 1}}", "E0201", "axs", "`axis`"),
        ("{relu: , scan: 1}", "E0202", "1", "axis"),
        ("{relu: , shape: N}", "E0202", "N", "["),
        ("{relu: , shape: [..., N]}", "E0211", "...", ""),
        ("{relu: , tie: x}", "E0202", "x", "weight"),
        ("{relu: , init: x}", "E0202", "x", "weight"),
        ("{relu: , doc: [x]}", "E0202", "[x]", ""),
        ("{linear: max(a, b)}", "E0110", "max(a, b)", '"max(a, b)"'),
    ],
)
def test_broken_items(item: str, code: str, place: str, help_: str) -> None:
    spec, found = mistakes(f"{HEAD}  - {item}\n  - relu\n")
    assert [one.code for one in found] == [code], found
    assert found[0].span is not None
    assert found[0].span.text == place
    assert help_ in " ".join(found[0].help)
    assert spec is not None
    assert spec.complete
    first, second = spec.models[0].layers
    assert first.kind == ("broken" if code != "E0110" else "op")
    assert second.kind == "op"


@pytest.mark.parametrize(
    ("text", "code", "place", "help_"),
    [
        ("- a", "E0202", "- a", "inputs"),
        ("inputs: {x: [N]}", "E0205", "", "layers"),
        ("layers: [relu]", "E0205", "", "inputs"),
        ("input: {x: [N]}\nlayers: [relu]", "E0201", "input", "`inputs`"),
        ("inputs: {x: [N]}\nlayers: relu", "E0202", "relu", "`- `"),
        ("inputs: {x: [N]}\nlayers: []", "E0205", "[]", "identity"),
        ("archc: 2\n" + HEAD + "  - relu", "E0207", "2", "`archc: 1`"),
        ("archc: true\n" + HEAD + "  - relu", "E0207", "true", "`archc: 1`"),
        ("name: a b\n" + HEAD + "  - relu", "E0208", "a b", "`a_b`"),
        ("name: 1.0\n" + HEAD + "  - relu", "E0209", "1.0", ""),
        ("doc: [a]\n" + HEAD + "  - relu", "E0202", "[a]", ""),
        ("models: {a: {inputs: {x: [N]}, layers: [relu]}}\nlayers: [relu]", "E0206", "layers", "models"),
        ("models: {a: [relu]}", "E0202", "[relu]", "inputs"),
        ("models: {a: {inputs: {x: [N]}}}", "E0205", "a", "layers"),
        ("models: {a-b: {inputs: {x: [N]}, layers: [relu]}}", "E0208", "a-b", "a_b"),
        ("blocks: {b: {params: {a: 1}}}", "E0205", "b", "layers"),
        ("blocks: {b: [relu]}", "E0202", "[relu]", "layers"),
        ("inputs: [x]\nlayers: [relu]", "E0202", "[x]", "NAME"),
        ("inputs:\n  x: int99[N]\nlayers: [relu]", "E0211", "int99", "`int8`"),
        ("inputs:\n  x: long[N]\nlayers: [relu]", "E0211", "long", "`int64`"),
        ("inputs:\n  x: {dtype: double, shape: [N]}\nlayers: [relu]", "E0211", "double", "`float64`"),
        ("inputs:\n  x: int64[N, T\nlayers: [relu]", "E0211", "int64[N, T", "int64[N, T]"),
        ("inputs:\n  x: int64\nlayers: [relu]", "E0211", "int64", "`int64[N]`"),
        ("inputs:\n  x:\nlayers: [relu]", "E0211", "", "[N, 3, H, W]"),
        ("inputs:\n  x: {dtype: int64}\nlayers: [relu]", "E0205", "x", "shape"),
        ("inputs:\n  x: [N, ...]\nlayers: [relu]", "E0211", "...", "size"),
        ("inputs:\n  x: [N, [3]]\nlayers: [relu]", "E0202", "[3]", ""),
        ("inputs:\n  x: [N, 3 +]\nlayers: [relu]", "E0601", "+", ""),
        ("inputs:\n  x: int64[N, max(T, 3), ]\nlayers: [relu]", "E0202", "", ""),
        ("inputs:\n  x: {shape: [N], optinal: true}\nlayers: [relu]", "E0201", "optinal", "`optional`"),
        ("inputs:\n  x-y: [N]\nlayers: [relu]", "E0208", "x-y", "`x_y`"),
        ("blocks: {b: {inputs: {x: [N, ...]}, layers: [relu]}}", "E0211", "...", "first"),
        ("params: {a: }\n" + HEAD + "  - relu", "E0610", "a", "int"),
        ("params: {a: {type: str}}\n" + HEAD + "  - relu", "E0610", "str", "`text`"),
        ("params: {a: {type: flot}}\n" + HEAD + "  - relu", "E0610", "flot", "`float`"),
        ("params: {a: {min: 3}}\n" + HEAD + "  - relu", "E0610", "a", "int"),
        ("params: {a: {typ: int, default: 3}}\n" + HEAD + "  - relu", "E0201", "typ", "`type`"),
        ("params: {2x: 3}\n" + HEAD + "  - relu", "E0208", "2x", "`_2x`"),
        ("params: {null: 3}\n" + HEAD + "  - relu", "E0208", "null", ""),
        ("params: [a]\n" + HEAD + "  - relu", "E0202", "[a]", "NAME"),
        ("params: {a: {type: int, choices: 3}}\n" + HEAD + "  - relu", "E0202", "3", ""),
        ("params: {width: 1}\nvariants: {v: {widht: 2}}\n" + HEAD + "  - relu", "E0611", "widht", "`width`"),
        ("params: {width: 1}\nvariants: {v: {q: 2}}\n" + HEAD + "  - relu", "E0611", "q", "params"),
        ("variants: {v: 3}\n" + HEAD + "  - relu", "E0202", "3", ""),
        ("let: {a: b c}\n" + HEAD + "  - relu", "E0601", "c", "operator"),
        ("dims: {H: 32}\n" + HEAD + "  - relu", "E0202", "32", "H: {min"),
        ("dims: {H: {multiple: 3}}\n" + HEAD + "  - relu", "E0201", "multiple", "`multiple_of`"),
        ("import: a\n" + HEAD + "  - relu", "E0202", "a", "[PATH]"),
        ("import: {a-b: c}\n" + HEAD + "  - relu", "E0208", "a-b", ""),
        ("outputs: a\n" + HEAD + "  - relu", "E0202", "a", "`outputs: [a]`"),
        ("outputs: [{a: b}]\n" + HEAD + "  - relu", "E0202", "{a: b}", "{NAME: VALUE}"),
        ("outputs: [1.0]\n" + HEAD + "  - relu", "E0209", "1.0", '"1.0"'),
        ("outputs: {a: {when: b}}\n" + HEAD + "  - relu", "E0205", "a", "from"),
        ("outputs: {a: [b]}\n" + HEAD + "  - relu", "E0202", "[b]", ""),
    ],
)
def test_broken_documents(text: str, code: str, place: str, help_: str) -> None:
    spec, found = mistakes(text)
    assert [one.code for one in found] == [code], found
    assert found[0].span is not None
    assert found[0].span.text == place
    assert help_ in " ".join(found[0].help)
    assert spec is None or not spec.complete


def test_a_broken_train_section_leaves_the_models_whole() -> None:
    spec, found = mistakes("train: 3\n" + HEAD + "  - relu")
    assert [one.code for one in found] == ["E0202"]
    assert spec is not None
    assert spec.complete


def test_all_mistakes_in_one_run() -> None:
    spec, found = mistakes(
        "nme: x\nparams: {a: , 1b: 3}\ninputs: {x: [N, 3 +]}\n"
        "layers:\n  - {nam: a, relu: }\n  - sequential: [3, {relu: , when: a = b}]\n  - relu\noutputs: 3\n"
    )
    assert spec is not None
    assert not spec.complete
    assert sorted(one.code for one in found) == [
        "E0201",
        "E0201",
        "E0202",
        "E0203",
        "E0208",
        "E0601",
        "E0601",
        "E0610",
    ]
    assert [one.kind for one in spec.models[0].layers] == ["broken", "sequential", "op"]
    assert [one.kind for one in spec.models[0].layers[1].body] == ["broken", "broken"]


def test_fixes_mend() -> None:
    text = HEAD + "  - {nam: a, relu: }\n  - {relu: , from: 1.0}\n"
    edits = [edit for one in mistakes(text)[1] if one.fix for edit in one.fix.edits]
    assert len(edits) == 2
    for edit in reversed(edits):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    read(text)


def test_without_known_ops_an_item_with_one_strange_key_is_an_op() -> None:
    diagnostics = Diagnostics()
    spec = read_spec(Source("f", HEAD + "  - {form: 3}\n"), diagnostics)
    assert spec is not None
    assert not len(diagnostics)
    assert spec.models[0].layers[0].op.text == "form"


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("a/b/resnet50.yaml", "resnet50"),
        ("my net-2.yml", "my_net_2"),
        ("3d.yaml", "model_3d"),
        ("class.yaml", "model_class"),
        ("<stdin>", "stdin"),
        ("", "model"),
    ],
)
def test_the_name_of_a_spec_without_one(name: str, word: str) -> None:
    spec = read_spec(Source(name, HEAD + "  - relu\n"), Diagnostics())
    assert spec is not None
    assert spec.default_name == word


def test_a_thousand_layers_are_read() -> None:
    spec = read(
        HEAD + "".join(f"  - {{name: conv{i}, conv2d: {{out_channels: 64}}, from: x}}\n" for i in range(1000))
    )
    assert len(spec.models[0].layers) == 1000

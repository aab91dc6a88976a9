"""Rules 1 to 9 of the language: text and names. Each in both directions."""

from __future__ import annotations

import pytest
from rule_checks import IMAGE, keys, right, shapes, spec, wrong

# Text


def test_rule_01_unknown_keys_are_errors_with_the_nearest_word() -> None:
    assert "did you mean `layers`?" in wrong("inputs: {x: [N, 3]}\nlayesr: [relu]\n", "E0201", "layesr")
    assert "did you mean `kernel_size`?" in wrong(
        spec("{name: c, conv2d: {out_channels: 4, kernal_size: 3}}", inputs=IMAGE), "E0702", "kernal_size"
    )
    assert "did you mean `min`?" in wrong(spec("relu", head="dims: {N: {mni: 2}}\n"), "E0201", "mni")
    assert "did you mean `params`" in wrong(
        spec("{name: b, b: }", rest="blocks: {b: {parms: {a: 1}, layers: [relu]}}\n"), "E0201", "parms"
    )


def test_rule_01_an_item_has_exactly_one_op() -> None:
    right(spec("identity"))
    assert "`identity`" in wrong(spec("{name: a}"), "E0203", "name")
    assert "`relu` and `tanh`" in wrong(spec("{relu: , tanh: }"), "E0204", "tanh")


def test_rule_02_a_word_or_a_number() -> None:
    assert (
        shapes(
            right(spec("{name: c, conv2d: {out_channels: 4, kernel_size: 3, padding: same}}", inputs=IMAGE))
        )[0]
        == "[N, 4, H, W]"
    )
    right(
        spec(
            "{name: c, conv2d: {out_channels: 4, kernel_size: 3, padding: p}}",
            head="params: {p: 1}\n",
            inputs=IMAGE,
        )
    )
    wrong(
        spec("{name: c, conv2d: {out_channels: 4, kernel_size: 3, padding: full}}", inputs=IMAGE),
        "E0603",
        "full",
    )


def test_rule_02_booleans_and_null_are_lower_case() -> None:
    right(spec("{name: fc, linear: {out_features: 4, bias: false}}"))
    assert "`false`" in wrong(spec("{name: fc, linear: {out_features: 4, bias: False}}"), "E0601", "False")
    assert "`false`" in wrong(spec("{name: fc, linear: {out_features: 4, bias: no}}"), "E0603", "no")
    wrong(spec("{max_pool2d: {kernel_size: 2, stride: Null}}", inputs=IMAGE), "E0601", "Null")


@pytest.mark.parametrize(
    ("expression", "size"),
    [
        ("8 / 2", 4),
        ("9 // 2", 4),
        ("9 % 5", 4),
        ("round(4.5)", 4),
        ("round(3.5)", 4),
        ("0.5 * 8", 4),
        ("-7 // -2 + 1", 4),
    ],
)
def test_rule_03_numbers_are_python_s(expression: str, size: int) -> None:
    assert shapes(right(spec(f"{{name: fc, linear: {expression}}}"))) == [f"[N, {size}]"]


@pytest.mark.parametrize(
    ("expression", "code", "place"),
    [
        ("7 / 2", "E0701", '"7 / 2"'),
        ("4.5", "E0701", '"4.5"'),
        ("2 ** 63", "E0806", "2 ** 63"),
        ("9223372036854775808", "E0806", "9223372036854775808"),
        ("len(range(65536))", "E0805", "range(65536)"),
        ("sum([sum(range(2000)) + j for j in range(2000)])", "E0805", "range(2000)"),
    ],
)
def test_rule_03_a_float_is_no_size_and_values_are_bounded(
    expression: str, code: str, place: str | None
) -> None:
    wrong(spec(f'{{name: fc, linear: "{expression}"}}'), code, place)


def test_rule_04_arguments_of_a_dropped_layer_are_not_evaluated() -> None:
    right(spec("{name: fc, when: false, linear: 1 // 0}", "relu"))
    wrong(spec("{name: fc, when: true, linear: 1 // 0}", "relu"), "E0606", "1 // 0")
    blocks = "blocks:\n  b:\n    params: {d: int}\n    layers:\n      - relu\n      - {name: in, b: d - 1}\n"
    right(spec("{name: b, b: 3}", rest=blocks.replace("{name: in,", "{name: deeper, when: d > 0,")))
    compiled = blocks.replace("{name: in,", "{name: deeper,")
    wrong(spec("{name: b, b: 3}", rest=compiled), "E0812", "b")


# Names


@pytest.mark.parametrize(
    ("item", "head", "place"),
    [
        ("{name: x, relu: }", "", "x"),
        ("{name: N, relu: }", "", "N"),
        ("{name: p, relu: }", "params: {p: 1}\n", "p"),
        ("{name: q, relu: }", "let: {q: 1}\n", "q"),
    ],
)
def test_rule_05_one_namespace(item: str, head: str, place: str) -> None:
    shown = wrong(spec(item, head=head), "E0302", place)
    assert f": {place}" in shown  # the other place is shown


def test_rule_05_names_within_a_scope_and_op_names() -> None:
    right(spec("{name: layer_norm, layer_norm: }"))
    right(spec("{name: a, layers: [{name: fc, linear: 8}]}", "{name: b, layers: [{name: fc, linear: 8}]}"))
    wrong(spec("{name: a, relu: }", "{name: a, tanh: }"), "E0302", "a")
    wrong(spec("relu", rest="blocks: {linear: {layers: [tanh]}}\n"), "E0350", "linear")


@pytest.mark.parametrize("name", ["a", "_b2", "A.b.0", "7", "self", "x_", "input"])
def test_rule_06_names(name: str) -> None:
    right(spec(f"{{name: {name}, relu: }}", inputs="{z: [N, 8]}"))


@pytest.mark.parametrize(
    "name",
    ["é", "a-b", "2a", "a..b", "class", "train", "forward", "type", "to", "half", "a.forward", "__init__"],
)
def test_rule_06_what_is_no_name(name: str) -> None:
    wrong(spec(f"{{name: {name}, relu: }}"), "E0208", name)


def test_rule_07_names_that_are_not_given() -> None:
    compiled = right(spec("relu", "relu", "tanh", "{when: false, relu: }", "relu"))
    nodes = [node.name for node in compiled.program.models[0].module.nodes]
    assert nodes == ["relu", "relu_1", "tanh", "relu_2"]
    assert keys(right(spec("linear: 4", "linear: 4"), "W0102", "W0102")) == [
        "linear.weight",
        "linear.bias",
        "linear_1.weight",
        "linear_1.bias",
    ]
    block = "blocks: {head: {layers: [{name: fc, linear: 4}]}}\n"
    right(spec("head: ", rest=block), "W0102")
    assert keys(right(spec("sequential: [head, head]", rest=block)))[::2] == [
        "sequential.0.fc.weight",
        "sequential.1.fc.weight",
    ]


def test_rule_08_one_path_one_layer_but_for_twins() -> None:
    wrong(
        spec("{name: a.fc, linear: 8}", "{name: a, layers: [{name: fc, linear: 8}]}"),
        "E0302",
        "{name: fc, linear: 8}",
    )
    twins = spec(
        "{name: fc, when: big, linear: 16}",
        "{name: fc, when: not big, linear: 4}",
        head="params: {big: true}\n",
    )
    assert shapes(right(twins)) == ["[N, 16]"]
    assert shapes(right(twins, big=False)) == ["[N, 4]"]
    wrong(twins.replace("not big", "big or true"), "E0302", "fc")
    followed = twins.replace("linear: 16", "from: x, linear: 16").replace("linear: 4", "from: x, linear: 4")
    assert followed != twins
    for big, width in ((True, 16), (False, 4)):
        assert shapes(right(followed + "  - relu\n", big=big)) == [f"[N, {width}]"]


def test_rule_09_parameters_are_their_own_path() -> None:
    compiled = right(
        spec(
            "{name: scale, parameter: {shape: [8], init: ones}}",
            "{name: shift, buffer: {shape: [8], init: ones}}",
            "{name: two, constant: 2.0}",
            "{name: y, expr: x * scale + shift * two}",
        )
    )
    assert keys(compiled) == ["scale", "shift"]
    wrong(spec("{name: scale, parameter: {shape: [8]}}", "{name: scale, from: x, relu: }"), "E0302", "scale")

"""Rules 10 to 18 of the language: what a name reaches, what a layer takes, conditions, loops, sharing."""

from __future__ import annotations

import pytest
from rule_checks import IMAGE, keys, right, shapes, spec, wrong

TWO = "{a: [N, 8], b: [N, 8]}"

# Scopes and the chain


def test_rule_10_from_sees_what_is_earlier_and_around() -> None:
    inner = "[{name: u, from: first, relu: }, {name: v, from: x, tanh: }, {name: w, add: [u, v]}]"
    group = f"{{name: g, layers: {inner}}}"
    right(spec("{name: first, sigmoid: }", group, "{name: y, add: [g.u, g.v]}", "{name: z, add: [y, g]}"))
    wrong(spec("{name: y, from: later, relu: }", "{name: later, tanh: }"), "E0304", "later")
    inside = "{name: g, layers: [{name: u, from: v, relu: }, {name: v, tanh: }]}"
    wrong(spec(inside), "E0304", "v")


def test_rule_10_of_a_block_only_outputs_are_seen() -> None:
    block = (
        "blocks:\n  two:\n    outputs: {up: a, down: b}\n"
        "    layers: [{name: a, relu: }, {name: b, from: x, tanh: }]\n"
    )
    right(spec("{name: t, two: }", "{name: y, add: [t.up, t.down]}", rest=block))
    wrong(spec("{name: t, two: }", "{name: y, add: [t.up, t.a]}", rest=block), "E0303", "t.a")
    outside = "blocks: {one: {layers: [{name: a, from: first, relu: }]}}\n"
    shown = wrong(spec("{name: first, tanh: }", "{name: t, one: }", rest=outside), "E0303", "first")
    assert "a block sees its inputs and parameters, and nothing else of the outside" in shown


def test_rule_10_the_longest_name_is_first() -> None:
    items = ("{name: a, layers: [{name: b, linear: 4}]}", "{name: y, from: a.b, relu: }")
    assert shapes(right(spec(*items))) == ["[N, 4]"]
    several = ("{name: h, lstm: {hidden_size: 4}}", "{name: y, from: h.h_n, relu: }")
    assert shapes(right(spec(*several, inputs="{x: [T, N, 8]}"))) == ["[1, N, 4]"]


def test_rule_11_the_value_before_is_the_item_before() -> None:
    assert shapes(right(spec("{name: a, linear: 4}", "relu", "{name: b, linear: 2}"))) == ["[N, 2]"]
    source = ("{name: a, linear: 4}", "{name: p, parameter: {shape: [4]}}", "relu")
    found = right(spec(*source), "W0101")
    assert shapes(found) == ["[4]"]


def test_rule_12_with_several_inputs_the_first_item_says_which() -> None:
    right(spec("{name: c, add: [a, b]}", "relu", inputs=TWO))
    wrong(spec("relu", inputs=TWO), "E0307", "relu")
    wrong(spec("{name: g, layers: [relu, tanh]}", inputs=TWO), "E0307", "relu")
    right(spec("{name: g, layers: [{from: b, relu: }, {name: c, add: [a, relu]}]}", inputs=TWO))


def test_rule_12_a_container_s_value_is_its_last_item_a_block_s_its_first_output() -> None:
    assert shapes(right(spec("{name: g, sequential: [linear: 4, relu, linear: 2]}", "tanh"))) == ["[N, 2]"]
    block = (
        "blocks:\n  two:\n    outputs: {narrow: a, wide: b}\n"
        "    layers: [{name: a, linear: 2}, {name: b, from: x, linear: 4}]\n"
    )
    assert shapes(right(spec("{name: t, two: }", "{name: y, tanh: }", rest=block + "outputs: [y]\n"))) == [
        "[N, 2]"
    ]


def test_rule_13_a_sequential_with_inner_froms_keeps_its_keys() -> None:
    plain = keys(right(spec("{name: s, sequential: [linear: 8, relu, linear: 8]}")))
    routed = right(
        spec("{name: s, sequential: [linear: 8, {from: x, relu: }, linear: 8, {add: ['2', '0']}]}")
    )
    assert keys(routed) == plain == ["s.0.weight", "s.0.bias", "s.2.weight", "s.2.bias"]
    assert "def forward" in routed.to_pytorch()


def test_rule_14_what_is_not_used_is_warned_of() -> None:
    right(spec("{name: a, relu: }", "{name: b, from: x, tanh: }"), "W0101")
    right(spec("{name: y, from: a, relu: }", inputs=TWO), "W0103")
    right(spec("{name: y, from: a, expand: [N, M, 8]}", inputs="{a: [N, 1, 8], b: [M]}"))
    right(spec("relu", inputs="{x: [N, width_]}", head="params: {width: 8}\n"), "W0104")
    right(spec("relu", inputs="{x: [N, width]}", head="params: {width: 8}\n"))


def test_rule_14_a_field_of_the_data_need_not_be_used() -> None:
    train = "train:\n  data: {source: digits}\n  loss: mse_loss(fc, 1.0)\n  optimizer: {SGD: {lr: 0.1}}\n"
    right(
        spec(
            "{name: flat, flatten: }",
            "{name: fc, linear: 2}",
            inputs="{image: [N, 8, 8]}",
            rest=train + "  epochs: 1\n",
        )
    )
    right(spec("{name: y, from: a, relu: }", inputs=TWO, rest=""), "W0103")


def test_a_dropped_layer_has_no_name_of_a_parameter() -> None:
    items = ("{name: width, when: false, linear: 8}", "relu")
    wrong(spec(*items, head="params: {width: 8}\n"), "E0302", "width")
    right(spec("{name: fc, when: false, linear: 8}", "{name: fc, linear: 4}", "relu"))
    right(spec("{name: x, when: false, linear: 8}", "relu"))


# Conditions, loops, sharing


def test_rule_15_conditions_are_decided_at_compile_time() -> None:
    right(spec("{when: H > 4, relu: }", "tanh", inputs="{x: [N, 3, H, W]}", head="dims: {H: {min: 5}}\n"))
    shown = wrong(spec("{when: H > 4, relu: }", "tanh", inputs=IMAGE), "E0607", "H > 4")
    assert "`H`" in shown
    wrong(
        spec(
            "{name: up, when: false, linear: 16}", "{add: [up, y]}", inputs="{x: [N, 8], y: [N, 16]}"
        ).replace("{name: up,", "{name: up, from: x,"),
        "E0404",
        "add",
    )


def test_rule_15_absent_values() -> None:
    mask = "{name: m, when: false, from: x, relu: , else: none}"
    attention = "{name: y, scaled_dot_product_attention: , from: {query: x, key: x, value: x, attn_mask: m}}"
    right(spec(mask, attention, inputs="{x: [N, T, 8]}"))
    required = "{name: y, scaled_dot_product_attention: , from: {query: m, key: x, value: x}}"
    wrong(spec(mask, required, inputs="{x: [N, T, 8]}"), "E0309", "m")


def test_rule_15_outputs_that_name_a_dropped_layer() -> None:
    items = ("{name: a, relu: }", "{name: aux, when: deep, from: x, tanh: }")
    head = "params: {deep: false}\n"
    wrong(spec(*items, head=head, rest="outputs: [a, aux]\n"), "E0315", "aux")
    both = spec(*items, head=head, rest="outputs: {a: a, aux: {from: aux, when: deep}}\n")
    assert len(shapes(right(both))) == 1
    assert len(shapes(right(both, deep=True))) == 2


def test_rule_16_loops() -> None:
    assert keys(right(spec("{name: a, linear: 8, repeat: 0}", "relu"))) == []
    wrong(
        spec("{for: {i: 2, j: [1, 2, 3]}, layers: [{name: a$(i), linear: 8}]}"),
        "E0631",
        "{i: 2, j: [1, 2, 3]}",
    )
    wrong(spec("{name: a, for: {N: 2}, linear: 8}"), "E0632", "N")
    wrong(spec("{name: a, for: {p: 2}, linear: 8}", head="params: {p: 2}\n"), "E0632", "p")


def test_rule_17_a_dropped_turn_passes_on_and_keeps_its_number() -> None:
    found = right(spec("{name: a, repeat: 3, when: i != 1, linear: 8 + i}"))
    assert keys(found)[::2] == ["a.0.weight", "a.2.weight"]
    assert shapes(found) == ["[N, 10]"]


def test_rule_18_reuse() -> None:
    found = right(
        spec("{name: a, linear: 8}", "{name: b, reuse: a}", "{name: g, layers: [{name: c, reuse: a}]}")
    )
    assert keys(found) == ["a.weight", "a.bias"]
    convolution = "{name: c, conv2d: {out_channels: 3, kernel_size: 2}}"
    assert shapes(right(spec(convolution, "{name: d, reuse: c}", inputs="{x: [N, 3, 9, 9]}"))) == [
        "[N, 3, 7, 7]"
    ]
    wrong(spec("{name: a, linear: 4}", "{name: b, reuse: a}"), "E0331", "a")
    wrong(spec("{name: g, layers: [{name: a, linear: 8}]}", "{name: b, reuse: a}"), "E0330", "a")
    wrong(spec("{name: b, reuse: a}", "{name: a, linear: 8}"), "E0330", "a")


@pytest.mark.parametrize("norm", ["batch_norm"])
def test_rule_18_statistics_are_shared(norm: str) -> None:
    found = right(spec(f"{{name: a, {norm}: }}", "{name: b, reuse: a}"))
    assert keys(found) == [
        f"a.{key}" for key in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    ]

"""Lists of values as inputs, facts that imply what several symbols need, and one error for one cause."""

from __future__ import annotations

import re

import pytest

import archc

CACHED = """\
name: cached
params: {vocab: 50, dim: 16, heads: 2, depth: 2, cached: true}
inputs:
  ids: int64[N, T]
  past_key: {shape: [N, heads, P, dim // heads], when: cached, repeat: depth}
  past_value: {shape: [N, heads, P, dim // heads], when: cached, repeat: depth}
layers:
  - {name: wte, from: ids, embedding: {num_embeddings: vocab, embedding_dim: dim}}
  - name: h
    when: cached
    for: {b: depth}
    from: {x: wte, past_k: past_key.$(b), past_v: past_value.$(b)}
    block: {heads: heads, cached: true}
  - {name: h_plain, from: wte, when: not cached, repeat: depth, block: {heads: heads, cached: false}}
  - {name: last, from: h, when: cached, else: h_plain, identity: }
  - {name: head, linear: {out_features: vocab, bias: false}, tie: {weight: wte.weight}}
outputs:
  logits: head
  present_key: {from: h.*.k, when: cached}
  present_value: {from: h.*.v, when: cached}
blocks:
  block:
    params: {heads: int, cached: bool}
    inputs:
      x: [N, T, D]
      past_k: {shape: [N, heads, P, D // heads], when: cached}
      past_v: {shape: [N, heads, P, D // heads], when: cached}
    layers:
      - {name: ln, from: x, layer_norm: }
      - {name: qkv, linear: 3 * D}
      - {name: split, rearrange: {pattern: "b t (three h d) -> three b h t d", three: 3, h: heads}}
      - {name: [q, k_new, v_new], unbind: 0}
      - {name: k, when: cached, from: [past_k, k_new], else: k_new, concat: 2}
      - {name: v, when: cached, from: [past_v, v_new], else: v_new, concat: 2}
      - {name: attn, from: [q, k, v], scaled_dot_product_attention: }
      - {name: merged, rearrange: "b h t d -> b t (h d)"}
      - {name: proj, linear: D}
      - {name: y, add: [x, proj]}
    outputs: {x: y, k: k, v: v}
"""


def test_a_cache_comes_in_and_goes_out_by_a_parameter() -> None:
    module = archc.compile(CACHED).program.models[0].module
    assert [value.name for value in module.inputs] == [
        "ids",
        "past_key.0",
        "past_key.1",
        "past_value.0",
        "past_value.1",
    ]
    assert [name for name, _ in module.outputs] == [
        "logits",
        "present_key.0",
        "present_key.1",
        "present_value.0",
        "present_value.1",
    ]
    assert str(dict(module.outputs)["present_key.1"].type) == "[N, 2, P + T, 8]"
    plain = archc.compile(CACHED, cached=False).program.models[0].module
    assert [value.name for value in plain.inputs] == ["ids"]
    assert [name for name, _ in plain.outputs] == ["logits"]


def test_a_repeated_input_is_given_as_a_list() -> None:
    spec = """\
inputs: {x: {shape: [N, 4], repeat: 3}}
layers:
  - {name: all, from: {parts: x}, joined: {count: 3}}
  - {name: more, concat: x}
  - {name: both, concat: [all, more]}
blocks:
  joined:
    params: {count: int}
    inputs: {parts: {shape: [N, C], repeat: count}}
    layers: [{name: sum, add: parts}]
"""
    assert str(archc.compile(spec).program.models[0].module.outputs[0][1].type) == "[N, 16]"


def test_an_input_that_is_not_there_is_said_with_its_condition() -> None:
    found = archc.check(
        CACHED.replace("cached: true}\n  - {name: h_plain", "cached: false}\n  - {name: h_plain")
    )[1]
    assert [each.code for each in found if each.severity == "error"] == ["E0313"]
    assert "`past_k` is there when `cached`" in found[0].notes


@pytest.mark.parametrize("turns", ["join", "join.*"])
def test_a_list_may_stand_under_an_op_that_combines_values(turns: str) -> None:
    spec = f"""\
inputs: {{x: [N, 4]}}
layers:
  - {{name: join, for: {{k: 3}}, parallel: true, linear: k + 1}}
  - {{name: all, concat: {turns}}}
"""
    assert str(archc.compile(spec).program.models[0].module.outputs[0][1].type) == "[N, 6]"


@pytest.mark.parametrize(
    ("dims", "layer"),
    [
        ("{H: {min: 4}, W: {min: 2}}", "{name: r, reshape: [N, 3, -1, 16]}"),
        ("{H: {multiple_of: 4}, W: {min: 10}}", "{name: r, reshape: [N, 3, -1, 24]}"),
    ],
)
def test_the_line_to_declare_is_enough(dims: str, layer: str) -> None:
    spec = f"dims: {dims}\ninputs: {{x: [N, 3, H, W]}}\nlayers:\n  - {{flatten: 2}}\n  - {layer}\n"
    errors = [each for each in archc.check(spec)[1] if each.severity == "error"]
    assert {each.code for each in errors} == {"E0414"}
    for error in errors:
        line = re.fullmatch(r"declare `(\w+): (\{.*\})`", error.help[0])
        assert line is not None
        spec = re.sub(rf"{line[1]}: \{{[^}}]*\}}", f"{line[1]}: {line[2]}", spec, count=1)
    assert archc.check(spec)[0] is not None


def test_what_no_line_can_say_is_left_to_be_found() -> None:
    spec = """\
dims: {H: {max: 9}, W: {max: 9}}
inputs: {x: [N, 3, H, W]}
layers: [{flatten: 2}, {avg_pool1d: 20}]
"""
    (error,) = archc.check(spec)[1]
    assert error.help == ("leave the facts about `H` out: what is needed is then found and stated",)
    left = archc.compile(spec.replace("H: {max: 9}, ", ""))
    assert left.requirements == ("W <= 9", "H*W >= 20")


def test_what_reads_a_broken_layer_without_a_name_is_silent() -> None:
    spec = (
        "inputs: {x: [N, 4], y: [N, 5]}\nlayers: [{add: [x, y]}, {from: x, relu: }]\noutputs: [add, relu]\n"
    )
    assert [each.code for each in archc.check(spec)[1] if each.severity == "error"] == ["E0404"]

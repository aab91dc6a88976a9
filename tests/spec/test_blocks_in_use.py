"""How blocks are called: without inputs, and with layers that a loop names."""

from __future__ import annotations

from pathlib import Path

import archc

SOURCE = """
name: source
inputs: {x: [N, 4]}
layers:
  - {name: fc, linear: 4}
  - {name: line, ramp: 4}
  - add: [fc, line]
blocks:
  ramp:
    params: {steps: int}
    inputs: {}
    layers:
      - arange: {end: steps, dtype: float32}
"""

NAMED = """
name: named
params: {stages: [{width: 8, act: relu}, {width: 4, act: tanh}]}
inputs: {x: [N, 4]}
layers:
  - {name: fc, for: stages, unit: {width: width, act: $(act)}}
blocks:
  unit:
    params: {width: int, act: layer}
    layers:
      - {name: linear, linear: width}
      - $(act)
"""


def test_a_block_that_declares_no_inputs_reads_none() -> None:
    compiled, found = archc.check(SOURCE)
    assert [each.code for each in found] == []
    assert compiled is not None


def test_a_block_without_inputs_refuses_what_is_given_to_it() -> None:
    _, found = archc.check(SOURCE.replace("ramp: 4}", "from: fc, ramp: 4}"))
    assert [each.code for each in found] == ["E0312"]


def test_a_layer_may_be_named_by_the_text_of_a_loop() -> None:
    source = archc.compile(NAMED).to_pytorch()
    assert "F.relu(" in source
    assert "tanh(" in source


def test_a_text_of_a_loop_that_is_no_layer_is_told() -> None:
    _, found = archc.check(NAMED.replace("act: tanh", "act: tanch"))
    assert [each.code for each in found] == ["E0301"]
    assert "`tanch`" in found[0].message


OWN_NORM = """
name: own_norm
import: [std/residual]
inputs: {image: [N, 4, H, W]}
layers:
  - {name: stage, basic_block: {planes: 4, norm_layer: {scaled: {by: scale}}}, for: {scale: "[2.0, 3.0]"}}
blocks:
  scaled:
    params: {by: float}
    layers: [mul: by]
"""


def test_a_block_of_the_spec_may_be_the_layer_of_an_imported_block() -> None:
    source = archc.compile(OWN_NORM).to_pytorch()
    assert "BatchNorm" not in source
    assert {key.rpartition(".")[2] for key in archc.load(OWN_NORM).state_dict()} == {"weight"}


def test_a_layer_that_does_not_exist_is_told_once_where_it_is_written() -> None:
    spec = OWN_NORM.replace("{scaled: {by: scale}}", "scalde")
    _, found = archc.check(spec)
    [error] = found
    assert error.code == "E0301"
    assert error.span is not None
    assert (error.span.text, error.help) == ("scalde", ("did you mean `scaled`?",))


LISTED = """
inputs: {x: [N, 8], y: [N, 8]}
layers:
  - for: {k: [x, y]}
    layers:
      - {name: ["$(k)_a", "$(k)_b"], from: $(k), chunk: {chunks: 2, dim: 1}}
      - {name: ["$(k)_c", "$(k)_d"], from: $(k)_a, halves: }
  - {name: all, concat: [x_b, x_c, y_b, y_d]}
blocks:
  halves:
    inputs: {x: [N, D]}
    layers: [{name: [first, second], chunk: {chunks: 2, dim: 1}}]
    outputs: [first, second]
"""


def test_several_outputs_may_have_computed_names() -> None:
    compiled = archc.compile(LISTED)
    assert "x_a, x_b = x.chunk(2, dim=1)" in compiled.to_pytorch()
    assert compiled.verify(0).agrees


def test_a_computed_name_that_is_no_name_is_refused() -> None:
    _, found = archc.check(LISTED.replace('"$(k)_b"', '"$(k) b"'))
    assert "E0208" in {each.code for each in found}


PARTS = """\
blocks:
  runner:
    params: {cell: layer, inner: {type: layer, default: local}}
    inputs: {x: [N, T, D]}
    layers:
      - {name: rnn, $(cell): , scan: {axis: 1, state: {h: zeros}}}
      - {name: post, $(inner): }
      - {name: many, repeat: 2, from: {x: post, y: x}, $(inner): }
  local:
    inputs: {x: [N, T, D], y: {shape: [N, T, E], optional: true}}
    layers: [{name: fc, from: x, linear: D}]
    outputs: {x: fc}
"""

MAIN = """\
name: main
import: [parts.yaml]
inputs: {x: [N, T, 4]}
layers:
  - {name: a, runner: {cell: {mine: 4}}}
  - {name: b, runner: {cell: {mine: 4}, inner: other}}
blocks:
  mine:
    params: {hidden: int}
    inputs: {x: [N, D], h: [N, hidden]}
    layers: [{name: xh, concat: [x, h]}, {name: fc, linear: hidden}, {name: next, tanh: }]
    outputs: {h: next}
  other:
    inputs: {x: [N, T, D], y: {shape: [N, T, E], optional: true}}
    layers: [{name: g, from: x, linear: D}, relu]
    outputs: {x: relu}
"""


def test_layers_are_read_where_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "parts.yaml").write_text(PARTS)
    (tmp_path / "main.yaml").write_text(MAIN)
    compiled = archc.compile(tmp_path / "main.yaml")
    keys = {key.removesuffix(".weight") for key in compiled.module().state_dict() if key.endswith("weight")}
    assert keys == {
        *("a.rnn.fc", "a.post.fc", "a.many.0.fc", "a.many.1.fc"),
        *("b.rnn.fc", "b.post.g", "b.many.0.g", "b.many.1.g"),
    }
    assert compiled.verify(0).agrees

"""`let` of a block sees the sizes that its signature names."""

from __future__ import annotations

import archc
from archc.verify import verify

EXCITE = """\
name: excited
inputs: {image: [N, 8, H, W]}
layers:
  - {name: first, excite: }
  - {name: wide, conv2d: {out_channels: 32, kernel_size: 1}}
  - {name: second, excite: {ratio: 8}}
  - {name: flat, reshape: [N, 32, H * W]}
blocks:
  excite:
    params: {ratio: 4}
    inputs: {x: [N, C, H, W]}
    let: {hidden: "max(C // ratio, 1)", area: H * W, few: C < 16}
    layers:
      - {name: pooled, adaptive_avg_pool2d: 1}
      - {name: fc1, conv2d: {out_channels: hidden, kernel_size: 1}}
      - {when: few, relu: }
      - {name: fc2, conv2d: {out_channels: C, kernel_size: 1}}
      - mul: [x, fc2]
      - {name: flat, reshape: [N, C, area]}
      - {name: back, unflatten: {dim: 2, unflattened_size: [H, W]}}
"""

CELL = """\
inputs: {x: [N, T, 6]}
layers:
  - {name: rnn, scan: {axis: 1, state: {h: zeros}}, cell: }
blocks:
  cell:
    inputs: {x: [N, D], h: [N, half]}
    let: {half: D // 2}
    layers:
      - {name: xh, concat: [x, h]}
      - {name: next, linear: half}
    outputs: {h: next}
"""


def codes(text: str) -> list[str]:
    return [each.code for each in archc.check(text)[1]]


def test_sizes_are_known_in_it() -> None:
    compiled = archc.compile(EXCITE)
    shapes = {key: list(value.shape) for key, value in compiled.module().state_dict().items()}
    assert shapes["first.fc1.weight"] == [2, 8, 1, 1]
    assert shapes["second.fc1.weight"] == [4, 32, 1, 1]
    assert compiled.to_pytorch().count("class Excite(") == 1
    assert verify(compiled.program).agrees


def test_the_signature_may_use_what_follows_from_it() -> None:
    compiled = archc.compile(CELL)
    assert [str(value.type) for _, value in compiled.program.models[0].module.outputs] == ["[N, T, 3]"]
    pair = CELL.replace("D // 2", "D // 4")
    assert codes(
        pair.replace("{h: zeros}", "{h: start}").replace(
            "- {name: rnn", "- {name: start, from: x, mean: 1}\n  - {from: x, identity: }\n  - {name: rnn"
        )
    ) == ["E0408"]


def test_an_unknown_name_is_one_error() -> None:
    assert codes(EXCITE.replace("max(C // ratio, 1)", "max(C // ratoi, 1)")) == ["E0603"]
    assert codes(EXCITE.replace("few: C < 16", "few: D < 16")) == ["E0603"]


def test_a_default_sees_parameters_and_no_sizes() -> None:
    text = EXCITE.replace("params: {ratio: 4}", "params: {ratio: {type: int, default: C}}")
    assert codes(text) == ["E0603"]

"""`name: .`: what stands at the path of the list around it, so that a wrapper has the wrapped keys."""

from __future__ import annotations

import pytest
import torch

import archc
from archc.verify import verify

torch.set_num_threads(1)

NET = """\
blocks:
  net:
    params: {width: int}
    layers:
      - {name: layer, unit: {width: width}, repeat: 2}
      - {name: stem, sequential: [{conv2d: {out_channels: width, kernel_size: 3}}, batch_norm, relu]}
      - {name: side, from: layer, conv2d: {out_channels: width, kernel_size: 3}}
      - add: [stem, side]
      - flatten
      - {name: fc, linear: 6}
  unit:
    params: {width: int}
    layers:
      - {name: conv, conv2d: {out_channels: width, kernel_size: 1}}
      - {name: ., sequential: [batch_norm, relu]}
  dropped:
    doc: A linear layer with dropout before it.
    params: {out: int}
    layers: [{dropout: 0.1}, {name: ., linear: out}]
"""
BARE = "inputs: {x: [N, 3, 8, 8]}\nlayers: [{name: net, net: {width: 4}}]\n" + NET
WRAPPED = (
    """\
inputs: {x: [N, 3, 8, 8]}
layers:
  - mul: [x, 2.0]
  - {name: ., net: {width: 4}}
  - {name: scaled, dropped: 5}
  - {name: box, layers: [relu, {name: ., linear: 7}, tanh]}
  - {name: mid, linear: 5}
  - {name: again, reuse: box}
  - {name: ., layers: [{name: last, linear: 2}]}
"""
    + NET
)


def test_a_wrapper_has_the_keys_of_what_it_wraps() -> None:
    bare = [key.removeprefix("net.") for key in archc.compile(BARE).module().state_dict()]
    wrapped = list(archc.compile(WRAPPED).module().state_dict())
    assert wrapped[: len(bare)] == bare
    assert wrapped[len(bare) :] == [
        f"{name}.{part}" for name in ("scaled", "box", "mid", "last") for part in ("weight", "bias")
    ]


def test_a_wrapper_gives_what_it_wraps_with_the_same_weights() -> None:
    plain = archc.compile(BARE).module(seed=0).eval()
    wrapper = "inputs: {x: [N, 3, 8, 8]}\nlayers: [{mul: [x, 2.0]}, {name: ., net: {width: 4}}]\n" + NET
    wrapped = archc.compile(wrapper).module().eval()
    wrapped.load_state_dict({key.removeprefix("net."): value for key, value in plain.state_dict().items()})
    x = torch.randn(2, 3, 8, 8)
    with torch.no_grad():
        assert torch.equal(wrapped(x), plain(x * 2.0))


def test_outputs_agree() -> None:
    assert verify(archc.compile(WRAPPED).program, None, seed=0).agrees


@pytest.mark.parametrize(
    ("layers", "code"),
    [
        ("[{name: fc, linear: 4}, {name: ., layers: [{name: fc, linear: 4}]}]", "E0302"),
        ("[{name: fc, layers: [{name: ., linear: 4}, {name: more, linear: 4}]}]", "E0351"),
        ("[{name: ., linear: 4}]", "E0352"),
    ],
)
def test_one_path_is_one_layer(layers: str, code: str) -> None:
    assert [each.code for each in archc.check(f"inputs: {{x: [N, 4]}}\nlayers: {layers}\n")[1]] == [code]


def test_an_own_path_is_no_layer_to_scan_and_no_name_of_a_call() -> None:
    scanned = """\
inputs: {x: [N, T, 4]}
layers: [{name: rnn, cell: , scan: {axis: 1, state: {h: zeros}}}]
blocks:
  cell:
    inputs: {x: [N, 4], h: [N, 4]}
    layers: [{from: [x, h], add: }, {name: ., linear: 4}]
    outputs: {h: linear}
"""
    scanned = scanned.replace(
        "{from: [x, h], add: }, {name: ., linear: 4}",
        "{add: [x, h]}, {name: ., linear: 4}, {name: next, tanh: }",
    )
    scanned = scanned.replace("{h: linear}", "{h: next}")
    assert [each.code for each in archc.check(scanned)[1]] == ["E0352"]
    called = """\
models:
  enclosed:
    inputs: {x: [N, 4]}
    layers: [{name: fc, linear: 4}]
  outer:
    inputs: {x: [N, 4]}
    layers: [{name: ., enclosed: }]
"""
    assert [each.code for each in archc.check(called)[1]] == ["E0352"]


NORMED = """\
inputs: {x: [N, 4, T]}
layers:
  - {name: conv, normed: 6}
  - {name: last, select: {dim: 2, index: -1}}
  - {name: table, parameter: {shape: [5, 6], init: ones}}
  - {name: ., from: {input: last, weight: table}, linear: 5}
blocks:
  normed:
    doc: A convolution whose filters are as long as `weight_g` says.
    params: {out: int}
    inputs: {x: [N, D, T]}
    layers:
      - {name: weight_v, parameter: {shape: [out, D, 1], init: ones}}
      - {name: weight_g, parameter: {shape: [out, 1, 1], init: ones}}
      - {name: weight, expr: weight_v * weight_g}
      - {name: ., from: {input: x, weight: weight}, conv1d: {out_channels: out, kernel_size: 1}}
"""


def test_what_a_layer_owns_beside_values_is_at_its_own_path() -> None:
    compiled = archc.compile(NORMED)
    keys = ["conv.weight_v", "conv.weight_g", "conv.bias", "table", "bias"]
    assert sorted(compiled.module().state_dict()) == sorted(keys)
    assert "class Normed(nn.Module)" in compiled.to_pytorch()
    assert verify(compiled.program, None, seed=0).agrees

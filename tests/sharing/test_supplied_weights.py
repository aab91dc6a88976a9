"""`from: {input: x, weight: w}`: a value in place of a weight that the layer would own."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import linear

import archc
from archc.verify import verify

torch.set_num_threads(1)

SUPPLIED = """\
name: supplied
params: {dim: 8, vocab: 11}
inputs: {image: [N, 4, H, H], ids: "int64[N, T]", z: [N, 4]}
layers:
  - {name: raw, parameter: {shape: [6, 4, 3, 3], init: {normal: {std: 0.2}}}}
  - {name: mean, mean: {dim: [1, 2, 3], keepdim: true}}
  - {name: centred, sub: [raw, mean]}
  - {name: conv, from: {input: image, weight: centred}, conv2d: {out_channels: 6, kernel_size: 3, padding: 1}}
  - {name: scale, from: z, linear: {out_features: 6}}
  - {name: g, mean: 0}
  - {name: bn, from: {input: conv, weight: g, bias: g}, batch_norm: }
  - {name: gn, from: {input: bn, weight: g}, group_norm: 2}
  - {name: pr, from: {input: gn, weight: g}, prelu: {num_parameters: 6}}
  - {name: cw, parameter: {shape: [6, 3, 4, 4], init: {normal: {std: 0.1}}}}
  - name: up
    from: {input: pr, weight: cw}
    conv_transpose2d: {out_channels: 3, kernel_size: 4, stride: 2, padding: 1, bias: false}
  - {name: table, parameter: {shape: [vocab, dim], init: {normal: {std: 0.02}}}}
  - {name: e, from: {input: ids, weight: table}, embedding: {num_embeddings: vocab, embedding_dim: dim}}
  - {name: norm, layer_norm: }
  - {name: nw, from: table, mean: 0}
  - {name: ln2, from: {input: norm, weight: nw}, layer_norm: }
  - {name: rms, from: {input: ln2, weight: nw}, rms_norm: {eps: 1.0e-5}}
  - {name: logits, from: {input: rms, weight: table}, linear: {out_features: vocab, bias: false}}
  - {name: more, from: {input: rms, weight: table}, linear: vocab, init: {bias: {normal: {std: 0.1}}}}
  - name: pads
    from: {input: image, weight: centred}
    conv2d: {out_channels: 6, kernel_size: 3, padding: 1, padding_mode: reflect}
    tie: {bias: conv.bias}
outputs: [up, logits, more, pads]
"""

HYPER = """\
inputs: {x: [N, 8], z: [3]}
layers:
  - {name: made, from: z, linear: 64}
  - {name: matrix, reshape: [8, 8]}
  - {name: deep, from: {input: x, weight: matrix}, linear: 8, repeat: 2}
  - {name: cell, from: deep, cell: {width: 4}}
  - {name: last, cell: {width: 6}}
blocks:
  cell:
    params: {width: int}
    inputs: {x: [N, C]}
    layers:
      - {name: w, parameter: {shape: [width, C], init: xavier_uniform}}
      - {name: size, vector_norm: {dim: 1, keepdim: true}}
      - {name: unit, div: [w, size]}
      - {name: fc, from: {input: x, weight: unit}, linear: width}
"""


def test_the_layer_owns_no_such_weight() -> None:
    keys = archc.compile(SUPPLIED).module().state_dict().keys()
    assert [key for key in keys if key.split(".")[0] in ("conv", "bn", "up", "e", "logits", "more")] == [
        "conv.bias",
        "bn.running_mean",
        "bn.running_var",
        "bn.num_batches_tracked",
        "more.bias",
    ]


@pytest.mark.parametrize("spec", [SUPPLIED, HYPER])
def test_outputs_agree(spec: str) -> None:
    assert verify(archc.compile(spec).program, None, seed=0).agrees


def test_weight_standardisation_trains_the_raw_weight() -> None:
    module = archc.compile(SUPPLIED).module(seed=0)
    out = module(torch.randn(2, 4, 6, 6), torch.zeros(2, 3, dtype=torch.int64), torch.randn(2, 4))
    out.up.sum().backward()
    assert module.raw.grad is not None
    assert module.conv["bias"].grad is not None


def test_a_made_weight_is_the_one_that_is_used() -> None:
    module = archc.compile(HYPER).module(seed=1).eval()
    x, z = torch.randn(5, 8), torch.randn(3)
    with torch.no_grad():
        weight = module.made(z).reshape(8, 8)
        deep = linear(linear(x, weight, module.deep[0]["bias"]), weight, module.deep[1]["bias"])
        for cell in (module.cell, module.last):
            unit = cell.w / cell.w.norm(dim=1, keepdim=True)
            deep = linear(deep, unit, cell.fc["bias"])
        assert torch.allclose(module(x, z), deep, atol=1e-6)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("{name: a, from: {input: x, weight: w}, linear: 5}", "E0354"),
        ("{name: a, from: {input: x, wieght: w}, linear: 4}", "E0313"),
        ("{name: a, from: {input: x, weight: n}, linear: 4}", "E0354"),
        ("{name: a, from: {input: x, weight: w}, init: {weight: zeros}, linear: 4}", "E0708"),
        ("{name: a, from: {input: x, weight: w}, tie: {weight: fc.weight}, linear: 4}", "E0318"),
        ("{name: a, from: {input: x, weight: v}, batch_norm: }", "E0355"),
        ("{name: a, from: {input: s, weight_ih_l0: w}, lstm: 4}", "E0343"),
    ],
)
def test_what_does_not_fit_is_said(line: str, code: str) -> None:
    spec = f"""\
inputs: {{x: [N, 4], n: "int64[4, 4]", s: [T, N, 4]}}
layers:
  - {{name: w, parameter: [4, 4]}}
  - {{name: v, parameter: [4]}}
  - {{name: fc, from: x, linear: 4}}
  - {line}
"""
    assert [each.code for each in archc.check(spec)[1] if each.severity == "error"] == [code]


BAG = """\
inputs: {ids: "int64[N, T]", each: [N, T]}
layers:
  - {name: table, parameter: {shape: [11, 4], init: {normal: {std: 0.5}}}}
  - {name: mean, from: {input: ids, weight: table}, embedding_bag: {num_embeddings: 11, embedding_dim: 4}}
  - name: sum
    from: {input: ids, weight: table, per_sample_weights: each}
    embedding_bag: {num_embeddings: 11, embedding_dim: 4, mode: sum, padding_idx: 0}
  - add: [mean, sum]
"""


def test_a_bag_takes_its_vectors_as_values() -> None:
    compiled = archc.compile(BAG)
    assert list(compiled.module().state_dict()) == ["table"]
    assert "F.embedding_bag(" in compiled.to_pytorch()
    assert verify(compiled.program).agrees


@pytest.mark.parametrize(
    ("layer", "weight"),
    [("lstm: 4", "weight_ih_l0"), ("gru: 4", "bias_hh_l0"), ("multihead_attention: 1", "in_proj_weight")],
)
def test_layers_that_keep_their_weights_say_what_to_write(layer: str, weight: str) -> None:
    first = "query" if "head" in layer else "input"
    text = (
        f"inputs: {{x: [T, N, 4], w: [9, 9]}}\nlayers:\n  - {{from: {{{first}: x, {weight}: w}}, {layer}}}\n"
    )
    (found,) = archc.check(text)[1]
    assert found.code == "E0343"
    assert "linear" in found.help[0]


def test_values_for_weights_are_compiled_and_exported() -> None:
    compiled = archc.compile(BAG)
    module = compiled.module(seed=1).eval()
    given = (torch.tensor([[1, 2, 0], [3, 0, 10]]), torch.rand(2, 3))
    fast = torch.compile(module, fullgraph=True, backend="eager")
    exported = torch.export.export(module, given).module()
    with torch.no_grad():
        torch.testing.assert_close(fast(*given), module(*given))
        torch.testing.assert_close(exported(*given), module(*given))


def test_a_weight_of_a_layer_is_no_value_and_what_to_write_is_said() -> None:
    spec = """\
inputs: {ids: "int64[N, T]"}
layers:
  - name: net
    layers:
      - {name: embed, embedding: {num_embeddings: 9, embedding_dim: 4}}
      - {name: out, linear: {out_features: 9, bias: false}, from: {input: embed, weight: embed.weight}}
"""
    [error] = [each for each in archc.check(spec)[1] if each.severity == "error"]
    assert error.code == "E0303"
    assert "it is a weight" in error.notes[0]
    assert "`tie: {weight: embed.weight}`" in error.help[0]

"""`reuse`: the same weights again, in every output."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
import torch

import archc
from archc.verify import verify

torch.set_num_threads(1)

SPECS = {
    "ops": """\
inputs: {a: [N, 8], b: [N, 8]}
layers:
  - {name: fc, from: a, linear: 8}
  - {name: fb, from: b, reuse: fc}
  - {name: more, reuse: fc, repeat: 3}
  - add: [fc, more]
""",
    "chains": """\
inputs: {a: [N, 8], b: [N, 8]}
layers:
  - {name: encoder, from: a, sequential: [linear: 16, relu, linear: 4]}
  - {name: other, from: b, reuse: encoder}
  - concat: [encoder, other]
""",
    "containers": """\
inputs: {a: [N, 3, H, W], b: [N, 3, H, W]}
layers:
  - name: encoder
    from: a
    layers:
      - {name: conv, conv2d: {out_channels: 4, kernel_size: 3, padding: 1}}
      - {name: bn, batch_norm: }
      - {name: skip, from: conv, relu: }
      - add: [bn, skip]
      - name: inner
        layers:
          - {name: first, conv2d: {out_channels: 4, kernel_size: 1}}
          - tanh
          - {name: second, from: conv, reuse: first}
          - mul: [tanh, second]
  - {name: other, from: b, reuse: encoder}
  - {name: third, from: encoder, conv2d: {out_channels: 3, kernel_size: 1}}
  - {name: fourth, reuse: other}
  - add: [other, fourth]
""",
    "blocks": """\
inputs: {x: [N, 4, H, W]}
layers:
  - {name: head, head: {width: 6}}
  - {name: smaller, from: x, max_pool2d: 2}
  - {name: head_half, reuse: head}
  - {name: big, from: head, adaptive_avg_pool2d: 1}
  - {name: small, from: head_half, adaptive_avg_pool2d: 1}
  - add: [big, small]
blocks:
  head:
    params: {width: int}
    inputs: {x: [N, C, H, W]}
    layers:
      - {name: conv, conv2d: {out_channels: width, kernel_size: 3, padding: 1}}
      - {name: norm, batch_norm: }
      - relu
      - {name: squeeze, sequential: [{conv2d: {out_channels: C, kernel_size: 1}}, relu]}
      - {name: again, from: x, reuse: squeeze, when: C == width, else: none}
      - {from: squeeze, flatten: 2}
      - {unflatten: {dim: 2, unflattened_size: [H, W]}}
""",
    "loops": """\
inputs: {a: [N, 8], b: [N, 8]}
layers:
  - {name: stack, from: a, unit: , repeat: 3}
  - {name: other, from: b, reuse: stack}
  - {name: last, reuse: stack.2}
  - {name: pairs, repeat: 2, sequential: [linear: 8, {name: again, unit: }]}
  - {name: pairs_again, reuse: pairs}
  - add: [pairs_again, stack]
blocks:
  unit:
    layers:
      - residual:
          - {name: fc, linear: 8}
          - tanh
""",
    "loops as a whole": """\
inputs: {a: [N, 8], b: [N, 8]}
layers:
  - {name: stack, from: a, unit: , repeat: 3}
  - {name: other, from: b, reuse: stack}
  - add: [other, stack]
blocks:
  unit:
    layers:
      - residual:
          - {name: fc, linear: 8}
          - tanh
""",
    "across containers": """\
inputs: {a: [N, 8]}
layers:
  - name: outer
    layers:
      - {name: fc, linear: 8}
      - {name: tail, sequential: [relu, linear: 8]}
  - {name: head, sequential: [tanh, {reuse: outer.fc}, {name: mid, linear: 8}, {reuse: outer.tail}]}
  - {name: again, reuse: head}
  - {name: end, reuse: head.mid}
""",
    "other sizes": """\
inputs: {a: [N, 3, 8, 8], b: [N, 3, 6, 4]}
layers:
  - name: encoder
    from: a
    layers:
      - {name: conv, conv2d: {out_channels: 4, kernel_size: 3}}
      - {when: true, flatten: 2}
      - {name: fold, unflatten: {dim: 1, unflattened_size: [2, 2]}}
      - {name: mean, mean: {dim: 3}}
      - {name: fc, linear: 5}
  - {name: other, from: b, reuse: encoder}
  - add: [encoder, other]
""",
    "recurrent": """\
inputs: {a: [T, N, 8], b: [S, N, 8]}
layers:
  - {name: rnn, from: a, lstm: 8}
  - {name: other, from: b, reuse: rnn}
outputs: {a: rnn, b: other, c: other.c_n}
""",
    "ties inside": """\
inputs: {a: [N, 8], b: [N, 8]}
layers:
  - name: part
    from: a
    layers:
      - {name: down, linear: 8}
      - relu
      - {name: up, linear: 8, tie: {weight: down.weight}}
      - add: [up, down]
  - {name: part_b, from: b, reuse: part}
  - {name: plain, linear: 8, tie: {weight: part.down.weight, bias: part.up.bias}}
  - add: [part, plain]
""",
    "in repeated blocks": """\
inputs: {x: [N, T, 8]}
layers:
  - {name: layer, layer: {turns: 2 + i}, repeat: 3}
blocks:
  layer:
    params: {turns: int}
    layers:
      - {name: norm, layer_norm: }
      - {name: mlp, sequential: [linear: 16, gelu, linear: 8]}
      - {name: more, repeat: turns, reuse: mlp}
      - {reuse: norm}
""",
}
KEYS = {
    "ops": ["fc"],
    "chains": ["encoder.0", "encoder.2"],
    "containers": ["encoder.conv", "encoder.bn", "encoder.inner.first", "third"],
    "blocks": ["head.conv", "head.norm", "head.squeeze.0"],
    "loops": [
        *("stack.0.fc", "stack.1.fc", "stack.2.fc"),
        *("pairs.0.0", "pairs.0.again.fc", "pairs.1.0", "pairs.1.again.fc"),
    ],
    "loops as a whole": ["stack.0.fc", "stack.1.fc", "stack.2.fc"],
    "across containers": ["outer.fc", "outer.tail.1", "head.mid"],
    "other sizes": ["encoder.conv", "encoder.fc"],
    "recurrent": ["rnn"],
    "ties inside": ["part.down", "part.up", "plain"],
    "in repeated blocks": [f"layer.{i}.{name}" for i in range(3) for name in ("norm", "mlp.0", "mlp.2")],
}


@pytest.mark.parametrize("name", SPECS)
def test_weights_are_shared_and_outputs_agree(name: str, tmp_path: Path) -> None:
    found = archc.compile(SPECS[name])
    module = found.module(seed=2)
    state = module.state_dict()
    assert {key.rpartition(".")[0] for key in state} == set(KEYS[name])
    assert sum(value.numel() for value in module.parameters()) == found.summary()[0].parameters
    found.build(tmp_path / "built")
    report = verify(found.program, tmp_path / "built")
    assert report.agrees, (report.failures[:3], report.culprits)
    assert verify(found.program).agrees
    graph = onnx.load(tmp_path / "built" / "model.onnx", load_external_data=False).graph
    places = [tuple(sorted((e.key, e.value) for e in each.external_data)) for each in graph.initializer]
    stored = [place for place in places if place]
    assert len(stored) == len(set(stored))


@pytest.mark.slow
@pytest.mark.parametrize("name", SPECS)
def test_source_is_clean(name: str, tmp_path: Path) -> None:
    import subprocess
    import sys

    (tmp_path / "model.py").write_text(archc.compile(SPECS[name]).to_pytorch(), encoding="utf-8")
    for tool in (
        ("ruff", "format", "--check", "--isolated", "--line-length", "88"),
        ("ruff", "check", "--isolated", "--select", "E,F,W,I,UP,B,C4,SIM,RET", "--line-length", "88"),
        ("mypy", "--strict", "--no-warn-return-any", "--no-error-summary"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", *tool, "model.py"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_container_is_called_again_as_a_whole() -> None:
    source = archc.compile(SPECS["containers"]).to_pytorch()
    assert source.count("self.encoder(") == 3
    assert archc.compile(SPECS["chains"]).to_pytorch().count("self.encoder(") == 2
    assert archc.compile(SPECS["blocks"]).to_pytorch().count("self.head(") == 2
    assert archc.compile(SPECS["loops as a whole"]).to_pytorch().count("self.stack(") == 2


FALLS_OUT_OTHERWISE = """\
inputs: {x: [N, 4, 16, 16], y: [N, 4, 8, 8]}
layers:
  - {name: head, from: x, head: {width: 6}}
  - {name: small, from: y, reuse: head}
  - {name: third, from: y, reuse: head}
  - {name: a, from: head, adaptive_avg_pool2d: 1}
  - {name: b, from: small, adaptive_avg_pool2d: 1}
  - {name: c, from: third, adaptive_avg_pool2d: 1}
  - {name: sum, add: [a, b, c]}
blocks:
  head:
    params: {width: int}
    inputs: {x: [N, C, H, W]}
    layers:
      - {name: conv, conv2d: {out_channels: width, kernel_size: 3, padding: 1, stride: 2 if H > 8 else 1}}
      - {name: pooled, when: H > 8, max_pool2d: 2}
      - {name: seq, sequential: [{conv2d: {out_channels: width, kernel_size: 1}}, relu, batch_norm]}
      - {name: inner, unit: {}}
  unit:
    inputs: {x: [N, C, H, W]}
    layers: [{name: p, conv2d: {out_channels: C, kernel_size: 1}}, tanh]
"""


def test_a_block_that_falls_out_otherwise_is_called_layer_by_layer() -> None:
    compiled = archc.compile(FALLS_OUT_OTHERWISE)
    source = compiled.to_pytorch()
    assert source.count("self.head(") == 1
    assert source.count("F.conv2d(y, self.head.conv.weight, self.head.conv.bias, padding=1)") == 2
    assert {key.partition(".")[0] for key in compiled.module().state_dict()} == {"head"}
    assert verify(compiled.program, None, seed=0).agrees


def test_a_layer_with_statistics_that_would_be_another_is_refused_before_a_build() -> None:
    spec = FALLS_OUT_OTHERWISE.replace("relu, batch_norm]", "{batch_norm: {eps: 0.1 if H > 3 else 0.2}}]")
    spec = spec.replace("y: [N, 4, 8, 8]", "y: [N, 4, 3, 3]")
    errors = [each for each in archc.check(spec)[1] if each.severity == "error"]
    assert {each.code for each in errors} == {"E0912"}


TWO_LOOPS = """\
inputs: {x: [N, 4]}
layers:
  - {name: fc$(i), from: x, linear: 4 + i, repeat: 2}
  - for: {i: 2}
    layers: [{name: head$(i), from: fc$(i), linear: {out_features: 3, bias: i == 1}}]
  - for: {i: "[1, 0]"}
    layers: [{name: again$(i), from: fc0, reuse: head0}]
  - for: {k: "[0, 1]"}
    layers: [{name: more$(k), from: fc$(k), reuse: head$(k)}]
outputs: [head0, head1, again0, again1, more0, more1]
"""


def test_what_is_applied_again_in_a_loop_takes_what_its_own_turn_says() -> None:
    compiled = archc.compile(TWO_LOOPS)
    found = compiled.module()(torch.randn(2, 4))
    assert torch.equal(found.more0, found.head0)
    assert torch.equal(found.more1, found.head1)
    assert torch.equal(found.again1, found.head0)
    assert not torch.equal(found.head1, found.head0)
    assert verify(compiled.program, None, seed=0).agrees

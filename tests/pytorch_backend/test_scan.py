"""`scan`: a block along an axis, in every output."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import pytest
import torch
from interpreter import run

import archc
from archc.backends.build import build
from archc.ir.program import ScanNode
from archc.verify import verify
from archc.verify.inputs import make_inputs

torch.set_num_threads(1)

SIZES = {"N": 2, "T": 5, "S": 3, "H": 4, "W": 2}
SPECS = {
    "sequences, constants, reversed": """\
name: two_seq
inputs: {x: [N, T, 8], m: [N, T, 1], ctx: [N, 5]}
layers:
  - name: rnn
    cell: {hidden: 6}
    from: {ctx: ctx}
    scan: {axis: 1, over: {x: x, keep: m}, state: {h: zeros}, reverse: true}
  - {name: fc, from: rnn.y, linear: 3}
outputs: {fc: fc, last: rnn.last.h, hs: rnn.h}
blocks:
  cell:
    params: {hidden: int}
    inputs: {x: [N, D], keep: [N, 1], ctx: [N, E], h: [N, hidden]}
    layers:
      - {name: all, concat: [x, ctx, h]}
      - {name: lin, linear: hidden}
      - {name: act, tanh: }
      - {name: next, expr: keep * act + (1 - keep) * h}
      - {name: y, from: next, linear: 4}
    outputs: {y: y, h: next}
""",
    "fed by its own state": """\
name: decoder
params: {steps: 7}
inputs: {z: [N, 8]}
layers:
  - {name: h0, linear: 16}
  - {name: start, from: z, linear: 4}
  - {name: dec, step: {hidden: 16}, from: {z: z}, scan: {axis: 1, length: steps, state: {y: start, h: h0}}}
outputs: {ys: dec.y, h: dec.last.h}
blocks:
  step:
    params: {hidden: int}
    inputs: {y: [N, F], h: [N, hidden], z: [N, Z]}
    layers:
      - {name: yzh, concat: [y, z, h]}
      - {name: next, sequential: [linear: hidden, tanh]}
      - {name: out, linear: F}
    outputs: {y: out, h: next}
""",
    "without states, and with a length that is computed": """\
name: maplen
inputs: {x: [N, T, 4], s: [N, 2]}
layers:
  - {name: td, mlp: , scan: {axis: 1, over: x}}
  - {name: gen, step: , scan: {length: T + 1, state: {s: s}, reverse: true, axis: 1}}
outputs: {td: td, gen: gen}
blocks:
  mlp:
    inputs: {x: [N, D]}
    layers: [{name: fc, linear: 3}, relu]
  step:
    inputs: {s: [N, D]}
    layers: [{name: fc, linear: D}, {name: t, tanh: }]
    outputs: {s: t}
""",
    "a scan in a scan": """\
name: nested
inputs: {x: [N, H, W, 3]}
layers:
  - {name: rows, row: {hidden: 5}, scan: {axis: 1, state: {s: zeros}}}
blocks:
  row:
    params: {hidden: int}
    inputs: {r: [N, W, C], s: [N, hidden]}
    layers:
      - {name: cols, from: s, cell: {hidden: hidden}, scan: {axis: 1, over: r, state: {h: zeros}}}
      - {name: next, add: [cols.last.h, s]}
      - {name: nexts, tanh: }
    outputs: {y: cols, s: nexts}
  cell:
    params: {hidden: int}
    inputs: {x: [N, D], h: [N, hidden], s: [N, hidden]}
    layers:
      - {name: xh, concat: [x, h, s]}
      - {name: next, sequential: [linear: hidden, tanh]}
    outputs: {h: next}
""",
    "without weights": """\
name: plain
inputs: {x: [N, T], k: "int64[T, N]"}
layers:
  - {name: total, accumulate: , scan: {axis: -1, state: {acc: zeros}, over: x}}
  - {name: count, count: , scan: {over: k, state: {n: zeros}}}
outputs: {total: total, count: count, last: count.last.n}
blocks:
  accumulate:
    inputs: {x: [N], acc: [N]}
    layers:
      - add: [x, acc]
  count:
    inputs: {k: "int64[N]", n: "int64[N]"}
    layers:
      - add: [k, n]
""",
    "layers of a loop, and two directions": """\
name: stack
params: {depth: 2, hidden: 6}
inputs: {ids: "int64[T, N]"}
layers:
  - {name: emb, embedding: {num_embeddings: 11, embedding_dim: 6}}
  - {name: rnn, repeat: depth, cell: {hidden: hidden}, scan: {state: {h: zeros}}}
  - name: bi
    for: {r: [false, true]}
    parallel: true
    cell: {hidden: hidden}
    scan: {over: rnn, state: {h: zeros}, reverse: r}
  - {name: both, concat: {dim: -1}, from: bi}
  - {name: head, linear: 11}
outputs: [head, rnn.1.last.h]
blocks:
  cell:
    params: {hidden: int}
    inputs: {x: [N, D], h: [N, hidden]}
    layers:
      - {name: ih, from: x, linear: hidden}
      - {name: norm, layer_norm: }
      - {name: hh, from: h, linear: {out_features: hidden, bias: false}}
      - {name: sum, add: [norm, hh]}
      - {name: drop, dropout: 0.2}
      - {name: next, tanh: }
    outputs: {h: next}
""",
    "images as states": """\
name: convlstm
inputs: {video: [N, T, 3, H, W]}
layers:
  - {name: enc, clstm: {ch: 4}, scan: {axis: 1, state: {h: zeros, c: zeros}}}
  - {name: dec, from: enc.last.h, conv2d: {out_channels: 1, kernel_size: 1}}
blocks:
  clstm:
    params: {ch: int}
    inputs: {x: [N, C, H, W], h: [N, ch, H, W], c: [N, ch, H, W]}
    layers:
      - {name: xh, concat: [x, h]}
      - {name: gates, conv2d: {out_channels: 4 * ch, kernel_size: 3, padding: 1}}
      - {name: down, max_pool2d: 2}
      - {name: up, interpolate: {scale_factor: 2}}
      - {name: [i, f, g, o], chunk: {chunks: 4, dim: 1}}
      - {name: nc, expr: sigmoid(f) * c + sigmoid(i) * tanh(g)}
      - {name: nh, expr: sigmoid(o) * tanh(nc)}
    outputs: {h: nh, c: nc}
""",
    "under a condition": """\
name: opt
inputs: {x: [N, T, 4]}
layers:
  - {name: a, layer: {size: 4, recurrent: true}}
  - {name: b, layer: {size: 4, recurrent: false}}
  - {name: c, layer: {size: 8, recurrent: true}}
blocks:
  layer:
    params: {size: int, recurrent: bool}
    inputs: {x: [N, T, C]}
    layers:
      - {name: pre, linear: size}
      - {name: rnn, when: recurrent, cell: {hidden: size}, scan: {axis: 1, state: {h: zeros}}}
      - {name: post, linear: size}
  cell:
    params: {hidden: int}
    inputs: {x: [N, D], h: [N, hidden]}
    layers:
      - {name: xh, concat: [x, h]}
      - {name: next, sequential: [linear: hidden, tanh]}
    outputs: {h: next}
""",
    "in a sequential": """\
name: seq
inputs: {x: [N, T, 4]}
layers:
  - name: net
    sequential:
      - linear: 8
      - {cell: {hidden: 8}, scan: {axis: 1, state: {h: zeros}}}
      - {cell: {hidden: 8}, scan: {axis: 1, state: {h: zeros}}}
      - relu
      - linear: 2
blocks:
  cell:
    params: {hidden: int}
    inputs: {x: [N, D], h: [N, hidden]}
    layers:
      - {name: xh, concat: [x, h]}
      - {name: next, sequential: [linear: hidden, tanh]}
    outputs: {h: next}
""",
    "applied again": """\
name: reuse
inputs: {x: [N, T, 4], y: [N, S, 4]}
layers:
  - {name: rnn, cell: {hidden: 5}, scan: {over: x, axis: 1, state: {h: zeros}}}
  - {name: again, reuse: rnn, scan: {over: y, reverse: true, state: {h: rnn.last.h}}}
  - {name: proj, from: rnn, linear: 4}
  - {name: third, reuse: rnn}
  - {name: y0, from: y, select: {dim: 1, index: 0}}
  - {name: one, from: {x: y0, h: again.last.h}, cell: {hidden: 5}}
  - {name: more, reuse: one, scan: {over: y, axis: 1, state: {h: one}}}
outputs: [third, more, again.last.h]
blocks:
  cell:
    params: {hidden: int}
    inputs: {x: [N, D], h: [N, hidden]}
    layers:
      - {name: ih, from: x, linear: hidden}
      - {name: hh, from: h, linear: {out_features: hidden}, tie: {bias: ih.bias}}
      - {name: sum, add: [ih, hh]}
      - {name: next, tanh: }
    outputs: {h: next}
""",
    "repeated states": """\
name: layers
params: {depth: 3}
inputs: {x: [N, T, 4], h0: {shape: [N, 5], repeat: 3}}
layers:
  - {name: rnn, deep: {hidden: 5, depth: depth}, scan: {over: x, axis: 1, state: {h: zeros}}}
  - {name: rnn2, deep: {hidden: 5, depth: depth}, scan: {axis: 1, over: x, state: {h: h0}}}
  - {name: joined, from: rnn2.last.h, concat: }
outputs: [rnn, joined, rnn.last.h.0, rnn.last.h.1]
blocks:
  deep:
    params: {hidden: int, depth: int}
    inputs: {x: [N, D], h: {shape: [N, hidden], repeat: depth}}
    layers:
      - {name: all, parallel: true, for: {i: depth}, from: {x: x, h: "h.$(i)"}, cell: {hidden: hidden}}
    outputs: {y: all.2, h: all}
  cell:
    params: {hidden: int}
    inputs: {x: [N, D], h: [N, hidden]}
    layers:
      - {name: xh, concat: [x, h]}
      - {name: next, sequential: [linear: hidden, tanh]}
    outputs: {h: next}
""",
}


def sizes_of(compiled: archc.Compiled) -> dict[str, int]:
    model = compiled.program.models[0]
    names = {str(dim) for value in model.module.inputs for dim in value.type.shape}
    return {name: size for name, size in SIZES.items() if name in names}


def inputs_of(compiled: archc.Compiled, sizes: dict[str, int]) -> list[torch.Tensor]:
    model = compiled.program.models[0]
    arrays = make_inputs(model, model.module.inputs, sizes, 0)
    return [torch.from_numpy(arrays[value.name]) for value in model.module.inputs]


def results(found: Any) -> list[torch.Tensor]:
    return list(found) if isinstance(found, tuple) else [found]


@pytest.mark.parametrize("name", SPECS)
def test_the_source_does_what_the_program_says(name: str) -> None:
    compiled = archc.compile(SPECS[name])
    assert compiled.diagnostics == ()
    module, sizes = compiled.module(seed=0).eval(), sizes_of(compiled)
    given = inputs_of(compiled, sizes)
    expected = run(compiled.program.models[0].module, module.state_dict(), given, sizes)
    for each, other in zip(results(module(*given)), expected, strict=True):
        torch.testing.assert_close(each, other)


@pytest.mark.parametrize("name", SPECS)
def test_outputs_agree_at_one_step_and_at_several(name: str) -> None:
    compiled = archc.compile(SPECS[name])
    sizes = sizes_of(compiled)
    for steps in (1, 5) if "T" in sizes else (0,):
        report = verify(compiled.program, sizes={**sizes, "T": steps} if steps else sizes)
        assert report.agrees, (report.failures[:3], report.culprits)


@pytest.mark.parametrize("name", SPECS)
def test_what_is_learned_has_a_gradient_and_other_floats_do(name: str) -> None:
    compiled = archc.compile(SPECS[name])
    module, given = compiled.module(seed=0), inputs_of(compiled, sizes_of(compiled))
    total = torch.stack([each.float().sum() for each in results(module(*given))]).sum()
    weights = list(module.parameters())
    assert all(each is not None for each in (torch.autograd.grad(total, weights) if weights else ()))
    half = compiled.module(seed=0).to(torch.bfloat16)
    half(*(each.to(torch.bfloat16) if each.is_floating_point() else each for each in given))


@pytest.mark.parametrize("name", ["sequences, constants, reversed", "a scan in a scan", "applied again"])
def test_it_is_exported(name: str) -> None:
    compiled = archc.compile(SPECS[name])
    module, given = compiled.module(seed=0).eval(), inputs_of(compiled, sizes_of(compiled))
    exported = torch.export.export(module, tuple(given)).module()
    for each, other in zip(results(module(*given)), results(exported(*given)), strict=True):
        torch.testing.assert_close(each, other)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sequences, constants, reversed", "fed by its own state"])
def test_it_is_compiled_as_one_graph(name: str) -> None:
    compiled = archc.compile(SPECS[name])
    module, given = compiled.module(seed=0).eval(), inputs_of(compiled, sizes_of(compiled))
    fast = torch.compile(module, fullgraph=True, backend="aot_eager")
    for each, other in zip(results(module(*given)), results(fast(*given)), strict=True):
        torch.testing.assert_close(each, other)


def test_work_is_that_of_every_step() -> None:
    [summary] = archc.compile(SPECS["fed by its own state"]).summary(N=1)
    step = (8 + 4 + 16) * 16 + 16 * 4
    assert summary.multiply_adds == 8 * 16 + 8 * 4 + 7 * step


def test_what_a_step_needs_of_a_size_is_needed_of_the_whole() -> None:
    assert archc.compile(SPECS["images as states"]).requirements == ("H % 2 == 0", "W % 2 == 0")


def test_the_text_of_a_program_says_what_is_carried() -> None:
    text = archc.compile(SPECS["sequences, constants, reversed"]).text
    wanted = "scan[axis = 1, length = T, reverse] @cell(x = over %x, keep = over %m, ctx = %ctx, h = state"
    assert wanted in text()


def test_weights_stay_where_they_are(tmp_path: Path) -> None:
    """The body of a Scan reads the initializers of the graph around it: no weight is there twice."""
    compiled = archc.compile(SPECS["a scan in a scan"])
    build(compiled.program, tmp_path / "built")
    graph = onnx.load(tmp_path / "built/model.onnx", load_external_data=False).graph
    keys = {each.name for each in graph.initializer if each.external_data}
    assert keys == set(compiled.module().state_dict())
    onnx.checker.check_model(tmp_path / "built/model.onnx", full_check=True)
    [scan] = [node for node in graph.node if node.op_type == "Scan"]
    [body] = [each.g for each in scan.attribute if each.name == "body"]
    assert not body.initializer
    assert [node.op_type for node in body.node].count("Scan") == 1


def bodies(graph: onnx.GraphProto) -> list[tuple[onnx.NodeProto, onnx.GraphProto]]:
    own = [(node, each.g) for node in graph.node for each in node.attribute if each.name == "body"]
    return own + [inner for _, body in own for inner in bodies(body)]


def softsign_for_tanh(graph: onnx.GraphProto) -> str:
    node = next(node for _, body in reversed(bodies(graph)) for node in body.node if node.op_type == "Tanh")
    node.op_type = "Softsign"
    return node.name


def other_direction(graph: onnx.GraphProto) -> str:
    [(node, _)] = bodies(graph)
    [way] = [each for each in node.attribute if each.name == "scan_output_directions"]
    way.ints[0] = 0
    return "rnn"


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("sequences, constants, reversed", softsign_for_tanh),
        ("sequences, constants, reversed", other_direction),
        ("a scan in a scan", softsign_for_tanh),
    ],
)
def test_the_first_layer_that_differs_is_found_inside(name: str, change: Any, tmp_path: Path) -> None:
    program = archc.compile(SPECS[name]).program
    build(program, tmp_path / "built", embed=True)
    path = tmp_path / "built/model.onnx"
    model = onnx.load(path)
    layer = change(model.graph)
    path.write_bytes(model.SerializeToString())
    report = verify(program, tmp_path / "built", sizes=sizes_of(archc.compile(SPECS[name])))
    assert not report.agrees
    assert [culprit.path for culprit in report.culprits] == [layer]


def test_equal_cells_share_a_class() -> None:
    source = archc.compile(SPECS["layers of a loop, and two directions"]).to_pytorch()
    assert source.count("\nclass ") == 3
    module = archc.compile(SPECS["applied again"]).program.models[0].module
    scans = [node for node in module.nodes if isinstance(node, ScanNode)]
    assert [node.shares for node in scans] == ["", "rnn", "rnn", "one"]


def test_a_summary_says_how_many_steps_there_are() -> None:
    [summary] = archc.compile(SPECS["a scan in a scan"]).summary(W=6)
    steps = {row.path: str(row.steps) for row in summary.rows if row.steps != 1}
    assert steps == {"rows": "H", "rows.cols": "6"}

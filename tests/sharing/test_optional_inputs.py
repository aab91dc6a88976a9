"""`optional: true` on the input of a model: one `forward` for all forms, a graph for each."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

import archc
from archc.cli import root, run_guarded
from archc.ir.forms import call_inputs, form_without
from archc.ir.program import Model
from archc.verify import verify
from archc.verify.eager import tensors
from archc.verify.inputs import make_inputs
from archc.verify.sampling import points

torch.set_num_threads(1)

TWO = """\
name: two
inputs:
  x: [N, T, 8]
  bias: {shape: [N, T, 8], optional: true}
  mask: {dtype: bool, shape: [N, T], optional: true}
layers:
  - {name: fc, from: x, linear: 8}
  - {name: biased, when: present(bias), add: [fc, bias]}
  - {name: gate, when: present(mask), from: mask, unsqueeze: -1, else: none}
  - name: kept
    when: present(mask)
    from: biased
    else: biased
    layers: [{name: gate_f, from: gate, cast: float32}, {mul: [biased, gate_f]}]
  - {name: out, from: kept, linear: 4}
"""

KINDS = """\
name: types
inputs:
  ids: {dtype: int64, shape: [N, T]}
  token_types: {dtype: int64, shape: [N, T], optional: true}
layers:
  - {name: words, from: ids, embedding: {num_embeddings: 20, embedding_dim: 8}}
  - {name: kinds, when: not present(token_types), from: ids, mul: [ids, 0], else: token_types}
  - {name: types, from: kinds, embedding: {num_embeddings: 2, embedding_dim: 8}}
  - {name: sum1, add: [words, types]}
  - {name: norm, layer_norm: }
"""

PADDED = """\
name: mha
inputs:
  x: [N, T, 8]
  pad: {dtype: bool, shape: [N, T], optional: true}
  attn: {dtype: bool, shape: [T, T], optional: true}
layers:
  - name: att
    from: {query: x, key: x, value: x, key_padding_mask: pad, attn_mask: attn}
    multihead_attention: {num_heads: 2, batch_first: true}
  - {name: drop, when: present(pad), from: att, dropout: 0.1}
  - {name: out, from: drop, linear: 4}
outputs: {y: out}
"""

NESTED = """\
name: nest
inputs:
  x: [N, T, 8]
  mask: {dtype: bool, shape: [N, T], optional: true}
layers:
  - {name: weight, when: present(mask), from: mask, cast: float32, else: none}
  - name: body
    from: x
    layers:
      - {name: fc, linear: 8}
      - name: inner
        layers:
          - {name: lin, linear: 8}
          - {name: wide, when: present(mask), from: weight, unsqueeze: -1, else: none}
          - {name: scaled, when: present(mask), mul: [lin, wide], else: lin}
      - relu
  - {name: out, linear: 2}
"""

CALLED = """\
name: calls
models:
  encoder:
    inputs: {x: [N, T, 8], mask: {dtype: bool, shape: [N, T], optional: true}}
    layers:
      - {name: fc, from: x, linear: 8}
      - {name: wide, when: present(mask), from: mask, unsqueeze: -1, else: none}
      - {name: y, when: present(mask), from: {input: fc, mask: wide}, masked_fill: 0.0, else: fc}
  both:
    inputs: {x: [N, T, 8], mask: {dtype: bool, shape: [N, T], optional: true}}
    layers:
      - {name: a, from: {x: x, mask: mask}, encoder: }
      - {name: b, from: x, encoder: }
      - {name: s, add: [a, b]}
  never:
    inputs: {x: [N, T, 8]}
    layers:
      - {name: a, encoder: }
      - {name: fc, linear: 3}
"""

SCANNED = """\
name: scanned
inputs:
  x: [N, T, 4]
  shift: {shape: [N, 6], optional: true}
layers:
  - {name: rnn, from: {shift: shift}, scan: {axis: 1, over: x, state: {h: zeros}}, cell: {hidden: 6}}
  - {name: out, from: rnn.h, linear: 2}
blocks:
  cell:
    params: {hidden: int}
    inputs: {x: [N, D], h: [N, hidden], shift: {shape: [N, hidden], optional: true}}
    layers:
      - {name: xh, concat: [x, h]}
      - {name: fc, linear: hidden}
      - {name: moved, when: present(shift), add: [fc, shift]}
      - {name: next, from: moved, tanh: }
    outputs: {h: next}
"""

CROSS = """\
name: cross
inputs:
  x: [N, T, 8]
  memory: {shape: [N, S, 8], optional: true}
layers:
  - {name: q, from: x, linear: 8}
  - name: seen
    when: present(memory)
    from: {query: q, key: memory, value: memory}
    scaled_dot_product_attention:
  - {name: extra, when: present(memory), from: memory, mean: {dim: 1, keepdim: true}, else: none}
  - {name: wide, when: present(memory), from: extra, expand: [N, S, 8], else: none}
  - {name: tot, when: present(memory), from: wide, sum: {dim: 1, keepdim: true}, else: none}
  - {name: sum1, when: present(memory), add: [seen, tot], else: seen}
  - {name: out, from: sum1, linear: 4}
"""

CACHED = """\
name: cached
params: {depth: 2}
inputs:
  x: [N, T, 8]
  past: {repeat: depth, shape: [N, P, 8], optional: true}
layers:
  - {name: fc, from: x, linear: 8}
  - for: {i: depth}
    layers:
      - {name: joined$(i), block: {}, from: {x: "$('fc' if i == 0 else 'joined0')", past: past.$(i)}}
blocks:
  block:
    inputs: {x: [N, T, 8], past: {shape: [N, P, 8], optional: true}}
    layers:
      - {name: kv, when: present(past), from: [past, x], concat: {dim: 1}, else: x}
      - {name: a, from: {query: x, key: kv, value: kv}, scaled_dot_product_attention: }
"""

WRAPPED = """\
name: wrapped
inputs: {x: [N, 8], scale: {shape: [N, 8], optional: true}, shift: {shape: [N, 8], optional: true}}
layers:
  - {name: zero, from: {x: x, scale: scale, shift: shift}, film: }
  - {name: one, repeat: 3, from: {x: zero, scale: scale, shift: shift}, inner: }
  - {name: two, from: {x: one, scale: scale}, film: }
  - {name: three, from: two, film: }
blocks:
  film:
    inputs: {x: [N, D], scale: {shape: [N, D], optional: true}, shift: {shape: [N, D], optional: true}}
    layers:
      - {name: ., from: {x: x, scale: scale, shift: shift}, inner: }
  inner:
    inputs: {x: [N, D], scale: {shape: [N, D], optional: true}, shift: {shape: [N, D], optional: true}}
    layers:
      - {name: fc, from: x, linear: D}
      - {name: scaled, when: present(scale), expr: fc * (1 + scale), else: fc}
      - {name: shifted, when: present(shift) and present(scale), add: [scaled, shift], else: scaled}
      - {name: y, from: shifted, relu: }
    outputs: {x: y}
"""

DEAD = """\
name: dead
inputs: {x: [N, 8], o: {shape: [N, 8], optional: true}, p: {shape: [N, 8], optional: true}}
layers:
  - {name: a, when: present(o), else: x, mul: [x, o]}
  - {name: b, when: present(p), else: x, add: [a, p]}
  - {name: c, when: present(o), else: b, sub: [x, o]}
  - {name: end, from: c, linear: 3}
"""

ATTENDED = """\
name: attended
inputs: {x: [N, T, 8], memory: {shape: [N, S, 8], optional: true}}
layers:
  - name: seen
    from: {query: x, key: memory, value: memory}
    multihead_attention: {num_heads: 2, batch_first: true}
  - {name: end, from: seen, linear: 3}
"""

SPECS = {
    "attended": ATTENDED,
    "dead": DEAD,
    "two": TWO,
    "kinds": KINDS,
    "padded": PADDED,
    "nested": NESTED,
    "called": CALLED,
    "scanned": SCANNED,
    "cross": CROSS,
    "cached": CACHED,
    "wrapped": WRAPPED,
}
RECURRENT = """\
name: recurrent
inputs:
  x: [T, N, 8]
  hx: {shape: [1, N, 16], optional: true}
  lengths: {dtype: int64, shape: [N], optional: true, min: 1, max: T}
layers:
  - {name: rnn, from: {input: x, hx: hx, lengths: lengths}, gru: 16}
outputs: {y: rnn, h: rnn.h_n}
"""
SMALL = """\
name: small
inputs: {x: [N, 3], mask: {shape: [N, 3], optional: true}}
layers:
  - {name: fc, from: x, linear: 3}
  - {name: kept, when: present(mask), mul: [fc, mask]}
"""
KEPT = SMALL.replace("[fc, mask]}", "[fc, mask], else: fc}")


def forms(model: Model) -> list[Model]:
    """Give each form of a model as a model of its own."""
    return [form_without(model, [name for _, name in form.absent]) for form in model.roots]


@pytest.mark.parametrize("name", [*SPECS, "recurrent"])
def test_each_form_agrees_with_its_graph(name: str) -> None:
    program = archc.compile({**SPECS, "recurrent": RECURRENT}[name]).program
    report = verify(program)
    assert report.agrees, report.failures
    optional = {each.name: each.optional for each in program.models}
    checked = {check.model for check in report.checks}
    for model, inputs in optional.items():
        lacking = [each for n in range(len(inputs) + 1) for each in combinations(inputs, n)]
        assert {f"{model} without {' and '.join(each)}" if each else model for each in lacking} <= checked


@pytest.mark.slow
@pytest.mark.parametrize("name", SPECS)
def test_each_form_is_compiled_and_exported(name: str) -> None:
    compiled = archc.compile(SPECS[name])
    for model in compiled.program.models:
        module = compiled.module(model.name, seed=1).eval()
        for form in forms(model):
            arrays = make_inputs(form, form.module.inputs, points(form, {})[0], 0)
            given = tensors(call_inputs(form), arrays)
            torch._dynamo.reset()
            fast = torch.compile(module, fullgraph=True, backend="eager")
            exported = torch.export.export(module, tuple(given)).module()
            with torch.no_grad():
                wanted = module(*given)
                for found in (fast(*given), exported(*given)):
                    torch.testing.assert_close(found, wanted)


def test_the_form_without_is_another_function_of_the_same_weights() -> None:
    compiled = archc.compile(KEPT)
    module = compiled.module(seed=1)
    x, mask = torch.randn(2, 3), torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    torch.testing.assert_close(module(x, mask), module.fc(x) * mask)
    torch.testing.assert_close(module(x, mask=None), module.fc(x))
    torch.testing.assert_close(module(x), module.fc(x))


def test_text() -> None:
    text = archc.compile(KEPT).to_pytorch()
    assert "def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:" in text
    assert "        if mask is not None:\n            x = x * mask\n        return x\n" in text
    assert "mask: float32[N, 3] or None" in text


def test_an_op_takes_none_as_torch_does() -> None:
    text = archc.compile(PADDED).to_pytorch()
    assert "attn_mask=additive_mask(attn, x) if attn is not None else None," in text
    assert "hx if" not in archc.compile(RECURRENT).to_pytorch()


def test_inputs_of_one_value_are_asked_for_once() -> None:
    text = archc.compile(ATTENDED).to_pytorch()
    assert text.count("if memory is not None") == 1


def test_the_canonical_text_has_all_forms() -> None:
    text = archc.compile(KEPT).text()
    assert "model small = @small\n  without mask = @small.1\n" in text
    assert text == archc.compile(KEPT).text()


def test_onnx_has_all_inputs_unless_one_is_left_out() -> None:
    compiled = archc.compile(KEPT)
    names = [[each.name for each in graph.graph.input] for graph in graphs(compiled)]
    assert names == [["x", "mask"], ["x"]]


def graphs(compiled: archc.Compiled) -> list[onnx.ModelProto]:
    """Give the graph with all inputs, and the one without the mask."""
    return [compiled.to_onnx(), compiled.to_onnx(without=["mask"])]


Run = Callable[..., str]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command; give its exit code and what it says."""

    def call(*arguments: str | Path) -> str:
        capsys.readouterr()
        code = run_guarded(root, [str(each) for each in arguments])
        shown = capsys.readouterr()
        return f"{code}: {shown.out}{shown.err}"

    return call


def test_commands(tmp_path: Path, run: Run) -> None:
    spec, folder = tmp_path / "small.yaml", tmp_path / "built"
    spec.write_text(KEPT, encoding="utf-8")
    assert run("build", spec, "-o", folder, "--without", "mask").startswith("0:")
    assert f"0: {folder}: small without mask agrees" in run("verify", folder)
    np.savez(tmp_path / "in.npz", x=np.ones((2, 3), np.float32))
    assert "float32[2, 3]" in run("run", folder, "--input", tmp_path / "in.npz")
    assert "small without mask agrees" in run("verify", spec)
    assert "small agrees" not in run("verify", spec, "--without", "mask")
    assert "kept" in run("summary", spec)
    assert "kept" not in run("summary", spec, "--without", "mask")
    assert "E0340" in run("summary", spec, "--without", "x")


def test_the_manifest_says_which_inputs_are_optional(tmp_path: Path) -> None:
    made = archc.compile(KEPT).build(tmp_path / "built", targets=("pytorch",))
    inputs = made.manifest["models"]["small"]["inputs"]
    assert [each.get("optional", False) for each in inputs.values()] == [False, True]


def errors(text: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(d.code, d.notes) for d in archc.check(text)[1] if d.severity == "error"]


def test_what_is_wrong_in_one_form_says_so() -> None:
    ((code, notes),) = errors(SMALL.replace("when: present(mask), ", ""))
    assert (code, notes[-1]) == ("E0309", "it is so without the optional input `mask`")


def test_a_size_of_an_optional_input_is_not_known_without_it() -> None:
    text = "inputs: {x: [N, 3], m: {shape: [N, S], optional: true}}\nlayers:\n"
    assert [code for code, _ in errors(text + "  - {from: x, expand: [S, N, 3]}\n")] == ["E0603"]


def test_layers_of_one_name_with_and_without_are_refused_in_source() -> None:
    text = (
        "inputs: {x: [N, 3], m: {shape: [N, 3], optional: true}}\nlayers:\n"
        "  - {name: fc, when: present(m), from: m, linear: 4, else: none}\n"
        "  - {name: fc, when: not present(m), from: x, linear: 4, else: fc}\n"
        "  - {name: act, from: fc, relu: }\n"
    )
    compiled = archc.compile(text)
    with pytest.raises(archc.SpecError) as caught:
        compiled.to_pytorch()
    assert [each.code for each in caught.value.diagnostics] == ["E0341"]


def test_the_input_of_a_condition_is_used() -> None:
    text = (
        "inputs: {x: [N, 3], flag: {shape: [1], optional: true}}\nlayers:\n"
        "  - {name: fc, from: x, linear: 4}\n  - {when: present(flag), relu: }\n"
    )
    assert archc.check(text)[1] == ()


TRAINED = """\
name: trained
inputs: {image: [N, 1, 8, 8], mask: {shape: [N, 1, 8, 8], optional: true}}
layers:
  - {name: seen, when: present(mask), mul: [image, mask], else: image}
  - {name: flat, from: seen, flatten: }
  - {name: fc, linear: 10}
train:
  data: {source: digits, batch_size: 64}
"""
LOSS = "  loss: cross_entropy(fc, label)\n"
STEPS = """\
  steps:
    - layers:
        - {name: whole, from: image, trained: }
        - {name: noise, from: image, rand_like: }
        - {name: part, from: {image: image, mask: noise}, trained: }
      loss: cross_entropy(whole, label) + cross_entropy(part, label)
"""


@pytest.mark.parametrize("how", [LOSS, STEPS], ids=["loss", "steps"])
def test_training_calls_it_with_and_without(how: str, tmp_path: Path, run: Run) -> None:
    spec = tmp_path / "trained.yaml"
    spec.write_text(f"{TRAINED}{how}  optimizer: {{SGD: {{lr: 0.1}}}}\n  max_steps: 3\n", encoding="utf-8")
    assert run("train", spec, "-o", tmp_path / "run").startswith("0:")

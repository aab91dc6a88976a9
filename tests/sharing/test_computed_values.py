"""Values of no input, folded: buffers that are computed, and `init: {weight: {value: NAME}}`."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
import torch
from safetensors.numpy import load_file

import archc
from archc.cli import root, run_guarded
from archc.verify import verify

torch.set_num_threads(1)

SPEC = """\
name: windows
inputs: {x: [N, 9, 8], y: [N, 4, 8], image: [N, 1, H, W]}
layers:
  - {name: a, from: x, attn: {window: 3, heads: 2}}
  - {name: b, from: a, attn: {window: 3, heads: 4}}
  - {name: c, from: y, attn: {window: 2, heads: 4}}
  - {name: ramp, arange: 9}
  - {name: f, cast: float32}
  - {name: edge, reshape: [1, 1, 3, 3]}
  - name: seq
    from: image
    sequential:
      - {conv2d: {out_channels: 1, kernel_size: 3}, init: {weight: {value: edge}}}
      - relu
      - {conv2d: {out_channels: 1, kernel_size: 3}}
  - {name: fixed, parameter: {shape: [1, 1, 3, 3], init: {value: edge}}}
  - {name: out, from: {input: seq, weight: fixed}, conv2d: {out_channels: 1, kernel_size: 3, bias: false}}
  - {name: temp, from: edge, buffer: {persistent: false}}
  - {name: last, from: {input: out, weight: temp}, conv2d: {out_channels: 1, kernel_size: 3, bias: false}}
outputs: [b, c, last]
blocks:
  attn:
    doc: A bias by relative position, as in Swin.
    params: {window: int, heads: int}
    inputs: {x: [N, T, D]}
    layers:
      - {name: table, parameter: {shape: [(2 * window - 1) ** 2, heads], init: {trunc_normal: {std: 0.02}}}}
      - {name: place, arange: window * window}
      - {name: row, floor_divide: [place, window]}
      - {name: col, remainder: [place, window]}
      - {name: rows, from: row, unsqueeze: 1}
      - {name: cols, from: col, unsqueeze: 1}
      - {name: down, sub: [rows, row]}
      - {name: right, sub: [cols, col]}
      - {name: relative, expr: (down + window - 1) * (2 * window - 1) + right + window - 1}
      - {name: bounded, clamp: {min: 0, max: (2 * window - 1) ** 2 - 1}}
      - {name: index, from: bounded, buffer: {persistent: true}}
      - {name: safe, clamp: {min: 0, max: (2 * window - 1) ** 2 - 1}}
      - name: bias
        from: {input: safe, weight: table}
        embedding: {num_embeddings: (2 * window - 1) ** 2, embedding_dim: heads}
      - {name: mixed, mean: 2}
      - {name: moved, matmul: [mixed, x]}
      - add: [x, moved]
"""


def relative_index(window: int) -> torch.Tensor:
    """Give Swin's index as its authors compute it."""
    axes = [torch.arange(window), torch.arange(window)]
    coords = torch.stack(torch.meshgrid(axes, indexing="ij")).flatten(1)
    relative = (coords[:, :, None] - coords[:, None, :]).permute(1, 2, 0) + window - 1
    return relative[:, :, 0] * (2 * window - 1) + relative[:, :, 1]


def test_the_buffer_holds_the_value_in_every_output(tmp_path: Path) -> None:
    compiled = archc.compile(SPEC)
    compiled.build(tmp_path / "build")
    stored = load_file(tmp_path / "build" / "model.safetensors")
    state = compiled.module().state_dict()
    for name, window in (("a", 3), ("b", 3), ("c", 2)):
        expected = relative_index(window)
        assert torch.equal(state[f"{name}.index"], expected)
        assert (stored[f"{name}.index"] == expected.numpy()).all()
    assert "temp" not in state
    ramp = torch.arange(9.0).reshape(1, 1, 3, 3)
    for key in ("fixed", "seq.0.weight"):
        assert torch.equal(state[key], ramp)
        assert (stored[key] == ramp.numpy()).all()
    assert not torch.equal(state["seq.2.weight"], ramp)
    onnx.checker.check_model(tmp_path / "build" / "model.onnx", full_check=True)


def test_outputs_agree() -> None:
    assert verify(archc.compile(SPEC).program, None, seed=0).agrees


def test_the_source_computes_it_in_a_function_with_the_parameters_of_the_block() -> None:
    source = archc.compile(SPEC).to_pytorch()
    assert "    place = torch.arange(window * window)  # [window * window]\n" in source
    assert "self.index = nn.Buffer(bounded(" in source
    assert "self.fixed = nn.Parameter(edge())" in source
    assert "self.seq[0].weight = nn.Parameter(edge())" in source


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["{name: i, from: x, buffer: }"], "E0356"),
        (["{name: w, parameter: [3]}", "{name: i, from: w, buffer: }"], "E0356"),
        (["{name: r, rand: [3]}", "{name: i, from: r, buffer: }"], "E0356"),
        (["{name: t, arange: N}", "{name: i, from: t, buffer: }"], "E0356"),
        (["{name: t, arange: 3}", "{name: i, from: t, buffer: {init: ones}}"], "E0357"),
        (["{name: t, arange: 3}", "{name: i, from: t, buffer: {persistent: 1}}"], "E0357"),
        (["{name: i, from: x, linear: 3, init: {weight: {value: x}}}"], "E0356"),
        (["{name: t, zeros: [3, 4]}", "{name: i, from: x, linear: 3, init: {weight: {value: t}}}"], "E0354"),
        (["{name: i, from: x, linear: 3, init: {weight: value}}"], "E0708"),
        (["{name: i, from: x, linear: 3, init: {weight: {value: t}}}"], "E0303"),
    ],
)
def test_what_cannot_be_known_beforehand_is_said(lines: list[str], code: str) -> None:
    layers = "".join(f"  - {line}\n" for line in lines)
    spec = f"inputs: {{x: [N, 3]}}\nlayers:\n{layers}  - {{name: end, mul: [x, i]}}\n"
    assert [each.code for each in archc.check(spec)[1] if each.severity == "error"] == [code]


VIEWS = """\
inputs: {x: [N, 3, 4]}
layers:
  - {name: number, arange: {start: 1, end: 5, dtype: float32}}
  - {name: rows, expand: [3, 4]}
  - {name: a, parameter: {shape: [3, 4], init: {value: rows}}}
  - {name: turned, from: rows, transpose: {dim0: 0, dim1: 1}}
  - {name: b, from: turned, buffer: {persistent: true}}
  - {name: added, add: [x, a]}
  - matmul: [added, b]
"""


def test_a_view_becomes_a_tensor_that_may_be_loaded_and_saved(tmp_path: Path) -> None:
    module = archc.load(VIEWS)
    assert all(tensor.is_contiguous() for tensor in module.state_dict().values())
    module.load_state_dict({key: torch.zeros_like(value) for key, value in module.state_dict().items()})
    built = archc.compile(VIEWS).build(tmp_path / "built")
    assert verify(archc.compile(VIEWS).program, tmp_path / "built").agrees, built


CHAINED = """\
inputs: {x: [N, 4]}
layers:
  - {name: places, arange: 4}
  - {name: row, from: places, buffer: {persistent: true}}
  - {name: twice, mul: [row, 2]}
  - {name: index, from: twice, buffer: }
  - {name: copy, from: index, buffer: {persistent: false}}
  - {name: moved, expr: x + index + copy + row}
"""


def test_a_computed_buffer_may_read_another() -> None:
    compiled = archc.compile(CHAINED)
    state = compiled.module(seed=0).state_dict()
    assert {key: value.tolist() for key, value in state.items()} == {
        "row": [0, 1, 2, 3],
        "index": [0, 2, 4, 6],
    }
    assert verify(compiled.program).agrees


def test_a_computed_buffer_knows_what_it_indexes() -> None:
    text = """\
inputs: {x: [N, 4]}
layers:
  - {name: table, parameter: {shape: [5, 4], init: ones}}
  - {name: places, arange: 5}
  - {name: index, from: places, buffer: }
  - {name: rows, from: [table, index], index_select: 0}
  - {name: first, select: {dim: 0, index: 0}}
  - add: [x, first]
"""
    assert archc.check(text)[1] == ()
    short = text.replace("shape: [5, 4]", "shape: [4, 4]")
    assert [each.code for each in archc.check(short)[1]] == ["E0503"]


TRAINED = """\
name: trained
inputs: {image: [N, 64]}
layers:
  - {name: places, arange: 64}
  - {name: scaled, div: 64.0}
  - {name: weight, from: scaled, buffer: {persistent: true}}
  - {name: x, mul: [image, weight]}
  - {name: fc, linear: 10}
train:
  data: {source: digits, batch_size: 64}
  loss: cross_entropy(fc, label)
  optimizer: {SGD: {lr: 0.1}}
  max_steps: 3
"""


@pytest.mark.parametrize("command", ["train", "gradcheck"])
def test_what_runs_a_model_knows_its_computed_buffers(command: str, tmp_path: Path) -> None:
    spec = tmp_path / "trained.yaml"
    spec.write_text(TRAINED, encoding="utf-8")
    more = ["-o", str(tmp_path / "run")] if command == "train" else []
    assert run_guarded(root, [command, str(spec), *more]) == 0

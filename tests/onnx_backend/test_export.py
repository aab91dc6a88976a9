"""ONNX graphs: valid, typed as inferred, named by path, the same at every export."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

import archc
from archc.backends.onnx import External, embedded, export, serialized
from archc.opdef import Init
from archc.sizes import FLOAT16
from archc.source import SpecError
from archc.weights import initial_chunks, keys_of, layout, stored_weights, write

LENET = """
name: lenet5
doc: LeNet-5.
inputs:
  image: [N, 1, 28, 28]
layers:
  - {name: conv1, conv2d: {out_channels: 6, kernel_size: 5, padding: 2}}
  - relu
  - max_pool2d: 2
  - {name: conv2, conv2d: {out_channels: 16, kernel_size: 5}}
  - relu
  - max_pool2d: 2
  - flatten
  - {name: fc1, linear: 120}
  - relu
  - {name: fc2, linear: 84}
"""
BLOCKS = """
name: tower
inputs: {x: [N, T, 8]}
layers:
  - {name: stage, mixer: {}, repeat: 3}
  - {name: again, from: stage, mixer: {}}
  - {name: both, flatten: {start_dim: 0, end_dim: 1}}
  - {name: head, linear: 3}
outputs: {scores: head, features: again}
blocks:
  mixer:
    inputs: {x: [N, T, D]}
    layers:
      - {name: inner, half: {}}
      - relu
      - {name: last, linear: D}
  half:
    inputs: {x: [N, T, D]}
    layers:
      - {name: first, linear: D // 2}
      - tanh
"""
STRIDED = """
name: strided
inputs: {image: [N, 3, H, W]}
layers:
  - {name: conv, conv2d: {out_channels: 4, kernel_size: 3, stride: 2}}
  - {name: flat, flatten: 2}
  - {name: rows, flatten: {start_dim: 0, end_dim: 1}}
"""


def run(model: onnx.ModelProto, **inputs: np.ndarray) -> list[np.ndarray]:
    return onnxruntime.InferenceSession(serialized(model)).run(None, inputs)


def random(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


@pytest.mark.parametrize("spec", [LENET, BLOCKS, STRIDED], ids=["lenet", "blocks", "strided"])
@pytest.mark.parametrize("opset", range(17, 26))
def test_the_checker_and_onnx_shape_inference_agree(spec: str, opset: int) -> None:
    model = archc.compile(spec).to_onnx(opset=opset)
    onnx.checker.check_model(model, full_check=True)
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    assert len(inferred.graph.value_info) >= len(model.graph.value_info)
    oldest = {release[2]: release[1] for release in reversed(onnx.helper.VERSION_TABLE) if release[2] > 16}
    assert model.ir_version >= oldest[opset]
    assert model.ir_version == max(oldest[opset], 10 if opset >= 20 else 0)
    assert {one.domain: one.version for one in model.opset_import} == {"": opset}


def test_names_are_paths_and_initializers_are_keys() -> None:
    compiled = archc.compile(BLOCKS)
    graph = compiled.to_onnx().graph
    assert {i.name for i in graph.initializer if "[" not in i.name} == set(keys_of(compiled.program))
    names = [name for node in graph.node for name in node.output]
    assert len(names) == len(set(names))
    assert "stage.0.inner.tanh" in names
    assert "stage.2.last" in names
    assert [output.name for output in graph.output] == ["scores", "features"]


def test_nodes_say_their_path_and_the_line_of_the_spec() -> None:
    model = archc.compile(LENET).to_onnx()
    said = {node.name: {m.key: m.value for m in node.metadata_props} for node in model.graph.node}
    assert said["conv2"] == {"path": "conv2", "spec": "<text>:10"}
    older = archc.compile(LENET).to_onnx(opset=17).graph.node[0]
    assert (older.doc_string, len(older.metadata_props)) == ("path: conv1, spec: <text>:7", 0)


def test_types_of_values_inside_are_those_that_were_inferred() -> None:
    graph = archc.compile(STRIDED).to_onnx().graph
    shapes = {
        value.name: [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in (*graph.input, *graph.value_info, *graph.output)
    }
    assert shapes["image"] == ["N", 3, "H", "W"]
    assert shapes["conv"] == ["N", 4, "(H - 1)//2", "(W - 1)//2"]
    assert shapes["output"][0] == "4*N"


def test_requirements_stand_in_the_model() -> None:
    model = archc.compile(STRIDED).to_onnx()
    [said] = [entry.value for entry in model.metadata_props if entry.key == "requirements"]
    assert "H >= 3" in said
    assert "W >= 3" in model.graph.doc_string


def test_every_size_runs() -> None:
    compiled = archc.compile(STRIDED)
    session = onnxruntime.InferenceSession(serialized(compiled.to_onnx()))
    for n, h, w in ((1, 3, 4), (2, 11, 6), (3, 8, 17)):
        [out] = session.run(None, {"image": random(n, 3, h, w)})
        assert out.shape == (4 * n, ((h - 1) // 2) * ((w - 1) // 2))


def test_weights_in_the_shared_file_and_inside_give_the_same_numbers(tmp_path: Path) -> None:
    compiled = archc.compile(BLOCKS)
    params = keys_of(compiled.program)
    plan = layout(params)
    write(tmp_path / "model.safetensors", plan, lambda key: initial_chunks(7, key, params[key]))
    model = export(compiled.program, weights=External("model.safetensors", plan.table))
    (tmp_path / "model.onnx").write_bytes(serialized(model))
    onnx.checker.check_model(tmp_path / "model.onnx", full_check=True)
    beside = onnxruntime.InferenceSession(tmp_path / "model.onnx").run(None, {"x": random(2, 5, 8)})
    inside = run(compiled.to_onnx(seed=7), x=random(2, 5, 8))
    for one, other in zip(beside, inside, strict=True):
        np.testing.assert_array_equal(one, other)
    assert "stage.0.last.weight" in {i.name for i in model.graph.initializer}
    assert not any(i.raw_data for i in model.graph.initializer if i.name in params)


def test_a_layer_used_twice_has_its_weights_once() -> None:
    spec = "name: twice\ninputs: {x: [N, 4]}\nlayers:\n  - {name: same, linear: 4}\n  - {name: out, relu: }\n"
    program = archc.compile(spec).program
    module = program.models[0].module
    first, last = module.nodes
    again = first.replace(inputs=first.outputs, outputs=(first.outputs[0].replace(name="same_1"),))
    changed = module.replace(nodes=(first, again, last.replace(inputs=again.outputs)))
    model = embedded(program.replace(models=(program.models[0].replace(module=changed),)))
    onnx.checker.check_model(model, full_check=True)
    assert [node.op_type for node in model.graph.node] == ["Gemm", "Gemm", "Relu"]
    assert [i.name for i in model.graph.initializer] == ["same.weight", "same.bias"]


def test_fixed_sizes_leave_no_symbol_and_no_shape_arithmetic() -> None:
    model = archc.compile(STRIDED).to_onnx(dims={"N": 2, "H": 9, "W": 7})
    onnx.checker.check_model(model, full_check=True)
    assert [node.op_type for node in model.graph.node if node.op_type in ("Shape", "Gather")] == []
    dims = [dim for value in model.graph.value_info for dim in value.type.tensor_type.shape.dim]
    assert not any(dim.dim_param for dim in dims)
    assert run(model, image=random(2, 3, 9, 7))[0].shape == (8, 12)
    assert not [entry for entry in model.metadata_props if entry.key == "requirements"]


def test_some_fixed_sizes_keep_the_others() -> None:
    model = archc.compile(STRIDED).to_onnx(dims={"N": 1})
    [out] = run(model, image=random(1, 3, 9, 7))
    assert out.shape == (4, 12)


@pytest.mark.parametrize(
    ("dims", "said"),
    [({"H": 2}, "`H` cannot be 2"), ({"Q": 2}, "no symbolic size `Q`"), ({"N": 0}, "`N` cannot be 0")],
)
def test_sizes_that_do_not_fit_are_refused(dims: dict[str, int], said: str) -> None:
    with pytest.raises(SpecError, match=said) as caught:
        archc.compile(STRIDED).to_onnx(dims=dims)
    assert [d.code for d in caught.value.diagnostics] == ["E0909"]


def test_other_opsets_are_refused() -> None:
    with pytest.raises(SpecError, match="E0909 opset 16 is not supported"):
        archc.compile(LENET).to_onnx(opset=16)


def test_an_op_that_onnx_cannot_say_is_refused_at_its_line() -> None:
    spec = (
        'name: scored\ninputs: {x: [N, 5], labels: "int64[N, 5]"}\nlayers:\n'
        "  - {name: loss, from: [x, labels], multilabel_margin_loss: }\n"
    )
    with pytest.raises(SpecError, match="`multilabel_margin_loss` cannot be written as ONNX") as caught:
        archc.compile(spec).to_onnx()
    [diagnostic] = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.path) == ("E0905", "loss")
    assert diagnostic.span is not None
    assert diagnostic.span.line == 4


def test_an_input_or_a_value_that_is_two_outputs() -> None:
    spec = "name: copies\ninputs: {x: [N, 4]}\nlayers:\n  - {name: y, relu: }\noutputs: {a: y, b: y, c: x}\n"
    model = archc.compile(spec).to_onnx()
    onnx.checker.check_model(model, full_check=True)
    x = random(2, 4)
    a, b, c = run(model, x=x)
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(c, x)


def test_lstm_gates_are_rows_of_the_stored_weights() -> None:
    spec = "name: words\ninputs: {x: [T, N, 5]}\nlayers:\n  - {name: rnn, lstm: 3}\noutputs: [rnn]\n"
    compiled = archc.compile(spec)
    plan = layout(keys_of(compiled.program))
    model = export(compiled.program, weights=External("model.safetensors", plan.table))
    rows = {i.name: i for i in model.graph.initializer if i.name.startswith("rnn.weight_ih_l0[")}
    assert set(rows) == {f"rnn.weight_ih_l0[{k}:{k + 3}]" for k in (0, 3, 6, 9)}
    places = {e.key: e.value for e in rows["rnn.weight_ih_l0[3:6]"].external_data}
    start, _ = plan.table["rnn.weight_ih_l0"]
    assert places == {"location": "model.safetensors", "offset": str(start + 60), "length": "60"}


def test_a_buffer_that_is_not_saved_is_inside_the_graph() -> None:
    program = archc.compile(LENET).program
    model = program.models[0]
    conv, *others = model.module.nodes
    weight, bias = conv.params
    changed = conv.replace(params=(weight, bias.replace(buffer=True, persistent=False, init=Init("ones"))))
    module = model.module.replace(nodes=(changed, *others))
    table = layout(dict(stored_weights(module))).table
    assert "conv1.bias" not in table
    changed_program = program.replace(models=(model.replace(module=module),))
    graph = export(changed_program, weights=External("model.safetensors", table)).graph
    [found] = [i for i in graph.initializer if i.name == "conv1.bias"]
    assert onnx.numpy_helper.to_array(found).tolist() == [1.0] * 6


def test_half_precision() -> None:
    program = archc.compile(LENET).program
    model = embedded(program, dtype=FLOAT16, seed=1)
    onnx.checker.check_model(model, full_check=True)
    image = random(2, 1, 28, 28)
    [half] = run(model, image=image.astype(np.float16))
    [single] = run(embedded(program, seed=1), image=image)
    assert half.dtype == np.float16
    np.testing.assert_allclose(half, single, rtol=0.05, atol=0.01)


SCRIPT = """
import hashlib, sys
class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "torch":
            raise ImportError("torch must not be imported here")
sys.meta_path.insert(0, NoTorch())
import archc
from archc.backends.onnx import serialized
print(hashlib.sha256(serialized(archc.compile(sys.argv[1]).to_onnx())).hexdigest())
"""


def test_bytes_are_the_same_in_every_process_and_torch_is_not_needed(tmp_path: Path) -> None:
    (tmp_path / "tower.yaml").write_text(BLOCKS)
    seen = set()
    for seed in ("1", "2"):
        environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(archc.__file__).parents[1])}
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, "tower.yaml"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        seen.add(done.stdout)
    assert len(seen) == 1


def test_bfloat16_is_refused_where_an_operator_does_not_take_it() -> None:
    program = archc.compile('inputs: {x: "bfloat16[N, 8]"}\nlayers: [softplus]\n').program
    with pytest.raises(SpecError, match="opset 20") as refused:
        embedded(program, opset=20)
    assert [each.code for each in refused.value.diagnostics] == ["E0905"]
    assert embedded(program, opset=22).graph.node

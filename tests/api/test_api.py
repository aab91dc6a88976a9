"""The Python interface, as a training script or a search program uses it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
import yaml
from safetensors.torch import load_file
from torch import nn
from zoo_specs import SPECS

import archc

torch.set_num_threads(1)

LENET = SPECS / "images" / "lenet5.yaml"
RESNET = SPECS / "images" / "resnet.yaml"
TEXT = LENET.read_text(encoding="utf-8")
DATA = yaml.safe_load(TEXT)
PAIR = """
name: pair
inputs: {x: [N, 4]}
layers:
  - {name: fc, linear: 3}
  - {name: act, relu: }
outputs: {scores: act, before: fc}
"""
WRONG = """
name: wrong
inputs: {x: [N, 4]}
layers:
  - {name: a, linear: width}
  - {name: b, lineer: 3}
"""
# The newest opset that the installed ONNX Runtime takes; later ones are checked and not run.
RUNNABLE = 23


@pytest.mark.parametrize("spec", [LENET, str(LENET), TEXT, DATA], ids=["path", "str", "text", "dict"])
def test_a_spec_is_a_path_a_text_or_data(spec: object) -> None:
    compiled = archc.compile(spec)  # type: ignore[arg-type]
    assert (compiled.name, compiled.models) == ("lenet5", ("lenet5",))
    assert compiled.diagnostics == ()
    assert compiled.module()(torch.zeros(2, 1, 28, 28)).shape == (2, 10)


def test_parameters_and_variants() -> None:
    assert archc.compile(LENET, classes=7).module()(torch.zeros(1, 1, 28, 28)).shape == (1, 7)
    assert archc.compile(LENET, classes="3 + 4").module()(torch.zeros(1, 1, 28, 28)).shape == (1, 7)
    small = archc.compile(RESNET, variant="resnet18", classes=5)
    assert dict(small.program.parameters)["depths"] == [2, 2, 2, 2]
    assert small.summary()[0].parameters == 11_689_512 - 995 * 513
    deeper = archc.compile(RESNET, variant="resnet18", depths=[1, 1, 1, 1])
    assert dict(deeper.program.parameters)["deep"] is False
    with pytest.raises(archc.SpecError, match="`clases`"):
        archc.compile(LENET, clases=7)
    with pytest.raises(archc.SpecError, match="`resnet19`"):
        archc.compile(RESNET, variant="resnet19")


def test_what_is_wrong_is_data_with_places() -> None:
    with pytest.raises(archc.SpecError) as caught:
        archc.compile(WRONG)
    found = {diagnostic.code: diagnostic for diagnostic in caught.value.diagnostics}
    lines = {d.span.text: d.span.line for d in found.values() if d.span is not None}
    assert lines == {"width": 5, "lineer": 6}
    assert "linear" in " ".join(next(d for d in found.values() if d.span.text == "lineer").help)
    assert str(caught.value).count("\n") == 1


def test_check_does_not_raise() -> None:
    compiled, found = archc.check(WRONG)
    assert compiled is None
    assert len(found) == 2
    compiled, found = archc.check(LENET, {"classes": 3})
    assert compiled is not None
    assert found == ()
    for nothing in ("nowhere.yaml", {"name": "x"}, "name: x\nlayers: []\n", {}):
        compiled, found = archc.check(nothing)
        assert compiled is None
        assert all(each.severity == "error" for each in found)
        assert found


def test_a_loaded_module_trains() -> None:
    torch.manual_seed(0)
    module = archc.load(LENET)
    images, labels = torch.randn(16, 1, 28, 28), torch.arange(16) % 10
    optimizer = torch.optim.SGD(module.parameters(), lr=0.05)
    losses = []
    for _ in range(2):
        loss = nn.functional.cross_entropy(module(images), labels)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[1] < losses[0]
    assert all(parameter.grad is not None for parameter in module.parameters())


def test_two_loads_do_not_share_weights() -> None:
    torch.manual_seed(0)
    one, other = archc.load(LENET), archc.load(LENET)
    assert not torch.equal(one.get_parameter("fc3.weight"), other.get_parameter("fc3.weight"))


@pytest.mark.parametrize("spec", [LENET, SPECS / "generative" / "dcgan.yaml"], ids=["one", "two"])
def test_a_seed_gives_the_weights_that_a_build_with_it_writes(spec: Path, tmp_path: Path) -> None:
    compiled = archc.compile(spec)
    compiled.build(tmp_path / "built", seed=5)
    for model in compiled.models:
        stem = "model" if len(compiled.models) == 1 else model
        written = load_file(tmp_path / "built" / f"{stem}.safetensors")
        state = compiled.module(model, seed=5).state_dict()
        assert written.keys() == state.keys()
        assert all(torch.equal(written[key], state[key]) for key in state)


def test_a_model_that_is_not_there_is_said() -> None:
    compiled = archc.compile(SPECS / "generative" / "dcgan.yaml")
    assert compiled.models == ("generator", "discriminator")
    for use in (compiled.module, compiled.to_onnx, lambda name: compiled.module(name, seed=1)):
        with pytest.raises(ValueError, match="no model `critic`, the models are generator, discriminator"):
            use("critic")
        with pytest.raises(ValueError, match="several models"):
            use(None)


@pytest.mark.parametrize("opset", range(17, 26))
@pytest.mark.parametrize("spec", ["images/lenet5", "transformers/gpt", "sequences/lstm_classifier"])
def test_every_opset_is_valid_and_gives_the_numbers_of_torch(spec: str, opset: int) -> None:
    compiled = archc.compile(SPECS / f"{spec}.yaml")
    model = compiled.to_onnx(opset=opset, seed=2)
    onnx.checker.check_model(model, full_check=True)
    assert model.opset_import[0].version == opset
    if opset > RUNNABLE:
        return
    random = np.random.default_rng(0)
    value = compiled.program.models[0].module.inputs[0]
    if value.type.dtype.is_float:
        given = random.standard_normal((2, 1, 28, 28), dtype=np.float32)
    else:
        given = random.integers(0, 100, (2, 9))
    [result] = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {value.name: given})
    with torch.no_grad():
        expected = compiled.module(seed=2).eval()(torch.from_numpy(given))
    np.testing.assert_allclose(result, expected, rtol=1e-3, atol=1e-5)


def test_sizes_can_be_fixed() -> None:
    compiled = archc.compile(SPECS / "images" / "unet.yaml", features=2)
    model = compiled.to_onnx(dims={"N": 1, "H": 32})
    [given] = model.graph.input
    dims = [dim.dim_value or dim.dim_param for dim in given.type.tensor_type.shape.dim]
    assert dims == [1, 3, 32, "W"]
    with pytest.raises(archc.SpecError, match="E0909"):
        compiled.to_onnx(dims={"H": 30})


def test_costs_at_sizes_and_without() -> None:
    compiled = archc.compile(RESNET, variant="resnet50")
    [fixed] = compiled.summary(N=1, H=224, W=224)
    assert fixed.parameters == 25_557_032
    assert fixed.multiply_adds == 4_089_184_256
    assert fixed.outputs == (("output", "[1, 1000]"),)
    [symbolic] = compiled.summary(N=2)
    assert "H" in str(symbolic.multiply_adds)
    assert {row.depth for row in fixed.rows} == {0, 1}


def test_several_outputs_have_names() -> None:
    module = archc.load(PAIR).eval()
    result = module(torch.randn(2, 4))
    assert isinstance(result, tuple)
    assert result._fields == ("scores", "before")
    assert torch.equal(result.scores, result.before.relu())
    session = onnxruntime.InferenceSession(archc.compile(PAIR).to_onnx().SerializeToString())
    assert [output.name for output in session.get_outputs()] == ["scores", "before"]


TRACED = [
    pytest.param("images/lenet5", {}, (3, 1, 28, 28), id="lenet5"),
    pytest.param(
        "images/resnet", {"variant": "resnet18"}, (3, 3, 64, 64), id="resnet18", marks=pytest.mark.slow
    ),
    pytest.param("images/unet", {"features": 4}, (3, 3, 32, 48), id="unet", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("spec", "options", "shape"), TRACED)
def test_a_module_compiles_as_one_graph(
    spec: str, options: dict[str, object], shape: tuple[int, ...]
) -> None:
    module = archc.load(SPECS / f"{spec}.yaml", **options).eval()  # type: ignore[arg-type]
    x = torch.randn(shape)
    whole = torch.compile(module, fullgraph=True, backend="eager")
    with torch.no_grad():
        torch.testing.assert_close(whole(x), module(x))
        torch.testing.assert_close(whole(x[:2]), module(x[:2]))


@pytest.mark.parametrize(("spec", "options", "shape"), TRACED)
def test_a_module_exports_with_a_symbolic_batch(
    spec: str, options: dict[str, object], shape: tuple[int, ...]
) -> None:
    module = archc.load(SPECS / f"{spec}.yaml", **options).eval()  # type: ignore[arg-type]
    batch = torch.export.Dim("batch", min=1, max=64)
    exported = torch.export.export(module, (torch.randn(shape),), dynamic_shapes=({0: batch},))
    x = torch.randn(5, *shape[1:])
    with torch.no_grad():
        torch.testing.assert_close(exported.module()(x), module(x))


def test_a_build_is_a_folder_that_needs_no_archc(tmp_path: Path) -> None:
    compiled = archc.compile(PAIR)
    compiled.build(tmp_path / "built", seed=1)
    script = (
        "import sys; sys.modules['archc'] = None\n"
        "import torch, safetensors.torch\n"
        "from model import Model, Pair\n"
        "assert Model is Pair\n"
        "model = Model(); model.load_state_dict(safetensors.torch.load_file('model.safetensors'))\n"
        "print(model.eval()(torch.ones(1, 4)).scores.tolist())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path / "built", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    with torch.no_grad():
        expected = compiled.module(seed=1).eval()(torch.ones(1, 4)).scores
    assert done.stdout.strip() == str(expected.tolist())


NO_TORCH = """
import sys
class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "torch":
            raise ImportError("torch must not be imported here")
sys.meta_path.insert(0, NoTorch())
from archc.cli import root, run_guarded
sys.exit(run_guarded(root, sys.argv[1:]))
"""


@pytest.mark.parametrize("target", ["onnx", "pytorch,onnx"])
def test_building_needs_no_torch(target: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", NO_TORCH, "build", str(LENET), "--target", target, "-o", "built"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    onnxruntime.InferenceSession(tmp_path / "built" / "model.onnx")


def test_a_build_that_fails_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = archc.compile(LENET)
    folder = tmp_path / "built"
    compiled.build(folder, seed=1)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr("archc.backends.build.manifest_of", broken)
    with pytest.raises(RuntimeError, match="power cut"):
        compiled.build(folder, seed=2)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["built"]
    monkeypatch.undo()
    with pytest.raises(archc.SpecError):
        compiled.build(folder, opset=3)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before

"""Verification agrees where both outputs say the same, and names the layer where they do not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

import archc
from archc.backends.build import build
from archc.opdef import OnnxBuilder
from archc.ops import find
from archc.sizes import FLOAT32, INT64
from archc.source import SpecError
from archc.verify import read_arrays, run, verify
from archc.verify.compare import distance

torch.set_num_threads(1)

NET = """
name: net
inputs:
  image: [N, 3, H, W]
  ids: int64[N, T]
layers:
  - {name: conv, from: image, conv2d: {out_channels: 4, kernel_size: 3, stride: 2}}
  - {name: norm, batch_norm: }
  - {name: act, tanh: }
  - {name: pool, adaptive_avg_pool2d: 1}
  - {name: flat, flatten: }
  - {name: head, linear: 5}
  - {name: table, from: ids, embedding: {num_embeddings: 11, embedding_dim: 6}}
  - {name: inner, twice: {}}
outputs: {scores: head, words: inner}
blocks:
  twice:
    inputs: {x: [N, T, D]}
    layers:
      - {name: first, linear: D}
      - {name: second, tanh: }
      - {name: third, linear: D}
"""
LENET = """
name: lenet
inputs: {image: [N, 1, 28, 28]}
layers:
  - {name: conv1, conv2d: {out_channels: 6, kernel_size: 5, padding: 2}}
  - tanh
  - max_pool2d: 4
  - flatten
  - {name: fc, linear: 10}
"""


def test_agreement_at_several_sizes_inside_the_requirements() -> None:
    report = archc.compile(NET).verify()
    assert report.agrees, report.failures
    assert not report.notes
    points = [dict(sizes) for _, sizes in report.points]
    assert len(points) >= 5
    assert min(point["H"] for point in points) == 3
    assert len({point["T"] for point in points}) >= 3
    runners = {check.runner for check in report.checks}
    assert runners == {"pytorch", "onnxruntime", "onnxruntime, not optimised"}


@pytest.mark.parametrize("last", ["elu", "selu", "celu", {"elu": 30.0}])
def test_an_elu_near_zero_is_what_runtimes_make_of_it(last: object) -> None:
    layers = [{"expr": "x * 1e-7"}, last]
    assert archc.compile({"inputs": {"x": ["N", 8]}, "layers": layers}).verify().agrees


@pytest.mark.parametrize("last", ["sigmoid", "silu", "glu"])
def test_a_sigmoid_far_below_zero_is_what_runtimes_make_of_it(last: str) -> None:
    """ONNX Runtime gives 0 below -18, which is all there is to compare here."""
    layers = [{"expr": "-30 - 10 * abs(x)"}, last]
    assert archc.compile({"inputs": {"x": ["N", 8]}, "layers": layers}).verify().agrees


def test_fixed_sizes_are_kept() -> None:
    report = verify(archc.compile(NET).program, sizes={"H": 9, "N": 2})
    assert {(dict(s)["H"], dict(s)["N"]) for _, s in report.points} == {(9, 2)}


def rectified(_: object, g: OnnxBuilder, x: str) -> str:
    return g.emit("Relu", x)


def test_the_first_layer_that_differs_is_named_with_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = archc.compile(NET.replace("{name: act, tanh: }", "{name: act, relu: }"))
    monkeypatch.setattr(find("tanh"), "onnx", rectified)
    report = compiled.verify()
    assert not report.agrees
    assert {check.output for check in report.failures} == {"words"}
    [culprit] = report.culprits
    assert (culprit.path, culprit.op, culprit.span.line) == ("inner.second", "tanh", 21)


def test_a_small_constant_that_is_wrong_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = archc.compile(NET)
    norm = find("batch_norm")
    right = norm.onnx

    def wrong(self: object, g: OnnxBuilder, *x: str) -> object:
        return right(self.replace(eps=1e-4), g, *x)  # type: ignore[attr-defined]

    monkeypatch.setattr(norm, "onnx", wrong)
    [culprit] = compiled.verify().culprits
    assert culprit.path == "norm"


def test_a_wrong_shape_is_a_disagreement(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = archc.compile(LENET)
    monkeypatch.setattr(find("flatten"), "onnx", lambda _, g, x: g.emit("Flatten", x, axis=0))
    report = compiled.verify()
    assert not report.agrees
    assert any("refuses" in check.problem or "shape" in check.problem for check in report.failures)


def test_a_build_is_verified_as_it_is_on_disk(tmp_path: Path) -> None:
    program = archc.compile(LENET).program
    build(program, tmp_path / "net", seed=3)
    assert verify(program, tmp_path / "net").agrees
    path = tmp_path / "net" / "model.onnx"
    graph = onnx.load(path, load_external_data=False)
    [node] = [node for node in graph.graph.node if node.op_type == "Tanh"]
    node.op_type = "Sigmoid"
    path.write_bytes(graph.SerializeToString())
    report = verify(program, tmp_path / "net")
    assert [culprit.path for culprit in report.culprits] == ["tanh"]


def test_a_build_with_fixed_sizes_is_verified_at_them(tmp_path: Path) -> None:
    program = archc.compile(LENET).program
    build(program, tmp_path / "net", dims={"N": 2})
    report = verify(program, tmp_path / "net")
    assert report.agrees
    assert [dict(sizes) for _, sizes in report.points] == [{"N": 2}]


def test_what_is_no_build_is_refused(tmp_path: Path) -> None:
    program = archc.compile(LENET).program
    with pytest.raises(SpecError, match="E0901"):
        verify(program, tmp_path)
    build(program, tmp_path / "net", targets=("onnx",))
    with pytest.raises(SpecError, match=r"no `model\.py`"):
        verify(program, tmp_path / "net")


FAR = [
    ([1.0, 2.0], [1.0, 2.0], [1.0, 2.0], True),
    ([1.0, 2.00001], [1.0, 2.0], [1.0, 2.0], False),
    ([1.0, 2.00001], [1.0, 2.000001], [1.0, 2.0], True),
    ([np.nan, 1.0], [np.nan, 1.0], [np.nan, 1.0], True),
    ([np.nan, 1.0], [0.0, 1.0], [0.0, 1.0], False),
    ([np.inf, 1.0], [np.inf, 1.0], [np.inf, 1.0], True),
    ([-np.inf, 1.0], [np.inf, 1.0], [np.inf, 1.0], False),
    ([0.0, 1.0], [np.inf, 1.0], [1e300, 1.0], True),
    ([0.0, 0.0], [0.0, 0.0], [0.0, 0.0], True),
]


@pytest.mark.parametrize(("result", "eager", "oracle", "within"), FAR)
def test_tolerance(result: list[float], eager: list[float], oracle: list[float], within: bool) -> None:
    assert distance(np.array(result), np.array(eager), np.array(oracle), FLOAT32).within is within


def test_integers_differ_no_more_often_than_eager_ones() -> None:
    oracle = np.array([1, 2, 3])
    assert distance(oracle, oracle, oracle, INT64).within
    assert not distance(np.array([1, 2, 4]), oracle, oracle, INT64).within
    assert distance(np.array([1, 2, 4]), np.array([1, 2, 5]), oracle, INT64).within


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "net"
    build(archc.compile(NET).program, folder)
    return folder


def arrays(**changes: object) -> dict[str, np.ndarray]:
    given = {"image": np.ones((2, 3, 8, 9), np.float32), "ids": np.ones((2, 4), np.int64)}
    return {name: value for name, value in {**given, **changes}.items() if value is not None}  # type: ignore[misc]


def test_a_build_runs(built: Path) -> None:
    outputs = run(built, arrays())
    assert {name: value.shape for name, value in outputs.items()} == {"scores": (2, 5), "words": (2, 4, 6)}


WRONG = [
    ({"image": None}, "the input `image` is missing, it is float32[N, 3, H, W]"),
    ({"imagee": np.ones(1)}, "the model has no input `imagee`"),
    ({"image": np.ones((2, 3, 8, 9))}, "holds float64, float32 is needed"),
    ({"image": np.ones((2, 3, 8), np.float32)}, "is [2, 3, 8], [N, 3, H, W] is needed"),
    ({"image": np.ones((2, 4, 8, 8), np.float32)}, "is [2, 4, 8, 8], [N, 3, H, W] is needed"),
    ({"ids": np.ones((3, 4), np.int64)}, "is [3, 4], [N, T] is needed"),
    ({"ids": np.full((2, 4), 11)}, "holds 11 to 11, it must stay in 0 to 10"),
    ({"image": np.ones((2, 3, 2, 9), np.float32)}, "`H` is 2 in the input `image`"),
]


@pytest.mark.parametrize(("changes", "said"), WRONG)
def test_inputs_that_do_not_fit_are_named(built: Path, changes: dict[str, object], said: str) -> None:
    with pytest.raises(SpecError) as caught:
        run(built, arrays(**changes))
    assert {d.code for d in caught.value.diagnostics} == {"E0904"}
    assert said in str(caught.value)


def test_sizes_are_those_that_the_model_takes(tmp_path: Path) -> None:
    layers = [{"name": "f", "reshape": ["N", 4, "T // 4"]}]
    build(
        archc.compile({"name": "quarters", "inputs": {"x": ["N", "T"]}, "layers": layers}).program, tmp_path
    )
    run(tmp_path, {"x": np.ones((2, 12), np.float32)})
    with pytest.raises(SpecError, match="`T` is 10 in the input `x`") as caught:
        run(tmp_path, {"x": np.ones((2, 10), np.float32)})
    [found] = caught.value.diagnostics
    assert found.notes == ("required: T % 4 == 0",)


def test_what_the_runtime_refuses_is_said(built: Path) -> None:
    [graph] = built.glob("*.onnx")
    with pytest.raises(SpecError, match="cannot run on these inputs"):
        run(graph, arrays(image=np.ones((2, 3, 2, 2), np.float32)))


def test_arrays_are_read_from_a_file(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", **arrays())
    assert set(read_arrays(tmp_path / "x.npz")) == {"image", "ids"}
    np.save(tmp_path / "x.npy", np.ones(3))
    np.savez(tmp_path / "o.npz", a=np.array([{}], dtype=object))
    (tmp_path / "bad.npz").write_bytes(b"PK\x03\x04 nothing")
    for name, code in (("x.npy", "E0904"), ("o.npz", "E0904"), ("bad.npz", "E0904"), ("none.npz", "E0901")):
        with pytest.raises(SpecError, match=code):
            read_arrays(tmp_path / name)


def test_a_damaged_or_absent_graph_is_refused(tmp_path: Path, built: Path) -> None:
    with pytest.raises(SpecError, match="holds no ONNX graph"):
        run(tmp_path, {})
    (tmp_path / "model.onnx").write_bytes(b"nothing")
    with pytest.raises(SpecError, match="E0902"):
        run(tmp_path, {})
    with pytest.raises(SpecError, match="no model `critic`"):
        run(built, {}, model="critic")


SCRIPT = """
import sys
sys.modules["onnxruntime"] = None
from archc.source import SpecError
from archc.verify import run
try:
    run(sys.argv[1], {})
except SpecError as error:
    print(error.diagnostics[0].code, *error.diagnostics[0].help)
"""


def test_without_onnxruntime_the_way_to_install_it_is_said(built: Path) -> None:
    environment = {"PYTHONPATH": str(Path(archc.__file__).parents[1])}
    command = [sys.executable, "-c", SCRIPT, str(built)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "E0910 install it: `pip install archc[onnxruntime]`\n"


def test_the_manifest_is_what_ranges_are_read_from(built: Path) -> None:
    manifest = json.loads((built / "manifest.json").read_text())
    assert manifest["models"]["net"]["inputs"]["ids"] == {
        "dtype": "int64",
        "shape": ["N", "T"],
        "min": 0,
        "max": 10,
    }

"""Builds: whole folders that load elsewhere, replaced at once or not at all."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import safetensors.numpy
import safetensors.torch
import torch

import archc
from archc.backends import folder as folder_module
from archc.backends.build import build
from archc.backends.folder import replaced
from archc.source import SpecError

torch.set_num_threads(1)

NET = """
name: net
doc: Two layers.
params: {width: 5}
inputs: {x: [N, 4]}
layers:
  - {name: first, linear: width}
  - relu
  - {name: second, linear: 2}
"""
PAIR = """
name: pair
models:
  generator:
    inputs: {noise: [N, 3]}
    layers: [{name: main, linear: 4}]
  critic:
    inputs: {image: [N, 4]}
    layers: [{name: main, linear: 1}]
"""
WHOLE = ["manifest.json", "model.onnx", "model.py", "model.safetensors"]


def program(text: str = NET) -> object:
    return archc.compile(text).program


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def run_torch(folder: Path, x: np.ndarray) -> np.ndarray:
    namespace: dict[str, object] = {"__name__": "built"}
    exec(compile((folder / "model.py").read_text(), "model.py", "exec"), namespace)
    model = namespace["Model"]()  # type: ignore[operator]
    model.load_state_dict(safetensors.torch.load_file(folder / "model.safetensors"))
    with torch.no_grad():
        return np.asarray(model.eval()(torch.from_numpy(x)))


def test_a_build_holds_source_weights_graph_and_manifest_that_agree(tmp_path: Path) -> None:
    result = build(program(), tmp_path / "deep" / "net", seed=1)
    folder = tmp_path / "deep" / "net"
    assert listed(folder) == WHOLE
    x = np.random.default_rng(0).standard_normal((3, 4), dtype=np.float32)
    [graph] = onnxruntime.InferenceSession(folder / "model.onnx").run(None, {"x": x})
    np.testing.assert_allclose(graph, run_torch(folder, x), rtol=1e-5, atol=1e-6)
    assert [file.name for file in result.files] == ["model.py", "model.onnx", "model.safetensors"]
    assert listed(tmp_path / "deep") == ["net"]


def test_the_manifest_says_what_was_resolved_and_written(tmp_path: Path) -> None:
    folder = tmp_path / "net"
    build(archc.compile(NET, width=7).program, folder, seed=5, opset=21)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["parameters"] == {"width": 7}
    assert manifest["build"]["seed"] == 5
    assert manifest["build"]["opset"] == 21
    model = manifest["models"]["net"]
    assert model["parameters"] == 4 * 7 + 7 + 7 * 2 + 2
    assert model["outputs"] == {"output": {"dtype": "float32", "shape": ["N", 2]}}
    for name, said in manifest["files"].items():
        data = (folder / name).read_bytes()
        assert said == {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def test_several_models_have_files_of_their_own(tmp_path: Path) -> None:
    build(program(PAIR), tmp_path / "pair")
    names = [f"{model}.{kind}" for model in ("critic", "generator") for kind in ("onnx", "safetensors")]
    assert listed(tmp_path / "pair") == sorted([*names, "manifest.json", "model.py"])
    one, other = (
        safetensors.numpy.load_file(tmp_path / "pair" / f"{model}.safetensors")["main.weight"].flat[0]
        for model in ("generator", "critic")
    )
    assert one != other
    onnxruntime.InferenceSession(tmp_path / "pair" / "critic.onnx")


def test_targets_and_embedding_choose_the_files(tmp_path: Path) -> None:
    build(program(), tmp_path / "one", targets=("onnx",), embed=True)
    assert listed(tmp_path / "one") == ["manifest.json", "model.onnx"]
    onnxruntime.InferenceSession(tmp_path / "one" / "model.onnx")
    build(program(), tmp_path / "two", targets=("pytorch",))
    assert listed(tmp_path / "two") == ["manifest.json", "model.py", "model.safetensors"]
    build(program(), tmp_path / "three", embed=True)
    assert listed(tmp_path / "three") == WHOLE


def test_the_same_spec_and_seed_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        build(program(), tmp_path / name, seed=2)
    for file in WHOLE:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    build(program(), tmp_path / "three", seed=3)
    weights = [tmp_path / name / "model.safetensors" for name in ("one", "three")]
    assert weights[0].read_bytes() != weights[1].read_bytes()


def test_weights_from_a_file(tmp_path: Path) -> None:
    arrays = {
        "first.weight": np.ones((5, 4), np.float16),
        "first.bias": np.arange(5, dtype=np.float32),
        "second.weight": np.ones((2, 5), np.float32),
        "second.bias": np.zeros(2, np.float32),
    }
    safetensors.numpy.save_file(arrays, tmp_path / "w.safetensors")
    with pytest.raises(SpecError, match="E0926"):
        build(program(), tmp_path / "net", weights=tmp_path / "w.safetensors")
    result = build(program(), tmp_path / "net", weights=tmp_path / "w.safetensors", convert_dtype=True)
    written = safetensors.numpy.load_file(tmp_path / "net" / "model.safetensors")
    for key, array in arrays.items():
        np.testing.assert_array_equal(written[key], array)
        assert written[key].dtype == np.float32
    assert result.report is not None
    assert [each.key for each in result.report.converted] == ["first.weight"]
    assert result.manifest["build"]["weights"] == "w.safetensors"


def test_weights_of_several_models_are_found_by_their_prefix(tmp_path: Path) -> None:
    state = {
        "generator.main.weight": torch.ones(4, 3),
        "generator.main.bias": torch.ones(4),
        "critic.main.weight": torch.ones(1, 4),
        "critic.main.bias": torch.zeros(1),
    }
    torch.save(state, tmp_path / "w.pt")
    build(program(PAIR), tmp_path / "pair", weights=tmp_path / "w.pt")
    written = safetensors.numpy.load_file(tmp_path / "pair" / "critic.safetensors")
    np.testing.assert_array_equal(written["main.weight"], np.ones((1, 4)))


def test_weights_that_do_not_fit_leave_no_folder(tmp_path: Path) -> None:
    safetensors.numpy.save_file({"first.weight": np.ones((5, 4))}, tmp_path / "w.safetensors")
    with pytest.raises(SpecError, match="E0903"):
        build(program(), tmp_path / "net", weights=tmp_path / "w.safetensors")
    assert listed(tmp_path) == ["w.safetensors"]


def test_a_build_is_replaced_and_what_others_put_there_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "net"
    build(program(), folder)
    (folder / "notes.txt").write_text("mine")
    (folder / "runs").mkdir()
    (folder / "runs" / "one.log").write_text("loss")
    build(program(), folder, targets=("pytorch",), seed=9)
    assert listed(folder) == ["manifest.json", "model.py", "model.safetensors", "notes.txt", "runs"]
    assert (folder / "runs" / "one.log").read_text() == "loss"
    assert listed(tmp_path) == ["net"]


def test_a_folder_that_is_no_build_is_refused_and_an_empty_one_is_not(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years")
    (tmp_path / "file").write_text("")
    for name in ("mine", "file"):
        with pytest.raises(SpecError, match="E0908"):
            build(program(), tmp_path / name)
    assert listed(tmp_path / "mine") == ["thesis.tex"]
    (tmp_path / "empty").mkdir()
    build(program(), tmp_path / "empty")
    assert listed(tmp_path / "empty") == WHOLE


def test_a_link_to_a_build_stays_a_link(tmp_path: Path) -> None:
    build(program(), tmp_path / "real")
    (tmp_path / "link").symlink_to("real")
    build(program(), tmp_path / "link", seed=4)
    assert (tmp_path / "link").is_symlink()
    assert json.loads((tmp_path / "real" / "manifest.json").read_text())["build"]["seed"] == 4


def test_a_full_disk_leaves_the_old_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "net"
    build(program(), folder)
    before = {name: (folder / name).read_bytes() for name in WHOLE}

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SpecError, match=r"E0901 cannot write .*: no space left on device"):
        build(program(), folder, seed=8)
    assert {name: (folder / name).read_bytes() for name in listed(folder)} == before
    assert listed(tmp_path) == ["net"]


@pytest.mark.parametrize("exchange", [True, False])
def test_a_swap_that_fails_leaves_the_old_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchange: bool
) -> None:
    if not exchange:
        monkeypatch.setattr(folder_module, "_exchanged", lambda *_: False)
    folder = tmp_path / "net"
    build(program(), folder)
    build(program(), folder, seed=1)
    assert json.loads((folder / "manifest.json").read_text())["build"]["seed"] == 1
    assert listed(tmp_path) == ["net"]


KILLED = """
import os, sys
from pathlib import Path
from archc.backends.folder import replaced
with replaced(Path(sys.argv[1])) as fresh:
    (fresh / "model.py").write_text("half")
    os._exit(9)
"""


def test_a_killed_build_leaves_the_old_one_and_the_next_cleans_up(tmp_path: Path) -> None:
    folder = tmp_path / "net"
    build(program(), folder)
    environment = {"PYTHONPATH": str(Path(archc.__file__).parents[1])}
    subprocess.run([sys.executable, "-c", KILLED, str(folder)], env=environment, check=False)
    assert listed(folder) == WHOLE
    assert len(listed(tmp_path)) == 2
    build(program(), folder)
    assert listed(tmp_path) == ["net"]


def test_an_interruption_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), replaced(tmp_path / "net"):
        raise KeyboardInterrupt
    assert listed(tmp_path) == []


def test_progress_is_told(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    build(program(), tmp_path / "net", progress=lambda *step: seen.append(step))
    assert seen[-1][0] == "weights"
    assert seen[-1][1] == seen[-1][2]

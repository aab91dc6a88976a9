"""`build`, `verify` and `run` from the command line: what they write and say, and their exit codes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import pytest
import torch
from safetensors.numpy import load_file, save_file
from zoo_specs import SPECS

from archc.cli import root
from archc.cli.failures import run_guarded

torch.set_num_threads(1)

NET = """\
name: net
params: {width: 5}
variants:
  wide: {width: 9}
  narrow: {width: 2}
inputs:
  x: [N, T, 4]
  ids: int64[N, T]
layers:
  - {name: table, from: ids, embedding: {num_embeddings: 11, embedding_dim: 4}}
  - {name: sum, add: [x, table]}
  - {name: first, linear: width}
  - gelu
  - {name: second, linear: 3}
"""
PAIR = """\
name: pair
models:
  maker:
    inputs: {noise: [N, 3]}
    layers: [{name: main, linear: 4}]
  critic:
    inputs: {image: [N, 4]}
    layers: [{name: main, linear: 1}]
"""
WHOLE = ["manifest.json", "model.onnx", "model.py", "model.safetensors"]


class Done(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command where two specs lie, as `main` does."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    (tmp_path / "net.yaml").write_text(NET)
    (tmp_path / "pair.yaml").write_text(PAIR)

    def call(*arguments: str) -> Done:
        capsys.readouterr()
        code = run_guarded(root, list(arguments))
        shown = capsys.readouterr()
        assert "Traceback" not in shown.err
        return Done(code, shown.out, shown.err)

    return call


def listed(folder: str | Path) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def manifest(folder: str | Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((Path(folder) / "manifest.json").read_text())
    return found


def test_build_writes_a_folder_and_says_what_is_in_it(run: Run) -> None:
    done = run("build", "net.yaml")
    assert (done.code, done.err) == (0, "")
    assert listed("build/net") == WHOLE
    sizes = {line.split("  ")[0]: line.split("  ")[1] for line in done.out.splitlines()}
    assert set(sizes) == {f"build/net/{name}" for name in WHOLE[1:]}
    for name, size in sizes.items():
        assert size == f"{Path(name).stat().st_size:,} bytes"


def test_options_of_build(run: Run) -> None:
    arguments = ("--opset", "22", "--seed", "7", "--dim", "N=2", "-p", "width=6", "--embed")
    assert run("build", "net.yaml", "-o", "out", *arguments).code == 0
    graph = onnx.load("out/model.onnx", load_external_data=False)
    assert graph.opset_import[0].version == 22
    assert not any(each.external_data for each in graph.graph.initializer)
    assert [d.dim_value or d.dim_param for d in graph.graph.input[0].type.tensor_type.shape.dim] == [
        2,
        "T",
        4,
    ]
    found = manifest("out")
    assert found["parameters"] == {"width": 6}
    assert found["build"] == {
        "seed": 7, "targets": ["pytorch", "onnx"], "embed": True, "opset": 22, "dims": {"N": 2},
        "with_preprocess": False, "without": [],
    }  # fmt: skip
    assert run("build", "net.yaml", "-o", "out", "--target", "pytorch").code == 0
    assert listed("out") == ["manifest.json", "model.py", "model.safetensors"]
    assert run("build", "net.yaml", "-o", "out", "--target", "onnx", "--embed").code == 0
    assert listed("out") == ["manifest.json", "model.onnx"]


def test_seeds_decide_the_weights(run: Run) -> None:
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert run("build", "net.yaml", "-o", name, "--seed", seed).code == 0
    weights = [Path(name, "model.safetensors").read_bytes() for name in "abc"]
    assert weights[0] == weights[1] != weights[2]


def test_variants(run: Run) -> None:
    assert run("build", "net.yaml", "--variant", "all").code == 0
    assert listed("build") == ["narrow", "net", "wide"]
    assert manifest("build/wide")["parameters"] == {"width": 9}
    assert run("build", "net.yaml", "--variant", "wide", "-o", "mine").code == 0
    assert manifest("mine")["parameters"] == {"width": 9}
    done = run("build", "net.yaml", "--variant", "broad")
    assert done.code == 1
    assert "error[E0624]" in done.err
    done = run("verify", "net.yaml", "--variant", "all")
    assert done.code == 0
    assert [line.split(" agrees ")[0] for line in done.out.splitlines()] == [
        "net.yaml", "net.yaml (wide)", "net.yaml (narrow)"
    ]  # fmt: skip


def test_several_models(run: Run) -> None:
    assert run("build", "pair.yaml").code == 0
    assert listed("build/pair") == [
        "critic.onnx", "critic.safetensors", "maker.onnx", "maker.safetensors", "manifest.json", "model.py"
    ]  # fmt: skip
    done = run("verify", "build/pair")
    assert done.code == 0
    assert [line.split(" agrees ")[0] for line in done.out.splitlines()] == [
        "build/pair: maker", "build/pair: critic"
    ]  # fmt: skip
    np.savez("x.npz", image=np.ones((2, 4), np.float32))
    done = run("run", "build/pair", "--input", "x.npz")
    assert done.code == 3
    assert "`maker`" in done.err
    done = run("run", "build/pair", "--input", "x.npz", "--model", "critic")
    assert (done.code, done.out.splitlines()[0]) == (0, "output float32[2, 1]")


def test_weights_from_a_file(run: Run) -> None:
    assert run("build", "net.yaml", "-o", "one", "--seed", "4").code == 0
    shutil.copy("one/model.safetensors", "w.safetensors")
    done = run("build", "net.yaml", "-o", "two", "--weights", "w.safetensors")
    assert done.code == 0
    assert "weights: 5 tensors matched" in done.out
    assert Path("one/model.safetensors").read_bytes() == Path("two/model.safetensors").read_bytes()
    state = {key: torch.from_numpy(value) for key, value in load_file("w.safetensors").items()}
    torch.save(state, "w.pt")
    assert run("build", "net.yaml", "-o", "three", "--weights", "w.pt").code == 0
    assert run("verify", "three").code == 0
    assert Path("one/model.safetensors").read_bytes() == Path("three/model.safetensors").read_bytes()
    save_file({"first.weight": np.ones((1, 4), np.float32)}, "bad.safetensors")
    done = run("build", "net.yaml", "-o", "two", "--weights", "bad.safetensors")
    assert done.code == 3
    assert "error[E0903]: the weights in `bad.safetensors` do not fit the model: 4 missing" in done.err
    assert "`first.weight` is [1, 4], [5, 4] is needed" in done.err
    assert run("verify", "two").code == 0


FILES = [
    (("build", "absent.yaml"), "E0901"),
    (("build", "net.yaml", "--weights", "absent.pt"), "E0901"),
    (("build", "net.yaml", "--weights", "net.yaml"), "E0902"),
    (("build", "net.yaml", "-o", "."), "E0908"),
    (("build", "net.yaml", "-o", "net.yaml"), "E0908"),
    (("build", "net.yaml", "--dim", "M=2"), "E0909"),
    (("verify", "absent"), "E0901"),
    (("run", "absent", "--input", "net.yaml"), "E09"),
    (("run", ".", "--input", "absent.npz"), "E0901"),
]


@pytest.mark.parametrize(("arguments", "code"), FILES, ids=lambda each: " ".join(each))
def test_files_that_do_not_do(run: Run, arguments: tuple[str, ...], code: str) -> None:
    done = run(*arguments)
    assert done.code == 3, done
    assert f"error[{code}" in done.err
    assert not Path("build").exists()


USAGE = [
    ("build",),
    ("build", "net.yaml", "--opset", "16"),
    ("build", "net.yaml", "--opset", "x"),
    ("build", "net.yaml", "--seed", "-1"),
    ("build", "net.yaml", "--dim", "N"),
    ("build", "net.yaml", "--dim", "N=0"),
    ("build", "net.yaml", "--target", "tflite"),
    ("build", "net.yaml", "-p", "width"),
    ("verify",),
    ("run", "build"),
    ("bild", "net.yaml"),
]


@pytest.mark.parametrize("arguments", USAGE, ids=" ".join)
def test_wrong_usage(run: Run, arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.code == 2
    assert "Usage: archc" in done.err


def test_a_wrong_spec_builds_nothing(run: Run) -> None:
    Path("wrong.yaml").write_text(NET.replace("linear: 3", "linear: three"))
    for command in ("build", "verify"):
        done = run(command, "wrong.yaml")
        assert done.code == 1
        assert "wrong.yaml:14" in done.err
    assert not Path("build").exists()
    assert run("build", "net.yaml", "-p", "width=0").code == 1
    assert run("build", "net.yaml", "-p", "depth=3").code == 1


def test_a_folder_of_specs_is_built_one_by_one(run: Run) -> None:
    Path("all").mkdir()
    for name in ("net.yaml", "pair.yaml"):
        shutil.move(name, f"all/{name}")
    assert run("build", "all", "-o", "out").code == 0
    assert listed("out") == ["net", "pair"]
    assert run("verify", "out/net", "out/pair").code == 0


def changed_graph(folder: str) -> None:
    path = Path(folder, "model.onnx")
    graph = onnx.load(path, load_external_data=False)
    [node] = [node for node in graph.graph.node if node.op_type == "Gelu"]
    node.op_type = "Relu"
    del node.attribute[:]
    path.write_bytes(graph.SerializeToString())


def test_a_changed_graph_disagrees_and_the_layer_is_named(run: Run) -> None:
    assert run("build", "net.yaml", "-o", "out").code == 0
    changed_graph("out")
    done = run("verify", "out")
    assert done.code == 5
    assert "out: net DISAGREES" in done.out
    assert "first differs at `gelu` (gelu)" in done.err
    assert "net.yaml:13" in done.err
    assert run("verify", "net.yaml", "out").code == 5


def test_a_build_that_was_damaged_is_said(run: Run) -> None:
    other = Path("other.safetensors")
    save_file({"first.weight": np.ones((1, 4), np.float32)}, other)
    half = Path("half.safetensors")
    assert run("build", "net.yaml", "-o", "out").code == 0
    weights = load_file("out/model.safetensors")
    save_file({key: value.astype(np.float16) for key, value in weights.items()}, half)
    damages = [
        ("model.safetensors", half.read_bytes(), 3),
        ("model.onnx", b"nothing", 5),
        ("model.safetensors", b"{}", 3),
        ("model.safetensors", other.read_bytes(), 3),
        ("model.py", b"class Net(", 3),
        ("model.py", b"from torch.nn import Linear as Net", 3),
        ("manifest.json", b"[]", 3),
        ("manifest.json", b"{", 3),
        ("manifest.json", b'{"archc": "1", "spec": 3}', 3),
    ]
    for name, data, code in damages:
        shutil.rmtree("out", ignore_errors=True)
        assert run("build", "net.yaml", "-o", "out").code == 0
        Path("out", name).write_bytes(data)
        done = run("verify", "out")
        assert done.code == code, (name, data, done)
        assert name in done.err or "ONNX Runtime refuses" in done.err, done
    for name in WHOLE[1:]:
        shutil.rmtree("out", ignore_errors=True)
        assert run("build", "net.yaml", "-o", "out").code == 0
        Path("out", name).unlink()
        done = run("verify", "out")
        assert done.code == 3, (name, done)
        assert name in done.err


@pytest.fixture
def built(run: Run) -> Run:
    assert run("build", "net.yaml", "-o", "out").code == 0
    return run


def arrays(**changes: object) -> dict[str, np.ndarray]:
    given = {"x": np.ones((2, 3, 4), np.float32), "ids": np.ones((2, 3), np.int64)}
    return {name: value for name, value in {**given, **changes}.items() if value is not None}  # type: ignore[misc]


def test_run_prints_or_saves_the_outputs(built: Run) -> None:
    np.savez("x.npz", **arrays())
    done = built("run", "out", "--input", "x.npz")
    assert done.code == 0
    assert done.out.splitlines()[0] == "output float32[2, 3, 3]"
    done = built("run", "out", "--input", "x.npz", "-o", "y.npz", "--threads", "1")
    assert (done.code, done.out) == (0, "y.npz  output\n")
    with np.load("y.npz") as saved:
        assert saved["output"].shape == (2, 3, 3)


WRONG = [
    ({"ids": None}, "the input `ids` is missing, it is int64[N, T]"),
    ({"idz": np.ones(2)}, "the model has no input `idz`"),
    ({"x": np.ones((2, 3, 4))}, "the input `x` holds float64, float32 is needed"),
    ({"x": np.ones((2, 3, 5), np.float32)}, "the input `x` is [2, 3, 5], [N, T, 4] is needed"),
    ({"ids": np.ones((2, 9), np.int64)}, "the input `ids` is [2, 9], [N, T] is needed"),
    ({"ids": np.full((2, 3), 11)}, "the input `ids` holds 11 to 11, it must stay in 0 to 10"),
]


@pytest.mark.parametrize(("changes", "said"), WRONG)
def test_run_says_which_input_does_not_fit(built: Run, changes: dict[str, object], said: str) -> None:
    np.savez("x.npz", **arrays(**changes))
    done = built("run", "out", "--input", "x.npz")
    assert done.code == 3
    assert f"error[E0904]: {said}" in done.err


def test_sizes_outside_the_requirements_do_not_run(run: Run) -> None:
    spec = str(SPECS / "images" / "unet.yaml")
    assert run("build", spec, "-p", "features=2", "-o", "out").code == 0
    np.savez("x.npz", image=np.ones((1, 3, 32, 40), np.float32))
    done = run("run", "out", "--input", "x.npz")
    assert done.code == 3
    assert "required: W % 16 == 0" in done.err
    assert run("verify", "out", "--dim", "W=40").code == 3
    assert run("verify", "out", "--dim", "W=48", "--dim", "H=16").code == 0


SHELLS = {
    "bash": "complete -o nosort -F",
    "zsh": "#compdef archc",
    "fish": "complete --no-files --command archc",
}


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_prints_a_script(shell: str, tmp_path: Path) -> None:
    done = from_shell(tmp_path, _ARCHC_COMPLETE=f"{shell}_source")
    if shell == "bash" and "newer than" in done.stderr:
        pytest.skip("bash is too old for completion")
    assert done.returncode == 0, done.stderr
    assert SHELLS[shell] in done.stdout


def test_completion_knows_the_commands(tmp_path: Path) -> None:
    done = from_shell(tmp_path, _ARCHC_COMPLETE="bash_complete", COMP_WORDS="archc v", COMP_CWORD="1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["plain,validate", "plain,verify"]


def from_shell(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    program = "from archc.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **environment, "PYTHONPATH": str(SPECS.parent)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )

"""`weights show`, `weights diff`, and what `build --weights` says: from the command line and from Python."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

import archc
from archc.cli import root
from archc.cli.failures import run_guarded

torch.set_num_threads(1)

NET = """\
name: net
inputs: {x: [N, 3]}
layers:
  - {name: body, sequential: [linear: 4, batch_norm, relu]}
  - {name: head, linear: 2}
"""
RENAMES = "- {rename: 'module\\.(.*)', to: '\\1'}\n- {rename: 'trunk\\.(.*)', to: 'body.\\1'}\n"


class Done(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command where a spec and weights that fit it lie."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    Path("net.yaml").write_text(NET)
    module = archc.load("net.yaml")
    save_file({key: value.numpy() for key, value in module.state_dict().items()}, "w.safetensors")

    def call(*arguments: str) -> Done:
        capsys.readouterr()
        code = run_guarded(root, list(arguments))
        shown = capsys.readouterr()
        assert "Traceback" not in shown.err
        return Done(code, shown.out, shown.err)

    return call


def change(**arrays: np.ndarray | None) -> None:
    """Write the weights anew, with some put in or, where None is given, left out; `__` is a dot."""
    weights = load_file("w.safetensors")
    for name, array in arrays.items():
        key = name.replace("__", ".")
        weights.pop(key, None)
        if array is not None:
            weights[key] = array
    save_file(weights, "other.safetensors")


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_show_lists_the_tensors(run: Run) -> None:
    done = run("weights", "show", "w.safetensors")
    assert (done.code, done.err) == (0, "")
    assert ["head.weight", "[2,", "4]", "float32"] in rows(done.out)
    assert done.out.splitlines()[-1] == "9 tensors, 43 elements"
    Path("keys.yaml").write_text("- {rename: 'head\\.(.*)', to: 'top.\\1'}\n- {drop: nothing}\n")
    done = run("weights", "show", "w.safetensors", "--map", "keys.yaml", "--format", "json")
    listed = {each["key"]: each for each in json.loads(done.out)["tensors"]}
    assert listed["top.bias"] == {
        "key": "top.bias", "shape": [2], "dtype": "float32", "from": "head.bias"
    }  # fmt: skip
    assert "warning[W0111]" in done.err


def test_diff_of_what_fits(run: Run) -> None:
    done = run("weights", "diff", "net.yaml", "w.safetensors")
    assert (done.code, done.out, done.err) == (0, "9 matched: the file fits the model\n", "")
    change(head__bias=np.ones(2, np.float16), body__1__num_batches_tracked=None)
    done = run("weights", "diff", "net.yaml", "other.safetensors")
    assert done.code == 0
    assert ["converted", "head.bias", "float32", "[2]", "float16", "[2]"] in rows(done.out)
    assert ["assumed", "body.1.num_batches_tracked", "int64", "[]"] in rows(done.out)
    assert done.out.splitlines()[-1].endswith("the file fits with `--convert-dtype`")


def test_diff_names_what_is_missing_unexpected_misshapen_and_mistyped(run: Run) -> None:
    change(
        head__weight=None,
        head__weihgt=np.ones((2, 4), np.float32),
        head__bias=np.ones(3, np.float32),
        body__0__bias=np.ones(4, np.int64),
    )
    done = run("weights", "diff", "net.yaml", "other.safetensors")
    assert (done.code, done.err) == (5, "")
    found = rows(done.out)
    assert ["missing", "head.weight", "float32", "[2,", "4]", "head.weihgt"] in found
    assert ["unexpected", "head.weihgt", "float32", "[2,", "4]"] in found
    assert ["misshapen", "head.bias", "float32", "[2]", "float32", "[3]"] in found
    assert ["mistyped", "body.0.bias", "float32", "[4]", "int64", "[4]"] in found
    assert "6 matched, 1 missing, 1 unexpected, 1 misshapen, 1 mistyped: the file does not fit" in done.out
    data = json.loads(run("weights", "diff", "net.yaml", "other.safetensors", "--format", "json").out)
    assert data["fits"] is False
    assert data["missing"] == [{"key": "head.weight", "needed": "float32 [2, 4]", "nearest": ["head.weihgt"]}]
    assert [each["key"] for each in data["misshapen"]] == ["head.bias"]
    assert len(data["matched"]) == 6


def prefixed() -> None:
    weights = {f"module.{k.replace('body', 'trunk')}": v for k, v in load_file("w.safetensors").items()}
    torch.save({key: torch.from_numpy(value) for key, value in weights.items()}, "w.pt")


def test_a_map_goes_with_diff_and_build(run: Run) -> None:
    prefixed()
    Path("keys.yaml").write_text(RENAMES)
    assert run("weights", "diff", "net.yaml", "w.pt").code == 5
    assert run("weights", "diff", "net.yaml", "w.pt", "--map", "keys.yaml").code == 0
    done = run("build", "net.yaml", "--weights", "w.pt")
    assert done.code == 3
    assert "`archc weights diff SPEC w.pt` shows all of it" in done.err
    done = run("build", "net.yaml", "--weights", "w.pt", "--map", "keys.yaml")
    assert (done.code, done.err) == (0, "")
    for key, value in load_file("build/net/model.safetensors").items():
        np.testing.assert_array_equal(value, load_file("w.safetensors")[key])


def test_the_help_for_a_prefix_is_a_map_that_works(run: Run) -> None:
    save_file({f"module.{key}": value for key, value in load_file("w.safetensors").items()}, "p.safetensors")
    done = run("build", "net.yaml", "--weights", "p.safetensors")
    [step] = [line.split("`")[5] for line in done.err.splitlines() if line.startswith("help: take")]
    Path("keys.yaml").write_text(f"{step}\n")
    assert run("build", "net.yaml", "--weights", "p.safetensors", "--map", "keys.yaml").code == 0


def test_warnings_of_a_map_are_let_pass_or_count_as_errors(run: Run) -> None:
    Path("keys.yaml").write_text("- {drop: nothing}\n")
    for command in (("build", "net.yaml", "--weights"), ("weights", "diff", "net.yaml")):
        given = (*command, "w.safetensors", "--map", "keys.yaml")
        done = run(*given)
        assert (done.code, "warning[W0111]" in done.err) == (0, True)
        done = run(*given, "--allow", "W0111", "--strict")
        assert (done.code, done.err) == (0, "")
        shutil.rmtree("build", ignore_errors=True)
        done = run(*given, "--strict")
        assert (done.code, "error[W0111]" in done.err) == (1, True)
        assert not Path("build").exists()


def test_a_wrong_map_is_shown_at_its_line(run: Run) -> None:
    Path("keys.yaml").write_text("# keys\n- {rename: 'a(b', to: c}\n")
    done = run("build", "net.yaml", "--weights", "w.safetensors", "--map", "keys.yaml")
    assert done.code == 3
    assert "error[E0931]: the bracket `(` is not closed\n --> keys.yaml:2:14" in done.err
    assert not Path("build").exists()


def test_a_part_is_taken_only_when_asked_and_what_is_left_is_said(run: Run) -> None:
    change(head__weight=None, head__bias=np.ones(3, np.float32), extra=np.ones(1, np.float32))
    assert run("build", "net.yaml", "--weights", "other.safetensors").code == 3
    done = run("build", "net.yaml", "--weights", "other.safetensors", "--partial", "--seed", "4")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[:5] == [
        "weights: 7 tensors matched",
        "  2 weights left at the initial value:",
        "    head.weight: not in the file",
        "    head.bias: the file has [3]",
        "  1 tensor of the file not used",
    ]
    built, given = load_file("build/net/model.safetensors"), load_file("w.safetensors")
    np.testing.assert_array_equal(built["body.0.weight"], given["body.0.weight"])
    fresh = archc.load("net.yaml").state_dict() | archc.compile("net.yaml").module(seed=4).state_dict()
    np.testing.assert_array_equal(built["head.bias"], fresh["head.bias"].numpy())
    manifest = json.loads(Path("build/net/manifest.json").read_text())
    assert manifest["build"]["initial"] == ["head.weight", "head.bias"]
    assert manifest["build"]["seed"] == 4


def test_partial_still_refuses_what_is_not_floats_and_what_has_nothing(run: Run) -> None:
    change(head__bias=np.ones(2, np.int32))
    done = run("build", "net.yaml", "--weights", "other.safetensors", "--partial", "--convert-dtype")
    assert (done.code, "error[E0903]" in done.err) == (3, True)
    assert "`head.bias` is int32, float32 is needed" in done.err
    prefixed()
    done = run("build", "net.yaml", "--weights", "w.pt", "--partial")
    assert (done.code, "error[E0927]" in done.err) == (3, True)


def test_elements_are_converted_only_when_asked(run: Run) -> None:
    weights = load_file("w.safetensors")
    weights["body.1.num_batches_tracked"] = weights["body.1.num_batches_tracked"].astype(np.int32)
    weights["head.bias"] = np.array([0.1, -3.0], np.float64)
    save_file(weights, "other.safetensors")
    done = run("build", "net.yaml", "--weights", "other.safetensors")
    assert done.code == 3
    assert "error[E0926]" in done.err
    assert "float64 for float32, int32 for int64" in done.err
    done = run("build", "net.yaml", "--weights", "other.safetensors", "--convert-dtype")
    assert done.code == 0
    assert "  1 tensor converted from float64 to float32\n" in done.out
    assert load_file("build/net/model.safetensors")["head.bias"][0] == np.float32(0.1)
    weights["head.bias"] = np.array([1e300, 0.0], np.float64)
    save_file(weights, "other.safetensors")
    done = run("build", "net.yaml", "--weights", "other.safetensors", "--convert-dtype")
    assert (done.code, "error[E0928]: `head.bias` in" in done.err) == (3, True)
    weights["head.bias"] = np.array([np.inf, 0.0], np.float64)
    save_file(weights, "other.safetensors")
    assert run("build", "net.yaml", "--weights", "other.safetensors", "--convert-dtype").code == 0


@pytest.mark.parametrize("option", [("--map", "net.yaml"), ("--partial",), ("--convert-dtype",)])
def test_what_goes_with_weights_needs_them(run: Run, option: tuple[str, ...]) -> None:
    done = run("build", "net.yaml", *option)
    assert done.code == 2
    assert "go with --weights" in done.err


def test_modules_take_weights_from_python(run: Run) -> None:
    assert run("weights").code == 2
    prefixed()
    steps = [{"rename": r"module\.(.*)", "to": r"\1"}, {"rename": r"trunk\.(.*)", "to": r"body.\1"}]
    module = archc.load("net.yaml", weights="w.pt", weights_map=steps)
    for key, value in load_file("w.safetensors").items():
        np.testing.assert_array_equal(module.state_dict()[key].numpy(), value)
    compiled = archc.compile("net.yaml")
    assert compiled.compare_weights("w.pt", steps).complete
    assert len(compiled.compare_weights("w.pt").missing) == 8
    change(head__weight=None)
    with pytest.warns(UserWarning, match=r"left at the initial value: head\.weight"):
        compiled.module(weights="other.safetensors", partial=True)
    with pytest.raises(archc.SpecError, match="E0903"):
        compiled.module(weights="other.safetensors")
    with pytest.raises(ValueError, match="go with weights"):
        compiled.module(partial=True)
    with pytest.raises(ValueError, match="go with weights"):
        compiled.build("build/net", weights_map=steps)


def test_a_boolean_is_true_or_false_whatever_its_byte(run: Run) -> None:
    Path("mask.yaml").write_text(
        "name: mask\ninputs: {x: [N, 3]}\nlayers:\n"
        "  - {name: mask, buffer: {shape: [3], init: ones, dtype: bool}}\n"
        "  - {from: {input: x, mask: mask}, masked_fill: 0.0}\n"
    )
    table = b'{"mask":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}}'
    Path("m.safetensors").write_bytes(len(table).to_bytes(8, "little") + table + bytes([0, 7, 1]))
    assert run("build", "mask.yaml", "--weights", "m.safetensors").code == 0
    assert Path("build/mask/model.safetensors").read_bytes()[-3:] == bytes([0, 1, 1])

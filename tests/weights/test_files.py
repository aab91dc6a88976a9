"""Weights files: what is written loads elsewhere; what is read is checked against the program."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch

from archc.ir.program import Model, Module, OpNode, Program
from archc.opdef import Init, Param
from archc.ops import find
from archc.sizes import BFLOAT16, FLOAT16, FLOAT32, INT8, INT64
from archc.source import Source, Span, SpecError
from archc.weights import (
    decoded,
    initial,
    initial_chunks,
    keys_of,
    layout,
    match,
    open_checkpoint,
    refuse_unfit,
    write,
)

NORMAL = Init("normal")
PARAMS = {
    "half": Param("half", (3, 5), NORMAL, FLOAT16),
    "a.weight": Param("weight", (4, 3), NORMAL),
    "flags": Param("flags", (7,), Init("ones"), INT8),
    "count": Param("count", (), Init("zeros"), INT64),
    "brain": Param("brain", (3,), NORMAL, BFLOAT16),
    "a.bias": Param("bias", (4,), NORMAL),
}


def program_of(*params: Param) -> Program:
    span = Span(Source("net.yaml", "x"), 0, 1)
    node = OpNode("fc", (), (), span, (0,), (), find("relu")(), (), params)
    module = Module("net", (), (), (), (node,), ())
    return Program("net", "", (Model("net", module),), (), "net.yaml")


PROGRAM = program_of(
    Param("weight", (4, 3), NORMAL),
    Param("bias", (4,), NORMAL),
    Param("num_batches_tracked", (), Init("zeros"), INT64, buffer=True),
    Param("mask", (4, 4), Init("ones"), buffer=True, persistent=False),
)


def stored(path: Path) -> Path:
    write(path, layout(PARAMS), lambda key: initial_chunks(0, key, PARAMS[key]))
    return path


def read_for_program(path: Path) -> None:
    file = open_checkpoint(path)
    refuse_unfit(match(PROGRAM, file), file)


def complaint(path: Path) -> str:
    with pytest.raises(SpecError) as caught:
        read_for_program(path)
    [diagnostic] = caught.value.diagnostics
    assert path.name in diagnostic.message
    return f"{diagnostic.code} {diagnostic.message} {diagnostic.notes} {diagnostic.help}"


def test_a_written_file_loads_in_safetensors_and_holds_the_initial_values(tmp_path: Path) -> None:
    tensors = safetensors.torch.load_file(stored(tmp_path / "w.safetensors"))
    assert set(tensors) == set(PARAMS)
    for key, param in PARAMS.items():
        assert tuple(tensors[key].shape) == param.shape
        expected = decoded(initial(0, key, param), param.dtype)
        np.testing.assert_array_equal(tensors[key].float().numpy(), expected.astype(np.float32))


def test_tensors_are_where_the_table_says_aligned_to_their_elements(tmp_path: Path) -> None:
    data = stored(tmp_path / "w.safetensors").read_bytes()
    plan = layout(PARAMS)
    assert len(data) == plan.size
    for key, (offset, length) in plan.table.items():
        assert offset % PARAMS[key].dtype.bytes == 0
        assert data[offset : offset + length] == initial(0, key, PARAMS[key]).tobytes()


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    assert stored(tmp_path / "a.safetensors").read_bytes() == stored(tmp_path / "b.safetensors").read_bytes()


def test_tied_weights_are_stored_once(tmp_path: Path) -> None:
    params = {"embed.weight": PARAMS["a.weight"], "head.weight": PARAMS["a.weight"]}
    plan = layout(params, {"head.weight": "embed.weight"})
    write(tmp_path / "w.safetensors", plan, lambda key: initial_chunks(0, key, params[key]))
    assert list(safetensors.numpy.load_file(tmp_path / "w.safetensors")) == ["embed.weight"]
    assert plan.table["head.weight"] == plan.table["embed.weight"]


def test_progress_ends_at_the_size_of_the_file(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    plan = layout(PARAMS)
    write(tmp_path / "w", plan, lambda k: initial_chunks(0, k, PARAMS[k]), lambda *step: seen.append(step))
    assert seen[-1] == ("weights", plan.size, plan.size)


def test_every_element_type_is_read_back(tmp_path: Path) -> None:
    file = open_checkpoint(stored(tmp_path / "w.safetensors"))
    for key, param in PARAMS.items():
        assert file.tensors[key].dtype is param.dtype
        np.testing.assert_array_equal(file.tensors[key].read(), initial(0, key, param))


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("old", [False, True])
def test_checkpoints_of_torch_are_read(tmp_path: Path, nested: bool, old: bool) -> None:
    state = {"fc.weight": torch.randn(4, 3), "fc.bias": torch.randn(4).bfloat16()}
    torch.save(
        {"state_dict": state, "epoch": 3} if nested else state,
        tmp_path / "w.pt",
        _use_new_zipfile_serialization=not old,
    )
    file = open_checkpoint(tmp_path / "w.pt")
    np.testing.assert_array_equal(file.tensors["fc.weight"].read(), state["fc.weight"].numpy())
    assert file.tensors["fc.bias"].dtype is BFLOAT16
    report = match(PROGRAM, file)
    assert report.complete
    assert report.assumed == ("fc.num_batches_tracked",)
    assert [(each.key, each.found) for each in report.converted] == [("fc.bias", "bfloat16")]


def test_the_keys_of_a_program_leave_out_what_is_not_saved() -> None:
    assert list(keys_of(PROGRAM)) == ["fc.weight", "fc.bias", "fc.num_batches_tracked"]


def test_several_models_prefix_their_keys() -> None:
    models = tuple(Model(name, PROGRAM.models[0].module) for name in ("generator", "critic"))
    assert "critic.fc.bias" in keys_of(PROGRAM.replace(models=models))


def test_what_does_not_fit_is_named_with_the_nearest_key(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    safetensors.numpy.save_file(
        {"fc.weigth": np.zeros((4, 3), np.float32), "fc.bias": np.zeros(5, np.float32)}, path
    )
    text = complaint(path)
    assert text.startswith("E0903")
    assert "1 missing, 1 unexpected, 1 of another shape" in text
    assert "`fc.weight` (the file has `fc.weigth`)" in text
    assert "`fc.bias` is [5], [4] is needed" in text


def test_elements_of_another_kind_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    safetensors.numpy.save_file({"fc.weight": np.zeros((4, 3), np.int32), "fc.bias": np.zeros(4)}, path)
    assert "`fc.weight` is int32, float32 is needed" in complaint(path)


def test_a_common_prefix_is_pointed_out(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    names = ("module.fc.weight", "module.fc.bias")
    safetensors.numpy.save_file({n: np.zeros((4, 3), np.float32) for n in names}, path)
    assert "take the prefix `module.` off" in complaint(path)


def header(content: object, data: bytes = b"\0\0\0\0") -> bytes:
    text = json.dumps(content).encode()
    return struct.pack("<Q", len(text)) + text + data


HOSTILE = {
    "empty": b"",
    "short": b"abc",
    "header of 10**18": struct.pack("<Q", 10**18) + b"{}",
    "nested": struct.pack("<Q", 10**6) + b"[" * 10**6,
    "huge shape": header({"a": {"dtype": "F32", "shape": [10**9] * 3, "data_offsets": [0, 4]}}),
    "truncated": header({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}),
    "overlapping": header({n: {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} for n in "ab"}),
    "unknown elements": header({"a": {"dtype": "Q9", "shape": [1], "data_offsets": [0, 4]}}),
    "pickle": pickle.dumps({"fc.weight": 1}),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_damaged_files_are_refused(tmp_path: Path, data: bytes, suffix: str) -> None:
    path = tmp_path / f"w{suffix}"
    path.write_bytes(data)
    assert complaint(path).startswith(("E0902", "E0903", "E0920"))


def test_a_pickle_named_safetensors_is_said_to_be_one(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    torch.save({"fc.weight": torch.zeros(4, 3)}, path)
    assert "PyTorch checkpoint" in complaint(path)


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("a checkpoint ran code",)


def test_a_checkpoint_that_would_run_code_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "w.pt"
    torch.save({"fc.weight": Bomb()}, path)
    assert "E0902" in complaint(path)
    assert "objects other than tensors" in complaint(path)
    assert capsys.readouterr().out == ""


def test_a_truncated_or_foreign_archive_is_refused(tmp_path: Path) -> None:
    whole = io.BytesIO()
    torch.save({"fc.weight": torch.zeros(400, 3)}, whole)
    (tmp_path / "cut.pt").write_bytes(whole.getvalue()[:900])
    assert "E0902" in complaint(tmp_path / "cut.pt")
    with zipfile.ZipFile(tmp_path / "zip.pt", "w") as archive:
        archive.writestr("readme", "nothing")
    assert "E0902" in complaint(tmp_path / "zip.pt")


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    assert complaint(tmp_path / "none.safetensors").startswith("E0901")
    assert complaint(tmp_path).startswith("E0923")


def test_half_precision_weights_stand_for_floats(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    arrays = {"fc.weight": np.ones((4, 3), np.float16), "fc.bias": np.ones(4, np.float32)}
    safetensors.numpy.save_file(arrays, path)
    report = match(PROGRAM, open_checkpoint(path))
    assert report.complete
    assert [(each.key, each.found) for each in report.converted] == [("fc.weight", "float16")]
    assert keys_of(PROGRAM)["fc.weight"].dtype is FLOAT32


def test_what_goes_wrong_while_pieces_are_made_is_raised_by_the_writer(tmp_path: Path) -> None:
    def chunks(key: str) -> list[np.ndarray]:
        raise KeyError(key)

    with pytest.raises(KeyError):
        write(tmp_path / "w", layout(PARAMS), chunks)
    with pytest.raises(ValueError, match="were planned"):
        write(tmp_path / "w", layout(PARAMS), lambda _: [np.zeros(1, np.float32)])


@pytest.mark.parametrize("suffix", ["safetensors", "pt"])
def test_a_file_that_became_shorter_or_went_away_is_refused_when_it_is_read(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"w.{suffix}"
    if suffix == "pt":
        torch.save({"a": torch.ones(100, 100)}, path)
    else:
        safetensors.numpy.save_file({"a": np.ones((100, 100), np.float32)}, path)
    tensor = open_checkpoint(path).tensors["a"]
    os.truncate(path, 4000)
    with pytest.raises(SpecError, match="became shorter"):
        tensor.read()
    path.unlink()
    with pytest.raises(SpecError, match="E0901"):
        tensor.read()

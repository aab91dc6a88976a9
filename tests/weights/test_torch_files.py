"""Checkpoints of `torch.save`, read without PyTorch: what they hold, and what is refused."""

from __future__ import annotations

import argparse
import collections
import io
import pickle
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from archc.source import SpecError
from archc.weights import decoded, open_checkpoint

torch.set_num_threads(1)
torch.manual_seed(0)

BASE = torch.randn(6, 8)
TENSORS = {
    "plain": torch.randn(3, 4),
    "transposed": BASE.t(),
    "part": BASE[1:4, 2:],
    "shared": BASE,
    "expanded": torch.randn(1, 3).expand(4, 3),
    "parameter": torch.nn.Parameter(torch.randn(5)),
    "double": torch.randn(2, dtype=torch.float64),
    "half": torch.randn(3, 3).half(),
    "brain": torch.randn(3, 3).bfloat16(),
    "long": torch.arange(7),
    "bytes": torch.arange(5, dtype=torch.uint8),
    "flags": torch.tensor([True, False]),
    "number": torch.tensor(3.5),
    "nothing": torch.empty(0, 3),
}


def saved(path: Path, content: object, old: bool = False) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=not old)
    return path


def same(path: Path, expected: dict[str, torch.Tensor]) -> None:
    tensors = open_checkpoint(path).tensors
    assert list(tensors) == list(expected)
    for key, tensor in expected.items():
        stored = tensors[key]
        assert stored.shape == tuple(tensor.shape), key
        assert stored.dtype is not None
        assert stored.dtype.name == str(tensor.dtype).removeprefix("torch.")
        found = decoded(stored.read(), stored.dtype)
        assert found.shape == tuple(tensor.shape)
        np.testing.assert_array_equal(found, tensor.detach().to(torch.float64).numpy(), err_msg=key)


@pytest.mark.parametrize("old", [False, True], ids=["zip", "old"])
@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_tensors_are_those_that_were_saved(tmp_path: Path, old: bool, protocol: int) -> None:
    path = tmp_path / "w.pt"
    torch.save(TENSORS, path, _use_new_zipfile_serialization=not old, pickle_protocol=protocol)
    same(path, TENSORS)


def test_a_module_and_its_training_are_found(tmp_path: Path) -> None:
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    moments = {"step": torch.tensor(1.0), "exp_avg": torch.zeros(4, 3), "max": None}
    optimizer = {"state": {0: moments}, "param_groups": [{"lr": 1e-3, "betas": (0.9, 0.999), "params": [0]}]}
    state = model.state_dict()
    same(saved(tmp_path / "bare.pt", state), state)
    whole = {
        "epoch": 3,
        "args": argparse.Namespace(lr=0.1),
        "losses": [1.0, -2, None, 2**70, "text", b"bytes", (1, {2})],
        "seen": collections.defaultdict(dict),
        "rng": torch.get_rng_state(),
        "optimizer": optimizer,
    }
    for name in ("state_dict", "model_state_dict", "model"):
        same(saved(tmp_path / "whole.pt", {**whole, name: state}), state)
    same(saved(tmp_path / "deep.pt", {"model": {"state_dict": {"model": state}}}), state)
    whole.pop("rng")
    same(saved(tmp_path / "only.pt", {**whole, "net": state}), state)
    both = {f"{part}.{key}": value for part in ("maker", "critic") for key, value in state.items()}
    same(saved(tmp_path / "both.pt", {"maker": state, "critic": state, "step": 1}), both)


def test_tensors_without_plain_elements_are_there_and_unreadable(tmp_path: Path) -> None:
    content = {
        "sparse": torch.eye(3).to_sparse(),
        "complex": torch.zeros(2, dtype=torch.complex64),
        "negated": torch.zeros(2, dtype=torch.complex64).conj().imag,
        "absent": torch.empty(2, device="meta"),
    }
    tensors = open_checkpoint(saved(tmp_path / "w.pt", content)).tensors
    assert {key: stored.dtype for key, stored in tensors.items()} == dict.fromkeys(content)
    assert [stored.dtype_name for stored in tensors.values()][:2] == ["sparse", "complex64"]
    with pytest.raises(ValueError, match="archc does not have"):
        tensors["complex"].read()


def complaint(path: Path) -> str:
    with pytest.raises(SpecError) as caught:
        open_checkpoint(path)
    [diagnostic] = caught.value.diagnostics
    assert path.name in diagnostic.message
    return f"{diagnostic.code} {diagnostic.message}"


class Custom:
    """A class of its own, as a pickled model is."""


@pytest.mark.parametrize("old", [False, True], ids=["zip", "old"])
def test_objects_are_refused_by_name(tmp_path: Path, old: bool) -> None:
    said = complaint(saved(tmp_path / "w.pt", {"model": Custom()}, old))
    assert said.startswith("E0902")
    assert "Python objects other than tensors (`test_torch_files.Custom`)" in said
    assert "torch.nn.modules.linear.Linear" in complaint(saved(tmp_path / "w.pt", torch.nn.Linear(2, 2), old))


def test_what_is_no_state_dict_is_refused(tmp_path: Path) -> None:
    assert "it holds a tensor, not" in complaint(saved(tmp_path / "w.pt", torch.zeros(2)))
    assert "it holds a list, not" in complaint(saved(tmp_path / "w.pt", [torch.zeros(2)]))
    with warnings.catch_warnings(action="ignore"):
        script = torch.jit.trace(torch.nn.Linear(2, 2), torch.zeros(1, 2))
        torch.jit.save(script, tmp_path / "w.pt")
    assert "a program of TorchScript" in complaint(tmp_path / "w.pt")
    (tmp_path / "w.pt").write_bytes(pickle.dumps({"a": 1}))
    assert "not one that `torch.save` wrote" in complaint(tmp_path / "w.pt")


def rezipped(path: Path, change: Callable[[str, bytes], bytes], method: int = zipfile.ZIP_STORED) -> Path:
    """Write an archive of torch anew, its files changed."""
    whole = io.BytesIO()
    torch.save({"fc.weight": torch.arange(12.0).reshape(3, 4)}, whole)
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w", method) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return path


def test_an_archive_written_by_others_is_read(tmp_path: Path) -> None:
    same(rezipped(tmp_path / "w.pt", lambda _, data: data), {"fc.weight": torch.arange(12.0).reshape(3, 4)})
    big = rezipped(tmp_path / "w.pt", lambda name, data: b"big" if name.endswith("order") else data)
    stored = open_checkpoint(big).tensors["fc.weight"]
    np.testing.assert_array_equal(
        stored.read(), np.frombuffer(np.arange(12, dtype=np.float32).tobytes(), ">f4").reshape(3, 4)
    )


def test_archives_that_lie_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    assert "is compressed" in complaint(rezipped(path, lambda _, data: data, zipfile.ZIP_DEFLATED))
    cut = rezipped(path, lambda name, data: data[:20] if "/data/" in name else data)
    assert complaint(cut).startswith("E0920 the tensor `fc.weight` in")
    lost = rezipped(path, lambda _, data: data)
    lost.write_bytes(lost.read_bytes().replace(b"/data/0", b"/data/1"))
    assert "its storage has 0 bytes, not 48" in complaint(lost)
    twice = io.BytesIO(rezipped(path, lambda _, data: data).read_bytes())
    with zipfile.ZipFile(twice, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(archive.namelist()[0], b"again")
    path.write_bytes(twice.getvalue())
    assert complaint(path).startswith("E0921")


STORAGE = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x0ctQ"
REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n"


def tensor(offset: bytes, shape: bytes, stride: bytes, storage: bytes = STORAGE) -> bytes:
    end = b"\x89ccollections\nOrderedDict\n)RtR"
    return b"\x80\x02}X\x01\x00\x00\x00a" + REBUILD + b"(" + storage + offset + shape + stride + end + b"s."


def integer(value: int) -> bytes:
    return b"\x8a\x09" + value.to_bytes(9, "little", signed=True)


GOOD = tensor(b"K\x00", b"K\x03K\x04\x86", b"K\x04K\x01\x86")
PICKLES = {
    "beyond": (tensor(b"K\x01", b"K\x03K\x04\x86", b"K\x04K\x01\x86"), "reaches beyond the 48 bytes"),
    "before": (tensor(b"J\xff\xff\xff\xff", b"K\x03\x85", b"K\x01\x85"), "not clear where"),
    "strides": (tensor(b"K\x00", b"K\x03K\x04\x86", b"K\x04J\xff\xff\xff\xff\x86"), "not clear where"),
    "fewer strides": (tensor(b"K\x00", b"K\x03K\x04\x86", b"K\x04\x85"), "not clear where"),
    "sizes": (tensor(b"K\x00", b"J\xff\xff\xff\xff\x85", b"K\x01\x85"), "not a list of sizes"),
    "text": (tensor(b"K\x00", b"X\x01\x00\x00\x00a\x85", b"K\x01\x85"), "not a list of sizes"),
    "huge": (tensor(b"K\x00", integer(10**18) + b"\x85", b"K\x00\x85"), "elements"),
    "huge far": (tensor(integer(10**18), b"K\x03\x85", b"K\x00\x85"), "reaches beyond"),
    "no storage": (tensor(b"K\x00", b"K\x03\x85", b"K\x01\x85", b"N"), "a tensor without a storage"),
    "bad storage": (tensor(b"K\x00", b"K\x03\x85", b"K\x01\x85", b"NQ"), "a storage that is none"),
    "twice": (GOOD[:-1] + b"X\x01\x00\x00\x00aNs.", "the key `a` is there twice"),
    "a call": (b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00id\x85R.", "objects other than tensors (`os.system`)"),
    "an instance": (b"(S'id'\nios\nsystem\n.", "objects other than tensors (`os.system`)"),
    "a made name": (b"X\x02\x00\x00\x00osX\x06\x00\x00\x00system\x93)R.", "other than tensors"),
    "inside": (
        b"ctorch._tensor\n_rebuild_from_type_v2\n(cos\nsystem\nNX\x02\x00\x00\x00id\x85NtR.",
        "other than tensors",
    ),
    "nothing": (b"", "it ends too early"),
    "a step": (b"\x80\x02\xffN.", "a step that no state dict needs"),
    "empty stack": (b"\x80\x020.", "do not fit together"),
    "over a mark": (b"N(0.", "do not fit together"),
    "wrong target": (b"]NNs.", "do not fit together"),
    "deep key": (b"}" + b"N" + b"2\x86" * 60 + b"Ns.", "neither text nor a number"),
    "long text": (b"X\xff\xff\xff\x7fa.", "more than a state dict"),
    "negative text": (b"T\xff\xff\xff\xffa.", "more than a state dict"),
    "steps": (b"N0" * 1_100_000 + b"N.", "more than 2,000,000 steps"),
    "unknown memo": (b"h\x07.", "do not fit together"),
    "huge memo": (b"Nr\xff\xff\xff\x7f.", "it holds a NoneType"),
    "not called by name": (b"N)R.", "calls what has no name"),
    "digits": (b"I" + b"9" * 5000 + b"\n.", "ends too early"),
}


@pytest.mark.parametrize(("data", "said"), PICKLES.values(), ids=PICKLES)
def test_pickles_that_lie_are_refused(tmp_path: Path, data: bytes, said: str) -> None:
    path = rezipped(tmp_path / "w.pt", lambda name, old: data if name.endswith("data.pkl") else old)
    found = complaint(path)
    assert found[:5] in ("E0902", "E0920")
    assert said in found


def test_the_pickle_that_the_others_are_made_from_is_right(tmp_path: Path) -> None:
    path = rezipped(tmp_path / "w.pt", lambda name, old: GOOD if name.endswith("data.pkl") else old)
    same(path, {"a": torch.arange(12.0).reshape(3, 4)})


def test_a_mapping_that_holds_itself_has_no_tensors(tmp_path: Path) -> None:
    data = b"}q\x00X\x05\x00\x00\x00modelh\x00s."
    path = rezipped(tmp_path / "w.pt", lambda name, old: data if name.endswith("data.pkl") else old)
    assert open_checkpoint(path).tensors == {}


def test_files_cut_at_any_place_are_refused(tmp_path: Path) -> None:
    for old in (False, True):
        data = saved(tmp_path / "w.pt", {"fc.weight": torch.zeros(40, 3)}, old).read_bytes()
        for end in range(20, len(data) - 1, 37):
            (tmp_path / "w.pt").write_bytes(data[:end])
            assert complaint(tmp_path / "w.pt")[:5] in ("E0902", "E0920"), end


def test_files_with_changed_bytes_are_read_or_refused(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    refused: set[str] = set()
    for old in (False, True):
        state = {"fc.weight": torch.zeros(4, 3), "fc.bias": torch.zeros(4, dtype=torch.int64)}
        data = saved(tmp_path / "w.pt", state, old).read_bytes()
        for _ in range(150):
            changed = bytearray(data)
            for place in draw.integers(0, len(data), draw.integers(1, 4)):
                changed[place] = draw.integers(0, 256)
            (tmp_path / "w.pt").write_bytes(changed)
            try:
                for stored in open_checkpoint(tmp_path / "w.pt").tensors.values():
                    if stored.dtype is not None and np.prod(stored.shape) < 10**6:
                        stored.read()
            except SpecError as error:
                refused.add(error.diagnostics[0].code)
    assert refused <= {"E0902", "E0920", "E0921", "E0922"}


def test_an_archive_of_very_many_files_is_not_read(tmp_path: Path) -> None:
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65534, 65534, 1 << 26, 4, 0)
    (tmp_path / "w.pt").write_bytes(b"PK\x03\x04" + bytes(1 << 20) + end)
    assert complaint(tmp_path / "w.pt").startswith("E0922")


def test_archives_beyond_four_gigabytes_are_read(tmp_path: Path) -> None:
    """Write what `torch.save` writes of a large model, with a hole in place of most of its storage."""
    elements = 5 << 28
    storage = STORAGE.replace(b"K\x0ctQ", integer(elements) + b"tQ")
    pickle_ = tensor(integer(elements - 12), b"K\x03K\x04\x86", b"K\x04K\x01\x86", storage)
    path, places = tmp_path / "w.pt", []
    with path.open("wb") as file:
        for name, data, size in ((b"w/data.pkl", pickle_, len(pickle_)), (b"w/data/0", b"", 4 * elements)):
            places.append((name, file.tell(), size))
            wide = struct.pack("<2H2Q", 1, 16, size, size)
            sizes = (0xFFFFFFFF, 0xFFFFFFFF, len(name), len(wide))
            file.write(
                struct.pack("<4s5H3L2H", b"PK\x03\x04", 45, 0, 0, 0, 0, 0, *sizes) + name + wide + data
            )
            file.seek(size - len(data), io.SEEK_CUR)
        file.seek(-48, io.SEEK_CUR)
        file.write(np.arange(12, dtype=np.float32).tobytes())
        start = file.tell()
        for name, place, size in places:
            wide = struct.pack("<2H3Q", 1, 24, size, size, place)
            head = struct.pack("<4s6H3L", b"PK\x01\x02", 45, 45, 0, 0, 0, 0, 0, 0xFFFFFFFF, 0xFFFFFFFF)
            tail = struct.pack("<5H2L", len(name), len(wide), 0, 0, 0, 0, 0xFFFFFFFF)
            file.write(head + tail + name + wide)
        end = file.tell()
        file.write(struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 2, 2, end - start, start))
        file.write(struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1))
        file.write(struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 2, 2, 0xFFFFFFFF, 0xFFFFFFFF, 0))
    with zipfile.ZipFile(path) as archive:
        assert [each.file_size for each in archive.infolist()] == [size for _, _, size in places]
    same(path, {"a": torch.arange(12.0).reshape(3, 4)})
    data = path.open("rb").read(2_000)
    (tmp_path / "cut.pt").write_bytes(data)
    assert complaint(tmp_path / "cut.pt").startswith("E0902")


def test_a_table_whose_length_looks_like_a_pickle_is_read(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    entry = b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    for protocol in range(2, 6):
        length = 0x80 + 256 * protocol
        path.write_bytes(length.to_bytes(8, "little") + entry.ljust(length) + bytes(4))
        assert list(open_checkpoint(path).tensors) == ["w"]

"""Weights in folders: shards and their index, Hugging Face's layout, builds; and paths that lead out."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

import archc
from archc.source import SpecError
from archc.weights import open_checkpoint

torch.set_num_threads(1)

ONE = {"fc.weight": np.arange(12, dtype=np.float32).reshape(4, 3)}
TWO = {"fc.bias": np.ones(4, np.float32), "out.weight": np.zeros((1, 4), np.float32)}
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


def shards(folder: Path, table: dict[str, str] | None = None, kind: str = "safetensors") -> Path:
    """Write two shards and their index."""
    stem = "model" if kind == "safetensors" else "pytorch_model"
    names = [f"{stem}-0000{i}-of-00002.{kind}" for i in (1, 2)]
    for name, arrays in zip(names, (ONE, TWO), strict=True):
        if kind == "safetensors":
            save_file(arrays, folder / name)
        else:
            torch.save({key: torch.from_numpy(array) for key, array in arrays.items()}, folder / name)
    places = {**dict.fromkeys(ONE, names[0]), **dict.fromkeys(TWO, names[1]), **(table or {})}
    index = folder / f"{stem}.{kind}.index.json"
    index.write_text(json.dumps({"metadata": {"total_size": 80}, "weight_map": places}))
    return index


def holds_all(place: Path) -> None:
    found = open_checkpoint(place)
    assert found.path == place
    assert set(found.tensors) == {*ONE, *TWO}
    for key, array in {**ONE, **TWO}.items():
        np.testing.assert_array_equal(found.tensors[key].read(), array)


def complaint(place: Path) -> str:
    with pytest.raises(SpecError) as caught:
        open_checkpoint(place)
    [diagnostic] = caught.value.diagnostics
    return " ".join((diagnostic.code, diagnostic.message, *diagnostic.help))


@pytest.mark.parametrize("kind", ["safetensors", "bin"])
def test_shards_are_found_by_their_index_and_in_their_folder(tmp_path: Path, kind: str) -> None:
    index = shards(tmp_path, kind=kind)
    holds_all(index)
    (tmp_path / "config.json").write_text("{}")
    holds_all(tmp_path)


def test_a_folder_with_one_file(tmp_path: Path) -> None:
    save_file(ONE | TWO, tmp_path / "diffusion.safetensors")
    holds_all(tmp_path)
    torch.save({"x": torch.zeros(1)}, tmp_path / "training_args.bin")
    holds_all(tmp_path)
    save_file(ONE, tmp_path / "other.safetensors")
    said = complaint(tmp_path)
    assert said.startswith("E0923")
    assert "`diffusion.safetensors`, `other.safetensors`" in said
    save_file(ONE | TWO, tmp_path / "model.safetensors")
    holds_all(tmp_path)


def test_a_manifest_of_something_else_does_not_matter(tmp_path: Path) -> None:
    save_file(ONE | TWO, tmp_path / "model.safetensors")
    for text in ("[1]", '{"models": {"a": 1, "b": 2}}', '{"archc": 1, "models": [1, 2]}', "\0"):
        (tmp_path / "manifest.json").write_text(text)
        holds_all(tmp_path)
    (tmp_path / "manifest.json").write_text('{"archc": "0", "models": {"../a": {}, "b": {}}}')
    assert complaint(tmp_path).startswith("E0924")


def test_a_folder_without_weights(tmp_path: Path) -> None:
    assert complaint(tmp_path).startswith("E0923")
    (tmp_path / "model.safetensors").mkdir()
    assert complaint(tmp_path).startswith("E0901")


def test_a_build_is_a_folder_of_weights(tmp_path: Path) -> None:
    pair = archc.compile(PAIR)
    pair.build(tmp_path / "one", seed=3, targets=("pytorch",))
    result = pair.build(tmp_path / "two", weights=tmp_path / "one", targets=("pytorch",))
    assert result.manifest["build"]["weights"] == "one"
    for name in ("maker", "critic"):
        one, two = (tmp_path / folder / f"{name}.safetensors" for folder in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()


INDEXES = [
    ({"fc.weight": "model-00002-of-00002.safetensors"}, "E0925", "`fc.weight`"),
    ({"more": "model-00001-of-00002.safetensors"}, "E0925", "`more` is not in"),
    ({"fc.weight": "absent.safetensors"}, "E09", "absent.safetensors"),
    ({"fc.weight": "../outside.safetensors"}, "E0924", "`../outside.safetensors` lies outside"),
    ({"fc.weight": "sub/../../outside.safetensors"}, "E0924", "lies outside"),
    ({"fc.weight": "/etc/passwd"}, "E0924", "lies outside"),
    ({"fc.weight": "link.safetensors"}, "E0924", "lies outside"),
    ({"fc.weight": "loop.safetensors"}, "E09", "loop.safetensors"),
    ({"fc.weight": ""}, "E0924", "lies outside"),
    ({"fc.weight": "a\0b"}, "E09", "outside"),
    ({"fc.weight": "pipe.safetensors"}, "E0901", "not a regular file"),
    ({"a\nb": "model-00001-of-00002.safetensors"}, "E0921", "cannot be printed"),
    ({f"k{i}": f"{i}.safetensors" for i in range(2_001)}, "E0922", "more than 2,000"),
]


@pytest.mark.parametrize(("table", "code", "said"), INDEXES, ids=[str(i) for i in range(len(INDEXES))])
def test_indexes_that_lie_are_refused(tmp_path: Path, table: dict[str, str], code: str, said: str) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    save_file(ONE, tmp_path / "outside.safetensors")
    (folder / "link.safetensors").symlink_to(tmp_path / "outside.safetensors")
    (folder / "loop.safetensors").symlink_to(folder / "loop.safetensors")
    os.mkfifo(folder / "pipe.safetensors")
    found = complaint(shards(folder, table))
    assert found.startswith(code)
    assert said in found


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"weight_map": [1]}', '{"weight_map": {"a": 1}}', "[" * 10**5]
)
def test_what_is_no_index_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "model.safetensors.index.json").write_text(text)
    assert complaint(tmp_path).startswith("E0902")


def test_a_tensor_in_two_shards_is_refused(tmp_path: Path) -> None:
    index = shards(tmp_path)
    save_file(ONE | TWO, tmp_path / "model-00002-of-00002.safetensors")
    assert complaint(index).startswith("E0925")


def test_links_out_of_a_folder_are_followed_in_a_cache_alone(tmp_path: Path) -> None:
    blobs, snapshot = tmp_path / "models--a--b" / "blobs", tmp_path / "models--a--b" / "snapshots" / "c0ffee"
    blobs.mkdir(parents=True)
    snapshot.mkdir(parents=True)
    save_file(ONE | TWO, blobs / "1234")
    (snapshot / "model.safetensors").symlink_to(Path("../../blobs/1234"))
    holds_all(snapshot)
    other = tmp_path / "other"
    other.mkdir()
    (other / "model.safetensors").symlink_to(blobs / "1234")
    assert complaint(other).startswith("E0924")
    holds_all(other / "model.safetensors")


def test_files_with_changed_bytes_are_read_or_refused(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    index = shards(tmp_path)
    refused: set[str] = set()
    for path in (index, tmp_path / "model-00001-of-00002.safetensors"):
        data = path.read_bytes()
        for _ in range(200):
            changed = bytearray(data)
            for place in draw.integers(0, min(len(data), 120), draw.integers(1, 4)):
                changed[place] = draw.integers(0, 256)
            path.write_bytes(changed)
            try:
                for stored in open_checkpoint(index).tensors.values():
                    if stored.dtype is not None:
                        assert stored.read().shape == stored.shape
            except SpecError as error:
                refused.add(error.diagnostics[0].code)
        path.write_bytes(data)
    assert {"E0902", "E0920", "E0925"} <= refused <= {f"E09{i:02}" for i in (1, 2, *range(20, 26))}

"""Sources that read through an optional package, and text: what they give, and what is damaged."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import datasets
import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from PIL import Image
from test_data import problem, source_at

import archc
from archc.train.data.source import check_memory

ENGLISH = "To be, or not to be: that is the question.\n"
TABLE = {
    "width": [1.0, 2.5, 0.5],
    "count": [1, 2, 3],
    "ripe": [True, False, True],
    "kind": ["cat", "dog", "cat"],
}


def table(path: Path, columns: dict[str, object]) -> Path:
    """Write a table."""
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    return path


# Text.


def test_characters_are_numbered_and_the_next_one_is_asked(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("\ufeff" + ENGLISH, encoding="utf-8")
    source = source_at(tmp_path, "text", path="a.txt", length=8)
    letters = "".join(sorted(set(ENGLISH)))
    assert {field.name: (str(field), field.high) for field in source.fields()} == {
        "tokens": ("tokens: int64[N, 8]", len(letters) - 1),
        "target": ("target: int64[N, 8]", len(letters) - 1),
    }
    examples = source.load()
    assert source.meanings()["tokens"] == list(letters)
    assert "".join(letters[number] for number in examples["tokens"].ravel()) == ENGLISH[:40]
    assert "".join(letters[number] for number in examples["target"].ravel()) == ENGLISH[1:41]


def test_bytes_are_their_own_numbers(tmp_path: Path) -> None:
    raw = bytes(range(256))
    (tmp_path / "a.bin").write_bytes(raw)
    source = source_at(tmp_path, "text", path="a.bin", length=10, units="bytes")
    assert bytes(source.load()["tokens"].ravel().astype("uint8")) == raw[:250]
    assert (source.fields()[0].high, source.meanings()["tokens"]) == (255, "bytes")


def test_characters_beyond_latin_are_one_each(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("天地玄黄宇宙洪荒🦊天地", encoding="utf-8")
    source = source_at(tmp_path, "text", path="a.txt", length=2)
    characters = source.meanings()["tokens"]
    assert "".join(characters[number] for number in source.load()["tokens"].ravel()) == "天地玄黄宇宙洪荒🦊天"


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (b"", "0 characters"),
        (b"short", "5 characters"),
        (b"some text \xff and more of it", "byte 10 "),
        (b"x" * (1 << 20) + b"yz\xe4", "byte 1,048,578 "),
        ("größer als es ist".encode("utf-16"), "byte 0 "),
    ],
)
def test_text_that_is_none_is_said(raw: bytes, word: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(raw)
    found = problem(source_at(tmp_path, "text", path="a.txt", length=8))
    assert (found.code, "a.txt" in found.message, word in found.message) == ("E1031", True, True)


def test_a_vocabulary_has_to_fit_the_model_at_the_line(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(ENGLISH, encoding="utf-8")
    text = """\
inputs: {tokens: "int64[N, T]"}
layers:
  - {name: embedding, embedding: {num_embeddings: SIZE, embedding_dim: 4}}
  - {name: head, linear: HEAD}
  - {name: scores, transpose: {dim0: 1, dim1: 2}}
train:
  data: {source: {text: {path: a.txt, length: 8}}}
  loss: cross_entropy(scores, target)
  optimizer: SGD
  epochs: 1
"""
    size = len(set(ENGLISH))
    for embedded, told, code in ((size, size, None), (size - 1, size, "E0503"), (size, size - 1, "E0503")):
        spec = tmp_path / "a.yaml"
        spec.write_text(text.replace("SIZE", str(embedded)).replace("HEAD", str(told)))
        assert [each.code for each in archc.check(spec)[1]] == ([] if code is None else [code])


# Parquet.


def test_a_parquet_table_has_features_and_a_target(tmp_path: Path) -> None:
    table(tmp_path / "a.parquet", TABLE)
    source = source_at(tmp_path, "parquet", path="a.parquet")
    assert [str(field) for field in source.fields()] == ["features: float32[N, 3]", "target: int64[N]"]
    assert source.meanings() == {"target": ["cat", "dog"]}
    examples = source.load()
    assert examples["features"].tolist() == [[1.0, 1.0, 1.0], [2.5, 2.0, 0.0], [0.5, 3.0, 1.0]]
    assert examples["target"].tolist() == [0, 1, 0]
    table(tmp_path / "b.parquet", {**TABLE, "kind": pyarrow.array(TABLE["kind"]).dictionary_encode()})
    assert source_at(tmp_path, "parquet", path="b.parquet").load()["target"].tolist() == [0, 1, 0]


def test_whole_numbers_of_a_parquet_table_are_classes_where_they_count_or_it_is_said(tmp_path: Path) -> None:
    table(tmp_path / "a.parquet", {"x": [1.0, 2.0], "y": [7, -3]})
    source = source_at(tmp_path, "parquet", path="a.parquet", classes=True)
    assert (source.meanings(), source.load()["target"].tolist()) == ({"target": [-3, 7]}, [1, 0])
    source = source_at(tmp_path, "parquet", path="a.parquet")
    assert (str(source.fields()[1]), source.load()["target"].tolist()) == (
        "target: float32[N, 1]",
        [[7.0], [-3.0]],
    )
    for column, known in (([2, 1], [1, 2]), ([True, False], [0, 1])):
        table(tmp_path / "a.parquet", {"x": [1.0, 2.0], "y": column})
        source = source_at(tmp_path, "parquet", path="a.parquet")
        assert (source.meanings(), source.load()["target"].tolist()) == ({"target": known}, [1, 0])


@pytest.mark.parametrize(
    ("columns", "word"),
    [
        ({"x": [1.0, None], "y": [1, 2]}, "`x`"),
        ({"x": [1.0, 2.0], "y": [1, None]}, "`y`"),
        ({"x": [1.0, float("inf")], "y": [1, 2]}, "`x`"),
        ({"x": ["a", "b"], "y": [1, 2]}, "`x`"),
        ({"x": [[1], [2]], "y": [1, 2]}, "`x`"),
        ({"y": [1, 2]}, "two columns"),
        ({"x": pyarrow.array([], "float32"), "y": pyarrow.array([], "int64")}, "no rows"),
    ],
)
def test_a_parquet_table_that_is_no_table_of_numbers_is_said(
    columns: dict[str, object], word: str, tmp_path: Path
) -> None:
    table(tmp_path / "a.parquet", columns)
    found = problem(source_at(tmp_path, "parquet", path="a.parquet"))
    assert (found.code, "a.parquet" in found.message, word in found.message) == ("E1031", True, True)


@pytest.mark.parametrize("damage", ["text", "short", "page"])
def test_a_damaged_parquet_file_is_said(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    rows = np.random.default_rng(0).random(5000)
    pyarrow.parquet.write_table(
        pyarrow.table({"x": rows, "y": rows}), path, use_dictionary=False, write_page_checksum=True
    )
    raw = path.read_bytes()
    damaged = {
        "text": b"no table",
        "short": raw[: len(raw) // 2],
        "page": raw[:9] + b"\xff" * 400 + raw[409:],
    }
    path.write_bytes(damaged[damage])
    found = problem(source_at(tmp_path, "parquet", path="a.parquet"))
    assert (found.code, "a.parquet" in found.message) == ("E1031", True)


# Hugging Face's datasets.


def test_a_saved_dataset_has_its_columns_as_fields(tmp_path: Path) -> None:
    features = datasets.Features(
        {
            "label": datasets.ClassLabel(names=["no", "yes"]),
            "score": datasets.Value("float64"),
            "words": datasets.Sequence(datasets.Value("int64"), length=3),
            "grid": datasets.Array2D((2, 2), "float32"),
            "title": datasets.Value("string"),
            "any": datasets.Sequence(datasets.Value("int64")),
        }
    )
    rows = {
        "label": [0, 1, 1],
        "score": [0.5, 1.5, 2.5],
        "words": [[1, 2, 3], [4, 5, 6], [7, 8, 9]],
        "grid": [[[1, 2], [3, 4]]] * 3,
        "title": ["a", "b", "c"],
        "any": [[1], [], [2, 3]],
    }
    saved = datasets.Dataset.from_dict(rows, features=features)
    datasets.DatasetDict({"train": saved, "test": saved.select([2, 0])}).save_to_disk(tmp_path / "saved")
    source = source_at(tmp_path, "hugging_face", path="saved")
    assert [str(field) for field in source.fields()] == [
        "label: int64[N]",
        "score: float64[N]",
        "words: int64[N, 3]",
        "grid: float32[N, 2, 2]",
    ]
    assert source.meanings() == {"label": ["no", "yes"]}
    examples = source.load()
    assert (examples["label"].tolist(), examples["score"].tolist()) == ([0, 1, 1], [0.5, 1.5, 2.5])
    assert examples["words"].tolist() == rows["words"]
    assert examples["grid"][2].tolist() == [[1, 2], [3, 4]]
    test = source_at(tmp_path, "hugging_face", path="saved", split="test").load()
    assert (test["label"].tolist(), test["words"].tolist()) == ([1, 0], [[7, 8, 9], [1, 2, 3]])
    found = problem(source_at(tmp_path, "hugging_face", path="saved", split="dev"))
    assert (found.code, "`dev`" in found.message) == ("E1031", True)


def test_a_saved_dataset_of_pictures(tmp_path: Path) -> None:
    shown = [Image.new("L", (5, 7), 255), Image.new("L", (5, 7), 0)]
    features = datasets.Features({"image": datasets.Image(), "label": datasets.ClassLabel(names=["a", "b"])})
    datasets.Dataset.from_dict({"image": shown, "label": [0, 1]}, features=features).save_to_disk(
        tmp_path / "saved"
    )
    source = source_at(tmp_path, "hugging_face", {"image": (1, 4, 6)}, path="saved", mode="L")
    assert str(source.fields()[0]) == "image: float32[N, 1, 4, 6]"
    assert source.load()["image"].mean((1, 2, 3)).tolist() == [1.0, 0.0]
    found = problem(source_at(tmp_path, "hugging_face", path="saved"))
    assert "size: [64, 64]" in found.help[0]


def test_a_folder_of_files_is_a_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    (tmp_path / "files").mkdir()
    table(tmp_path / "files" / "train.parquet", {"x": [1.0, 2.0], "y": [1, 0]})
    source = source_at(tmp_path, "hugging_face", path="files")
    assert [str(field) for field in source.fields()] == ["x: float64[N]", "y: int64[N]"]
    assert source.load()["y"].tolist() == [1, 0]


@pytest.mark.parametrize("damage", ["short", "info", "missing", "none", "labels"])
def test_a_damaged_dataset_is_said(damage: str, tmp_path: Path) -> None:
    label = datasets.ClassLabel(names=["a", "b"])
    features = datasets.Features({"x": datasets.Value("float32"), "y": label})
    values = [1.0, None if damage == "missing" else 2.0]
    labels = [1, -1 if damage == "labels" else 0]
    if damage == "none":
        features = datasets.Features({"x": datasets.Value("string")})
        saved = datasets.Dataset.from_dict({"x": ["a", "b"]}, features=features)
    else:
        saved = datasets.Dataset.from_dict({"x": values, "y": labels}, features=features)
    saved.save_to_disk(tmp_path / "saved")
    if damage == "info":
        (tmp_path / "saved" / "dataset_info.json").write_text("{")
    if damage == "short":
        arrow = next((tmp_path / "saved").glob("*.arrow"))
        arrow.write_bytes(arrow.read_bytes()[:100])
    found = problem(source_at(tmp_path, "hugging_face", path="saved"))
    assert (found.code, "saved" in found.message) == ("E1031", True)


# torchvision: its wheel has to be built for the torch that is installed, so that a small module stands in
# for it here, with the two things of it that are used: a class of a set, and its `RuntimeError`.


class MNIST:
    """Three pictures, as torchvision's class gives them."""

    def __init__(self, root: str, train: bool = True) -> None:
        if not Path(root, "MNIST").is_dir():
            raise RuntimeError("Dataset not found. You can use download=True to download it")
        self.shades = [0, 51, 255] if train else [255]

    def __len__(self) -> int:
        return len(self.shades)

    def __getitem__(self, index: int) -> tuple[Image.Image, int]:
        return Image.new("L", (28, 28), self.shades[index]), index


@pytest.fixture
def _torchvision(monkeypatch: pytest.MonkeyPatch) -> None:
    module, sets = types.ModuleType("torchvision"), types.ModuleType("torchvision.datasets")
    sets.__dict__["MNIST"] = MNIST
    module.__dict__["datasets"] = sets
    monkeypatch.setitem(sys.modules, "torchvision", module)
    monkeypatch.setitem(sys.modules, "torchvision.datasets", sets)


@pytest.mark.usefixtures("_torchvision")
def test_a_set_of_torchvision(tmp_path: Path) -> None:
    source = source_at(tmp_path, "torchvision", dataset="MNIST")
    found = problem(source)
    assert (found.code, "`MNIST`" in found.message, "download=True" in found.help[0]) == ("E1030", True, True)
    (tmp_path / "data" / "MNIST").mkdir(parents=True)
    examples = source.load()
    assert examples["image"].mean((1, 2, 3)).tolist() == pytest.approx([0.0, 0.2, 1.0])
    assert examples["label"].tolist() == [0, 1, 2]
    assert len(source_at(tmp_path, "torchvision", dataset="MNIST", split="test").load()["label"]) == 1


@pytest.mark.usefixtures("_torchvision")
def test_a_damaged_set_of_torchvision_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(_root: str, train: bool) -> None:
        assert not train

    monkeypatch.setattr(sys.modules["torchvision.datasets"], "MNIST", damaged)
    found = problem(source_at(tmp_path, "torchvision", dataset="MNIST"))
    assert (found.code, "MNIST in data" in found.message) == ("E1031", True)


def test_a_package_that_does_not_fit_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "torchvision.py").write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    monkeypatch.syspath_prepend(tmp_path)
    found = problem(source_at(tmp_path, "torchvision", dataset="MNIST"))
    assert (found.code, "nms" in found.message) == ("E1033", True)


# Packages, and memory.


@pytest.mark.parametrize(
    ("name", "module", "options", "install"),
    [
        ("parquet", "pyarrow.parquet", {"path": "a.parquet"}, 'pip install "archc[parquet]"'),
        ("hugging_face", "datasets", {"path": "."}, 'pip install "archc[datasets]"'),
        ("torchvision", "torchvision.datasets", {"dataset": "CIFAR10"}, 'pip install "torchvision"'),
        ("iris", "sklearn", {}, 'pip install "archc[data]"'),
        ("image_folder", "PIL", {"path": ".", "size": (2, 2)}, 'pip install "archc[data]"'),
    ],
)
def test_a_package_that_is_not_there_is_said(
    name: str,
    module: str,
    options: dict[str, object],
    install: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Image.new("L", (2, 2)).save(tmp_path / "a.png")
    table(tmp_path / "a.parquet", TABLE)
    monkeypatch.setitem(sys.modules, module, None)
    found = problem(source_at(tmp_path, name, **options))
    assert (found.code, install in found.help[0]) == ("E1033", True)


def test_data_larger_than_memory_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with pytest.raises(archc.train.data.DataProblem) as caught:
        check_memory(1 << 60, "a.npz")
    assert (caught.value.code, "`a.npz`" in caught.value.message) == ("E1062", True)
    with (tmp_path / "a.txt").open("wb") as file:
        file.truncate(1 << 43)
    assert problem(source_at(tmp_path, "text", path="a.txt", units="bytes")).code == "E1062"
    assert problem(source_at(tmp_path, "copy", examples=10**7, length=10**5)).code == "E1062"
    assert problem(source_at(tmp_path, "shapes", examples=10**7, size=1024)).code == "E1062"

"""Sources of data: the fields they promise are the arrays they give; what is damaged is said by name."""

from __future__ import annotations

import zipfile
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import archc
from archc.sizes import FLOAT32
from archc.train import data as sources
from archc.train.data import DataProblem, Field, Place, Source

TABLE = "width,height,kind\n1.0,2.0,cat\n2.5,1.0,dog\n0.5,0.1,cat\n"
TRAIN = """\
train:
  data: {source: SOURCE}
  loss: cross_entropy(scores, target)
  optimizer: SGD
  epochs: 1
"""
MODEL = """\
inputs: {features: [N, 2]}
layers: [{name: scores, linear: 2}]
"""


def source_at(
    folder: Path, name: str, inputs: dict[str, tuple[int | None, ...]] | None = None, **options: object
) -> Source:
    """Give a source that stands in a folder."""
    cls = sources.find(name)
    assert cls is not None
    return cls(Place(folder, inputs or {}), **options)


def problem(source: Source) -> DataProblem:
    """Give what is wrong with a source, whether its fields say it or its examples."""
    with pytest.raises(DataProblem) as caught:
        (source.fields(), source.load())
    return caught.value


def pictures(folder: Path, **colours: int) -> None:
    """Write a picture for each class."""
    for name, colour in colours.items():
        (folder / name).mkdir(parents=True)
        Image.new("RGB", (9, 7), (colour, 0, 0)).save(folder / name / "a.png")


SKLEARN = ["digits", "iris", "wine", "breast_cancer", "diabetes"]


@pytest.mark.parametrize("name", [*SKLEARN, "copy", "add", "sine", "shapes", "python_help"])
def test_the_examples_are_of_the_promised_types(name: str, tmp_path: Path) -> None:
    source = source_at(tmp_path, name)
    examples = source.load()
    assert examples.keys() == {field.name for field in source.fields()}
    for field in source.fields():
        array = examples[field.name]
        assert (array.dtype.name, array.shape[1:]) == (field.dtype.name, field.shape)
        if field.high is not None:
            assert (array.min(), array.max()) == (field.low, field.high)
    known = source.meanings().get("target")
    fields = {field.name: field for field in source.fields()}
    assert known is None or len(known) == (fields["target"].high or 0) + 1


def test_made_sequences_are_what_they_say(tmp_path: Path) -> None:
    made = source_at(tmp_path, "copy", length=5, examples=3).load()
    assert np.array_equal(made["sequence"][:, :5], made["target"][:, 5:])
    assert not made["sequence"][:, 5:].any()
    assert not made["target"][:, :5].any()
    made = source_at(tmp_path, "add", length=6, examples=50).load()
    values, marks = made["sequence"][..., 0], made["sequence"][..., 1]
    assert (marks.sum(1) == 2).all()
    assert np.allclose((values * marks).sum(1), made["target"][:, 0])
    made = source_at(tmp_path, "sine", length=6, examples=4, seed=1).load()
    assert np.array_equal(made["sequence"][:, 1:], made["target"][:, :-1])
    assert not np.array_equal(
        made["sequence"], source_at(tmp_path, "sine", length=6, examples=4).load()["sequence"]
    )


def test_arrays_of_a_file_are_fields(tmp_path: Path) -> None:
    arrays = {"x": np.zeros((5, 3, 2), "float32"), "y": np.arange(5), "keep": np.ones((5, 2), bool)}
    np.savez(tmp_path / "a.npz", **arrays)
    source = source_at(tmp_path, "npz", path="a.npz")
    found = {field.name: str(field) for field in source.fields()}
    assert found == {"x": "x: float32[N, 3, 2]", "y": "y: int64[N]", "keep": "keep: bool[N, 2]"}
    assert np.array_equal(source.load()["y"], arrays["y"])


def test_a_table_has_features_and_a_target(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(TABLE)
    source = source_at(tmp_path, "csv", path="a.csv")
    assert [str(field) for field in source.fields()] == ["features: float32[N, 2]", "target: int64[N]"]
    assert source.load()["target"].tolist() == [0, 1, 0]
    numbers = source_at(tmp_path, "csv", path="b.csv", target="height")
    (tmp_path / "b.csv").write_text(TABLE.replace("cat", "1").replace("dog", "2"))
    assert [str(field) for field in numbers.fields()] == ["features: float32[N, 2]", "target: float32[N, 1]"]
    assert numbers.load()["target"][:, 0].tolist() == pytest.approx([2.0, 1.0, 0.1])


def test_folders_of_pictures_are_classes(tmp_path: Path) -> None:
    pictures(tmp_path, dark=0, light=255)
    source = source_at(tmp_path, "image_folder", {"image": (3, 4, 6)}, path=".")
    assert [str(field) for field in source.fields()] == ["image: float32[N, 3, 4, 6]", "label: int64[N]"]
    examples = source.load()
    assert examples["label"].tolist() == [0, 1]
    assert examples["image"][:, 0].mean((1, 2)).tolist() == [0.0, 1.0]
    grey = source_at(tmp_path, "image_folder", path=".", size=(2, 2), mode="L")
    assert grey.load()["image"].shape == (2, 1, 2, 2)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "header"),
        ("a,b\n", "header"),
        ("a,a\n1,2\n", "header"),
        ("a,b\n1,2\n3\n", "line 3"),
        ("a,b\nx,2\n", "`x`"),
        ("a\n1\n", "header"),
        ('a,b\n"\0,2\n', "line 2"),
        ("a,b\nnan,2\n", "`nan`"),
        ("a,b\n1,2\n1e39,2\n", "line 3"),
        ('a,b\n"1,2\n3,4\n', "line 3"),
        ("a,b\n1,2,3\n", "line 2"),
    ],
)
def test_a_damaged_table_is_said(text: str, word: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(text)
    found = problem(source_at(tmp_path, "csv", path="a.csv"))
    assert (found.code, word in found.message, "a.csv" in found.message) == ("E1031", True, True)


def test_words_and_numbers_of_a_column_are_told_apart(tmp_path: Path) -> None:
    for words, high, classes in (
        (["01", "1", "+2"], 1, [1, 2]),
        (["0", "2", "1"], 2, [0, 1, 2]),
        (["100", "200", "300"], None, None),
        (["-1", "1", "1"], None, None),
        (["²", "1", "2"], 2, ["1", "2", "²"]),
        (["--1", "1", "1"], 1, ["--1", "1"]),
        (["9" * 5000, "1", "2"], 2, ["1", "2", "9" * 5000]),
        ([" a", "a ", "b"], 1, ["a", "b"]),
    ):
        (tmp_path / "a.csv").write_text("x,y\n" + "".join(f"1,{word}\n" for word in words), encoding="utf-8")
        source = source_at(tmp_path, "csv", path="a.csv")
        if high is None:
            assert str(source.fields()[1]) == "target: float32[N, 1]"
            assert source.load()["target"].ravel().tolist() == [float(word) for word in words]
        else:
            assert (source.fields()[1].high, source.meanings()["target"]) == (high, classes)
            assert source.load()["target"].max() == high
    (tmp_path / "a.csv").write_text("x,y\n1,2.5\n1,no\n")
    assert "line 3" in problem(source_at(tmp_path, "csv", path="a.csv", classes=False)).message
    (tmp_path / "a.csv").write_text("x,y\n" + "".join(f"1,{number}\n" for number in range(70_000)))
    assert "classes: false" in problem(source_at(tmp_path, "csv", path="a.csv", classes=True)).help[0]
    assert source_at(tmp_path, "csv", path="a.csv").load()["target"][-1] == 69_999


def test_a_table_in_another_encoding_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("a,b\n1,größe\n".encode("latin1"))
    found = problem(source_at(tmp_path, "csv", path="a.csv"))
    assert (found.code, "a.csv" in found.message) == ("E1031", True)


@pytest.mark.parametrize(
    "damage", ["text", "short", "objects", "member", "scalar", "empty", "bits", "huge", "lie", "names"]
)
def test_a_damaged_file_of_arrays_is_said(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x=np.zeros((3, 2), "float32"))
    if damage == "text":
        path.write_text("no arrays")
    elif damage == "short":
        path.write_bytes(path.read_bytes()[:60])
    elif damage == "objects":
        np.savez(path, x=np.array([{}, None], dtype=object))
    elif damage == "scalar":
        np.savez(path, x=np.float32(1))
    elif damage == "bits":
        raw = bytearray(path.read_bytes())
        raw[160:170] = b"0123456789"
        path.write_bytes(raw)
    elif damage == "names":
        np.savez(path, **{"../x": np.zeros((3, 2), "float32")})
    elif damage in ("huge", "lie"):
        shape = "(1000000000000, 2)" if damage == "huge" else "(4, 2)"
        header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
        with zipfile.ZipFile(path, "w") as archive:
            raw = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + bytes(24)
            archive.writestr("x.npy", raw)
    else:
        with zipfile.ZipFile(path, "w") as archive:
            if damage == "member":
                archive.writestr("x.npy", b"\x93NUMPY\x01\x00\x04\x00{}[]")
    found = problem(source_at(tmp_path, "npz", path="a.npz"))
    assert (found.code, "a.npz" in found.message) == ("E1031", True)


def test_nothing_of_a_file_of_arrays_is_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (tmp_path / "sprung",)

    np.savez(tmp_path / "a.npz", x=np.array([Trap()], dtype=object))
    problem(source_at(tmp_path, "npz", path="a.npz"))
    assert not (tmp_path / "sprung").exists()


def test_data_that_is_not_there_is_said(tmp_path: Path) -> None:
    for name in ("npz", "csv", "parquet", "text", "image_folder", "hugging_face"):
        found = problem(source_at(tmp_path, name, {"image": (3, 4, 4)}, path="none"))
        assert (found.code, "none" in found.message) == ("E1030", True)
    (tmp_path / "none").mkdir()
    for name in ("npz", "csv", "parquet", "text", "image_folder"):
        found = problem(source_at(tmp_path, name, {"image": (3, 4, 4)}, path="none"))
        assert (found.code, "none" in found.message) == ("E1030", True)


def test_a_picture_that_is_none_is_said(tmp_path: Path) -> None:
    pictures(tmp_path, dark=0)
    (tmp_path / "dark" / "b.png").write_text("no picture")
    found = problem(source_at(tmp_path, "image_folder", path=".", size=(2, 2)))
    assert (found.code, "b.png" in found.message) == ("E1031", True)


def test_the_classes_of_a_table_have_to_fit_the_head(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(TABLE)
    spec = tmp_path / "a.yaml"
    text = MODEL + TRAIN.replace("SOURCE", "{csv: a.csv}")
    spec.write_text(text)
    assert archc.check(spec)[1] == ()
    spec.write_text(text.replace("linear: 2", "linear: 1"))
    assert [each.code for each in archc.check(spec)[1]] == ["E0503"]


def test_a_package_may_offer_a_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Ones(Source):
        """Ones."""

        name = "ones"
        maker = staticmethod(lambda: {"features": np.ones((4, 2), "float32")})

        def fields(self) -> tuple[Field, ...]:
            return (Field("features", FLOAT32, (2,)),)

    class Entry:
        name = "ones"

        @staticmethod
        def load() -> type[Source]:
            return Ones

    monkeypatch.setattr(metadata, "entry_points", lambda group: [Entry] if group == sources.GROUP else [])
    assert "ones" in sources.names()
    assert source_at(tmp_path, "ones").load()["features"].sum() == 8

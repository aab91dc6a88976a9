"""Key maps: what each step does, and what is said of steps that are wrong or do not fit."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from archc.source import Diagnostic, SpecError
from archc.weights import apply_map, open_checkpoint, open_mapped, read_key_map

ARRAYS = {
    "h.0.attn.weight": np.arange(24, dtype=np.float32).reshape(4, 6),
    "h.0.attn.bias": np.arange(6, dtype=np.float32),
    "h.1.attn.weight": np.ones((4, 6), np.float32),
    "h.1.attn.bias": np.zeros(6, np.float32),
    "mask": np.ones((2, 2), np.bool_),
}


@pytest.fixture
def given(tmp_path: Path) -> Path:
    safetensors.numpy.save_file(ARRAYS, tmp_path / "w.safetensors")
    return tmp_path / "w.safetensors"


def mapped(given: Path, *steps: dict[str, object]) -> dict[str, np.ndarray]:
    checkpoint, warnings = open_mapped(given, list(steps))
    assert warnings == ()
    found = {key: stored.read() for key, stored in checkpoint.tensors.items()}
    for key, array in found.items():
        assert array.shape == checkpoint.tensors[key].shape
    return found


def test_names_are_changed_in_order_and_nothing_else(given: Path) -> None:
    found = mapped(
        given,
        {"rename": r"h\.(\d+)\.(.*)", "to": r"blocks.\1.\2"},
        {"rename": r"(.*)\.attn\.(?P<kind>weight|bias)", "to": r"\1.qkv.\g<kind>"},
        {"drop": "mask"},
    )
    assert sorted(found) == [f"blocks.{i}.qkv.{kind}" for i in (0, 1) for kind in ("bias", "weight")]
    np.testing.assert_array_equal(found["blocks.0.qkv.weight"], ARRAYS["h.0.attn.weight"])


def test_tensors_are_transposed_and_reshaped(given: Path) -> None:
    weight = ARRAYS["h.0.attn.weight"]
    found = mapped(given, {"transpose": r"h\.\d\.attn\.weight"})
    np.testing.assert_array_equal(found["h.0.attn.weight"], weight.T)
    found = mapped(
        given,
        {"reshape": r".*\.weight", "shape": [2, 2, -1]},
        {"transpose": r".*\.weight", "axes": [2, 0, 1]},
    )
    np.testing.assert_array_equal(found["h.0.attn.weight"], weight.reshape(2, 2, 6).transpose(2, 0, 1))


def test_tensors_are_split_and_joined_again(given: Path) -> None:
    split = {
        "split": r"h\.(\d+)\.attn\.(.*)",
        "to": [rf"h.\1.{part}.\2" for part in "qkv"],
        "axis": 0,
    }
    transposed = {"transpose": r".*\.weight"}
    found = mapped(given, transposed, split)
    np.testing.assert_array_equal(found["h.0.k.weight"], ARRAYS["h.0.attn.weight"].T[2:4])
    joined = {
        "concat": [r"h\.(\d+)\.q\.(.*)", r"h.\1.k.\2", r"h.\1.v.\2"],
        "to": r"h.\1.attn.\2",
    }
    again = mapped(given, transposed, split, joined, transposed)
    for key, array in ARRAYS.items():
        np.testing.assert_array_equal(again[key], array)
    parts = mapped(given, {"split": r"h\.0\.attn\.weight", "to": ["a", "b"], "sizes": [2, 4], "axis": 1})
    np.testing.assert_array_equal(parts["b"], ARRAYS["h.0.attn.weight"][:, 2:])


def test_tensors_are_stacked_by_number(tmp_path: Path) -> None:
    arrays = {f"experts.{i}.w": np.full((2, 3), i, np.float32) for i in (10, 9, 0)}
    safetensors.numpy.save_file(arrays, tmp_path / "w.safetensors")
    for axis in (0, 2):
        found = mapped(tmp_path / "w.safetensors", {"stack": r"experts\.(\d+)\.w", "to": "w", "axis": axis})
        expected = np.stack([arrays[f"experts.{i}.w"] for i in (0, 9, 10)], axis)
        np.testing.assert_array_equal(found["w"], expected)


def test_a_stack_is_taken_apart_again(tmp_path: Path) -> None:
    whole = np.arange(24, dtype=np.float32).reshape(2, 4, 3)
    safetensors.numpy.save_file({"layers.7.w": whole}, tmp_path / "w.safetensors")
    for axis in range(3):
        step = {"unstack": r"layers\.(\d+)\.w", "to": r"experts.\1.\#.w", "axis": axis}
        found = mapped(tmp_path / "w.safetensors", step)
        assert list(found) == [f"experts.7.{i}.w" for i in range(whole.shape[axis])]
        np.testing.assert_array_equal(found["experts.7.1.w"], whole.take(1, axis))
        stack = {"stack": r"experts\.(\d+)\.\d+\.w", "to": r"layers.\1.w", "axis": axis}
        np.testing.assert_array_equal(mapped(tmp_path / "w.safetensors", step, stack)["layers.7.w"], whole)


def complaints(given: Path, text: str) -> list[Diagnostic]:
    path = given.parent / "keys.yaml"
    path.write_text(text)
    with pytest.raises(SpecError) as caught:
        apply_map(read_key_map(path), open_checkpoint(given))
    for each in caught.value.diagnostics:
        assert each.span is not None
        assert each.span.source.name == str(path)
    return list(caught.value.diagnostics)


WRONG = [
    ("rename: a", "E0930", "a map is a list of steps", "rename: a"),
    ("- rename", "E0930", "a step is a mapping", "rename"),
    ("- {to: a}", "E0930", "does not say what it does", "to"),
    ("- {renam: a, to: b}", "E0930", "does not say what it does", "renam"),
    ("- {rename: a, drop: b, to: c}", "E0930", "a step does one thing", "drop"),
    ("- {rename: a}", "E0930", "`rename` needs `to`", "rename"),
    ("- {rename: a, into: b, to: c}", "E0201", "`into` is not a key of `rename`", "into"),
    ("- {rename: [a], to: b}", "E0202", "is a single value", "[a]"),
    ("- {split: a, to: b}", "E0930", "`to` of `split` is a list", "b"),
    ("- {split: a, to: [b, c], sizes: [1]}", "E0930", "2 names and 1 sizes", "[1]"),
    ("- {split: a, to: [b, c], axis: -1}", "E0930", "`axis` takes whole numbers from 0", "-1"),
    ("- {concat: a, to: b}", "E0930", "`concat` takes a list", "concat"),
    ("- {transpose: a, axes: 1}", "E0930", "`axes` is a list of 1 to 32 numbers", "1"),
    ("- {reshape: a, shape: [-1, -1]}", "E0930", "only one size", "[-1, -1]"),
    ("- {drop: 'a(b'}", "E0931", "the bracket `(` is not closed", "("),
    ("- {drop: '((a{50}){50}){50}'}", "E0931", "unfold to too much", "'((a{50}){50}){50}'"),
    ("- {rename: 'a', to: 'b.\\1'}", "E0932", "`\\1` is no group of the pattern `a`", "\\1"),
    ("- {drop: a\n", "E0102", "", None),
    ("- !!python/object:os.system {drop: a}", "E0106", "is not allowed", None),
    (
        "- {transpose: 'h.*bias'}",
        "E0933",
        "`h.0.attn.bias` is [6], which does not have two axes",
        "transpose",
    ),
    ("- {transpose: mask, axes: [0, 2]}", "E0933", "does not have the order [0, 2]", "transpose"),
    ("- {reshape: mask, shape: [3]}", "E0933", "`mask` is [2, 2], which is not [3]", "reshape"),
    ("- {reshape: mask, shape: [0, -1]}", "E0933", "which is not [0, -1]", "reshape"),
    ("- {split: mask, to: [a, b, c]}", "E0933", "not 3 equal parts", "split"),
    ("- {split: mask, to: [a, b], axis: 2}", "E0933", "no axis 2", "split"),
    ("- {split: mask, to: [a, b], sizes: [1, 2]}", "E0933", "has 2 on axis 0, the sizes give 3", "split"),
    ("- {concat: [mask, musk], to: a}", "E0933", "there is no `musk` to go with `mask`", "concat"),
    ("- {concat: [mask, mask], to: a}", "E0933", "joined with itself", "concat"),
    ("- {concat: [mask, h.0.attn.bias], to: a}", "E0933", "is bool and `h.0.attn.bias` float32", "concat"),
    ("- {concat: [h.0.attn.weight, h.0.attn.bias], to: a}", "E0933", "is [4, 6] and", "concat"),
    ("- {stack: 'h\\.0\\.attn\\..*', to: a}", "E0933", "they cannot be one tensor", "stack"),
    ("- {stack: mask, to: a, axis: 3}", "E0933", "takes no new axis 3", "stack"),
    ("- {unstack: mask, to: a}", "E0932", "all tensors would get this name", "a"),
    ("- {rename: mask, to: 'a.\\#'}", "E0932", "`\\#` stands for nothing", "\\#"),
    ("- {unstack: mask, to: '\\#', axis: 2}", "E0933", "which has no axis 2", "unstack"),
    ("- {rename: 'h\\.\\d\\.attn\\.(.*)', to: '\\1'}", "E0934", "both become `bias`", "rename"),
    ("- {rename: mask, to: h.0.attn.bias}", "E0934", "`h.0.attn.bias` and `mask` both become", "rename"),
    ("- {rename: mask, to: ' '}\n- {rename: ' ', to: '\\0\\t'}", "E0932", "`\\t` stands for nothing", None),
]


@pytest.mark.parametrize(("text", "code", "said", "place"), WRONG, ids=[text for text, *_ in WRONG])
def test_what_is_wrong_is_shown_in_the_map(
    given: Path, text: str, code: str, said: str, place: str | None
) -> None:
    found = complaints(given, text)
    assert [each.code for each in found] == [code]
    assert said in found[0].message
    assert found[0].span is not None
    assert place in (None, found[0].span.text)


def test_all_that_is_wrong_is_said_at_once(given: Path) -> None:
    found = complaints(given, "- {drop: '('}\n- {rename: a}\n- {rename: b, to: '\\4'}\n")
    assert [each.code for each in found] == ["E0931", "E0930", "E0932"]


def test_a_map_has_a_bound_of_steps(given: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "more than 200 steps" in complaints(given, "- {drop: a}\n" * 201)[0].message
    monkeypatch.setattr("archc.weights.key_map.MOST_STEPS", 50)
    assert complaints(given, "- {drop: '.*x.*'}\n")[0].code == "E0935"


def test_a_step_without_effect_is_a_warning(given: Path) -> None:
    [warning] = open_mapped(given, [{"drop": "musk"}])[1]
    assert (warning.code, warning.severity) == ("W0111", "warning")
    assert "`h.0.attn." in warning.help[0]


def test_a_map_that_is_not_there(given: Path) -> None:
    with pytest.raises(SpecError, match="E0901"):
        open_mapped(given, given.parent / "absent.yaml")


def test_a_bad_name_can_not_come_from_a_map(given: Path) -> None:
    with pytest.raises(SpecError, match="E0921"):
        open_mapped(given, [{"rename": "mask", "to": "a\u200bb"}])
    with pytest.raises(SpecError, match="E0921"):
        open_mapped(given, [{"rename": "(.*)mask", "to": r"\1"}])


MENDED = r"""
- {rename: 'h\.(\d+)\.attn\.(.*)', to: 'x.\1.\2'}
- {split: 'x\.(\d)\.weight', to: ['a.\1', 'b.\1'], sizes: [1, 3]}
- {transpose: 'b.*', axes: [1, 0]}
- concat: ['x\.0\.bias', x.1.bias]
  to: c
- {stack: 'b\.(\d)', to: s, axis: 1}
- {drop: '(?P<m>mask|a).*'}
"""
PIECES = [
    *("'", "[", "]", "{", "}", ":", "\\1", "(", ")", "*", "+", "?", "|", "{1,3}", "[^.]", "\\", ".*", "(.*)"),
    *("-1", "0", "9" * 20, "1.5", "null", "true", "to:", "axis:", "axes:", "sizes: [", "shape", "\n", "- "),
    *("&a", "*a", "!!x", "\t", "#", '"', "  "),
]


def test_damaged_maps_are_read_or_refused(given: Path) -> None:
    draw = random.Random(3)
    checkpoint = open_checkpoint(given)
    applied = 0
    for _ in range(400):
        text = list(MENDED)
        for _ in range(draw.randint(1, 4)):
            at = draw.randrange(len(text))
            if draw.random() < 0.4:
                del text[at : at + draw.randint(1, 6)]
            else:
                text.insert(at, draw.choice(PIECES))
        (given.parent / "keys.yaml").write_text("".join(text))
        try:
            made, _ = apply_map(read_key_map(given.parent / "keys.yaml"), checkpoint)
        except SpecError:
            continue
        applied += 1
        for stored in made.tensors.values():
            assert stored.read().shape == stored.shape
    assert applied > 20

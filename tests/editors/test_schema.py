"""The schema for editors: it accepts what archc accepts, and refuses what is wrong in structure."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from spec_data import data_of

from archc import ops
from archc.cli.init_command import TEMPLATES
from archc.report.schema import schema_text
from archc.source.codes import all_codes
from archc.spec.vocabulary import MODIFIERS, SPEC_KEYS

ROOT = Path(__file__).parents[2]
SPECS = sorted(
    path
    for folder in ("specs", "archc", "tests/spec/data", "tests/pytorch_backend/specs", "tests/sharing")
    for path in (ROOT / folder).rglob("*.yaml")
)
# Unknown and misplaced keys, wrong kinds, missing keys; unknown, missing and misshapen attributes.
STRUCTURAL = re.compile(r"E02\d\d|E0610|E070[1268]")
# What a schema cannot see: `1.0` is a whole number to JSON.
BEYOND = {"E0209"}
CASES = ROOT / "tests" / "diagnostics" / "cases"
_TITLE = re.compile(r"^# === (.+)\n", re.M)


@pytest.fixture(scope="module")
def validator() -> Draft7Validator:
    schema = json.loads(schema_text())
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def problems(validator: Draft7Validator, text: str) -> list[str]:
    data = data_of(text)
    assert data is not None
    return [
        f"{'.'.join(map(str, each.absolute_path))}: {each.message[:200]}"
        for each in validator.iter_errors(data)
    ]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_spec_is_accepted(validator: Draft7Validator, path: Path) -> None:
    assert problems(validator, path.read_text("utf-8")) == []


@pytest.mark.parametrize("code", [code for code, each in all_codes().items() if each.right])
def test_right_examples_are_accepted(validator: Draft7Validator, code: str) -> None:
    assert problems(validator, all_codes()[code].right or "") == []


@pytest.mark.parametrize(
    "code",
    [c for c, e in all_codes().items() if e.wrong and STRUCTURAL.fullmatch(c) and c not in BEYOND],
)
def test_wrong_structures_are_refused(validator: Draft7Validator, code: str) -> None:
    assert problems(validator, all_codes()[code].wrong or "") != []


def _structural_cases() -> list[object]:
    found = []
    for path in sorted(CASES.glob("*.yaml")):
        _, *parts = _TITLE.split(path.read_text("utf-8"))
        for title, text in zip(parts[::2], parts[1::2], strict=True):
            codes = set(re.findall(r"error: \d+ \[(\w+)\]", text))
            if data_of(text) is not None and any(STRUCTURAL.fullmatch(c) and c not in BEYOND for c in codes):
                found.append(pytest.param(text, id=f"{path.stem}: {title}"))
    return found


@pytest.mark.parametrize("text", _structural_cases())
def test_cases_of_wrong_structure_are_refused(validator: Draft7Validator, text: str) -> None:
    assert problems(validator, text) != []


@pytest.mark.parametrize(
    "item",
    [
        "{name: a, form: x, relu: }",
        "{name: a, linear: {out_feature: 4}}",
        "{conv2d: {out_channels: 4}}",
        "{conv2d: 4, kernel_size: 3}",
        "{relu: , tanh: }",
        "{name: a}",
        "{name: forward, relu: }",
        "{name: a b, relu: }",
        "{name: a, linear: [4, 5]}",
        "{name: a, linear: {out_features: 0}}",
        "{gelu: {approximate: tahn}}",
        "{relu: , repeat: 2, for: {i: 2}}",
        "{relu: , parallel: true}",
        "{relu: , else: none}",
        "{sequential: relu}",
        "{relu: , init: {weight: {nromal: {std: 1}}}}",
        "[relu]",
        "sequential",
        "",
    ],
)
def test_wrong_items_are_refused(validator: Draft7Validator, item: str) -> None:
    assert problems(validator, f"inputs: {{x: [N, 3]}}\nlayers:\n  - {item}\n") != []
    assert problems(validator, "inputs: {x: [N, 3]}\nlayers:\n  - relu\n") == []


def test_everything_is_described() -> None:
    schema = json.loads(schema_text())
    definitions = schema["definitions"]
    item = definitions["item"]["then"]["properties"]
    assert all(schema["properties"][word]["description"] == text for word, text in SPEC_KEYS.items())
    assert all(item[word]["description"] == text for word, text in MODIFIERS.items())
    for name in ops.names():
        assert f"#/definitions/op_{name}" in json.dumps(item[name])
        assert definitions[f"op_{name}"]["description"]
    kernel = definitions["op_max_pool2d"]["anyOf"][0]["properties"]["kernel_size"]
    assert kernel["description"] == ops.find("max_pool2d").attributes["kernel_size"].doc


def test_the_templates_of_init_are_the_ones_it_names() -> None:
    assert sorted(path.stem for path in TEMPLATES.glob("*.yaml")) == ["cnn", "lstm", "mlp", "transformer"]

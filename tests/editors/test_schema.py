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
from archc.train.schema import train_schema

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
    schema = json.loads(schema_text(train_schema()))
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
    schema = json.loads(schema_text(train_schema()))
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


TRAINED = """\
inputs: {image: [N, 1, 8, 8]}
layers:
  - flatten
  - {name: fc, linear: 10}
train:
  data: {source: digits, batch_size: 64, validation: 0.2}
  loss: cross_entropy(fc, label)
  optimizer: {AdamW: {lr: 0.001, betas: [0.9, 0.99]}}
  schedule: {CosineAnnealingLR: {T_max: steps}}
  warmup: 10
  epochs: 2
  metrics: {accuracy: [fc, label], close: {accuracy: [fc, label]}}
  ema: {decay: 0.99}
  early_stopping: {metric: accuracy, patience: 3}
  groups: {"*.bias": {lr: 0.01}}
  freeze: ["fc.bias"]
"""
WRONG_TRAINING = {
    "unknown key": ("  warmup: 10", "  warm_up: 10"),
    "kind of a setting": ("epochs: 2", "epochs: [2]"),
    "bound of a setting": ("epochs: 2", "epochs: 0"),
    "no end": ("  epochs: 2\n", ""),
    "no optimizer": ("  optimizer: {AdamW: {lr: 0.001, betas: [0.9, 0.99]}}\n", ""),
    "no loss": ("  loss: cross_entropy(fc, label)\n", ""),
    "no data": ("  data: {source: digits, batch_size: 64, validation: 0.2}\n", ""),
    "optimizer that is none": ("AdamW", "AdamV"),
    "argument that is none": ("lr: 0.001", "learning_rate: 0.001"),
    "number of betas": ("[0.9, 0.99]", "[0.9, 0.99, 0.999]"),
    "schedule that is none": ("CosineAnnealingLR", "CosineAnnealing"),
    "schedule without its argument": ("{CosineAnnealingLR: {T_max: steps}}", "CosineAnnealingLR"),
    "unknown key of the data": ("batch_size: 64", "batchsize: 64"),
    "argument of a source": ("source: digits", "source: {digits: {size: 3}}"),
    "no list of metrics": ("accuracy: [fc, label],", "accuracy: fc,"),
    "unknown key of ema": ("decay: 0.99", "rate: 0.99"),
    "unknown key of early_stopping": ("patience: 3", "wait: 3"),
    "a group of nothing": ("{lr: 0.01}", "0.01"),
    "loss beside steps": ("  warmup: 10", "  steps: [{loss: mse_loss(fc, 1.0)}]"),
}


def test_a_training_section_is_accepted(validator: Draft7Validator) -> None:
    assert problems(validator, TRAINED) == []


@pytest.mark.parametrize("name", WRONG_TRAINING)
def test_wrong_structures_of_training_are_refused(validator: Draft7Validator, name: str) -> None:
    before, after = WRONG_TRAINING[name]
    assert TRAINED.count(before) == 1
    assert problems(validator, TRAINED.replace(before, after)) != []


def test_training_is_described() -> None:
    found = train_schema()["properties"]
    assert all(each["description"] for each in found.values())
    adam = found["optimizer"]["anyOf"][1]["properties"]["Adam"]
    assert "torch's default is 0.001" in json.dumps(adam)

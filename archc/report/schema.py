"""The language as JSON Schema (draft-07), for editors: from the op classes and the reader's own words."""

from __future__ import annotations

import json
import keyword

from archc.opdef.initializers import INITIALIZERS
from archc.report.op_schema import EXPRESSION, INITIALIZER, REFERENCES, Schema, any_of, op_schemas
from archc.spec.module_attributes import MODULE_ATTRIBUTES
from archc.spec.signatures import DTYPES, PARAM_TYPES
from archc.spec.vocabulary import (
    BLOCK_KEYS,
    CONTAINERS,
    DIM_KEYS,
    INPUT_KEYS,
    MODEL_KEYS,
    MODIFIERS,
    OUTPUT_KEYS,
    PARAM_KEYS,
    REUSE,
    SCAN_KEYS,
    SPEC_KEYS,
    Keys,
)

_TEXT: Schema = {"type": "string"}
_ANY: Schema = {}


def _ref(word: str) -> Schema:
    return {"$ref": f"#/definitions/{word}"}


_LAYERS, _NAME, _REFERENCE, _SHAPE = map(_ref, ("layers", "name", "reference", "shape"))
_NUMBER = any_of([{"type": "number"}, EXPRESSION])
_WHOLE = any_of([{"type": "integer"}, EXPRESSION])
_TRUTH = any_of([{"type": "boolean"}, EXPRESSION])
_COLUMN = any_of([{"type": ["array", "integer"]}, EXPRESSION])
_FOR = any_of([{"type": "object", "additionalProperties": _COLUMN}, EXPRESSION])
_ONE_LOOP: dict[str, Schema] = {"repeat": {"not": {"required": ["for"]}}}
_IDENTIFIER = r"^[A-Za-z_][A-Za-z0-9_]*$"
_PART = r"([A-Za-z_][A-Za-z0-9_]*|[0-9]+)"
_WORD = r"^[A-Za-z_][A-Za-z0-9_.]*$|\$\("


def spec_schema(train: Schema) -> Schema:
    """Give the schema of a spec, with that of its `train` section."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "archc",
        "description": "A neural-network architecture that archc compiles to PyTorch and ONNX",
        **_keyed(SPEC_KEYS, _of_spec(train)),
        "anyOf": [
            {"required": ["inputs", "layers"]},
            {"required": ["models"]},
            {"required": ["blocks"], "not": _has_any("inputs", "layers", "outputs")},
        ],
        "dependencies": {"models": {"not": _has_any("inputs", "layers", "outputs")}},
        "definitions": _definitions(),
    }


def _keyed(keys: Keys, values: dict[str, Schema], required: tuple[str, ...] = ()) -> Schema:
    """Give the schema of a mapping with certain keys."""
    return {
        "type": "object",
        "properties": {word: {"description": text, **values[word]} for word, text in keys.items()},
        "additionalProperties": False,
        **({"required": list(required)} if required else {}),
    }


def _named(values: Schema) -> Schema:
    """Give the schema of a mapping whose keys are identifiers."""
    return {
        "type": "object",
        "propertyNames": {"pattern": _IDENTIFIER, "not": {"enum": keyword.kwlist}},
        "additionalProperties": values,
    }


def _has_any(*words: str) -> Schema:
    return {"anyOf": [{"required": [word]} for word in words]}


def _of_spec(train: Schema) -> dict[str, Schema]:
    paths: Schema = {"type": "array", "items": _TEXT}
    model = {word: _ref(word) for word in ("inputs", "layers", "outputs")}
    return {
        "archc": {"enum": [1]},
        "name": {**_TEXT, "pattern": _IDENTIFIER, "not": {"enum": keyword.kwlist}},
        "doc": {"type": ["string", "number", "boolean"]},
        "import": any_of([paths, _named(_TEXT)]),
        "params": _ref("params"),
        "let": _named(_ANY),
        "variants": _named({"type": "object"}),
        "dims": _named(_keyed(DIM_KEYS, dict.fromkeys(DIM_KEYS, _WHOLE))),
        **model,
        "models": _named(_keyed(MODEL_KEYS, {"doc": _TEXT, **model}, ("inputs", "layers"))),
        "blocks": _named(_ref("block")),
        "init": {"type": "object", "additionalProperties": _ref("initializers")},
        "train": train,
    }


def _definitions() -> dict[str, Schema]:
    ops = op_schemas()
    return {
        "expression": {"type": "string", "minLength": 1},
        "name": _name(),
        "reference": {"type": ["string", "integer"]},
        "references": {"type": "array", "items": _reference_item()},
        "shape": {"type": "array", "items": _WHOLE},
        "params": _named(_parameter()),
        "inputs": _signature_of(_input()),
        "outputs": any_of(
            [
                {"type": "array", "items": _REFERENCE, "minItems": 1},
                {**_signature_of(_output()), "minProperties": 1},
            ]
        ),
        "block": _keyed(BLOCK_KEYS, _of_block(), ("layers",)),
        "layers": {"type": "array", "items": _ref("item")},
        "item": _item(ops),
        "initializer": _initializer(),
        "initializers": {"type": "object", "additionalProperties": INITIALIZER},
        "modifier": {"enum": list(MODIFIERS)},
        **{f"op_{name}": schema for name, schema in ops.items()},
    }


def _name() -> Schema:
    return {
        "anyOf": [
            {"type": "integer", "minimum": 0},
            {
                "type": "string",
                "pattern": rf"^{_PART}(\.{_PART})*$|^\.$|\$\(",
                "not": {"enum": sorted({*keyword.kwlist, *MODULE_ATTRIBUTES})},
            },
        ]
    }


def _reference_item() -> Schema:
    return {"type": ["string", "number", "boolean"]}


def _signature_of(value: Schema) -> Schema:
    return {"type": "object", "propertyNames": _NAME, "additionalProperties": value}


def _parameter() -> Schema:
    values: dict[str, Schema] = {
        "type": {"enum": list(PARAM_TYPES)},
        "default": _ANY,
        "min": _NUMBER,
        "max": _NUMBER,
        "choices": {"type": "array"},
        "doc": _TEXT,
    }
    declared = _keyed(PARAM_KEYS, values)
    return {"if": {"type": "object", **_has_any("type", "default")}, "then": declared}


def _input() -> Schema:
    values: dict[str, Schema] = {
        "dtype": {"anyOf": [{"enum": list(DTYPES)}, {"type": "string", "pattern": r"\$\("}]},
        "shape": _SHAPE,
        "min": _NUMBER,
        "max": _NUMBER,
        "when": _TRUTH,
        "repeat": _WHOLE,
        "for": _FOR,
        "optional": {"type": "boolean"},
        "doc": _TEXT,
    }
    words = "|".join(DTYPES)
    text: Schema = {"type": "string", "pattern": rf"^\s*({words})?\s*\[.*\]\s*$|^({words})$"}
    return any_of([_SHAPE, text, {**_keyed(INPUT_KEYS, values), "dependencies": _ONE_LOOP}, {"type": "null"}])


def _output() -> Schema:
    values: dict[str, Schema] = {
        "from": _REFERENCE,
        "when": _TRUTH,
        "repeat": _WHOLE,
        "for": _FOR,
        "doc": _TEXT,
    }
    mapping = {**_keyed(OUTPUT_KEYS, values, ("from",)), "dependencies": _ONE_LOOP}
    return any_of([_REFERENCE, mapping])


def _of_block() -> dict[str, Schema]:
    return {
        "doc": _TEXT,
        "let": _named(_ANY),
        **{word: _ref(word) for word in ("params", "inputs", "layers", "outputs")},
    }


def _item(schemas: dict[str, Schema]) -> Schema:
    """Give the schema of a layer: a word, or a mapping with one op and modifiers."""
    ops: dict[str, Schema] = {name: _ref(f"op_{name}") for name in schemas}
    callables = {**ops, **{word: {"description": text, **_LAYERS} for word, text in CONTAINERS.items()}}
    # One that is computed, `from` a value, says no shape.
    callables["buffer"] = any_of([ops["buffer"], {"type": ["object", "null"], "maxProperties": 1}])
    callables["reuse"] = {"description": REUSE, **_REFERENCE}
    modifiers = {word: {"description": text, **_of_modifiers()[word]} for word, text in MODIFIERS.items()}
    words = [name for name in ops if {"type": "null"} in _forms_of(schemas[name])]
    mapping: Schema = {
        "properties": {**modifiers, **callables},
        "propertyNames": {"pattern": _WORD},
        "not": {"propertyNames": _ref("modifier")},
        # Beside an op there are only modifiers. Of two words that are neither, one may be a block.
        "dependencies": {
            **{word: {"propertyNames": {"enum": [word, *MODIFIERS]}} for word in callables},
            "else": ["when"],
            "parallel": _has_any("repeat", "for"),
            **_ONE_LOOP,
        },
    }
    reserved = [*MODIFIERS, *CONTAINERS, "reuse"]
    word: Schema = {
        "type": "string",
        "anyOf": [{"enum": words}, {"pattern": _WORD}],
        "not": {"enum": reserved},
    }
    return {"type": ["string", "object"], "if": {"type": "object"}, "then": mapping, "else": word}


def _forms_of(schema: Schema) -> list[object]:
    forms = schema.get("anyOf", [])
    return list(forms) if isinstance(forms, list) else []


def _of_modifiers() -> dict[str, Schema]:
    scan: dict[str, Schema] = {
        "axis": _WHOLE,
        "over": any_of([_REFERENCE, {"type": ["array", "object"]}]),
        "state": {"type": "object"},
        "length": _WHOLE,
        "reverse": _TRUTH,
    }
    from_ = any_of([_REFERENCE, REFERENCES, {"type": "object", "additionalProperties": _from_value()}])
    return {
        "name": any_of([_NAME, {"type": "array", "items": _NAME, "minItems": 1}]),
        "from": from_,
        "when": _TRUTH,
        "else": _REFERENCE,
        "repeat": _WHOLE,
        "for": _FOR,
        "parallel": {"type": "boolean"},
        "scan": _keyed(SCAN_KEYS, scan),
        "tie": {"type": "object", "additionalProperties": _TEXT},
        "init": _ref("initializers"),
        "shape": _SHAPE,
        "doc": _TEXT,
    }


def _from_value() -> Schema:
    return any_of([_REFERENCE, REFERENCES])


def _initializer() -> Schema:
    arguments: Schema = {"type": ["object", "number", "string", "boolean", "null"]}
    mapping: Schema = {
        "type": "object",
        "properties": dict.fromkeys([*INITIALIZERS, "value"], arguments),
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
    return any_of([{"enum": list(INITIALIZERS)}, mapping])


def schema_text(train: Schema) -> str:
    """Give the schema of a spec as the text of a file."""
    return json.dumps(spec_schema(train), indent=1) + "\n"

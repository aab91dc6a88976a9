"""The `train` section as JSON Schema: from the keys that are read, the kinds of settings, torch's table."""

from __future__ import annotations

from collections.abc import Mapping

from archc.opdef import Attr, Kind
from archc.report.op_schema import REFERENCES, Schema, any_of, value_of
from archc.spec.vocabulary import DATA_KEYS, EMA_KEYS, STEP_KEYS, STOPPING_KEYS, TRAIN_KEYS, Keys
from archc.train import data
from archc.train.compiling.configured import attributes_of
from archc.train.compiling.data import DATA_KINDS
from archc.train.compiling.settings import EMA_KINDS, REPEAT, SETTING_KINDS, STOPPING_KINDS
from archc.train.torch_table import OPTIMIZERS, SCHEDULES, Arguments

_TEXT: Schema = {"type": "string"}
_LAYERS: Schema = {"$ref": "#/definitions/layers"}
_NOTHING: Schema = {"type": "null"}
_NAMES: Schema = {"type": "array", "items": _TEXT}


def train_schema() -> Schema:
    """Give the schema of the section."""
    several: Schema = {"required": ["steps"], "not": _any_of_keys("layers", "loss")}
    one: Schema = {"required": ["loss", "optimizer"], "not": {"required": ["steps"]}}
    ends = _any_of_keys("epochs", "max_steps")
    ways: Schema = {"anyOf": [several, one]}
    return {**_section(TRAIN_KEYS, _of_train()), "required": ["data"], "allOf": [ways, ends]}


def _any_of_keys(*words: str) -> Schema:
    return {"anyOf": [{"required": [word]} for word in words]}


def _section(keys: Keys, values: Mapping[str, Schema]) -> Schema:
    return {
        "type": "object",
        "properties": {word: {"description": text, **values[word]} for word, text in keys.items()},
        "additionalProperties": False,
    }


def _settings(kinds: Mapping[str, Kind]) -> dict[str, Schema]:
    return {word: value_of(kind) for word, kind in kinds.items()}


def _of_train() -> dict[str, Schema]:
    return {
        **_of_step(),
        **_settings(SETTING_KINDS),
        "data": _section(DATA_KEYS, _of_data()),
        "steps": {"type": "array", "items": {**_section(STEP_KEYS, _of_step()), "required": ["loss"]}},
        "ema": _section(EMA_KEYS, {"model": _TEXT, **_settings(EMA_KINDS)}),
        "early_stopping": _section(STOPPING_KEYS, {"metric": _TEXT, **_settings(STOPPING_KINDS)}),
        "freeze": _NAMES,
        "groups": {"type": "object", "additionalProperties": {"type": "object"}},
    }


def _of_step() -> dict[str, Schema]:
    measure: Schema = {
        "type": "object",
        "additionalProperties": REFERENCES,
        "minProperties": 1,
        "maxProperties": 1,
    }
    return {
        "name": {**_TEXT, "pattern": r"^[A-Za-z_][A-Za-z0-9_]*$"},
        "update": _NAMES,
        "repeat": value_of(REPEAT),
        "layers": _LAYERS,
        "loss": {"type": ["string", "number"]},
        "optimizer": _classes(OPTIMIZERS),
        "schedule": _classes(SCHEDULES),
        "metrics": {"type": "object", "additionalProperties": any_of([REFERENCES, measure])},
    }


def _of_data() -> dict[str, Schema]:
    known = {name: source for name in data.KNOWN if (source := data.find(name)) is not None}
    sources = {
        name: _arguments(source.attributes, source.main(), source.__doc__ or "")
        for name, source in known.items()
    }
    return {
        **_settings(DATA_KINDS),
        "source": any_of([_TEXT, _one_of(sources, others=True)]),
        "layers": _LAYERS,
        "augment": _LAYERS,
    }


def _classes(table: Mapping[str, Arguments]) -> Schema:
    """Give the schema of a class of torch's, by name, with its arguments."""
    known = {name: _arguments(attributes_of(arguments), None, "") for name, arguments in table.items()}
    without = [
        name
        for name, arguments in table.items()
        if not any(each.required for each in attributes_of(arguments).values())
    ]
    return any_of([{"enum": without}, _one_of(known)])


def _one_of(known: Mapping[str, Schema], others: bool = False) -> Schema:
    """Give the schema of a mapping of one name; of another one too where packages may offer some."""
    return {
        "type": "object",
        "properties": dict(known),
        "additionalProperties": others,
        "minProperties": 1,
        "maxProperties": 1,
    }


def _arguments(declared: Mapping[str, Attr], main: str | None, doc: str) -> Schema:
    required = [name for name, each in declared.items() if each.required]
    mapping: Schema = {
        "type": "object",
        "properties": {
            name: {"description": each.doc, **value_of(each.kind)} for name, each in declared.items()
        },
        "additionalProperties": False,
        **({"required": required} if required else {}),
    }
    forms: list[Schema] = [mapping, *([] if required else [_NOTHING])]
    forms += [value_of(declared[main].kind)] if main is not None else []
    title = " ".join(doc.split("\n\n")[0].split())
    return {**({"description": title} if title else {}), **any_of(forms)}

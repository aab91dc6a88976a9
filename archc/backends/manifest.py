"""The manifest of a build: the spec with everything resolved, and what was written."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from archc.ir.program import Model, Module, Program, Value, ties, walk
from archc.sizes import Dim, DType, symbols, text
from archc.version import __version__
from archc.weights import stored_weights

FORMAT = 1
PACKAGES = ("numpy", "onnx", "safetensors")


def manifest_of(
    program: Program, options: Mapping[str, object], files: Mapping[str, object]
) -> dict[str, Any]:
    """Give the manifest as data."""
    return {
        "archc": __version__,
        "format": FORMAT,
        "name": program.name,
        "doc": program.doc,
        "spec": {"name": program.source[program.source.rfind("/") + 1 :], "text": program.text},
        "parameters": {name: _plain(value) for name, value in program.parameters},
        "build": dict(options),
        "models": {model.name: _model(model) for model in program.models},
        "files": dict(files),
        "versions": {package: metadata.version(package) for package in PACKAGES},
    }


def manifest_text(manifest: Mapping[str, Any]) -> str:
    """Give the manifest as JSON text."""
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


def _model(model: Model) -> dict[str, Any]:
    module = model.module
    own = {name for value in module.inputs for dim in value.type.shape for name in symbols(dim)}
    shared = ties(module)
    weights = {key: param for key, param in stored_weights(module) if key not in shared}
    sizes = {key: math.prod(param.shape) for key, param in weights.items()}
    ranges = dict(model.ranges)
    return {
        "doc": module.doc,
        "inputs": {
            value.name: {**_value(value, ranges), **_optional(value, model)} for value in module.inputs
        },
        "outputs": {name: _value(value, {}) for name, value in module.outputs},
        "sizes": {name: _fact(model, name) for name in sorted(own)},
        "requirements": [each.text for each in model.requirements],
        "parameters": sum(sizes[key] for key, param in weights.items() if not param.buffer),
        "buffers": sum(sizes[key] for key, param in weights.items() if param.buffer),
        "tensors": len(weights),
        "ties": shared,
        "layers": _layers(module),
    }


def _optional(value: Value, model: Model) -> dict[str, bool]:
    return {"optional": True} if value.name in model.optional else {}


def _layers(module: Module) -> int:
    return sum(1 for _ in walk(module))


def _value(value: Value, ranges: Mapping[str, tuple[Dim, Dim]]) -> dict[str, Any]:
    shape = [dim if isinstance(dim, int) else text(dim) for dim in value.type.shape]
    described: dict[str, Any] = {"dtype": value.type.dtype.name, "shape": shape}
    if value.name in ranges:
        low, high = ranges[value.name]
        described |= {"min": _plain(low), "max": _plain(high)}
    return described


def _fact(model: Model, name: str) -> dict[str, int]:
    fact = model.facts.get(name)
    known: dict[str, int] = {"min": fact.smallest}
    if fact.max is not None:
        known["max"] = fact.max
    if fact.multiple > 1:
        known |= {"multiple_of": fact.multiple, "remainder": fact.remainder}
    return known


def _plain(value: object) -> Any:
    """Give a value as JSON has it; what it does not have as text."""
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    return value.name if isinstance(value, DType) else str(value)

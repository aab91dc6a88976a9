"""The manifest of a run: what made it, and whether another run is of the same plan."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Any

from accelerate import Accelerator

from archc.ir.text import program_text
from archc.source import Diagnostic, SpecError
from archc.train.training import Training
from archc.version import __version__

PACKAGES = ("torch", "accelerate", "numpy", "safetensors")


def facts_of(
    training: Training, accelerator: Accelerator, strategy: str, steps: int, epochs: int
) -> dict[str, Any]:
    """Give the manifest as data."""
    program, data = training.program, training.data
    return {
        "archc": __version__,
        "name": program.name,
        "spec": {"name": program.source[program.source.rfind("/") + 1 :], "text": program.text},
        "parameters": {name: _plain(value) for name, value in program.parameters},
        "chosen": _plain(training.chosen),
        "settings": {name: _plain(getattr(training.settings, name)) for name in training.settings._fields},
        "data": {
            "source": data.source.name,
            "options": {name: _plain(value) for name, value in data.source.options.items()},
            "batch_size": data.batch_size,
            "validation": data.validation,
            "fields": {name: str(type_) for name, type_ in data.types},
            "meanings": data.source.meanings(),
            "prepare": _graph(training, data.prepare),
            "augment": _graph(training, data.augment),
        },
        "steps": steps,
        "epochs": epochs,
        "strategy": {
            "wrapped": strategy,
            "type": accelerator.distributed_type.value,
            "processes": accelerator.num_processes,
            "device": accelerator.device.type,
        },
        "versions": {package: metadata.version(package) for package in PACKAGES},
    }


def check_same(manifest: dict[str, Any], training: Training, path: Path) -> None:
    """Refuse to go on with a run of another spec or other parameters (E1041)."""
    program = training.program
    parameters = {name: _plain(value) for name, value in program.parameters}
    found = manifest.get("parameters")
    before: dict[str, Any] = found if isinstance(found, dict) else {}
    other = [name for name in {**before, **parameters} if before.get(name) != parameters.get(name)]
    text = manifest["spec"].get("text") if isinstance(manifest["spec"], dict) else None
    if not other and text == program.text:
        return
    shown = ", ".join(f"{name}={before.get(name)}" for name in other)
    message = f"the run in `{path}` was begun with another text of the spec"
    if other:
        message = f"the run in `{path}` was begun with {shown}"
    help_ = "train without `--resume`, or with the spec as it was"
    raise SpecError([Diagnostic("E1041", message, help=(help_,))])


def _graph(training: Training, prepared: Any) -> str | None:
    if prepared is None:
        return None
    models = tuple(each for each in training.program.models if each.name == prepared.model)
    return program_text(training.program.replace(models=models))


def _plain(value: object) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    fields = getattr(value, "_fields", None)
    if fields:
        return {name: _plain(getattr(value, name)) for name in fields}
    return str(value)

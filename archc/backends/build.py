"""Build a program: source, weights, graphs and a manifest, as one folder."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from archc.backends.folder import MANIFEST, check_replaceable, replaced
from archc.backends.manifest import manifest_of, manifest_text
from archc.ir.program import Model, Program, ties
from archc.opdef import Param
from archc.source import Record
from archc.weights import (
    Checkpoint,
    Layout,
    Progress,
    Report,
    alternatives,
    decoded,
    encoded,
    initial_chunks,
    layout,
    match,
    open_checkpoint,
    refuse_partial,
    stored_weights,
    write,
)
from archc.weights.elements import Array
from archc.weights.initial import CHUNK
from archc.weights.torch_state import seed_key

TARGETS = ("pytorch", "onnx")
Chunks = Callable[[str], Iterable[Array]]


class BuiltFile(Record):
    """A file of a build."""

    name: str
    size: int
    sha256: str


class BuildResult(Record):
    """What a build wrote. `report` says how a weights file fitted, where one was given."""

    directory: Path
    files: tuple[BuiltFile, ...]
    manifest: dict[str, Any]
    report: Report | None = None


class Plan(Record):
    """One model's part of a build: its files' stem, its weights and their places."""

    model: Model
    stem: str
    params: dict[str, Param]
    layout: Layout
    chunks: Chunks


def build(
    program: Program,
    directory: Path | str,
    *,
    targets: tuple[str, ...] = TARGETS,
    seed: int = 0,
    weights_file: Path | str | None = None,
    embed: bool = False,
    opset: int = 20,
    dims: Mapping[str, int] | None = None,
    progress: Progress | None = None,
) -> BuildResult:
    """Write a program's outputs into a folder, which is replaced as a whole or not at all.

    Weights come from a seed, or from a file that has exactly what the program needs. With `embed`
    the graphs hold their weights; else they point into the weights' file. Raises SpecError.
    """
    target = Path(directory)
    check_replaceable(target)
    checkpoint = None if weights_file is None else open_checkpoint(weights_file)
    report = None if checkpoint is None else match(program, checkpoint)
    if checkpoint is not None and report is not None:
        refuse_partial(report, checkpoint)
    plans = [_plan(program, model, seed, checkpoint) for model in program.models]
    with replaced(target) as folder:
        built: list[BuiltFile] = []
        if "pytorch" in targets:
            built.append(_source(program, folder))
        if "onnx" in targets and not embed:
            built += [_pointing_graph(program, plan, folder, opset, dims) for plan in plans]
        if "pytorch" in targets or not embed:
            built += [_weights(plan, folder, progress) for plan in plans]
        if "onnx" in targets and embed:
            built += [_whole_graph(program, plan, folder, opset, dims) for plan in plans]
        origin = {"seed": seed} if weights_file is None else {"weights": os.path.basename(weights_file)}
        options = {
            **origin,
            "targets": list(targets),
            "embed": embed,
            "opset": opset,
            "dims": dict(dims or {}),
        }
        files = {file.name: {"bytes": file.size, "sha256": file.sha256} for file in built}
        manifest = manifest_of(program, options, files)
        _written(folder / MANIFEST, manifest_text(manifest).encode())
    return BuildResult(target, tuple(built), manifest, report)


def _plan(program: Program, model: Model, seed: int, checkpoint: Checkpoint | None) -> Plan:
    params = dict(stored_weights(model.module))
    shared = ties(model.module)
    keys = alternatives(program)
    stem = model.name if len(program.models) > 1 else "model"

    def drawn(key: str) -> Iterable[Array]:
        return initial_chunks(seed, seed_key(program, model, key), params[key])

    def read(key: str) -> Iterable[Array]:
        assert checkpoint is not None
        name = seed_key(program, model, key)
        name = next((each for each in keys.get(name, ()) if each in checkpoint.tensors), name)
        if name not in checkpoint.tensors:
            return drawn(key)
        return _converted(checkpoint, name, params[key])

    return Plan(model, stem, params, layout(params, shared), drawn if checkpoint is None else read)


def _converted(checkpoint: Checkpoint, name: str, param: Param) -> Iterable[Array]:
    found = checkpoint.tensors[name].dtype
    assert found is not None
    flat = checkpoint.read(name).reshape(-1)
    for start in range(0, flat.size, CHUNK):
        piece = flat[start : start + CHUNK]
        yield piece if found is param.dtype else encoded(decoded(piece, found), param.dtype)


def _source(program: Program, folder: Path) -> BuiltFile:
    from archc.backends.pytorch import emit

    return _written(folder / "model.py", emit(program).encode())


def _weights(plan: Plan, folder: Path, progress: Progress | None) -> BuiltFile:
    path = folder / f"{plan.stem}.safetensors"
    digest = write(path, plan.layout, plan.chunks, progress)
    return BuiltFile(path.name, plan.layout.size, digest)


def _pointing_graph(
    program: Program, plan: Plan, folder: Path, opset: int, dims: Mapping[str, int] | None
) -> BuiltFile:
    from archc.backends.onnx import External, export, serialized

    storage = External(f"{plan.stem}.safetensors", plan.layout.table)
    graph = export(program, plan.model.name, weights=storage, opset=opset, dims=dims)
    return _written(folder / f"{plan.stem}.onnx", serialized(graph))


def _whole_graph(
    program: Program, plan: Plan, folder: Path, opset: int, dims: Mapping[str, int] | None
) -> BuiltFile:
    from archc.backends.onnx import Embedded, check_embeddable, export, serialized

    check_embeddable(plan.model)
    storage = Embedded(lambda key, _: b"".join(chunk.tobytes() for chunk in plan.chunks(key)))
    graph = export(program, plan.model.name, weights=storage, opset=opset, dims=dims)
    return _written(folder / f"{plan.stem}.onnx", serialized(graph))


def _written(path: Path, data: bytes) -> BuiltFile:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return BuiltFile(path.name, len(data), hashlib.sha256(data).hexdigest())

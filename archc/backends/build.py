"""Build a program: source, weights, graphs and a manifest, as one folder."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from archc.backends.deployed import Deployed
from archc.backends.folder import MANIFEST, check_replaceable, replaced
from archc.backends.folding import folded
from archc.backends.manifest import manifest_of, manifest_text
from archc.ir.forms import without
from archc.ir.program import Model, Program, ties
from archc.opdef import Param
from archc.source import Diagnostic, Record
from archc.weights import (
    Filling,
    Layout,
    MapSource,
    Place,
    Progress,
    Report,
    fill,
    layout,
    stored_weights,
    write,
)
from archc.weights.elements import Array

TARGETS = ("pytorch", "onnx")
Chunks = Callable[[str], Iterable[Array]]


class BuiltFile(Record):
    """A file of a build."""

    name: str
    size: int
    sha256: str


class BuildResult(Record):
    """What a build wrote. `report` says how the weights fitted, where some were given.

    `diagnostics` are warnings of a key map.
    """

    directory: Path
    files: tuple[BuiltFile, ...]
    manifest: dict[str, Any]
    report: Report | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


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
    weights: Place | None = None,
    weights_map: MapSource | None = None,
    partial: bool = False,
    convert_dtype: bool = False,
    embed: bool = False,
    opset: int = 20,
    dims: Mapping[str, int] | None = None,
    left_out: Collection[str] = (),
    progress: Progress | None = None,
    beside: Mapping[str, str] | None = None,
    deployed: Deployed | None = None,
) -> BuildResult:
    """Write a program's outputs into a folder, which is replaced as a whole or not at all.

    Weights come from a seed, or from `weights`: a file, an index or a folder that has exactly what
    the program needs, after the steps of `weights_map`. With `partial` what it lacks comes from the
    seed; with `convert_dtype` floats may be of another width. With `embed` the graphs hold their
    weights; else they point into the weights' file. `deployed` is what `program` was taken from where
    it prepares its data: its classes are written. The graphs lack the optional inputs that are
    `left_out`; the source takes them or not. Raises SpecError.
    """
    target = Path(directory)
    check_replaceable(target)
    program = folded(program)
    graphs = without(program, left_out)
    filling = fill(program, seed, weights, weights_map, partial=partial, convert=convert_dtype)
    several = len(program.models) > 1
    plans = [_plan(model, model.name if several else "model", filling) for model in program.models]
    with replaced(target) as folder:
        built: list[BuiltFile] = []
        if "pytorch" in targets:
            built.append(_source(program, folder, deployed))
        built += [_written(folder / name, text.encode()) for name, text in (beside or {}).items()]
        if "onnx" in targets and not embed:
            built += [_pointing_graph(graphs, plan, folder, opset, dims) for plan in plans]
        if "pytorch" in targets or not embed:
            built += [_weights(plan, folder, progress) for plan in plans]
        if "onnx" in targets and embed:
            built += [_whole_graph(graphs, plan, folder, opset, dims) for plan in plans]
        options = {
            **_origin(seed, weights, filling.report),
            "targets": list(targets),
            "embed": embed,
            "opset": opset,
            "dims": dict(dims or {}),
            "with_preprocess": deployed is not None,
            "without": list(left_out),
        }
        files = {file.name: {"bytes": file.size, "sha256": file.sha256} for file in built}
        manifest = manifest_of(program, options, files)
        _written(folder / MANIFEST, manifest_text(manifest).encode())
    return BuildResult(target, tuple(built), manifest, filling.report, filling.diagnostics)


def _origin(seed: int, weights: Place | None, report: Report | None) -> dict[str, object]:
    """Say for the manifest where the weights came from."""
    if weights is None or report is None:
        return {"seed": seed}
    name = os.path.basename(os.path.normpath(weights))
    return {"weights": name, **({"seed": seed, "initial": list(report.left)} if report.left else {})}


def _plan(model: Model, stem: str, filling: Filling) -> Plan:
    params = dict(stored_weights(model.module))
    planned = layout(params, ties(model.module))
    return Plan(model, stem, params, planned, lambda key: filling.chunks(model, key, params[key]))


def _source(program: Program, folder: Path, deployed: Deployed | None) -> BuiltFile:
    from archc.backends.pytorch import emit

    text = emit(program) if deployed is None else deployed.source()
    return _written(folder / "model.py", text.encode())


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

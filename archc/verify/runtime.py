"""Run a build's graph on arrays, checking them first."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from archc.backends.folder import read_manifest
from archc.source import Diagnostic, SpecError, did_you_mean
from archc.verify.sessions import session
from archc.weights.elements import Array

NUMPY_NAMES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(float16)": "float16",
    "tensor(bfloat16)": "bfloat16",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(int16)": "int16",
    "tensor(int8)": "int8",
    "tensor(uint8)": "uint8",
    "tensor(bool)": "bool",
}


def run(
    directory: Path | str, arrays: Mapping[str, Array], model: str | None = None, threads: int = 0
) -> dict[str, Array]:
    """Run a build's graph; give its outputs by name.

    Raises SpecError: E0901 where there is no graph, E0904 where the arrays do not fit it, E0910
    where ONNX Runtime is not installed.
    """
    folder = Path(directory)
    graph = _graph_of(folder, model)
    try:
        opened = session(graph, threads=threads)
    except SpecError:
        raise
    except Exception as error:
        reason = str(error).strip().splitlines()[0]
        raise SpecError([Diagnostic("E0902", f"`{graph}` cannot be loaded: {reason}")]) from None
    described = _described(folder, model)
    problems = _problems(opened.get_inputs(), arrays, described)
    if problems:
        raise SpecError(problems)
    try:
        results = opened.run(None, dict(arrays))
    except Exception as error:
        _refuse(f"`{graph}` cannot run on these inputs: {str(error).strip().splitlines()[0]}", described)
    return dict(zip((output.name for output in opened.get_outputs()), results, strict=True))


def read_arrays(path: Path | str) -> dict[str, Array]:
    """Read the arrays of an `.npz` file by name; E0904 for a file that is none."""
    place = Path(path)
    try:
        file = np.load(place, allow_pickle=False)
        if isinstance(file, np.ndarray):
            raise SpecError([Diagnostic("E0904", f"`{place}` holds one array without a name", help=_NPZ)])
        with file:
            return {name: file[name] for name in file.files}
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SpecError([Diagnostic("E0901", f"cannot read `{place}`: {reason}")]) from None
    except (ValueError, zipfile.BadZipFile, EOFError, KeyError, MemoryError) as error:
        reason = (str(error).strip().splitlines() or ["it is damaged"])[0]
        message = f"`{place}` is not a readable `.npz` file: {reason}"
        raise SpecError([Diagnostic("E0904", message, help=_NPZ)]) from None


_NPZ = ("write one with `numpy.savez(path, name=array)`",)


def _graph_of(folder: Path, model: str | None) -> Path:
    if folder.suffix == ".onnx" and folder.is_file():
        return folder
    graphs = sorted(path.stem for path in folder.glob("*.onnx")) if folder.is_dir() else []
    wanted = model if model in graphs else graphs[0] if len(graphs) == 1 and model is None else None
    if wanted is not None:
        return folder / f"{wanted}.onnx"
    if graphs:
        names = ", ".join(f"`{name}`" for name in graphs)
        message = (
            f"`{folder}` holds several models" if model is None else f"`{folder}` has no model `{model}`"
        )
        raise SpecError([Diagnostic("E0901", message, notes=(f"its models: {names}",), help=("name one",))])
    help_ = ("build it first: `archc build`",)
    raise SpecError([Diagnostic("E0901", f"`{folder}` holds no ONNX graph", help=help_)])


def _described(folder: Path, model: str | None) -> dict[str, Any]:
    """Give what the manifest says of a model, nothing where there is none."""
    manifest = read_manifest(folder) or {}
    models = manifest.get("models", {})
    if model is None and len(models) == 1:
        return dict(next(iter(models.values())))
    return dict(models.get(model, {}))


def _problems(inputs: Any, arrays: Mapping[str, Array], described: Mapping[str, Any]) -> list[Diagnostic]:
    names = {each.name: each for each in inputs}
    problems = []
    for name in arrays:
        if name not in names:
            notes = (f"its inputs: {', '.join(f'`{each}`' for each in names) or 'none'}",)
            help_ = did_you_mean(name, names)
            problems.append(Diagnostic("E0904", f"the model has no input `{name}`", notes=notes, help=help_))
    sizes: dict[str, tuple[int, str]] = {}
    for name, wanted in names.items():
        if name not in arrays:
            shape = _shape_text(wanted.shape)
            dtype = NUMPY_NAMES.get(wanted.type, wanted.type)
            problems.append(Diagnostic("E0904", f"the input `{name}` is missing, it is {dtype}{shape}"))
            continue
        problem = _misfit(name, arrays[name], wanted, sizes) or _out_of_range(name, arrays[name], described)
        if problem is not None:
            problems.append(problem)
    return problems or _refused_sizes(sizes, described)


def _refused_sizes(sizes: Mapping[str, tuple[int, str]], described: Mapping[str, Any]) -> list[Diagnostic]:
    facts, notes = described.get("sizes", {}), _required(described)
    return [
        Diagnostic(
            "E0904", f"`{size}` is {got} in the input `{name}`, which the model does not take", notes=notes
        )
        for size, (got, name) in sizes.items()
        if not _is_taken(got, facts.get(size, {}))
    ]


def _is_taken(got: int, fact: Mapping[str, Any]) -> bool:
    """Whether a size meets what the manifest says of its symbol; more may be asked of several together."""
    step, remainder = fact.get("multiple_of", 1), fact.get("remainder", 0)
    return bool(fact.get("min", got) <= got <= fact.get("max", got) and got % step == remainder)


def _misfit(name: str, array: Array, wanted: Any, sizes: dict[str, tuple[int, str]]) -> Diagnostic | None:
    dtype = NUMPY_NAMES.get(wanted.type, wanted.type)
    if array.dtype.name != dtype:
        help_ = (f"convert it: `{name}.astype(numpy.{dtype})`",)
        return Diagnostic(
            "E0904", f"the input `{name}` holds {array.dtype.name}, {dtype} is needed", help=help_
        )
    message = f"the input `{name}` is {_shape_text(array.shape)}, {_shape_text(wanted.shape)} is needed"
    if len(array.shape) != len(wanted.shape):
        return Diagnostic("E0904", message)
    for got, dim in zip(array.shape, wanted.shape, strict=True):
        if isinstance(dim, int) and got != dim:
            return Diagnostic("E0904", message)
        if isinstance(dim, str) and dim.isidentifier():
            first, other = sizes.setdefault(dim, (got, name))
            if first != got:
                note = f"`{dim}` is {first} in the input `{other}`"
                return Diagnostic("E0904", message, notes=(note,))
    return None


def _out_of_range(name: str, array: Array, described: Mapping[str, Any]) -> Diagnostic | None:
    bounds = described.get("inputs", {}).get(name, {})
    low, high = bounds.get("min"), bounds.get("max")
    if not array.size or not isinstance(low, int) or not isinstance(high, int):
        return None
    least, most = int(array.min()), int(array.max())
    if low <= least and most <= high:
        return None
    return Diagnostic("E0904", f"the input `{name}` holds {least} to {most}, it must stay in {low} to {high}")


def _refuse(message: str, described: Mapping[str, Any]) -> NoReturn:
    raise SpecError([Diagnostic("E0904", message, notes=_required(described))])


def _required(described: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(f"required: {text}" for text in described.get("requirements", ()))


def _shape_text(shape: Any) -> str:
    return f"[{', '.join(str(dim) for dim in shape)}]"

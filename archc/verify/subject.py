"""What is verified: a model's PyTorch module and its ONNX graph, built in memory or from a folder."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archc.backends.deployed import Deployed
from archc.backends.folder import read_manifest
from archc.backends.folding import folded
from archc.backends.onnx import Embedded, External, export, serialized
from archc.backends.pytorch import class_name, load_module
from archc.ir.forms import form_without
from archc.ir.program import Model, Program, join, ties
from archc.opdef import Param
from archc.source import Diagnostic, Record, SpecError
from archc.verify.probing import probing_weights
from archc.weights import Checkpoint, layout, open_checkpoint, stored_weights, write
from archc.weights.elements import Array
from archc.weights.torch_state import load_arrays

if TYPE_CHECKING:
    import torch

MOST_EMBEDDED = 1 << 29


class Subject(Record):
    """One model to verify: its module, its weights, its graph and the folder of the graph's weights."""

    model: Model
    module: torch.nn.Module
    arrays: Mapping[str, Array]
    graph: bytes
    folder: Path | None
    fixed: Mapping[str, int]


class Classes:
    """Which class is run for a model: its own, or the one that prepares its data and holds it."""

    def __init__(self, program: Program, model: Model, deployed: Deployed | None) -> None:
        wrapper = None if deployed is None else deployed.wrapper(model.name)
        self.held = "" if wrapper is None else wrapper[1]
        self._program = program if wrapper is None or deployed is None else folded(deployed.classes)
        self._model = model.name if wrapper is None else wrapper[0]

    def name(self) -> str:
        """Give the name of the class."""
        return class_name(self._program, self._model)

    def module(self) -> torch.nn.Module:
        """Make the module from fresh text."""
        return load_module(self._program, self._model)

    def load(self, module: torch.nn.Module, arrays: Mapping[str, Array]) -> None:
        """Put the weights of the plain model, by its keys, where the module has them."""
        load_arrays(module, ((join(self.held, key), array) for key, array in arrays.items()))


@contextlib.contextmanager
def in_memory(
    program: Program, model: Model, seed: int, dims: Mapping[str, int], classes: Classes
) -> Iterator[Subject]:
    """Make a subject from a form of a program's model, with weights that let every one of them matter."""
    absent = [name for _, name in model.module.absent]
    arrays = probing_weights(model, seed)
    module = classes.module()
    classes.load(module, arrays)
    if sum(array.nbytes for array in arrays.values()) <= MOST_EMBEDDED:
        storage = Embedded(lambda key, _: arrays[key].tobytes())
        graph = export(program, model.name, weights=storage, dims=dims, left_out=absent)
        yield Subject(model, module, arrays, serialized(graph), None, dims)
        return
    with tempfile.TemporaryDirectory() as folder:
        plan = layout(dict(stored_weights(model.module)), ties(model.module))
        write(Path(folder) / "model.safetensors", plan, lambda key: [arrays[key]])
        external = External("model.safetensors", plan.table)
        graph = export(program, model.name, weights=external, dims=dims, left_out=absent)
        yield Subject(model, module, arrays, serialized(graph), Path(folder), dims)


@contextlib.contextmanager
def from_folder(program: Program, model: Model, folder: Path, classes: Classes) -> Iterator[Subject]:
    """Take a subject from a build: its `model.py`, its weights and its graph, as they are there."""
    manifest = read_manifest(folder)
    if manifest is None:
        help_ = ("build it first: `archc build`",)
        raise SpecError([Diagnostic("E0901", f"`{folder}` is not a build: it has no manifest", help=help_)])
    stem = model.name if len(program.models) > 1 else "model"
    graph = _file(folder, f"{stem}.onnx").read_bytes()
    checkpoint = open_checkpoint(_file(folder, f"{stem}.safetensors"))
    shared = ties(model.module)
    stored = [(key, param) for key, param in stored_weights(model.module) if key not in shared]
    arrays = {key: _read(checkpoint, key, param) for key, param in stored}
    arrays |= {key: arrays[owner] for key, owner in shared.items()}
    source = _file(folder, "model.py")
    try:
        module = getattr(_imported(source), classes.name())()
        classes.load(module, arrays)
    except Exception as error:  # the file may have been changed to anything
        message = f"`{source}` is not the model of this build: {type(error).__name__}: {error}"
        raise SpecError([Diagnostic("E0902", message, help=("build it again",))]) from None
    build = manifest.get("build")
    options = build if isinstance(build, dict) else {}
    form = form_without(model, options.get("without", ()))
    yield Subject(form, module, arrays, graph, folder, options.get("dims", {}))


def _read(checkpoint: Checkpoint, key: str, param: Param) -> Array:
    stored = checkpoint.tensors.get(key)
    if stored is None or (stored.shape, stored.dtype) != (param.shape, param.dtype):
        needed = f"{param.dtype.name} {list(param.shape)}"
        what = f"is {stored.element_name} {list(stored.shape)}, not {needed}" if stored else "is missing"
        message = f"`{checkpoint.path}` does not hold the weights of this build: `{key}` {what}"
        raise SpecError([Diagnostic("E0903", message, help=("build it again",))])
    return stored.read()


def _file(folder: Path, name: str) -> Path:
    if not (folder / name).is_file():
        help_ = ("build it with both targets",)
        raise SpecError([Diagnostic("E0901", f"`{folder}` holds no `{name}`", help=help_)])
    return folder / name


def _imported(path: Path) -> Any:
    """Import a build's source, as whoever uses it would."""
    name = f"archc_verified_{abs(hash(path.resolve())):x}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[name]
    return module

"""The live module: the emitted text, executed."""

from __future__ import annotations

import linecache
import sys
from types import ModuleType
from typing import TYPE_CHECKING

from archc.backends.pytorch.emit import emit, model_names
from archc.ir.program import Program

if TYPE_CHECKING:
    import torch


def class_name(program: Program, model: str | None = None) -> str:
    """Give the class name of a model; of the only one where no name is given."""
    return model_names(program)[_chosen(program, model)]


def _chosen(program: Program, model: str | None) -> str:
    names = [each.name for each in program.models]
    if model is None and len(names) == 1:
        return names[0]
    if model not in names:
        raise ValueError(f"there is no model `{model}`, the models are {', '.join(names)}")
    return model


def load_module(program: Program, model: str | None = None) -> torch.nn.Module:
    """Give a fresh instance of a model, with PyTorch's own random weights."""
    name = class_name(program, model)
    module: torch.nn.Module = getattr(python_module(emit(program), program.name), name)()
    return module


def python_module(text: str, name: str) -> ModuleType:
    """Give the Python module that an emitted text defines.

    This is the only place of archc that executes text. The text comes from the emitter, which builds it
    out of checked identifiers, numbers and escaped texts; what the user receives is what runs here, so
    there are not two PyTorch models that could differ.
    """
    file = f"<archc {name} {abs(hash(text)):x}>"
    module = ModuleType(f"archc_emitted_{name}")
    module.__file__ = file
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    sys.modules[module.__name__] = module
    exec(compile(text, file, "exec"), module.__dict__)
    return module

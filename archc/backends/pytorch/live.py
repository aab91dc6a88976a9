"""The live module: the emitted text, executed."""

from __future__ import annotations

import linecache
import sys
from types import ModuleType
from typing import TYPE_CHECKING

from archc.backends.pytorch.classes import Plan
from archc.backends.pytorch.emit import written
from archc.ir.program import Program
from archc.weights.models import find_model

if TYPE_CHECKING:
    import torch


def class_name(program: Program, model: str | None = None) -> str:
    """Give the class name of a model; of the only one where no name is given."""
    return Plan(program).models[find_model(program, model).name].name


def load_module(program: Program, model: str | None = None) -> torch.nn.Module:
    """Give a fresh instance of a model, with PyTorch's own random weights."""
    plan = Plan(program)
    name = plan.models[find_model(program, model).name].name
    module: torch.nn.Module = getattr(python_module(written(plan), program.name), name)()
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

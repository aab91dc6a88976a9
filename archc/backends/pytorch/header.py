"""What stands around the classes: the module's docstring, imports, named tuples, the name `Model`."""

from __future__ import annotations

import ast

from archc.backends.pytorch.docs import docstring, safe
from archc.backends.pytorch.names import field, identifier
from archc.ir.program import Model, Program, Value
from archc.sizes import FLOAT32, DType
from archc.version import __version__

_IMPORTS = (
    ("math", "import math"),
    ("OrderedDict", "from collections import OrderedDict"),
    ("NamedTuple", "from typing import NamedTuple"),
)


def module_docstring(program: Program, names: dict[str, str], tied: frozenset[str]) -> list[str]:
    """Write what the file holds: the models with inputs and outputs, requirements, how to load weights."""
    more: list[str] = []
    for model in program.models:
        more.extend(_interface(model, names[model.name], len(program.models) > 1))
    if program.requirements:
        more.extend(["Requires", *(f"    {safe(one.text)}" for one in program.requirements), ""])
    more.extend(_loading(program, names, tied))
    title = program.doc or f"The model `{program.name}`."
    return docstring(title, 0, more)


def _interface(model: Model, name: str, several: bool) -> list[str]:
    lines = [f"{name}", ""] if several else []
    if several and model.module.doc:
        lines = [f"{name}: {safe(' '.join(model.module.doc.split()))}", ""]
    lines.extend(["Inputs", *(_described(value.name, value) for value in model.module.inputs)])
    lines.extend(["Outputs", *(_described(label, value) for label, value in model.module.outputs), ""])
    return lines


def _described(label: str, value: Value) -> str:
    dtype: DType = value.type.dtype
    shown = str(value.type) if dtype is not FLOAT32 else f"float32{value.type}"
    return f"    {identifier(label)}: {shown}"


def _loading(program: Program, names: dict[str, str], tied: frozenset[str]) -> list[str]:
    lines = ["Load the weights with", ""]
    for model in program.models:
        single = len(program.models) == 1
        variable, file = ("model", "model") if single else (model.name, model.name)
        lines.append(f"    {variable} = {'Model' if single else names[model.name]}()")
        if model.name in tied:
            lines.append(f'    safetensors.torch.load_model({variable}, "{file}.safetensors")')
        else:
            lines.append(f'    {variable}.load_state_dict(safetensors.torch.load_file("{file}.safetensors"))')
    return lines


def imports(code: str) -> list[str]:
    """Give the import statements that some code needs, in the order of the formatter."""
    tree = ast.parse(code)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    standard = [line for name, line in _IMPORTS if name in used]
    torch = ["import torch"] if "torch" in used else []
    torch += ["import torch.nn.functional as F"] if "F" in used else []
    words = [name for name in ("Tensor", "nn") if name in used]
    torch += [f"from torch import {', '.join(words)}"] if words else []
    return [*standard, *([""] if standard and torch else []), *torch]


def named_tuple(name: str, model: Model) -> list[str]:
    """Write the class of several outputs."""
    lines = [f"class {name}(NamedTuple):"]
    fields: list[str] = []
    for label, _ in model.module.outputs:
        fields.append(field(label, fields))
        lines.append(f"    {fields[-1]}: Tensor")
    return lines


__all__ = ["__version__", "imports", "module_docstring", "named_tuple"]

"""What stands around the classes: the module's docstring, imports, named tuples, the name `Model`."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator, Mapping, Sequence

from archc.backends.pytorch.docs import docstring, safe
from archc.backends.pytorch.names import field, identifier
from archc.backends.pytorch.places import counted
from archc.backends.pytorch.writer import INDENT, WIDTH
from archc.ir.program import CallNode, Model, Program, Value, requirements_of, ties, weights
from archc.sizes import FLOAT32, DType

_IMPORTS = (
    ("math", "import math"),
    ("OrderedDict", "from collections import OrderedDict"),
    ("NamedTuple", "from typing import NamedTuple"),
)


def module_docstring(program: Program, names: dict[str, str], stems: Mapping[str, str]) -> list[str]:
    """Write what the file holds: the models with inputs and outputs, requirements, how to load weights.

    `stems` are the names of weights' files that are not those of their models.
    """
    more: list[str] = []
    for model in program.models:
        more.extend(_interface(model, names[model.name], len(program.models) > 1))
    more.extend(_loading(program, names, stems))
    title = program.doc or f"The model `{program.name}`."
    return docstring(title, 0, more)


def _interface(model: Model, name: str, several: bool) -> list[str]:
    lines = [f"{name}", ""] if several else []
    if several and model.module.doc:
        lines = [f"{name}: {safe(' '.join(model.module.doc.split()))}", ""]
    inputs = [(value.name, value) for value in model.module.inputs]
    lines.extend(["Inputs", *_described(inputs, model.optional)])
    lines.extend(["Outputs", *_described(list(model.module.outputs)), ""])
    needs = requirements_of(model)
    if needs:
        lines.extend(["Requires", *(line for need in needs for line in _entry(safe(need))), ""])
    return lines


def _described(values: Sequence[tuple[str, Value]], optional: Sequence[str] = ()) -> Iterator[str]:
    """Write names with types; a long row of numbered ones with one type in one line."""
    start = 0
    while start < len(values):
        label, value = values[start]
        stop = start + 1
        while stop < len(values) and values[stop][1].type == value.type and _row(values[start : stop + 1]):
            stop += 1
        stop = stop if stop - start > 2 else start + 1
        dtype: DType = value.type.dtype
        shown = str(value.type) if dtype is not FLOAT32 else f"float32{value.type}"
        until = f" to {identifier(values[stop - 1][0])}" if stop - start > 1 else ""
        none = " or None" * (label in optional)
        yield from _entry(f"{identifier(label)}{until}: {shown}{none}")
        start = stop


def _entry(text: str) -> list[str]:
    """Indent an entry of a list; the lines after its first, more."""
    space = " " * INDENT
    options = {"break_long_words": False, "break_on_hyphens": False}
    return textwrap.wrap(text, WIDTH, initial_indent=space, subsequent_indent=2 * space, **options)  # type: ignore[arg-type]


def _row(values: Sequence[tuple[str, Value]]) -> bool:
    return counted([identifier(label) for label, _ in values]) is not None


def _loading(program: Program, names: dict[str, str], stems: Mapping[str, str]) -> list[str]:
    lines = ["Load the weights with", ""]
    single = len(program.models) == 1
    for model in _callees_first(program):
        variable, file = ("model", "model") if single else (model.name, stems.get(model.name, model.name))
        held = _held(model)
        lines.append(f"    {variable} = {'Model' if single else names[model.name]}({', '.join(held)})")
        if all(key.partition(".")[0] in held for key, _ in weights(model.module)) and held:
            continue
        if ties(model.module):
            lines.append(f'    safetensors.torch.load_model({variable}, "{file}.safetensors")')
        else:
            lines.append(f'    {variable}.load_state_dict(safetensors.torch.load_file("{file}.safetensors"))')
    return lines


def _held(model: Model) -> list[str]:
    nodes = (node for node in model.module.nodes if isinstance(node, CallNode))
    return [node.name for node in nodes if node.model and not node.shares]


def _callees_first(program: Program) -> list[Model]:
    """Order the models so that those that one calls come before it."""
    found: dict[str, Model] = {}

    def add(name: str) -> None:
        model = next(each for each in program.models if each.name == name)
        for held in _held(model):
            add(held)
        found.setdefault(name, model)

    for model in program.models:
        add(model.name)
    return list(found.values())


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

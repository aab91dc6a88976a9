"""From a Program to the text of `model.py`."""

from __future__ import annotations

from archc.backends.pytorch.classes import Plan
from archc.backends.pytorch.construct import Constructor
from archc.backends.pytorch.header import imports, module_docstring, named_tuple
from archc.backends.pytorch.names import class_name_for
from archc.ir.program import Program, ties


def emit(program: Program) -> str:
    """Give the source of a file that needs only PyTorch: one class a block, one a model."""
    plan = Plan(program)
    names = model_names(program)
    constructor = Constructor(plan)
    parts: list[list[str]] = [source.strip("\n").split("\n") for _, source in _support(plan)]
    parts.extend([plan.common.lines()] if plan.common.inits else [])
    taken = {klass.name for klass in plan.classes}
    for model in program.models:
        if len(model.module.outputs) > 1:
            output = class_name_for(f"{names[model.name]}_output", taken)
            constructor.outputs[names[model.name]] = output
            taken.add(output)
    by_name = {names[model.name]: model for model in program.models}
    for klass in plan.classes:
        if klass.name in constructor.outputs and klass.first.is_model:
            parts.append(named_tuple(constructor.outputs[klass.name], by_name[klass.name]))
        parts.append(constructor.text(klass))
    if len(program.models) == 1 and names[program.models[0].name] != "Model":
        parts.append([f"Model = {names[program.models[0].name]}"])
    code = "\n\n\n".join("\n".join(part) for part in parts) + "\n"
    tied = frozenset(model.name for model in program.models if ties(model.module))
    head = "\n".join([*module_docstring(program, names, tied), "", *imports(code)])
    return f"{head}\n\n\n{code}"


def _support(plan: Plan) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for klass in plan.classes:
        for slot in klass.all_slots():
            form = slot.first.form
            found.update(dict(form.support) if form is not None else {})
    return list(found.items())


def model_names(program: Program) -> dict[str, str]:
    """Give the class name of each model."""
    names: dict[str, str] = {}
    for model in program.models:
        names[model.name] = class_name_for(model.name, set(names.values()))
    return names


__all__ = ["emit", "model_names"]

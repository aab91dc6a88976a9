"""The forms of a model with optional inputs: which one a choice of inputs is."""

from __future__ import annotations

from collections.abc import Collection

from archc.ir.program import Model, Program, Value
from archc.source import Diagnostic, SpecError, did_you_mean


def without(program: Program, names: Collection[str]) -> Program:
    """Give the program whose models lack some of their optional inputs, and have one form each.

    Raises SpecError (E0340) for a name that is no optional input.
    """
    known = list(dict.fromkeys(name for model in program.models for name in model.optional))
    for name in names:
        if name not in known:
            raise SpecError([_no_optional(program, name, known)])
    return program.replace(models=tuple(form_without(model, names) for model in program.models))


def form_without(model: Model, names: Collection[str]) -> Model:
    """Give a model without the named ones of its optional inputs, as a model of one form."""
    if not model.forms:
        return model
    lacking = {name for name in names if name in model.optional}
    module = next(form for form in model.roots if {name for _, name in form.absent} == lacking)
    return model.replace(module=module, forms=())


def call_inputs(model: Model) -> tuple[Value | None, ...]:
    """Give the inputs of a form in the order of a call, None for those that it lacks."""
    values: list[Value | None] = list(model.module.inputs)
    for position, _ in model.module.absent:
        values.insert(position, None)
    return tuple(values)


def form_name(model: Model) -> str:
    """Give what a form is called in reports: `masked`, `masked without mask`."""
    absent = " and ".join(name for _, name in model.module.absent)
    return f"{model.name} without {absent}" if absent else model.name


def _no_optional(program: Program, name: str, known: list[str]) -> Diagnostic:
    has = ", ".join(f"`{each}`" for each in known) or "none"
    inputs = {value.name for model in program.models for value in model.module.inputs}
    message = f"the input `{name}` is required" if name in inputs else f"there is no input `{name}`"
    notes = (f"the optional inputs of `{program.name}`: {has}",)
    return Diagnostic("E0340", message, notes=notes, help=did_you_mean(name, known))

"""From a Program to the text of `model.py`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from archc.backends.pytorch.classes import Plan
from archc.backends.pytorch.construct import Constructor
from archc.backends.pytorch.header import imports, module_docstring, named_tuple
from archc.backends.pytorch.names import class_name_for
from archc.ir.program import Program


def emit(program: Program, stems: Mapping[str, str] | None = None) -> str:
    """Give the source of a file that needs only PyTorch: one class a block, one a model.

    `stems` are the names of weights' files that are not those of their models.
    """
    return written(Plan(program), stems)


def written(plan: Plan, stems: Mapping[str, str] | None = None) -> str:
    """Give the source for the classes of a program."""
    code = "\n\n\n".join("\n".join(part) for part in parts(plan)) + "\n"
    names = {model: klass.name for model, klass in plan.models.items()}
    head = "\n".join([*module_docstring(plan.program, names, stems or {}), "", *imports(code)])
    return f"{head}\n\n\n{code}"


def parts(plan: Plan) -> Iterator[list[str]]:
    """Give what stands in the file below its imports, each with two blank lines around it."""
    for source in plan.support.values():
        yield source.strip("\n").split("\n")
    if plan.common.inits:
        yield plan.common.lines()
    outputs = _named_outputs(plan)
    constructor = Constructor(plan, outputs)
    modules = {id(klass): model for model in plan.program.models for klass in (plan.models[model.name],)}
    for klass in plan.classes:
        if klass.name in outputs:
            yield named_tuple(outputs[klass.name], modules[id(klass)])
        yield constructor.text(klass)
    only = [klass.name for klass in plan.models.values()]
    if len(only) == 1 and only[0] != "Model":
        yield [f"Model = {only[0]}"]


def _named_outputs(plan: Plan) -> dict[str, str]:
    """Give the names of the named tuples, by the names of the models' classes."""
    taken = {klass.name for klass in plan.classes} | set(plan.support)
    found: dict[str, str] = {}
    for klass in plan.models.values():
        if len(klass.outputs) > 1:
            found[klass.name] = class_name_for(f"{klass.name}_output", taken)
            taken.add(found[klass.name])
    return found

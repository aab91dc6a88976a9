"""Fixing symbolic sizes at build: which may be fixed to what, and what is then still required."""

from __future__ import annotations

from collections.abc import Mapping

from archc.ir.program import Model, Program, declared_of
from archc.sizes import Condition, Solution, solve, substitute, symbols
from archc.source import Diagnostic, SpecError, did_you_mean


def solution_of(model: Model) -> Solution:
    """Give what a model's requirements say about its symbols."""
    return solve([need for each in model.requirements for need in each.needs], model.facts)


def symbols_of(*models: Model) -> tuple[str, ...]:
    """Give the symbols of models' inputs, in the order of the inputs."""
    dims = (dim for model in models for value in model.module.inputs for dim in value.type.shape)
    return tuple(dict.fromkeys(name for dim in dims for name in sorted(symbols(dim))))


def check_dims(program: Program, dims: Mapping[str, int]) -> dict[str, int]:
    """Give the fixed sizes; refuse an unknown symbol or a size that the models do not take (E0909)."""
    known = symbols_of(*program.models)
    for name in dims:
        if name not in known:
            notes = (f"its symbolic sizes: {', '.join(f'`{each}`' for each in known) or 'none'}",)
            message = f"`{program.name}` has no symbolic size `{name}`"
            raise SpecError([Diagnostic("E0909", message, notes=notes, help=did_you_mean(name, known))])
    for model in program.models:
        _check_model(model, {name: dims[name] for name in symbols_of(model) if name in dims})
    return dict(dims)


def _check_model(model: Model, dims: Mapping[str, int]) -> None:
    solution = solution_of(model) if dims else None
    for name, size in dims.items():
        if solution is not None and (size < 1 or not solution.allows({name: size})):
            raise SpecError([_refused(model, f"`{name}` cannot be {size}", (name,))])
    if solution is not None and not solution.allows(dims):
        sizes = ", ".join(f"`{name}` = {size}" for name, size in dims.items())
        raise SpecError([_refused(model, f"{sizes} do not go together", tuple(dims))])


def _refused(model: Model, message: str, names: tuple[str, ...]) -> Diagnostic:
    facts = [(name, model.facts.get(name)) for name in names if name in model.facts]
    notes = [f"required: {each.text}" for each in model.requirements if set(names) & set(each.symbols)]
    for name, fact in facts:
        bounds = f"from {fact.min}" + (f" to {fact.max}" if fact.max is not None else "")
        step = f", {fact.remainder} when divided by {fact.multiple}" if fact.multiple > 1 else ""
        notes.append(f"`{name}` is {bounds}{step}")
    return Diagnostic("E0909", message, notes=tuple(notes))


def remaining_requirements(model: Model, fixed: Mapping[str, int]) -> tuple[str, ...]:
    """Give as text what is still required of the symbols that a model's inputs have."""
    own = set(symbols_of(model))
    texts = [text for name, text in declared_of(model) if name in own and name not in fixed]
    for requirement in model.requirements:
        names = set(requirement.symbols)
        if not names <= own or names <= set(fixed):
            continue
        condition = requirement.condition
        if names & set(fixed) and isinstance(condition, Condition):
            left, right = substitute(condition.left, fixed), substitute(condition.right, fixed)
            texts.append(str(Condition(left, condition.relation, right)))
        else:
            texts.append(requirement.text)
    return tuple(dict.fromkeys(texts))

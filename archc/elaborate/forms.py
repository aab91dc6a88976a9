"""The forms of a model with optional inputs: the same layers, elaborated without some of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

from archc.elaborate.context import Compilation
from archc.ir.program import Module, Value, weights
from archc.source import Diagnostic, Diagnostics, Label
from archc.spec.document import InputDecl, ModelDecl

MOST_OPTIONAL = 4

Elaborate = Callable[[ModelDecl, Compilation, Sequence[str]], Module | None]


def make_forms(
    decl: ModelDecl, module: Module, compilation: Compilation, elaborate: Elaborate
) -> tuple[Module, ...]:
    """Elaborate a model without each set of its optional inputs; what is wrong there is reported.

    What a form asks of the sizes is asked of the model. All forms have the weights and the outputs of
    the model (E0336, E0339); an optional input is behind the required ones (E0337), of few (E0338).
    """
    optional = [value for value in module.inputs if _declaration(decl, value).optional]
    problem = _misplaced(decl, module, optional) or _too_many(optional)
    if problem is not None:
        compilation.diagnostics.add(problem)
        return ()
    forms: list[Module] = []
    for left_out in _subsets([value.name for value in optional]):
        form = _form(decl, left_out, compilation, elaborate)
        if form is None:
            return ()
        problem = _other_weights(module, form, left_out) or _other_outputs(decl, module, form, left_out)
        if problem is not None:
            compilation.diagnostics.add(problem)
            return ()
        forms.append(form)
    return tuple(forms)


def _subsets(names: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for count in range(1, len(names) + 1):
        yield from combinations(names, count)


def _declaration(decl: ModelDecl, value: Value) -> InputDecl:
    """Give the declaration that an input comes from, told by its place."""
    return next(each for each in decl.inputs if each.name.span == value.span)


def _form(
    decl: ModelDecl, left_out: Sequence[str], compilation: Compilation, elaborate: Elaborate
) -> Module | None:
    """Elaborate a form. Only errors are told of it: what is a warning is one of the model with all inputs."""
    around, compilation.diagnostics = compilation.diagnostics, Diagnostics()
    try:
        form = elaborate(decl, compilation, left_out)
        found = compilation.diagnostics.errors
    finally:
        compilation.diagnostics = around
    for diagnostic in found:
        note = f"it is so without the optional {_shown(left_out)}"
        around.add(diagnostic.replace(notes=(*diagnostic.notes, note)))
    return form


def _shown(left_out: Sequence[str]) -> str:
    names = " and ".join(f"`{name}`" for name in left_out)
    return f"input{'s' * (len(left_out) > 1)} {names}"


def _misplaced(decl: ModelDecl, module: Module, optional: Sequence[Value]) -> Diagnostic | None:
    """Refuse a required input behind an optional one (E0337)."""
    found: Value | None = None
    for value in module.inputs:
        if value in optional:
            found = found or value
        elif found is not None:
            first = _declaration(decl, found).name.span
            message = f"the input `{value.name}` is required, and stands behind the optional `{found.name}`"
            labels = (Label(first, "this may be left out"),)
            help_ = (f"write `{found.name}` behind `{value.name}`",)
            return Diagnostic("E0337", message, value.span, labels=labels, help=help_)
    return None


def _too_many(optional: Sequence[Value]) -> Diagnostic | None:
    """Refuse more optional inputs than there can be forms of (E0338)."""
    if len(optional) <= MOST_OPTIONAL:
        return None
    message = f"a model has at most {MOST_OPTIONAL} optional inputs, this is the {len(optional)}th"
    help_ = ("let a parameter decide: `when: with_mask` on the input, and on what reads it",)
    notes = ("each set of them that is left out is a model to check, and a graph to write",)
    return Diagnostic("E0338", message, optional[-1].span, notes=notes, help=help_)


def _other_weights(module: Module, form: Module, left_out: Sequence[str]) -> Diagnostic | None:
    """Refuse weights that depend on whether an input is given (E0336)."""
    own = {key: (param.shape, param.dtype) for key, param in weights(module)}
    other = {key: (param.shape, param.dtype) for key, param in weights(form)}
    if own == other:
        return None
    key = next(key for key in (*own, *other) if own.get(key) != other.get(key))
    place = next(value.span for value in module.inputs if value.name in left_out)
    message = f"the weight `{key}` depends on whether {_shown(left_out)} is given"
    help_ = ("let the layer be there in both cases, or let a parameter decide: `when: with_mask`",)
    return Diagnostic("E0336", message, place, help=help_)


def _other_outputs(
    decl: ModelDecl, module: Module, form: Module, left_out: Sequence[str]
) -> Diagnostic | None:
    """Refuse outputs that depend on whether an input is given (E0339)."""
    own, other = [name for name, _ in module.outputs], [name for name, _ in form.outputs]
    if own == other:
        return None
    name = next((name for name in (*own, *other) if (name in own) != (name in other)), own[0])
    place = next((each.name.span for each in decl.outputs or () if each.name.text == name), decl.span)
    message = f"the output `{name}` depends on whether {_shown(left_out)} is given"
    help_ = ("give it a value in both cases, or let a parameter decide: `when: with_mask`",)
    return Diagnostic("E0339", message, place, help=help_)

"""From a typed spec to a Program: parameters, facts, models, requirements."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from archc.elaborate.arguments import evaluate_let, program_parameters
from archc.elaborate.binding import ABSENT, BROKEN, AmbiguousInput, Binding, Names
from archc.elaborate.body import finish
from archc.elaborate.context import Body, Compilation, Context, Mistake
from archc.elaborate.evaluation import evaluate_condition, evaluate_size, free_names
from archc.elaborate.layers import evaluate_name
from archc.elaborate.loops import turns_of
from archc.elaborate.operations import check_size
from archc.elaborate.requirements import solve_requirements
from archc.elaborate.signatures import read_dtype
from archc.elaborate.unavailable import report_unavailable
from archc.ir.program import Model, Module, Program, Value
from archc.sizes import Dim, Expr, Facts, SizeFact, TensorType, ValueRange, symbol, symbols
from archc.source import Diagnostic, Diagnostics, Record, Span, did_you_mean, nearest
from archc.spec.document import DimDecl, InputDecl, ModelDecl, Spec
from archc.spec.library import load_library
from archc.spec.limits import Limits
from archc.spec.tree import Scalar, Tree

_FRAMES = 100_000  # 100 blocks, each of up to 100 nested containers, at some ten frames


class Choices(Record):
    """What is chosen from outside the spec: parameter values and a variant."""

    parameters: dict[str, object] = {}  # noqa: RUF012 - never changed
    variant: str | None = None


def elaborate(
    spec: Spec, diagnostics: Diagnostics, choices: Choices | None = None, limits: Limits | None = None
) -> Program | None:
    """Elaborate a spec; adds what is wrong to `diagnostics` and gives None where an error was found."""
    chosen = choices or Choices()
    bounds = limits or Limits()
    before = len(diagnostics.errors)
    library = load_library(spec, diagnostics, bounds)
    compilation = Compilation(library, Facts(), diagnostics, bounds)
    body = Body(compilation, library, None, {}, {}, ())
    parameters = program_parameters(
        spec.params, chosen.parameters, _variant(spec, chosen, body), body, _place(spec)
    )
    names = dict(parameters)
    top = Context(body, Names(), names, None)
    _attempt(body, lambda: evaluate_let(spec.let, top))
    if body.broken:
        return None
    report_unavailable(spec, diagnostics)
    facts_known = _read_facts(spec, compilation, top)
    with _room_for_nesting():
        models = [_model(decl, compilation, names, spec) for decl in spec.models]
    _check_dims(spec, compilation, top)
    present = [model for model in models if model is not None]
    if not facts_known:
        return None
    solution = solve_requirements(spec, compilation, broken=len(present) < len(models))
    if len(diagnostics.errors) > before or len(present) < len(models) or solution is None:
        return None
    return Program(
        _name(spec),
        spec.doc,
        tuple(present),
        tuple(parameters.items()),
        solution.facts,
        solution.requirements,
        tuple(compilation.ranges.items()),
        spec.source.name,
        spec.source.text,
    )


@contextmanager
def _room_for_nesting() -> Iterator[None]:
    """Let blocks and containers nest as deep as the limits allow, whatever the caller's own depth is."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _place(spec: Spec) -> Span:
    return spec.name.span if spec.name is not None else Span(spec.source, 0, 0)


def _name(spec: Spec) -> str:
    return spec.name.text if spec.name is not None else spec.default_name


def _attempt(body: Body, work: object) -> None:
    try:
        work()  # type: ignore[operator]
    except Mistake as mistake:
        body.report(mistake.diagnostic)


def _variant(spec: Spec, chosen: Choices, body: Body) -> dict[str, Tree]:
    if chosen.variant is None:
        return {}
    if chosen.variant in spec.variants:
        return spec.variants[chosen.variant].values
    known = ", ".join(f"`{name}`" for name in spec.variants) or "none"
    body.report(
        Diagnostic(
            "E0624",
            f"the spec has no variant `{chosen.variant}`",
            _place(spec),
            notes=(f"its variants: {known}",),
            help=did_you_mean(chosen.variant, spec.variants),
        )
    )
    return {}


def _read_facts(spec: Spec, compilation: Compilation, top: Context) -> bool:
    known = True
    for decl in spec.dims:
        try:
            compilation.facts = compilation.facts.with_fact(decl.name, _fact(decl, top))
        except Mistake as mistake:
            top.body.report(mistake.diagnostic)
            known = False
    return known


def _fact(decl: DimDecl, top: Context) -> SizeFact:
    def number(scalar: Scalar | None, default: int, least: int) -> int:
        if scalar is None:
            return default
        value = evaluate_size(scalar, top)
        if isinstance(value, int) and value >= least:
            return value
        message = f"a fact about a size is a whole number from {least}, this is `{value}`"
        raise Mistake(Diagnostic("E0412", message, scalar.span))

    multiple = number(decl.multiple_of, 1, 1)
    remainder = number(decl.remainder, 0, 0)
    least = number(decl.min, 1, 0)
    most = number(decl.max, -1, 1)
    fact = SizeFact(max(least, 1), None if decl.max is None else most, multiple, remainder % multiple)
    if remainder >= multiple > 1 or (fact.max is not None and fact.smallest > fact.max):
        raise Mistake(Diagnostic("E0412", f"no size satisfies the facts about `{decl.name}`", decl.span))
    return fact


def _model(decl: ModelDecl, compilation: Compilation, names: dict[str, object], spec: Spec) -> Model | None:
    places = {param.name: param.key.span for param in spec.params}
    places.update({let.name: let.key.span for let in spec.let})
    body = Body(compilation, compilation.library, None, dict(names), places, ())
    body.layers = decl.layers
    context = Context(body, Names(), body.names, None)
    inputs: list[Value] = []
    for declared in decl.inputs:
        try:
            for inside in turns_of(declared.repeat, declared.for_, context):
                if declared.when is None or evaluate_condition(declared.when, inside):
                    inputs.append(_input(declared, inside, context, compilation))
                else:
                    name, place = evaluate_name(declared.name, inside), declared.name.span
                    context.scope.define(name, ABSENT, place, replaceable=True)
        except Mistake as mistake:
            body.report(mistake.diagnostic)
            context.scope.define(declared.name.text, BROKEN, declared.name.span)
    context.previous = _first_value(inputs, context)
    name = decl.name or _name(spec)
    finished = finish(
        body,
        name,
        decl.doc or (spec.doc if decl.name is None else ""),
        decl.span,
        decl.layers,
        decl.outputs,
        tuple(inputs),
        (),
        {},
        context,
    )
    if finished is None:
        return None
    _warn_unused_inputs(finished[0], body)
    return Model(name, finished[0])


def _first_value(inputs: list[Value], context: Context) -> Binding:
    if context.body.broken:
        return BROKEN
    only = context.scope.find(inputs[0].name) if len(inputs) == 1 else None
    return only or AmbiguousInput(tuple(value.name for value in inputs))


def _warn_unused_inputs(module: Module, body: Body) -> None:
    sizes = {
        name
        for node in module.nodes
        for value in node.outputs
        for d in value.type.shape
        for name in symbols(d)
    }
    for value in module.inputs:
        own = {name for dim in value.type.shape for name in symbols(dim)}
        if value.name not in body.used and not own & (sizes - _symbols_of_others(module, value)):
            body.report(Diagnostic("W0103", f"the input `{value.name}` is never used", value.span))


def _symbols_of_others(module: Module, value: Value) -> set[str]:
    return {n for v in module.inputs if v is not value for d in v.type.shape for n in symbols(d)}


def _input(declared: InputDecl, inside: Context, context: Context, compilation: Compilation) -> Value:
    name = evaluate_name(declared.name, inside)
    assert declared.shape is not None
    shape = tuple(_dimension(scalar, inside, context, compilation) for scalar in declared.shape)
    dtype = read_dtype(declared.dtype)
    type_ = TensorType(dtype, shape, _range(declared, name, inside, compilation, dtype.is_integer))
    check_size(type_, declared.name.span)
    value = Value(name, type_, declared.name.span)
    other = context.scope.define(name, Binding(value), declared.name.span)
    if other is not None or name in context.body.places:
        raise Mistake(Diagnostic("E0302", f"the name `{name}` is used twice", declared.name.span))
    context.body.places[name] = declared.name.span
    context.body.values.add(name)
    return value


def _range(
    declared: InputDecl, name: str, inside: Context, compilation: Compilation, integer: bool
) -> ValueRange | None:
    if declared.min is None and declared.max is None:
        return ValueRange(None, None, name) if integer else None
    place = (declared.min or declared.max or declared.name).span
    if not integer:
        message = f"only an integer input has a range, `{name}` holds floats or booleans"
        raise Mistake(Diagnostic("E0506", message, place))
    low = evaluate_size(declared.min, inside) if declared.min is not None else 0
    high = evaluate_size(declared.max, inside) if declared.max is not None else None
    if isinstance(low, int) and isinstance(high, int) and low > high:
        raise Mistake(Diagnostic("E0506", f"the range of `{name}` is empty: {low} to {high}", place))
    if high is not None:
        compilation.ranges[name] = (low, high)
    return ValueRange(low, high)


def _dimension(scalar: Scalar, inside: Context, context: Context, compilation: Compilation) -> Dim:
    for name in free_names(scalar):
        if name in inside.names:
            continue
        _warn_misspelt(name, scalar, context)
        compilation.symbols.setdefault(name, scalar.span)
        fact = compilation.facts.get(name)
        size = symbol(name, fact.multiple, fact.remainder)
        for names in (inside.names, context.names):
            names[name] = size
        context.body.places.setdefault(name, scalar.span)
    dim = evaluate_size(scalar, inside)
    if isinstance(dim, int) and dim < 1:
        raise Mistake(Diagnostic("E0411", f"a size must be at least 1, this is {dim}", scalar.span))
    if isinstance(dim, Expr) and not scalar.text.isidentifier():
        compilation.require_positive(dim, scalar.span, context.body)
    return dim


def _warn_misspelt(name: str, scalar: Scalar, context: Context) -> None:
    parameters = [known for known, value in context.names.items() if not isinstance(value, Expr)]
    # The usual one- and two-letter symbols resemble anything.
    close = nearest(name, parameters) if len(name) > 2 else ()
    if close:
        context.body.report(
            Diagnostic(
                "W0104",
                f"`{name}` is a new symbolic size, and there is a parameter `{close[0]}`",
                scalar.span,
                notes=("a name in a shape that is not a parameter stands for any size",),
                help=(f"if the parameter was meant, write `{close[0]}`",),
            )
        )


def _check_dims(spec: Spec, compilation: Compilation, top: Context) -> None:
    for decl in spec.dims:
        if decl.name not in compilation.symbols:
            top.body.report(
                Diagnostic(
                    "E0413",
                    f"`dims` speaks of `{decl.name}`, which is not a symbolic size of any input",
                    decl.key.span,
                    help=did_you_mean(decl.name, compilation.symbols),
                )
            )

"""One model: its inputs with their types, its layers, its outputs."""

from __future__ import annotations

from collections.abc import Sequence

from archc.elaborate.binding import BROKEN, AmbiguousInput, Binding, Names
from archc.elaborate.context import Asked, Body, Compilation, Context, Made, Mistake
from archc.elaborate.declared import Declared, declared_in, define_groups
from archc.elaborate.evaluation import evaluate_size, free_names
from archc.elaborate.forms import make_forms
from archc.elaborate.operations import check_size
from archc.elaborate.signatures import read_dtype
from archc.ir.program import Module, Value
from archc.sizes import Dim, Expr, TensorType, ValueRange, symbol, symbols
from archc.source import Diagnostic, Frame, Label, nearest
from archc.spec.document import InputDecl, ModelDecl, Spec
from archc.spec.presence import presence_key
from archc.spec.tree import Scalar


def make_model(decl: ModelDecl, compilation: Compilation) -> Made:
    """Elaborate a model, once; one that calls another makes that one first."""
    if decl.name not in compilation.made:
        around, compilation.asked = compilation.asked, Asked()
        compilation.open_models.append(decl)
        module = _elaborate(decl, compilation)
        forms = () if module is None else make_forms(decl, module, compilation, _elaborate)
        compilation.open_models.pop()
        compilation.made[decl.name] = Made(module, compilation.asked, forms)
        compilation.asked = around
    return compilation.made[decl.name]


def model_body(compilation: Compilation, frames: tuple[Frame, ...] = ()) -> Body:
    """Give an empty body that sees the spec's parameters, as models do."""
    spec = compilation.spec
    places = {param.name: param.key.span for param in spec.params}
    places.update({let.name: let.key.span for let in spec.let})
    return Body(compilation, compilation.library, None, dict(compilation.names), places, frames)


def _elaborate(decl: ModelDecl, compilation: Compilation, left_out: Sequence[str] = ()) -> Module | None:
    # A body holds calls of models and a model makes a body: one of the two imports has to wait.
    from archc.elaborate.body import finish

    body = model_body(compilation)
    body.layers = decl.layers
    context = Context(body, Names(), body.names, None)
    inputs: list[Value] = []
    absent: list[tuple[int, str]] = []
    for each in decl.inputs:
        try:
            declared = declared_in((each,), context)
            for one in declared:
                given = one.present and one.name not in left_out
                if one.present and not given:
                    absent.append((len(inputs) + len(absent), one.name))
                if given:
                    inputs.append(_input(one, context, compilation))
                else:
                    nothing = Binding(lacks=one.name)
                    context.scope.define(one.name, nothing, each.name.span, replaceable=not one.present)
                body.names[presence_key(one.name)] = given
            define_groups(declared, context.scope)
        except Mistake as mistake:
            body.report(mistake.diagnostic)
            context.scope.define(each.name.text, BROKEN, each.name.span)
    context.previous = _first_value(inputs, context)
    finished = finish(
        body,
        decl.name or name_of(compilation.spec),
        decl.doc or (compilation.spec.doc if decl.name is None else ""),
        decl.span,
        decl.layers,
        decl.outputs,
        tuple(inputs),
        (),
        {},
        context,
        tuple(absent),
    )
    if finished is None:
        return None
    _warn_unused_inputs(finished[0], body)
    return finished[0]


def name_of(spec: Spec) -> str:
    """Give a spec's name; that of its file where it has none."""
    return spec.name.text if spec.name is not None else spec.default_name


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


def _input(given: Declared, context: Context, compilation: Compilation) -> Value:
    name, inside, declared = given.name, given.context, given.decl
    assert declared is not None
    assert declared.shape is not None
    shape = tuple(_dimension(scalar, inside, context, compilation) for scalar in declared.shape)
    dtype = read_dtype(declared.dtype)
    type_ = TensorType(dtype, shape, _range(declared, name, inside, compilation, dtype.is_integer))
    check_size(type_, declared.name.span)
    value = Value(name, type_, declared.name.span)
    other = context.scope.define(name, Binding(value), declared.name.span)
    other = other or context.body.places.get(name)
    if other is not None:
        labels = (Label(other, "first used here"),)
        message = f"the name `{name}` is used twice"
        raise Mistake(Diagnostic("E0302", message, declared.name.span, labels=labels))
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
        compilation.asked.ranges[name] = (low, high)
    return ValueRange(low, high)


def _dimension(scalar: Scalar, inside: Context, context: Context, compilation: Compilation) -> Dim:
    for name in free_names(scalar):
        if name in inside.names:
            continue
        _warn_misspelt(name, scalar, context)
        compilation.asked.symbols.setdefault(name, scalar.span)
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

"""One op: its inputs, attributes, inferred types and weights make a node."""

from __future__ import annotations

from archc.elaborate.attributes import Attributes, read_attributes
from archc.elaborate.binding import Binding
from archc.elaborate.computed import is_computed_buffer, read_computed_buffer, with_computed_range
from archc.elaborate.context import Context, Mistake, fresh_value
from archc.elaborate.evaluation import evaluate_name, is_number
from archc.elaborate.initializers import with_initializers
from archc.elaborate.references import Given, Inputs, lacks_of, name_list, read_inputs, require_input, single
from archc.elaborate.sharing import read_ties
from archc.elaborate.supplied import own_values, read_supplied, refuse_value, split_supplied
from archc.ir.program import OpNode, Value
from archc.opdef import Op, OpInput, Param, Rule, RuleError
from archc.sizes import FLOAT32, TensorType
from archc.source import Diagnostic, Label, Span, did_you_mean, respelled
from archc.spec.document import LayerDecl
from archc.spec.tree import Scalar, Sequence, Tree

Arguments = tuple[Value | None, ...]
MAX_SIZE = 2**31
MAX_ELEMENTS = 2**48
MAX_AXES = 64


def check_size(type_: TensorType, place: Span) -> None:
    """Refuse a tensor beyond what runtimes address. Raises Mistake (E0813)."""
    if type_.rank > MAX_AXES:
        message = f"a tensor has at most {MAX_AXES} axes, this has {type_.rank}"
        raise Mistake(Diagnostic("E0813", message, place))
    elements = 1
    for dim in type_.shape:
        if isinstance(dim, int):
            elements *= dim
            if dim >= MAX_SIZE or elements >= MAX_ELEMENTS:
                message = f"{type_} is too large: sizes are below 2^31, and tensors below 2^48 elements"
                raise Mistake(Diagnostic("E0813", message, place))


def apply_op(decl: LayerDecl, op: type[Op], context: Context, path: str, carried: Inputs | None) -> Binding:
    """Make the node of an op; give what its name stands for."""
    if op.name == "expr":
        from archc.elaborate.formula import read_formula

        inputs, attributes = read_formula(decl, context)
    elif is_computed_buffer(decl, op):
        inputs, attributes = Inputs(), Attributes(read_computed_buffer(decl, context), (), {})
    else:
        inputs, arguments = _split_arguments(decl, op, context, carried)
        attributes = read_attributes(op, arguments, context, decl.op.span, path)
    inputs, named = split_supplied(op, inputs)
    given, places = _assign(op, inputs, decl)
    context.use([Binding(value) for value in given if value is not None])
    instance = op(**attributes.values)
    rule = Rule(context.body.compilation.facts, op.name)
    types = tuple(None if value is None else value.type for value in given)
    try:
        inferred = instance.infer(rule, *types)
    except RuleError as error:
        raise Mistake(_diagnostic(error, decl, attributes, given, places)) from None
    results = inferred if isinstance(inferred, tuple) else (inferred,)
    if is_computed_buffer(decl, op):
        results = tuple(with_computed_range(result, attributes.values["init"]) for result in results)
    for result in results:
        check_size(result, decl.op.span)
    for need in rule.needs:
        diagnostic = _diagnostic(need.error, decl, attributes, given, places)
        context.body.compilation.add_need(need.condition, diagnostic, context.body, path)
    for warning in rule.warnings:
        context.body.report(_diagnostic(warning, decl, attributes, given, places), path)
    for source, low, high in rule.limits:
        context.body.compilation.limit(source, low, high)
    weights = instance.weights(*types)
    _require_the_float_of_weights(op, weights, given, places, decl)
    supplied = read_supplied(decl, op, weights, named, context) if named else {}
    left = tuple(param for param in weights if param.name not in supplied)
    params = with_initializers(left, op.name, decl.init, context)
    kept = tuple(param for param in params if param.buffer) if supplied else params
    place = path
    if path == context.scope.path:
        path = _own_path(decl, kept, context)
    for param in params:
        check_size(TensorType(param.dtype, param.shape), decl.op.span)
    outputs = _outputs(op, results, decl, context, path)
    ties = () if context.shares(path) else read_ties(decl, op.name, params, context)
    if supplied:
        owned = tuple(param for param in params if not param.buffer)
        supplied |= own_values(decl, owned, dict(ties), context, place)
        params, ties = kept, ()
    shares = context.shares(path) if params else ""
    node = OpNode(
        path,
        (*given, *supplied.values()),
        outputs,
        decl.span,
        context.origin(decl),
        context.guards,
        instance,
        attributes.written,
        params,
        ties,
        shares,
        tuple(supplied),
        lacks_of(inputs.named),
    )
    context.body.add(node)
    names = op.outputs[: len(outputs)] or tuple(str(index) for index in range(len(outputs)))
    members = (
        {n: Binding(v) for n, v in zip(names, outputs, strict=True)}
        if len(names) > 1 or not op.outputs
        else {}
    )
    members.update({str(i): Binding(v) for i, v in enumerate(outputs)} if members else {})
    return Binding(outputs[0], members=members)


def _own_path(decl: LayerDecl, params: tuple[Param, ...], context: Context) -> str:
    """Give the path of an op named `.`: that of the list around it, where it has weights."""
    if not params:
        return context.scope.full(context.scope.unused_name(decl.op.text))
    if context.scope.path or context.body.block is not None:
        return context.scope.path
    message = f"`.` is the model itself, and this `{decl.op.text}` has weights, which need a name in it"
    help_ = (f"name it: `{{name: {decl.op.text}, {decl.op.text}: ...}}`",)
    raise Mistake(Diagnostic("E0352", message, (decl.name or decl.op).span, help=help_))


def _split_arguments(
    decl: LayerDecl, op: type[Op], context: Context, carried: Inputs | None
) -> tuple[Inputs, Tree | None]:
    arguments = decl.arguments
    if op.combines and isinstance(arguments, Sequence):
        items = arguments.items
        numbers = [item for item in items if "other" in op.attributes and is_number(item, context)]
        if len(items) > 1 and numbers == [items[-1]]:
            return Inputs(_names(items[:-1], context), written=True), items[-1]
        if numbers:
            raise Mistake(
                Diagnostic(
                    "E0305",
                    f"the inputs of `{op.name}` must be values, but for the last one; this is a number",
                    numbers[0].span,
                    help=("put the number last, or write a formula: `expr: 1 - x`",),
                )
            )
        if decl.from_ is not None:
            message = f"the inputs of `{op.name}` are written twice: here and under `from`"
            raise Mistake(
                Diagnostic("E0310", message, arguments.span, labels=(Label(decl.from_.span, "here too"),))
            )
        return Inputs(name_list(arguments, context), written=True), None
    if not op.inputs:
        return Inputs(), arguments
    if op.combines and isinstance(arguments, Scalar) and _is_value(arguments, context):
        return Inputs(name_list(arguments, context), written=True), None
    return carried or read_inputs(decl.from_, context), arguments


def _is_value(tree: Scalar, context: Context) -> bool:
    """Whether the text under an op that combines values names one: a list of them, in `concat: heads`."""
    return tree.plain and tree.text not in context.names and context.scope.find(tree.text) is not None


def _names(items: tuple[Tree, ...], context: Context) -> tuple[Given, ...]:
    return tuple(given for item in items for given in name_list(item, context))


def _assign(op: type[Op], inputs: Inputs, decl: LayerDecl) -> tuple[Arguments, dict[int, Span | None]]:
    """Give the inputs by the op's order, and where each was written."""
    declared = op.input_list()
    what = decl.op.text
    if inputs.named:
        return _assign_named(op, declared, inputs, decl)
    flat: list[tuple[Value, Span | None]] = []
    for given in inputs.positional:
        binding = require_input(given, decl.op.span, what)
        many = binding.items is not None and (len(declared) > 1 or declared[0].many)
        for one in binding.flat() if many else (binding,):
            flat.append((single(one, given.span or decl.op.span, what), given.span))
    _check_count(op, declared, flat, decl)
    values: list[Value | None] = [value for value, _ in flat]
    if not (declared and declared[-1].many):
        values += [None] * (len(declared) - len(values))
    return tuple(values), {index: span for index, (_, span) in enumerate(flat)}


def _check_count(
    op: type[Op], declared: tuple[OpInput, ...], flat: list[tuple[Value, Span | None]], decl: LayerDecl
) -> None:
    needed = sum(not each.optional for each in declared)
    if declared and declared[-1].many:
        if len(flat) >= needed:
            return
    elif needed <= len(flat) <= len(declared):
        return
    names = ", ".join(f"`{each.name}`" for each in declared)
    if len(flat) < needed:
        missing = [each.name for each in declared if not each.optional][len(flat) :]
        example = ", ".join(f"{each.name}: ..." for each in declared if not each.optional)
        raise Mistake(
            Diagnostic(
                "E0311",
                f"`{op.name}` is missing its input {' and '.join(f'`{name}`' for name in missing)}",
                decl.op.span,
                notes=(f"its inputs: {names}",),
                help=(f"write `{op.name}: [a, b]`" if op.combines else f"write `from: {{{example}}}`",),
            )
        )
    place = decl.from_.span if decl.from_ is not None else decl.op.span
    message = f"`{op.name}` takes {len(declared)} input{'s' * (len(declared) != 1)}, {len(flat)} are given"
    raise Mistake(Diagnostic("E0312", message, place, notes=(f"its inputs: {names}",)))


def _assign_named(
    op: type[Op], declared: tuple[OpInput, ...], inputs: Inputs, decl: LayerDecl
) -> tuple[Arguments, dict[int, Span | None]]:
    index = {each.name: position for position, each in enumerate(declared)}
    values: list[Value | None] = [None] * len(declared)
    places: dict[int, Span | None] = {}
    for name, given, key in inputs.named:
        if name not in index:
            refuse_value(op, name, key)
            message = f"`{op.name}` has no input `{name}`"
            known = ", ".join(f"`{each}`" for each in index)
            raise Mistake(
                Diagnostic(
                    "E0313",
                    message,
                    key,
                    notes=(f"its inputs: {known}",),
                    help=did_you_mean(name, index),
                    fix=respelled(key, index),
                )
            )
        if given.binding.absent and declared[index[name]].optional:
            continue
        values[index[name]] = single(require_input(given, key, op.name), given.span or key, op.name)
        places[index[name]] = given.span
    missing = [
        each.name for position, each in enumerate(declared) if not each.optional and values[position] is None
    ]
    if missing:
        raise Mistake(
            Diagnostic(
                "E0311",
                f"`{op.name}` is missing its input {' and '.join(f'`{name}`' for name in missing)}",
                decl.from_.span if decl.from_ is not None else decl.op.span,
                help=(f"add `{missing[0]}: ...` under `from`",),
            )
        )
    return tuple(values), places


def _place(at: object, decl: LayerDecl, attributes: Attributes, places: dict[int, Span | None]) -> Span:
    if isinstance(at, str):
        return attributes.places.get(at, decl.op.span)
    if isinstance(at, int) and len(places) > 1:
        return places.get(at) or decl.op.span
    return decl.op.span


def _require_the_float_of_weights(
    op: type[Op],
    owned: tuple[Param, ...],
    given: Arguments,
    places: dict[int, Span | None],
    decl: LayerDecl,
) -> None:
    """Refuse inputs of another float than the weights. Raises Mistake (E0546)."""
    if not any(param.dtype.is_float for param in owned):
        return
    for position, value in enumerate(given):
        if value is not None and value.type.dtype.is_float and value.type.dtype is not FLOAT32:
            message = f"the weights of `{op.name}` are of the model's float, its input is {value.type.dtype}"
            help_ = (
                "convert the input first: `cast: float32`",
                "or leave its type out: it is the model's float",
            )
            raise Mistake(Diagnostic("E0546", message, places.get(position) or decl.op.span, help=help_))


def _diagnostic(
    error: RuleError,
    decl: LayerDecl,
    attributes: Attributes,
    given: Arguments,
    places: dict[int, Span | None],
) -> Diagnostic:
    span = _place(error.at, decl, attributes, places)
    labels = []
    for position, text in error.show:
        value = given[position] if position < len(given) else None
        place = places.get(position) or (value.span if value is not None else None)
        if place is not None and place != span:
            labels.append(Label(place, text))
    return Diagnostic(
        error.code, error.message, span, labels=tuple(labels), notes=error.notes, help=error.help
    )


def _outputs(
    op: type[Op], results: tuple[TensorType, ...], decl: LayerDecl, context: Context, path: str
) -> tuple[Value, ...]:
    names = op.outputs or tuple(str(index) for index in range(len(results)))
    written = decl.name.items if isinstance(decl.name, Sequence) else ()
    if len(written) > len(results):
        gives = f"{len(results)} value{'s' * (len(results) != 1)}"
        message = f"`{op.name}` gives {gives} here, {len(written)} are named"
        raise Mistake(Diagnostic("E0314", message, decl.name.span if decl.name else decl.op.span))
    values = []
    for index, type_ in enumerate(results):
        if index < len(written):
            name = context.scope.full(evaluate_name(written[index], context))
        elif written:
            name = f"{path}.{names[index]}"
        else:
            name = path if len(results) == 1 and op.outputs else f"{path}.{names[index]}"
        span = decl.op.span
        values.append(fresh_value(context.body, name, lambda unique, t=type_, s=span: Value(unique, t, s)))  # type: ignore[misc]
    return tuple(values)

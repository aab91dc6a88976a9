"""`scan`: a block applied along an axis, with carried states and one set of weights."""

from __future__ import annotations

from archc.elaborate.arguments import block_arguments
from archc.elaborate.binding import Binding
from archc.elaborate.calls import bind_results, name_results, specialise
from archc.elaborate.context import Context, Mistake, fresh_value
from archc.elaborate.declared import declared_in
from archc.elaborate.operations import check_size
from archc.elaborate.references import Inputs
from archc.elaborate.scan_inputs import Plan, read_plan
from archc.elaborate.scan_start import zero_types
from archc.ir.program import Module, OpNode, ScanNode, Value
from archc.sizes import FLOAT32, TensorType, equal, prove
from archc.source import Diagnostic, Label, did_you_mean
from archc.spec.document import BlockDecl, LayerDecl


def scan_block(
    decl: LayerDecl, block: BlockDecl, context: Context, path: str, carried: Inputs | None
) -> Binding:
    """Make the node that applies a block along an axis; give what its name stands for."""
    if path == context.scope.path:
        message = f"a scan has a name of its own: `{block.name}` cannot be `.`"
        raise Mistake(Diagnostic("E0352", message, (decl.name or decl.op).span, help=("give it a name",)))
    arguments, written = block_arguments(block, decl, context)
    declared = declared_in(block.inputs, Context(context.body, context.scope, arguments, None))
    plan = read_plan(decl, block, declared, context, carried)
    steps = {name: _step(value, name, plan) for name, value in plan.given.items()}
    zeros = zero_types(block, arguments, plan, steps, decl, context)
    order = [each.name for each in declared]
    types = {**steps, **{name: Value(name, type_, plan.places[name]) for name, type_ in zeros.items()}}
    module, outputs = specialise(block, arguments, {n: types.get(n) for n in order}, decl, context, path)
    own = next((node for node in module.nodes if not node.name), None)
    if own is not None:
        labels = (Label(own.span, "this is the layer of that name"),)
        message = f"`{block.name}` has a layer `.` with weights, so it is no module to scan"
        help_ = ("give the layer a name",)
        raise Mistake(Diagnostic("E0352", message, decl.op.span, labels=labels, help=help_))
    for name, type_ in zeros.items():
        plan.given[name] = _zeros(f"{path}.first.{name}", type_, decl, context)
    present = [name for name in order if name in plan.given]
    carried_by = {name: _next_value(name, module, block, plan) for name in plan.states}
    for name, output in carried_by.items():
        _keep_type(name, types[name].type, module.outputs[output][1], plan, context)
    stacked, finals = _results(decl, module, carried_by, plan, context, path)
    given = tuple(plan.given[name] for name in present)
    context.use([Binding(value) for value in given])
    node = ScanNode(
        path,
        given,
        (*stacked, *finals.values()),
        decl.span,
        context.origin(decl),
        context.guards,
        module,
        tuple(written),
        context.shares(path) if module.owns_weights else "",
        lacks=tuple(plan.lacks),
        axis=plan.axis,
        sequences=tuple(index for index, name in enumerate(present) if name in plan.sequences),
        states=tuple((present.index(name), output) for name, output in carried_by.items()),
        length=plan.length,
        written_length=plan.written_length,
        reverse=plan.reverse,
    )
    context.body.add(node)
    return _binding(bind_results(outputs, module, stacked), _finals(finals, carried_by, module, plan))


def _step(value: Value, name: str, plan: Plan) -> Value:
    """Give what one step sees of a value; nothing is known of how a state's integers grow."""
    type_ = value.type
    if name in plan.sequences:
        type_ = type_.without_axis(plan.axis)
    elif name in plan.states:
        type_ = type_.with_range(None)
    return Value(name, type_, value.span)


def _zeros(path: str, type_: TensorType, decl: LayerDecl, context: Context) -> Value:
    """Make the node of a state that starts at zero."""
    from archc import ops

    op = ops.find("zeros")(size=type_.shape, dtype=None if type_.dtype is FLOAT32 else type_.dtype.name)
    value = fresh_value(context.body, path, lambda name: Value(name, type_, decl.op.span))
    node = OpNode(path, (), (value,), decl.span, context.origin(decl), context.guards, op)
    context.body.add(node)
    return value


def _next_value(name: str, module: Module, block: BlockDecl, plan: Plan) -> int:
    """Give which output of the block is a state's next value."""
    outputs = [output for output, _ in module.outputs]
    if name in outputs:
        return outputs.index(name)
    if block.outputs is None and len(outputs) == len(plan.states) == 1:
        return 0
    known = ", ".join(f"`{each}`" for each in outputs) if block.outputs is not None else "none is named"
    label = Label(block.key.span, f"its outputs: {known}")
    if f"{name}.0" in outputs:
        message = f"the output `{name}` of `{block.name}` is a list, and the state `{name}` is one value"
        raise Mistake(Diagnostic("E0325", message, plan.places[name], labels=(label,)))
    message = f"no output of `{block.name}` gives the next value of the state `{name}`"
    close = did_you_mean(name, outputs)
    help_ = (f"name it: `outputs: {{{name}: ...}}`",)
    raise Mistake(Diagnostic("E0325", message, plan.places[name], labels=(label,), help=(*close, *help_)))


def _keep_type(name: str, before: TensorType, value: Value, plan: Plan, context: Context) -> None:
    """Hold a state's type after a step against that before it. Raises Mistake (E0328)."""
    after = value.type
    message = f"the state `{name}` is {before} before a step and {after} after it"
    labels = () if value.span is None else (Label(value.span, f"this is {after}"),)
    help_ = ("a state has one type at all steps",)
    diagnostic = Diagnostic("E0328", message, plan.places[name], labels=labels, help=help_)
    if before.dtype is not after.dtype or before.rank != after.rank:
        raise Mistake(diagnostic)
    compilation = context.body.compilation
    for old, new in zip(before.shape, after.shape, strict=True):
        proof = prove(equal(old, new), compilation.facts)
        if proof.never:
            raise Mistake(diagnostic)
        if proof.verdict != "proved":
            compilation.add_need(equal(old, new), diagnostic, context.body)


def _results(
    decl: LayerDecl, module: Module, carried_by: dict[str, int], plan: Plan, context: Context, path: str
) -> tuple[list[Value], dict[str, Value]]:
    """Make the values of all steps, stacked, and the final values of the states."""
    types = []
    for name, value in module.outputs:
        rank = value.type.rank
        if not -rank - 1 <= plan.axis <= rank:
            message = (
                f"the output `{name}` is {value.type}, the steps cannot be stacked along axis {plan.axis}"
            )
            labels = () if value.span is None else (Label(value.span, f"this is {value.type}"),)
            raise Mistake(Diagnostic("E0335", message, plan.axis_place, labels=labels))
        types.append((name, value.type.with_axis(plan.axis, plan.length)))
        check_size(types[-1][1], decl.op.span)
    stacked = name_results(decl, module.name, types, context, path)
    finals = {}
    for name, output in carried_by.items():
        type_ = module.outputs[output][1].type
        finals[name] = fresh_value(
            context.body,
            f"{path}.last.{name}",
            lambda unique, t=type_: Value(unique, t, decl.op.span),  # type: ignore[misc]
        )
    return stacked, finals


def _finals(
    values: dict[str, Value], carried_by: dict[str, int], module: Module, plan: Plan
) -> dict[str, Binding]:
    """Give the final states by their names, and by those of their outputs; a repeated one as a list."""
    found = {name: Binding(value) for name, value in values.items()}
    for name, output in carried_by.items():
        found.setdefault(module.outputs[output][0], found[name])
    for group in dict.fromkeys(each.group for each in plan.declared if each.group):
        turns = [found[name] for name in plan.turns(group) if name in found]
        if turns:
            members = {str(number): turn for number, turn in enumerate(turns)}
            found[group] = Binding(items=tuple(turns), members=members)
    return found


def _binding(all_steps: Binding, finals: dict[str, Binding]) -> Binding:
    """Add `last` to what a call's name stands for: the final states, the first of them by itself."""
    if not finals:
        return all_steps
    known = all_steps.members.get("last") or next(iter(finals.values()))
    last = Binding(known.value, known.items, finals)
    return Binding(all_steps.value, all_steps.items, {**all_steps.members, "last": last}, all_steps.broken)

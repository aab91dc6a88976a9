"""States that start at zero: their types, from the block's signature."""

from __future__ import annotations

from archc.elaborate.calls import inside_of
from archc.elaborate.context import Context, Mistake
from archc.elaborate.declared import Declared, declared_in
from archc.elaborate.evaluation import evaluate_size, free_names
from archc.elaborate.operations import check_size
from archc.elaborate.scan_inputs import Plan
from archc.elaborate.signatures import bind_signature, read_dtype
from archc.ir.program import Value
from archc.sizes import Dim, Expr, TensorType
from archc.source import Diagnostic, Label, Span
from archc.spec.document import BlockDecl, LayerDecl
from archc.spec.tree import Scalar


def zero_types(
    block: BlockDecl,
    arguments: dict[str, object],
    plan: Plan,
    steps: dict[str, Value],
    decl: LayerDecl,
    context: Context,
) -> dict[str, TensorType]:
    """Give the type of each state in `zeros`: its signature, over the sizes of the other inputs.

    Raises Mistake (E0334) where the signature does not tell it.
    """
    if not plan.zeros:
        return {}
    inside = inside_of(block, arguments, (), context)
    declared = declared_in(block.inputs, inside)
    bind_signature(block.name, [(each, steps.get(each.name)) for each in declared], inside, decl, context)
    by_name = {each.name: each for each in declared}
    return {name: _type(by_name[name], plan, inside) for name in plan.zeros}


def _type(state: Declared, plan: Plan, inside: Context) -> TensorType:
    name, declared = state.name, state.decl
    if declared is None or declared.shape is None:
        place = plan.block.key.span if declared is None else declared.name.span
        raise Mistake(_unknown(name, f"`{plan.block.name}` does not say what shape it has", plan, place))
    inside = inside.inside(names={**state.context.names, **inside.names})
    shape = tuple(_size(name, scalar, plan, inside) for scalar in declared.shape)
    type_ = TensorType(read_dtype(declared.dtype), shape)
    check_size(type_, plan.places[name])
    return type_


def _size(name: str, scalar: Scalar, plan: Plan, inside: Context) -> Dim:
    unknown = [each for each in free_names(scalar) if each not in inside.names]
    if scalar.text == "..." or unknown:
        what = f"nothing else tells the size `{(unknown or [scalar.text])[0]}`"
        raise Mistake(_unknown(name, what, plan, scalar.span))
    size = evaluate_size(scalar, inside)
    if isinstance(size, int) and size < 1:
        raise Mistake(Diagnostic("E0411", f"a size must be at least 1, this is {size}", scalar.span))
    if isinstance(size, Expr):
        inside.body.compilation.require_positive(size, scalar.span, inside.body)
    return size


def _unknown(name: str, why: str, plan: Plan, place: Span) -> Diagnostic:
    message = f"the state `{name}` cannot start in `zeros`: {why}"
    labels = (Label(place, "declared here"),)
    help_ = (
        f"give its shape in the block by sizes of the other inputs and parameters, "
        f"or start from a value: `state: {{{name}: NAME}}`",
    )
    return Diagnostic("E0334", message, plan.places[name], labels=labels, help=help_)

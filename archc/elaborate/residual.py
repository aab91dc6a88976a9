"""The sum that closes a `residual`."""

from __future__ import annotations

from archc import ops
from archc.elaborate.binding import Binding
from archc.elaborate.context import Context, Mistake, fresh_value
from archc.elaborate.references import Given, require_input, single
from archc.ir.program import OpNode, Value
from archc.opdef import Rule
from archc.sizes import equal, prove
from archc.source import Diagnostic, Label
from archc.spec.document import LayerDecl


def add_residual(decl: LayerDecl, context: Context, start: Binding, result: Binding) -> Binding:
    """Add what went into a `residual` to what its items made of it: equal shapes, no broadcast.

    Raises Mistake (E0410) where the shapes differ.
    """
    left = single(require_input(Given(result, None), decl.op.span, "residual"), decl.op.span, "residual")
    right = single(require_input(Given(start, None), decl.op.span, "residual"), decl.op.span, "residual")
    _require_equal(decl, context, left, right)
    numbered = context.scope.counter is not None
    local = context.scope.position() if numbered else context.scope.unused_name("add")
    add = ops.find("add")()
    inferred = add.infer(Rule(context.body.compilation.facts), left.type, right.type)
    assert not isinstance(inferred, tuple)
    path = context.scope.full(local)
    value = fresh_value(context.body, path, lambda name: Value(name, inferred, decl.op.span))
    context.use([Binding(left), Binding(right)])
    node = OpNode(path, (left, right), (value,), decl.span, context.origin(decl), context.guards, add)
    context.body.add(node)
    binding = Binding(value)
    context.scope.define(local, binding, decl.op.span)
    return binding


def _require_equal(decl: LayerDecl, context: Context, left: Value, right: Value) -> None:
    labels = tuple(
        Label(value.span, f"{what} is {value.type}")
        for value, what in ((right, "what goes in"), (left, "what comes out"))
        if value.span is not None
    )
    message = (
        f"`residual` needs what comes out to have the shape of what went in: {left.type} and {right.type}"
    )
    diagnostic = Diagnostic(
        "E0410",
        message,
        decl.op.span,
        labels=labels,
        help=("use a block with a projection on the shortcut where the shape changes",),
    )
    if left.type.rank != right.type.rank:
        raise Mistake(diagnostic)
    facts = context.body.compilation.facts
    for a, b in zip(left.type.shape, right.type.shape, strict=True):
        if a == b:
            continue
        proof = prove(equal(a, b), facts)
        if proof.never:
            raise Mistake(diagnostic)
        if proof.verdict != "proved":
            context.body.compilation.add_need(equal(a, b), diagnostic, context.body)

"""`reuse`: a layer, container or block applied again with the same weights."""

from __future__ import annotations

from collections.abc import Callable

from archc.elaborate.binding import Binding, Names
from archc.elaborate.context import Context, Mistake, Silent
from archc.elaborate.evaluation import evaluate_template
from archc.elaborate.order import explain_order
from archc.elaborate.references import Inputs, read_inputs
from archc.ir.program import CallNode, Node, OpNode, join, walk, weights
from archc.source import Diagnostic, Label, Span, did_you_mean, respelled
from archc.spec.document import LayerDecl
from archc.spec.tree import Mapping, Scalar

Make = Callable[[LayerDecl, Context, str, Inputs | None], Binding]


class Applied:
    """A layer that was made: how it was written, where, and the path of its weights."""

    __slots__ = ("context", "decl", "path")

    def __init__(self, decl: LayerDecl, context: Context, path: str) -> None:
        self.decl = decl
        self.context = context
        self.path = path


def note(decl: LayerDecl, context: Context, local: str) -> None:
    """Keep a layer for those that apply it again."""
    path = context.scope.full(local)
    context.body.applied.setdefault(path, Applied(decl, context, context.original(path)))


def find_applied(decl: LayerDecl, context: Context) -> Applied:
    """Find the layer that `reuse` names: in the list here, then in those around it.

    Raises Mistake (E0330).
    """
    tree = decl.arguments
    assert isinstance(tree, Scalar)
    name = str(evaluate_template(tree, context))
    scope: Names | None = context.scope
    while scope is not None:
        known = context.body.applied.get(scope.full(name))
        if known is not None:
            assert isinstance(known, Applied)
            return known
        scope = scope.parent
    binding = context.scope.find(name)
    if binding is not None and binding.broken:
        raise Silent
    raise Mistake(_unknown(name, tree, context))


def _unknown(name: str, tree: Scalar, context: Context) -> Diagnostic:
    later = explain_order(context.body.layers, name, tree.span)
    if later is not None:
        message = f"the layer `{name}` comes further on, or is not complete here"
        return later.replace(code="E0330", message=message, help=("`reuse` takes an earlier layer",))
    known = list(context.body.applied)
    notes = ("it names a value, `reuse` takes a layer",) if context.scope.find(name) is not None else ()
    return Diagnostic(
        "E0330",
        f"there is no layer `{name}` here to apply again",
        tree.span,
        notes=notes,
        help=did_you_mean(name, known),
        fix=respelled(tree.span, known, safe=False),
    )


def apply_again(
    decl: LayerDecl, known: Applied, context: Context, local: str, carried: Inputs | None, make: Make
) -> Binding:
    """Make a layer once more, under another path, from other inputs, with the weights that it has.

    Raises Mistake (E0331) where the inputs ask for weights of other shapes.
    """
    first = known.decl
    again = first.replace(
        name=decl.name,
        from_=decl.from_,
        when=None,
        else_=None,
        tie=None,
        init=None,
        shape=None,
        parallel=False,
        scan=_scan_again(first.scan, decl.scan),
    )
    scope, here, there = context.scope, context.names, known.context.names
    alone = again.repeat is None and again.for_ is None and again.scan is None
    if alone and carried is None and decl.from_ is not None:
        # What it takes is said here, what it does was said there: one index may be both places'.
        carried = read_inputs(decl.from_, context)
    names = {**here, **there} if decl.scan is None else {**there, **here}
    inside = context.inside(names=names, again=(scope.full(local), known.path), outside=known.context.scope)
    start = len(context.body.nodes)
    try:
        binding = make(again, inside, local, carried)
    except Mistake as mistake:
        label = Label(decl.op.span, "applied again here")
        raise Mistake(mistake.diagnostic.replace(labels=(*mistake.diagnostic.labels, label))) from None
    for node in context.body.nodes[start:]:
        _check(node, decl, context)
    return binding


def _scan_again(first: Mapping | None, given: Mapping | None) -> Mapping | None:
    """Give the `scan` of a layer that is applied again: the first one's, less its sequences, as changed."""
    if first is None:
        return given
    changed = {entry.key.text: entry for entry in given or ()}
    kept = [entry for entry in first if entry.key.text not in ("over", *changed)]
    return Mapping((*kept, *changed.values()), (given or first).span)


def _check(node: Node, decl: LayerDecl, context: Context) -> None:
    """Hold the weights that a node asks for against those that it is to share."""
    assert isinstance(node, OpNode | CallNode)
    if not node.shares:
        return
    if isinstance(node, CallNode):
        _refuse_other_module(node, decl, context)
    known = {key: param for key, (param, _) in context.body.weights_before().items()}
    asked = dict(weights(node.module) if isinstance(node, CallNode) else ((p.name, p) for p in node.params))
    for name, param in asked.items():
        key = join(node.shares, name)
        owner = known.get(key)
        if owner is not None and owner.shape == param.shape and owner.dtype is param.dtype:
            continue
        place: Span = decl.arguments.span if decl.arguments is not None else decl.op.span
        what = f"is {list(owner.shape)}" if owner is not None else "does not exist"
        message = f"`{key}` {what}, and applied again it would be {list(param.shape)}"
        labels = tuple(
            Label(value.span, f"this is {value.type}")
            for value in node.inputs[:1]
            if value is not None and value.span is not None
        )
        raise Mistake(
            Diagnostic(
                "E0331",
                message,
                place,
                labels=labels,
                help=("give it inputs of the sizes that it was made for, or write a layer of its own",),
            )
        )


def _refuse_other_module(node: CallNode, decl: LayerDecl, context: Context) -> None:
    """Refuse a block applied again in which a layer that is more than a function of its weights differs.

    Raises Mistake (E0912).
    """
    owner = next((each for each in context.body.nodes if each.name == node.shares), None)
    if not isinstance(owner, CallNode):
        return
    known = dict(walk(owner.module))
    for path, each in walk(node.module):
        first = known.get(path)
        plain = each.op.functional is not None and not any(param.buffer for param in each.params)
        if first is None or plain or not each.params or first.op == each.op:
            continue
        place: Span = decl.arguments.span if decl.arguments is not None else decl.op.span
        message = f"`{join(node.shares, path)}` would be another `{each.op.name}` with these inputs"
        labels = (Label(each.span, f"{each.op!r} here, {first.op!r} the first time"),)
        help_ = ("give it inputs of the sizes that it was made for, or write a layer of its own",)
        raise Mistake(Diagnostic("E0912", message, place, labels=labels, help=help_))

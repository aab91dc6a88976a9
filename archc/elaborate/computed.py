"""Values of no input, which become first values of weights and buffers: folded when they are wanted."""

from __future__ import annotations

from collections.abc import Iterator

from archc.elaborate.binding import Binding
from archc.elaborate.context import Context, Mistake
from archc.elaborate.references import Given, before, require_input, resolve, single
from archc.ir.program import CallNode, Module, Node, OpNode, Value
from archc.opdef import Init, Op, Param
from archc.sizes import TensorType
from archc.source import Diagnostic, Label, Span
from archc.spec.document import LayerDecl
from archc.spec.tree import Mapping, Scalar, Tree

COMPUTED = "computed"


def is_computed_buffer(decl: LayerDecl, op: type[Op]) -> bool:
    """Whether a `buffer` takes its values from another layer."""
    return op.name == "buffer" and decl.from_ is not None


def read_computed_buffer(decl: LayerDecl, context: Context) -> dict[str, object]:
    """Give the attributes of a buffer that holds a computed value.

    Raises Mistake: E0356 where the value is not known when the model is made, E0357 for what it says itself.
    """
    tree = decl.from_
    place = tree.span if tree is not None else decl.op.span
    given = resolve(tree, context) if isinstance(tree, Scalar) else Given(before(context), place)
    value = single(require_input(given, place, "buffer"), place, "buffer")
    init = computed_init(value, place, context)
    type_ = value.type
    return {"shape": type_.shape, "init": init, "dtype": type_.dtype.name, "persistent": _persistent(decl)}


def _persistent(decl: LayerDecl) -> bool:
    if not isinstance(decl.arguments, Mapping):
        return True
    for entry in decl.arguments:
        if entry.key.text != "persistent":
            message = f"a buffer that is computed takes only `persistent`, `{entry.key.text}` is the value's"
            raise Mistake(Diagnostic("E0357", message, entry.key.span))
        if isinstance(entry.value, Scalar) and isinstance(entry.value.value, bool):
            return entry.value.value
        message = "`persistent` is true or false"
        raise Mistake(Diagnostic("E0357", message, entry.value.span))
    return True


def with_computed_range(type_: TensorType, init: object) -> TensorType:
    """Give a buffer's type, with what is known of the integers that it is computed from."""
    made = dict(init.arguments).get("of") if isinstance(init, Init) else None
    return type_.with_range(made.outputs[0][1].type.range) if isinstance(made, Module) else type_


def read_value_init(tree: Tree | None, place: Span, param: Param, context: Context) -> Init:
    """Read `{value: NAME}` for a weight. Raises Mistake: E0356, and E0354 where the value does not fit it."""
    if not isinstance(tree, Scalar) or tree.is_empty:
        message = "the initializer `value` takes the name of a layer"
        raise Mistake(Diagnostic("E0708", message, place, help=("write `{value: NAME}`",)))
    value = single(require_input(resolve(tree, context), tree.span, "init"), tree.span, "init")
    init = computed_init(value, tree.span, context)
    if value.type.shape != param.shape or value.type.dtype is not param.dtype:
        what = f"`{param.name}`" if param.name else "the weight"
        message = f"{what} is {list(param.shape)} here, and the value given is {value.type}"
        labels = () if value.span is None else (Label(value.span, f"this is {value.type}"),)
        raise Mistake(Diagnostic("E0354", message, tree.span, labels=labels))
    return init


def computed_init(value: Value, place: Span, context: Context) -> Init:
    """Give the initializer that is a value's own graph. Raises Mistake (E0356) where it needs more."""
    body = context.body
    context.use([Binding(value)])
    nodes = {each.name: node for node in body.nodes for each in node.outputs}
    held = {name: source for name, node in nodes.items() if (source := _held(node)) is not None}
    value = _source(value, held)
    needed: dict[int, Node] = {}
    wanted = [value]
    while wanted:
        one = _source(wanted.pop(), held)
        node = nodes.get(one.name)
        problem = f"the input `{one.name}`" if node is None else _problem(node)
        if node is None or problem:
            span = one.span if node is None else node.outputs[0].span
            labels = () if span is None else (Label(span, f"this is {problem}"),)
            message = "this value has to be known when the model is made, and it is not"
            help_ = (
                "compute it from `constant`, `arange`, `full` and the like, with sizes that are numbers",
            )
            raise Mistake(Diagnostic("E0356", message, place, labels=labels, help=help_))
        if id(node) not in needed:
            needed[id(node)] = node
            wanted += [each for each in node.inputs if each is not None]
    kept = tuple(
        node.replace(guards=(), inputs=tuple(each and _source(each, held) for each in node.inputs))
        for node in body.nodes
        if id(node) in needed
    )
    known = ((name, each) for name, each in body.names.items() if name.isidentifier())
    arguments = tuple((name, each) for name, each in known if isinstance(each, _PLAIN))
    name = value.name.rpartition(".")[2]
    name = name if name.isidentifier() else f"{body.block.name if body.block else 'model'}_value"
    module = Module(name, arguments, (), (), kept, (("output", value),), doc="")
    return Init(COMPUTED, (("of", module),))


def _held(node: Node) -> Value | None:
    """Give the value that a computed buffer holds."""
    init = node.op.values.get("init") if isinstance(node, OpNode) and node.op.name == "buffer" else None
    made = dict(init.arguments).get("of") if isinstance(init, Init) else None
    return made.outputs[0][1] if isinstance(made, Module) else None


def _source(value: Value, held: dict[str, Value]) -> Value:
    """Give what a value is computed from: behind the buffers that hold it."""
    while value.name in held:
        value = held[value.name]
    return value


_PLAIN = (bool, int, float, str, list)


def _problem(node: Node) -> str:
    """Say what keeps a node from being computed beforehand; empty where nothing does."""
    for op in _ops(node):
        if op.params:
            return f"a layer with weights: `{op.op.name}`"
        if op.op.random:
            return f"random: `{op.op.name}`"
    for each in node.outputs:
        for dim in each.type.shape:
            if not isinstance(dim, int):
                return f"{each.type}, of a size that is no number"
    return ""


def _ops(node: Node) -> Iterator[OpNode]:
    if isinstance(node, OpNode):
        yield node
    elif isinstance(node, CallNode):
        for inner in node.module.nodes:
            yield from _ops(inner)

"""Uses of blocks: arguments, signature, and the memoised specialisation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archc.elaborate.arguments import block_arguments, hashable
from archc.elaborate.binding import ABSENT, AmbiguousInput, Binding, Names
from archc.elaborate.context import Body, Context, Mistake, Silent, fresh_value
from archc.elaborate.declared import Declared, assign, declared_in, define_groups, lacking
from archc.elaborate.evaluation import evaluate_name
from archc.elaborate.inline import is_taken_in, take_in
from archc.elaborate.lets import split_let
from archc.elaborate.references import Inputs, read_inputs
from archc.elaborate.signatures import bind_signature
from archc.ir.program import CallNode, Module, Value
from archc.sizes import Dim, TensorType
from archc.source import Diagnostic, Frame, Label, Span
from archc.spec import tree
from archc.spec.document import BlockDecl, LayerDecl
from archc.spec.presence import presence_key

MAX_CALL_DEPTH = 100

Absent = tuple[tuple[int, str], ...]


def call_block(
    decl: LayerDecl, block: BlockDecl, context: Context, path: str, carried: Inputs | None
) -> Binding:
    """Make the node that uses a block; give what its name stands for."""
    body = context.body
    arguments, written = block_arguments(block, decl, context)
    inputs = carried or read_inputs(decl.from_, context)
    declared = declared_in(block.inputs, Context(body, context.scope, arguments, None))
    given = assign(block.name, declared, inputs, decl)
    values = tuple(value for value in given.values() if value is not None)
    context.use([Binding(value) for value in values])
    lacks = lacking(declared, inputs, decl)
    module, outputs = specialise(block, arguments, given, decl, context, path)
    if is_taken_in(module, own_path=path == context.scope.path):
        return take_in(decl, module, outputs, values, dict(lacks), context, path)
    types = [(name, value.type) for name, value in module.outputs]
    results = name_results(decl, module.name, types, context, path)
    shares = context.shares(path) if module.owns_weights else ""
    node = CallNode(
        path,
        values,
        tuple(results),
        decl.span,
        context.origin(decl),
        context.guards,
        module,
        tuple(written),
        shares,
        lacks=lacks,
    )
    body.add(node)
    return bind_results(outputs, module, results)


def bind_results(
    outputs: tuple[tuple[str, Binding], ...], module: Module, results: Sequence[Value]
) -> Binding:
    """Give what a use of a block stands for: its outputs, with the values that they are here."""
    renamed = dict(zip((value.name for _, value in module.outputs), results, strict=True))
    members = {name: _renamed(binding, renamed) for name, binding in outputs}
    first = next(iter(members.values()), ABSENT)
    return Binding(
        first.value, first.items, members if len(members) > 1 or outputs[0][0] else {}, first.broken
    )


def _renamed(binding: Binding, renamed: dict[str, Value]) -> Binding:
    value = renamed[binding.value.name] if binding.value is not None else None
    items = None if binding.items is None else tuple(_renamed(item, renamed) for item in binding.items)
    members = {str(index): item for index, item in enumerate(items)} if items is not None else {}
    return Binding(value, items, members, binding.broken)


def name_results(
    decl: LayerDecl, block: str, types: Sequence[tuple[str, TensorType]], context: Context, path: str
) -> list[Value]:
    """Make the values that a use of a block gives, from the names and types of its outputs.

    Raises Mistake (E0314) where more are named.
    """
    written = decl.name.items if isinstance(decl.name, tree.Sequence) else ()
    if len(written) > len(types):
        count = len(types)
        message = f"`{block}` gives {count} value{'s' * (count != 1)}, {len(written)} are named"
        raise Mistake(Diagnostic("E0314", message, decl.name.span if decl.name else decl.op.span))
    results = []
    for index, (output, type_) in enumerate(types):
        if index < len(written):
            name = context.scope.full(evaluate_name(written[index], context))
        else:
            name = path if len(types) == 1 else f"{path}.{output}"
        results.append(
            fresh_value(
                context.body,
                name,
                lambda unique, t=type_, s=decl.op.span: Value(unique, t, s),  # type: ignore[misc]
            )
        )
    return results


def specialise(
    block: BlockDecl,
    arguments: dict[str, object],
    given: dict[str, Value | None],
    decl: LayerDecl,
    context: Context,
    path: str,
) -> tuple[Module, tuple[tuple[str, Binding], ...]]:
    """Give the block's specialisation for these arguments and input types, made once."""
    compilation = context.body.compilation
    types = tuple(None if value is None else value.type for value in given.values())
    key = (block.key.span, hashable(arguments), types)
    if key in compilation.open_calls:
        raise Mistake(_endless(block, decl))
    if key in compilation.asked.modules:
        known = compilation.asked.modules[key]
        if known is None:
            raise Silent
        compilation.count_module(known[0], decl)
        return known
    frames = frames_of(block.name, arguments, decl, context, path)
    compilation.open_calls.add(key)
    try:
        made = _elaborate(block, arguments, given, context, frames, decl)
    finally:
        compilation.open_calls.discard(key)
    compilation.asked.modules[key] = made
    if made is None:
        raise Silent
    return made


def _endless(block: BlockDecl, decl: LayerDecl) -> Diagnostic:
    return Diagnostic(
        "E0812",
        f"`{block.name}` uses itself without end, with the same arguments and sizes each time",
        decl.op.span,
        labels=(Label(block.key.span, "the block"),),
        help=("give it a parameter that counts down, and a `when` that becomes false",),
    )


def frames_of(
    name: str, arguments: dict[str, object], decl: LayerDecl, context: Context, path: str
) -> tuple[Frame, ...]:
    """Give the chain of uses that leads into a block or model; raises Mistake (E0812) for too long a one."""
    shown = ", ".join(f"{name} = {_plain(value)}" for name, value in arguments.items())
    frames = (Frame(path, name, shown, decl.op.span), *context.body.frames)
    if len(frames) > MAX_CALL_DEPTH:
        chain = " -> ".join(dict.fromkeys(frame.block for frame in reversed(frames)))
        raise Mistake(
            Diagnostic(
                "E0812",
                f"blocks are nested more than {MAX_CALL_DEPTH} deep: {chain}",
                decl.op.span,
                help=("a block that uses itself needs a `when` that becomes false",),
            )
        )
    return frames


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def inside_of(
    block: BlockDecl,
    arguments: dict[str, object],
    frames: tuple[Frame, ...],
    context: Context,
) -> Context:
    """Give a new context inside a block, in which its parameters are known and no input is."""
    names = dict(arguments)
    places: dict[str, Span] = {param.name: param.key.span for param in block.params}
    places.update({let.name: let.key.span for let in block.let})
    home = context.body.compilation.library.home(block)
    body = Body(context.body.compilation, home, block, names, places, frames)
    return Context(body, Names(), names, None)


def open_body(
    what: str,
    place: Span,
    declared: Sequence[Declared],
    given: Mapping[str, Value | None],
    inside: Context,
    decl: LayerDecl,
    context: Context,
) -> tuple[tuple[tuple[str, Dim], ...], tuple[Value, ...], Absent]:
    """Let what is given come in under the names of a signature; give the sizes bound and the inputs.

    The last are the optional inputs that are not given.
    """
    sizes = bind_signature(what, [(each, given.get(each.name)) for each in declared], inside, decl, context)
    inputs: list[Value] = []
    for each in declared:
        at = each.decl.name.span if each.decl is not None else place
        value = given.get(each.name)
        inside.names[presence_key(each.name)] = value is not None
        if value is None:
            inside.scope.define(each.name, Binding(lacks=each.name), at)
            continue
        inner = Value(each.name, value.type, at)
        inside.body.values.add(each.name)
        inputs.append(inner)
        inside.scope.define(each.name, Binding(inner), at)
    define_groups(declared, inside.scope)
    names = tuple(each.name for each in declared if each.present)
    first = inside.scope.find(names[0]) if len(names) == 1 else None
    inside.previous = first if first is not None else AmbiguousInput(names)
    there = [each for each in declared if each.present]
    absent = ((place, each.name) for place, each in enumerate(there) if given.get(each.name) is None)
    return tuple(sizes), tuple(inputs), tuple(absent)


def _elaborate(
    block: BlockDecl,
    arguments: dict[str, object],
    given: dict[str, Value | None],
    context: Context,
    frames: tuple[Frame, ...],
    decl: LayerDecl,
) -> tuple[Module, tuple[tuple[str, Binding], ...]] | None:
    # A body holds calls and a call makes a body: one of the two imports has to wait.
    from archc.elaborate.body import finish

    inside = inside_of(block, arguments, frames, context)
    declared = declared_in(block.inputs, inside)
    sizes, inputs, absent = open_body(block.name, block.key.span, declared, given, inside, decl, context)
    derived = {let.name: inside.names[let.name] for let in split_let(block)[1]}
    return finish(
        inside.body,
        block.name,
        block.doc,
        block.key.span,
        block.layers,
        block.outputs,
        inputs,
        sizes,
        {**arguments, **derived},
        inside,
        absent,
    )

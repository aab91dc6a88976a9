"""A model of the spec called as an op inside another one: its graph again, with its weights."""

from __future__ import annotations

from collections.abc import Iterator

from archc import ops
from archc.elaborate.binding import Binding, Names
from archc.elaborate.calls import bind_results, frames_of, name_results, open_body
from archc.elaborate.context import Body, Context, Mistake, Outputs, Silent
from archc.elaborate.declared import assign, declared_in, lacking
from archc.elaborate.models import make_model, model_body
from archc.elaborate.references import Inputs, read_inputs
from archc.ir.program import CallNode, Lacks, Module, Value, join
from archc.sizes import Dim, at_least, equal, prove, text
from archc.source import Diagnostic, Label
from archc.spec.document import LayerDecl, ModelDecl
from archc.spec.library import Library
from archc.spec.names import check_name
from archc.spec.tree import Scalar

Sizes = tuple[tuple[str, Dim], ...]


def find_model(decl: LayerDecl, library: Library, context: Context) -> ModelDecl | None:
    """Give the model that an item calls. Raises Mistake (E0350) where its word is a block's or op's too."""
    name = decl.op.text
    models = context.body.compilation.spec.models
    found = next((model for model in models if model.name == name), None)
    if found is None or library is not context.body.compilation.library:
        return None
    if name in ops.names() or library.find(name) is not None:
        what = "an op" if name in ops.names() else "a block"
        labels = (Label(found.key.span, "the model"),) if found.key is not None else ()
        message = f"`{name}` is {what}, and a model of the spec"
        help_ = ("give the model another name",)
        raise Mistake(Diagnostic("E0350", message, decl.op.span, labels=labels, help=help_))
    return found


def call_model(
    decl: LayerDecl, model: ModelDecl, context: Context, path: str, carried: Inputs | None
) -> Binding:
    """Make the node that calls a model; give what its name stands for.

    The weights are filed under the model's own name, whatever the calls are called: the first call owns
    them. Raises Mistake: E0346 inside a block, E0347 for arguments, E0348 for a model that needs itself.
    """
    _refuse_misuse(decl, model, context, path)
    if make_model(model, context.body.compilation).module is None:
        raise Silent
    inputs = carried or read_inputs(decl.from_, context)
    module, outputs, values, lacks = _specialise(decl, model, inputs, context, path)
    types = [(name, value.type) for name, value in module.outputs]
    results = name_results(decl, module.name, types, context, path)
    name, shares, tied = _place(str(model.name), module, context, path)
    node = CallNode(
        name,
        values,
        tuple(results),
        decl.span,
        context.origin(decl),
        context.guards,
        module,
        (),
        shares,
        str(model.name),
        tied,
        lacks,
    )
    context.body.add(node)
    return bind_results(outputs, module, results)


def _refuse_misuse(decl: LayerDecl, model: ModelDecl, context: Context, path: str) -> None:
    body = context.body
    if body.block is not None:
        message = f"`{model.name}` is a model, and a block sees nothing of the outside"
        help_ = ("call it where the block is used, and pass its value in",)
        raise Mistake(Diagnostic("E0346", message, decl.op.span, help=help_))
    nothing = isinstance(decl.arguments, Scalar) and decl.arguments.value is None
    if decl.arguments is not None and not nothing:
        message = f"the model `{model.name}` takes no arguments, only inputs"
        help_ = (f"write `{{from: ..., {model.name}: }}`",)
        raise Mistake(Diagnostic("E0347", message, decl.arguments.span, help=help_))
    if path == context.scope.path:
        message = f"the weights of `{model.name}` are filed under its own name, whatever a call is called"
        help_ = ("leave out `name: .`",)
        raise Mistake(Diagnostic("E0352", message, (decl.name or decl.op).span, help=help_))
    assert model.key is not None
    problem = check_name(model.key.text, model.key.span)
    if problem is not None:
        raise Mistake(problem)
    opened = body.compilation.open_models
    if model in opened:
        chain = " -> ".join(f"`{each.name}`" for each in (*opened[opened.index(model) :], model))
        labels = (Label(model.key.span, "the model"),)
        message = f"`{model.name}` needs itself: {chain}"
        help_ = ("a model cannot hold itself; what repeats is a block, or a loop",)
        raise Mistake(Diagnostic("E0348", message, decl.op.span, labels=labels, help=help_))


def _specialise(
    decl: LayerDecl, model: ModelDecl, inputs: Inputs, context: Context, path: str
) -> tuple[Module, Outputs, tuple[Value, ...], Lacks]:
    """Give the model's graph for the types of what it is given, made once, and what it is given."""
    # A body holds calls and a call makes a body: one of the two imports has to wait.
    from archc.elaborate.body import finish

    name, compilation = str(model.name), context.body.compilation
    body = model_body(compilation, frames_of(name, {}, decl, context, path))
    body.layers = model.layers
    inside = Context(body, Names(), body.names, None)
    declared = declared_in(model.inputs, inside)
    given = assign(name, declared, inputs, decl)
    values = tuple(value for value in given.values() if value is not None)
    context.use([Binding(value) for value in values])
    key = ("model", name, tuple(None if value is None else value.type for value in given.values()))
    known = compilation.asked.modules
    if key in known:
        made = known[key]
    else:
        sizes, taken, absent = open_body(name, decl.op.span, declared, given, inside, decl, context)
        _hold_to_facts(name, sizes, decl, context)
        made = known[key] = finish(
            body, name, model.doc, model.span, model.layers, model.outputs, taken, sizes, {}, inside, absent
        )
    if made is None:
        raise Silent
    compilation.count_module(made[0], decl)
    return *made, values, lacking(declared, inputs, decl)


def _hold_to_facts(name: str, sizes: Sizes, decl: LayerDecl, context: Context) -> None:
    """Ask of what comes in what `dims` says of the model's symbols, for its conditions rely on that."""
    compilation = context.body.compilation
    for symbol, dim in sizes:
        if symbol not in compilation.facts:
            continue
        fact = compilation.facts.get(symbol)
        asked = [at_least(dim, fact.smallest), *([] if fact.max is None else [at_least(fact.max, dim)])]
        asked += [equal(dim % fact.multiple, fact.remainder)] if fact.multiple > 1 else []
        for condition in asked:
            proof = prove(condition, compilation.facts)
            if proof.verdict == "proved":
                continue
            message = f"the size `{symbol}` of `{name}` is {text(dim)} here, which `dims` does not allow"
            diagnostic = Diagnostic("E0349", message, decl.op.span, notes=(f"it asks for `{condition}`",))
            if proof.never:
                raise Mistake(diagnostic)
            compilation.add_need(condition, diagnostic, context.body)


def _place(
    name: str, module: Module, context: Context, path: str
) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    """Give a call's name among the nodes, the node whose weights it takes, and what it takes inside.

    A model that holds another shares that one's weights with the other calls of it.
    """
    body = context.body
    if name in body.held:
        return _free(path, context), body.held[name], ()
    body.held[name] = name
    tied: list[tuple[str, str]] = []
    for inner, below in _held_by(module):
        if inner in body.held:
            tied.append((below, body.held[inner]))
        else:
            body.held[inner] = join(name, below)
    return name, "", tuple(tied)


def _held_by(module: Module, prefix: str = "") -> Iterator[tuple[str, str]]:
    for node in module.nodes:
        if isinstance(node, CallNode) and node.model and not node.shares:
            yield node.model, join(prefix, node.name)
            tied = {path for path, _ in node.tied}
            for inner, below in _held_by(node.module):
                if below not in tied:
                    yield inner, join(prefix, join(node.name, below))


def refuse_names_of_models(body: Body) -> None:
    """Refuse a layer of the name that a called model's weights are filed under. Raises Mistake (E0302)."""
    for model, path in body.held.items():
        if path != model:
            continue
        taken = [node for node in body.nodes if not (isinstance(node, CallNode) and node.model == model)]
        places = [(node.name, node.span) for node in taken]
        places += [(scope.name, scope.span) for scope in body.scopes]
        other = next((place for name, place in places if name == path or name.startswith(f"{path}.")), None)
        owner = next((node.span for node in body.nodes if node.name == path), None)
        if other is not None and owner is not None:
            labels = (Label(owner, f"the weights of the model `{model}` have this name"),)
            message = f"the name `{path}` is used twice"
            help_ = ("give the layer another name",)
            raise Mistake(Diagnostic("E0302", message, other, labels=labels, help=help_))


def _free(path: str, context: Context) -> str:
    """Give a path that no node has: one that only shares weights needs none of its own."""
    names = {node.name for node in context.body.nodes} | context.body.held.keys()
    free, number = path, 0
    while free in names:
        number += 1
        free = f"{path}_{number}"
    return free

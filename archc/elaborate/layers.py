"""Lists of layers: names, conditions, containers, and what each item makes."""

from __future__ import annotations

from archc import ops
from archc.elaborate.binding import ABSENT, BROKEN, AmbiguousInput, Binding, Names
from archc.elaborate.calls import call_block
from archc.elaborate.context import Context, Mistake, Silent
from archc.elaborate.evaluation import evaluate_condition, evaluate_name, evaluate_template
from archc.elaborate.layer_values import put_in_place
from archc.elaborate.loops import run_loop
from archc.elaborate.model_calls import call_model, find_model
from archc.elaborate.operations import apply_op
from archc.elaborate.references import Given, Inputs, before, read_inputs, require_input, resolve
from archc.elaborate.reuse import apply_again, find_applied, note
from archc.elaborate.sharing import refuse_init, refuse_scan, refuse_tie
from archc.elaborate.signatures import shape_modifier
from archc.ir.program import CallNode, Dropped, Scope
from archc.sizes import SizeTooLarge
from archc.source import Diagnostic, Label, Span, did_you_mean, replacement, respelled
from archc.spec.document import LayerDecl
from archc.spec.library import Library
from archc.spec.tree import Mapping, Scalar, Sequence


def elaborate_list(items: tuple[LayerDecl, ...], context: Context) -> Binding:
    """Elaborate items in order, each seeing the value before; give the last one's."""
    for decl in items:
        if context.body.compilation.exhausted:
            break
        context.previous = elaborate_item(decl, context)
    return context.previous or BROKEN


def elaborate_item(decl: LayerDecl, context: Context) -> Binding:
    """Elaborate one item with its loop. What goes wrong is reported once; its value is then broken."""
    if decl.kind == "broken":
        return guarded(decl, context, None, _broken)
    if decl.for_ is not None or decl.repeat is not None:
        return guarded(decl, context, None, lambda: run_loop(decl, context, elaborate_once))
    return elaborate_once(decl, context, None, None)


def elaborate_once(decl: LayerDecl, context: Context, name: str | None, carried: Inputs | None) -> Binding:
    """Elaborate one turn of an item. `name` is given by a loop that numbers its turns."""
    return guarded(decl, context, name, lambda: _conditional(decl, context, name, carried))


def guarded(decl: LayerDecl, context: Context, name: str | None, work: object) -> Binding:
    """Run a piece of work; turn a Mistake into a report and a broken value under the item's name."""
    scope, position = context.scope, context.scope.counter
    mistake: Mistake | None = None
    try:
        return work()  # type: ignore[operator, no-any-return]
    except Mistake as caught:
        mistake = caught
    except SizeTooLarge as problem:
        context.body.report(
            Diagnostic("E0813", f"a size here grows beyond all bounds: {problem}", decl.op.span)
        )
    except Silent:
        pass
    names = (name,) if name else _names(decl, context)
    if (
        not names
        and position is None
        and decl.name is None
        and decl.kind == "op"
        and "$(" not in decl.op.text
    ):
        names = (scope.unused_name(_word(decl, context)),)
    if position is not None:
        scope.counter = max(scope.counter or 0, position + 1)
        names = names or (str(position),)
    if mistake is not None:
        context.body.report(mistake.diagnostic, scope.full(names[0]) if names else scope.path)
    context.body.broken = True
    context.body.lost.update(scalar.text for scalar in decl.shape or ())
    for each in names or _made_up(decl, context):
        other = scope.taken(each)
        if mistake is None and other is not None:
            context.body.report(_used_twice(each, _name_place(decl), other), scope.full(each))
        scope.spoil(each, decl.span if decl.name is None else decl.name.span, decl.when is None)
    return BROKEN


def _broken() -> Binding:
    """Stand in for an item that could not be read, which has been reported."""
    raise Silent


def _names(decl: LayerDecl, context: Context) -> tuple[str, ...]:
    """Give the names that a broken item would have had, as far as they can be told."""
    try:
        return tuple(str(evaluate_template(tree, context)) for tree in _name_trees(decl))
    except (Mistake, Silent):
        return ()


def _made_up(decl: LayerDecl, context: Context) -> tuple[str, ...]:
    """Give the name that a broken item without one would have had."""
    if decl.kind != "op" or decl.name is not None or "$(" in decl.op.text:
        return ()
    return (context.scope.unused_name(_word(decl, context)),)


def _conditional(decl: LayerDecl, context: Context, name: str | None, carried: Inputs | None) -> Binding:
    if decl.when is not None:
        if not evaluate_condition(decl.when, context):
            return _drop(decl, context, name, carried)
        context = context.inside(guards=(*context.guards, decl.when.text))
    context.body.compilation.count_item(decl)
    if decl.name is None and name is None and decl.kind in ("layers", "residual"):
        return _splice(decl, context, carried)
    local, automatic = _local_name(decl, context, name)
    if decl.kind == "reuse":
        refuse_init(decl)
        known = find_applied(decl, context)
        binding = apply_again(decl, known, context, local, carried, _again)
        context.body.applied[context.scope.full(local)] = known
    else:
        binding = _make(decl, context, local, carried)
        if local != ".":
            note(decl, context, local)
    if decl.shape is not None and binding.value is not None:
        shape_modifier(decl.shape, binding.value, context, decl.span, decl.op.text)
    _define(decl, context, local, binding, automatic)
    return binding


def _again(decl: LayerDecl, context: Context, local: str, carried: Inputs | None) -> Binding:
    """Make a layer once more; one that is a loop runs all its turns."""
    if decl.repeat is None and decl.for_ is None:
        return _make(decl, context, local, carried)
    name = Scalar(local, True, decl.op.span)
    return run_loop(decl.replace(name=name), context, elaborate_once, define=False)


def _local_name(decl: LayerDecl, context: Context, name: str | None) -> tuple[str, bool]:
    """Give the item's name in its list, and whether it was made up."""
    if name is not None:
        return name, False
    if decl.name is None:
        if context.scope.counter is not None:
            return context.scope.position(), False
        return context.scope.unused_name(_word(decl, context)), True
    if context.scope.counter is not None:
        context.scope.position()
    tree = decl.name.items[0] if isinstance(decl.name, Sequence) else decl.name
    return evaluate_name(tree, context), False


def _word(decl: LayerDecl, context: Context) -> str:
    if decl.kind == "reuse":
        return find_applied(decl, context).path.rpartition(".")[2]
    if "$(" in decl.op.text:
        decl, _, _ = put_in_place(decl, context)
    return decl.op.text.replace(".", "_") if decl.kind == "op" else decl.kind


def _define(decl: LayerDecl, context: Context, local: str, binding: Binding, automatic: bool) -> None:
    place = _name_place(decl)
    if local == ".":
        return
    if isinstance(decl.name, Sequence):
        outputs = [m for key, m in binding.members.items() if key.isdigit()] or list(binding.members.values())
        outputs = outputs or [binding]
        for tree, output in zip(decl.name.items, outputs, strict=False):
            _define_one(evaluate_name(tree, context), output, tree.span, context)
        return
    if not automatic:
        _refuse_hiding(local, place, context)
    else:
        _warn_unnamed(decl, context, local)
    _define_one(local, binding, place, context)


def _define_one(name: str, binding: Binding, place: Span, context: Context) -> None:
    other = context.scope.define(name, binding, place)
    if other is not None:
        raise Mistake(_used_twice(name, place, other))


def _used_twice(name: str, place: Span, other: Span) -> Diagnostic:
    help_ = "give one of them another name"
    if place == other:
        help_ = f"each turn of the loop makes it: name the loop, or put its index into the name, `{name}$(i)`"
    return Diagnostic(
        "E0302",
        f"the name `{name}` is used twice",
        place,
        label="used again here",
        labels=(Label(other, "first used here"),),
        help=(help_,),
    )


def _name_place(decl: LayerDecl) -> Span:
    return decl.name.span if decl.name is not None else decl.op.span


def _refuse_hiding(name: str, place: Span, context: Context) -> None:
    other = context.body.places.get(name)
    if other is None or context.scope.counter is not None:
        return
    raise Mistake(
        Diagnostic(
            "E0302",
            f"the name `{name}` is used twice",
            place,
            label="used again here",
            labels=(Label(other, "a parameter, size or input of this name"),),
            help=("give the layer another name",),
        )
    )


def _warn_unnamed(decl: LayerDecl, context: Context, local: str) -> None:
    nodes = context.body.nodes
    last = nodes[-1] if nodes else None
    # The weights of a model that is called are filed under its own name, wherever it stands.
    called = isinstance(last, CallNode) and last.model
    if last is not None and last.owns_weights and not called and last.name == context.scope.full(local):
        context.body.report(
            Diagnostic(
                "W0102",
                f"this `{decl.op.text}` has weights but no name, they are filed under `{last.name}`",
                decl.op.span,
                help=(f"name it: `{{name: ..., {decl.op.text}: ...}}`",),
            ),
            last.name,
        )


def _drop(decl: LayerDecl, context: Context, name: str | None, carried: Inputs | None) -> Binding:
    assert decl.when is not None
    names = (name,) if name else tuple(evaluate_name(t, context) for t in _name_trees(decl))
    nothing = decl.else_ is not None and decl.else_.text == "none"
    if decl.else_ is None:
        binding = _first_input(decl, context, carried)
    else:
        binding = ABSENT if nothing else resolve(decl.else_, context).binding
    for each in names:
        if each in context.names:
            _refuse_hiding(each, _name_place(decl), context)
        named = Binding(lacks=context.scope.full(each)) if nothing else binding.of_dropped(decl.else_ is None)
        context.scope.define(each, named, decl.span, replaceable=True)
    if names and _follows_twin(names[0], context):
        binding = before(context)
    label = context.scope.full(names[0]) if names else ""
    context.body.dropped.append(Dropped(context.origin(decl), label, decl.when.text))
    return binding


def _follows_twin(name: str, context: Context) -> bool:
    """Whether the item before has this name and is there: then it is what the next item takes."""
    twin, last = context.scope.find(name), context.previous
    if context.scope.taken(name) is None or twin is None or last is None:
        return False
    return (twin.value, twin.items) == (last.value, last.items)


def _name_trees(decl: LayerDecl) -> tuple[Scalar, ...]:
    trees = decl.name.items if isinstance(decl.name, Sequence) else (decl.name,)
    return tuple(tree for tree in trees if isinstance(tree, Scalar))


def _first_input(decl: LayerDecl, context: Context, carried: Inputs | None) -> Binding:
    if carried is not None:
        given = carried.positional or tuple(each for _, each, _ in carried.named)
        return given[0].binding if given else BROKEN
    tree = decl.from_
    if isinstance(tree, Sequence):
        tree = tree.items[0] if tree.items else None
    elif isinstance(tree, Mapping):
        tree = tree.entries[0].value if tree.entries else None
    return resolve(tree, context).binding if isinstance(tree, Scalar) else before(context)


def container_input(decl: LayerDecl, context: Context, carried: Inputs | None) -> Binding:
    """Give what a container's first item takes; a container passes an ambiguous input inward."""
    inputs = carried or read_inputs(decl.from_, context)
    given = inputs.positional[0] if len(inputs.positional) == 1 else None
    if given is None:
        span = decl.from_.span if decl.from_ is not None else decl.span
        message = "a container takes one value, its items may read others by name"
        raise Mistake(Diagnostic("E0312", message, span))
    return given.binding


def _splice(decl: LayerDecl, context: Context, carried: Inputs | None) -> Binding:
    """Elaborate an unnamed group: its items belong to the list around it."""
    refuse_scan(decl)
    refuse_init(decl)
    start = container_input(decl, context, carried)
    inside = context.inside(previous=start)
    result = elaborate_list(decl.body, inside) if decl.body else start
    if decl.kind == "residual":
        from archc.elaborate.residual import add_residual

        return add_residual(decl, context, start, result)
    return result


def _make(decl: LayerDecl, context: Context, local: str, carried: Inputs | None) -> Binding:
    path = context.scope.full(local)
    if decl.kind in ("sequential", "layers", "residual"):
        _refuse_weights(decl)
        refuse_scan(decl)
        return _container(decl, context, path, carried)
    library, word = context.library, decl.op
    if "$(" in word.text:
        decl, layer, context = put_in_place(decl, context)
        library, word = layer.library, layer.op
    name = decl.op.text
    block = library.find(name)
    model = find_model(decl, library, context)
    if block is not None:
        _refuse_weights(decl)
        if decl.scan is None:
            return call_block(decl, block, context, path, carried)
        from archc.elaborate.scan import scan_block

        return scan_block(decl, block, context, path, carried)
    if model is not None:
        _refuse_weights(decl)
        refuse_scan(decl)
        return call_model(decl, model, context, path, carried)
    op = context.body.step_ops.get(name) if context.body.step_ops else None
    if op is not None or name in ops.names():
        refuse_scan(decl)
        return apply_op(decl, op or ops.find(name), context, path, carried)
    raise Mistake(_unknown_op(word, library, context))


def _refuse_weights(decl: LayerDecl) -> None:
    refuse_tie(decl)
    refuse_init(decl)


def _unknown_op(op: Scalar, library: Library, context: Context) -> Diagnostic:
    models = [model.name for model in context.body.compilation.spec.models if model.name is not None]
    known = [*library.blocks, *models, *ops.names()]
    word = op.text
    from archc.ops.torch_words import hints, same_op

    help_, notes = hints(word)
    help_ = help_ or (() if notes else did_you_mean(word, known) or ("`archc ops` lists the ops",))
    same, span = same_op(word), op.span
    fix = replacement(span, same) if same is not None and span.text == word else respelled(span, known)
    message = f"there is no op or block `{word}`"
    return Diagnostic("E0301", message, span, notes=notes, help=help_, fix=fix)


def _container(decl: LayerDecl, context: Context, path: str, carried: Inputs | None) -> Binding:
    start = container_input(decl, context, carried)
    scope = Names(path, context.outside or context.scope, numbered=decl.kind == "sequential")
    inside = context.inside(scope=scope, previous=start)
    result = elaborate_list(decl.body, inside) if decl.body else start
    if decl.kind == "residual":
        from archc.elaborate.residual import add_residual

        result = add_residual(decl, inside, start, result)
    shares = context.shares(path)
    if path != context.scope.path:
        made = Scope(path, decl.kind, decl.span, context.origin(decl), result.value, shares, decl.doc)
        context.body.scopes.append(made)
    if isinstance(result, AmbiguousInput):
        require_input_of_container(decl, result)
    members = {**result.members, **scope.bindings}
    return Binding(result.value, result.items, members, result.broken)


def require_input_of_container(decl: LayerDecl, result: AmbiguousInput) -> None:
    """Refuse an empty container where there is no single value to pass on."""
    require_input(Given(result, None), decl.span, decl.kind)

"""`repeat` and `for`."""

from __future__ import annotations

from collections.abc import Callable

from archc import ops
from archc.elaborate.binding import Binding, Names
from archc.elaborate.context import Context, Mistake, Silent
from archc.elaborate.evaluation import (
    evaluate_condition,
    evaluate_field,
    evaluate_literal,
    evaluate_template,
    template_names,
)
from archc.elaborate.layer_values import put_in_place
from archc.elaborate.references import Given, Inputs, read_inputs
from archc.elaborate.reuse import note
from archc.ir.program import Scope
from archc.source import Diagnostic, Label, Span
from archc.spec.document import BlockDecl, LayerDecl
from archc.spec.tree import Mapping, Scalar, Sequence, Tree

Once = Callable[[LayerDecl, Context, str | None, Inputs | None], Binding]
Turn = dict[str, object]
MOST_TURNS = 10_000


def run_loop(decl: LayerDecl, context: Context, once: Once, define: bool = True) -> Binding:
    """Run an item once a turn; give what its name stands for: the last turn, or the list.

    `define` is false where the caller gives the name its value.
    """
    turns = _turns(decl.repeat, decl.for_, context)
    bare = decl.replace(repeat=None, for_=None)
    numbered = _loop_name(decl, context, frozenset(turns[0]) if turns else frozenset(("i",)))
    around = context.outside or context.scope
    inner = Names(context.scope.full(numbered), around) if numbered else context.scope
    results: list[Binding] = []
    last: Binding | None = None
    present = decl.when is None
    for number, turn in enumerate(turns):
        inside = context.inside(
            scope=inner,
            names={**context.names, **turn},
            turns=(*context.turns, number),
            repeated=context.repeated * len(turns),
        )
        present = present or (decl.when is not None and evaluate_condition(decl.when, inside))
        carried = None
        if last is not None and not decl.parallel:
            inside.previous = last
            carried = Inputs((Given(last, None),)) if decl.scan else _carried(bare, inside, last)
        last = once(bare, inside, str(number) if numbered else None, carried)
        if context.body.compilation.exhausted:
            raise Silent
        results.append(last)
    if numbered and define and numbered != ".":
        note(decl, context, numbered)
    return _result(decl, context, numbered, results, not present and bool(turns), define)


def _result(
    decl: LayerDecl,
    context: Context,
    numbered: str | None,
    results: list[Binding],
    dropped: bool,
    define: bool,
) -> Binding:
    members = {str(number): each for number, each in enumerate(results)}
    if decl.parallel:
        binding = Binding(items=tuple(results), members=members)
    elif results:
        last = results[-1]
        outputs = {name: member for name, member in last.members.items() if not name.isdigit()}
        binding = Binding(last.value, last.items, {**outputs, **members}, last.broken)
    else:
        binding = _identity(decl, context)
    if numbered:
        place = decl.name.span if decl.name is not None else decl.op.span
        if numbered == ".":
            return binding
        other = context.scope.define(numbered, binding, place, replaceable=dropped) if define else None
        if dropped:
            return binding
        if other is not None:
            message = f"the name `{numbered}` is used twice"
            raise Mistake(Diagnostic("E0302", message, place, labels=(Label(other, "first used here"),)))
        context.body.scopes.append(
            Scope(
                context.scope.full(numbered),
                "repeat",
                decl.span,
                context.origin(decl),
                binding.value,
                context.shares(context.scope.full(numbered)),
            )
        )
    return binding


def _identity(decl: LayerDecl, context: Context) -> Binding:
    inputs = read_inputs(decl.from_, context)
    given = inputs.positional or tuple(each for _, each, _ in inputs.named)
    return given[0].binding


def _loop_name(decl: LayerDecl, context: Context, indices: frozenset[str]) -> str | None:
    """Give the name whose turns are numbered; None where each turn makes its own name."""
    if isinstance(decl.name, Scalar):
        if template_names(decl.name) & indices:
            return None
        return str(evaluate_template(decl.name, context))
    if decl.name is not None or context.scope.counter is not None or decl.kind in ("layers", "residual"):
        return None
    return context.scope.unused_name(decl.op.text if decl.kind == "op" else decl.kind)


def turns_of(repeat: Scalar | None, for_: Mapping | Scalar | None, context: Context) -> list[Context]:
    """Give the context of each turn of an input's or output's loop; one where there is none."""
    if repeat is None and for_ is None:
        return [context]
    turns = _turns(repeat, for_, context)
    if len(turns) > MOST_TURNS:
        message = f"a loop over inputs or outputs has at most {MOST_TURNS:,} turns, this has {len(turns):,}"
        place = repeat.span if repeat is not None else for_.span if for_ is not None else None
        raise Mistake(Diagnostic("E0811", message, place))
    return [context.inside(names={**context.names, **turn}) for turn in turns]


def _turns(repeat: Scalar | None, for_: Mapping | Scalar | None, context: Context) -> list[Turn]:
    if repeat is not None:
        count = evaluate_field(repeat, "int", context, ())
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            message = f"`repeat` takes a whole number from 0, this is `{count}`"
            raise Mistake(Diagnostic("E0631", message, repeat.span))
        context.body.compilation.check_turns(count * context.repeated, repeat.span)
        _refuse_hiding("i", repeat.span, context)
        return [{"i": number} for number in range(count)]
    if isinstance(for_, Scalar):
        return _records(for_, context)
    assert for_ is not None
    columns: dict[str, list[object]] = {}
    for entry in for_:
        _refuse_hiding(entry.key.text, entry.key.span, context)
        columns[entry.key.text] = _column(entry.value, entry.value.span, context)
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"`{name}` has {length}" for name, length in lengths.items())
        raise Mistake(Diagnostic("E0631", f"the columns of `for` have different lengths: {shown}", for_.span))
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _records(tree: Scalar, context: Context) -> list[Turn]:
    rows = evaluate_field(tree, "list", context, ())
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        message = f"`for` takes columns, or the name of a list of records, `{tree.text}` is neither"
        raise Mistake(
            Diagnostic("E0631", message, tree.span, help=("write `for: {s: 4}` or `for: {s: list}`",))
        )
    for name in rows[0] if rows else ():
        _refuse_hiding(name, tree.span, context)
    return rows


def _column(tree: Tree, place: Span, context: Context) -> list[object]:
    if isinstance(tree, Sequence):
        return [evaluate_literal(item, context) for item in tree.items]
    if isinstance(tree, Scalar):
        value = evaluate_field(tree, "any", context, ())
        if isinstance(value, int) and not isinstance(value, bool):
            context.body.compilation.check_turns(value * context.repeated, place)
            return list(range(value))
        if isinstance(value, list):
            return value
    raise Mistake(
        Diagnostic("E0631", "a column of `for` is a number of turns or a list of values", tree.span)
    )


def _refuse_hiding(name: str, place: Span, context: Context) -> None:
    if name not in context.names and context.scope.bindings.get(name) is None:
        return
    other = context.body.places.get(name) or context.scope.places.get(name)
    labels = (Label(other, "it is in use since here"),) if other is not None else ()
    helps = ("use `for` with another name: `for: {j: 3}`",) if name == "i" else ("use another name",)
    raise Mistake(
        Diagnostic(
            "E0632",
            f"the loop's index `{name}` hides a name that is in use",
            place,
            labels=labels,
            help=helps,
        )
    )


def _carried(decl: LayerDecl, context: Context, last: Binding) -> Inputs | None:
    """Give the inputs of a further turn: carried from the turn before, or as written.

    A reference that is computed (`from: $(f)`) is as written.
    """
    if decl.from_ is None:
        return Inputs((Given(last, None),))
    if isinstance(decl.from_, Scalar):
        return None if "$(" in decl.from_.text else Inputs((Given(last, None),))
    inputs = read_inputs(decl.from_, context)
    library = context.library
    if "$(" in decl.op.text:
        decl, layer, _ = put_in_place(decl, context)
        library = layer.library
    block = library.find(decl.op.text) if decl.kind == "op" else None
    if len(inputs.named) == 1:
        name, _, key = inputs.named[0]
        return inputs.replace(named=((name, Given(last, None), key),))
    if len(inputs.positional) == 1:
        return inputs.replace(positional=(Given(last, None),))
    if block is None:
        return _carried_past_weights(decl, inputs, last)
    return _carried_by_name(decl, block, inputs, last)


def _carried_past_weights(decl: LayerDecl, inputs: Inputs, last: Binding) -> Inputs:
    """Carry the only input of an op that is none of its weights; else leave the inputs as written."""
    known = ops.names()
    own = {each.name for each in ops.find(decl.op.text).input_list()} if decl.op.text in known else set()
    if sum(name in own for name, _, _ in inputs.named) != 1:
        return inputs
    return inputs.replace(
        named=tuple((n, Given(last, None) if n in own else g, k) for n, g, k in inputs.named)
    )


def _carried_by_name(decl: LayerDecl, block: BlockDecl, inputs: Inputs, last: Binding) -> Inputs:
    outputs = {each.name.text for each in block.outputs or ()}
    declared = [each.name.text for each in block.inputs or ()]
    results = last.members if len(outputs) > 1 else {next(iter(outputs), ""): last}
    given_names = [name for name, _, _ in inputs.named] or declared[: len(inputs.positional)]
    if not any(name in outputs for name in given_names):
        assert decl.from_ is not None
        raise Mistake(
            Diagnostic(
                "E0633",
                f"no input of `{block.name}` is carried from one turn of the loop to the next",
                decl.from_.span,
                labels=(
                    Label(block.key.span, f"its outputs: {', '.join(sorted(outputs)) or 'none is named'}"),
                ),
                help=(
                    f"name an output of the block like its input: `outputs: {{{given_names[0]}: ...}}`",
                    "or write `parallel: true` to run the turns side by side",
                ),
            )
        )
    if last.broken:
        raise Silent
    named = tuple((n, Given(results[n], None) if n in results else g, k) for n, g, k in inputs.named)
    positional = tuple(
        Given(results[name], None) if name in results else given
        for name, given in zip(declared, inputs.positional, strict=False)
    )
    return inputs.replace(named=named, positional=positional)

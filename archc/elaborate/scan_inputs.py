"""What a `scan` says: which inputs of the block are sequences, states and constants, and how many steps."""

from __future__ import annotations

from collections.abc import Iterator

from archc.elaborate.binding import AmbiguousInput, Binding
from archc.elaborate.context import Context, Mistake
from archc.elaborate.declared import Declared
from archc.elaborate.evaluation import evaluate_size
from archc.elaborate.references import Given, Inputs, before, read_inputs, require_input, resolve, single
from archc.elaborate.values import attribute_value
from archc.ir.program import Value
from archc.opdef import boolean, integer
from archc.sizes import Dim, Expr, equal, prove, text
from archc.source import Diagnostic, Label, Span, did_you_mean
from archc.spec.document import BlockDecl, LayerDecl
from archc.spec.tree import Mapping, Scalar, Tree, describe

ZEROS = "zeros"


class Plan:
    """How a block is scanned.

    `given` are the values of the block's inputs by name: whole sequences, first values of states,
    constants. States in `zeros` have none yet. `lacks` are inputs that are given nothing, with the name
    of that. `places` say where each input is written.
    """

    def __init__(self, decl: LayerDecl, block: BlockDecl, declared: tuple[Declared, ...]) -> None:
        self.decl = decl
        self.block = block
        self.declared = declared
        self.axis = 0
        self.axis_place = decl.op.span
        self.length: Dim = 1
        self.written_length = ""
        self.reverse = False
        self.given: dict[str, Value] = {}
        self.lacks: list[tuple[str, str]] = []
        self.sequences: list[str] = []
        self.states: list[str] = []
        self.zeros: list[str] = []
        self.places: dict[str, Span] = {}

    def turns(self, name: str) -> list[str]:
        """Give the inputs that a name stands for: those of a repeated one, or the one itself, or none."""
        return [each.name for each in self.declared if name in (each.name, each.group) and each.present]

    def take(self, name: str, place: Span) -> None:
        """Note that an input has its role; raises Mistake (E0333) where it has one already."""
        if name in self.places:
            message = f"the input `{name}` of `{self.block.name}` is given twice"
            labels = (Label(self.places[name], "first here"),)
            help_ = ("an input is a sequence (`over`), a state (`state`) or a constant (`from`)",)
            raise Mistake(Diagnostic("E0333", message, place, labels=labels, help=help_))
        self.places[name] = place

    def is_optional(self, name: str) -> bool:
        """Whether an input may be left out."""
        return any(each.optional for each in self.declared if each.name == name)

    def names(self) -> list[str]:
        """Give the inputs that are there, in order."""
        return [each.name for each in self.declared if each.present]

    def free(self) -> list[str]:
        """Give the inputs that have no role yet, in order."""
        return [name for name in self.names() if name not in self.places]


def read_plan(
    decl: LayerDecl,
    block: BlockDecl,
    declared: tuple[Declared, ...],
    context: Context,
    carried: Inputs | None,
) -> Plan:
    """Read `scan` and `from`; `carried` is what the turn before gave, where a loop is around it."""
    assert decl.scan is not None
    fields = {entry.key.text: entry.value for entry in decl.scan}
    plan = Plan(decl, block, declared)
    if "axis" in fields:
        plan.axis_place = fields["axis"].span
        axis = attribute_value(fields["axis"], integer(), "`axis` of `scan`", context)
        assert isinstance(axis, int)
        plan.axis = axis
    if "reverse" in fields:
        plan.reverse = attribute_value(fields["reverse"], boolean(), "`reverse` of `scan`", context) is True
    _read_states(fields.get("state"), plan, context)
    over = fields.get("over")
    named = read_inputs(decl.from_, context) if decl.from_ is not None else Inputs()
    for name, given, key in _named(plan, named):
        plan.take(name, key)
        _give(plan, name, given, key)
    if over is not None:
        _read_over(over, plan, context, carried)
    elif "length" not in fields:
        _default_sequence(plan, context, carried)
    _read_constants(named, plan)
    _require_all(plan)
    _settle_length(fields.get("length"), plan, context)
    return plan


def _read_states(tree: Tree | None, plan: Plan, context: Context) -> None:
    if tree is None:
        return
    if not isinstance(tree, Mapping):
        message = f"`state` of `scan` names the states with their first values, this is {describe(tree)}"
        raise Mistake(Diagnostic("E0202", message, tree.span, help=("write `state: {h: zeros}`",)))
    for entry in tree:
        name, value = entry.key.text, entry.value
        turns = plan.turns(name)
        if not turns:
            known = plan.names()
            message = f"`{plan.block.name}` has no input `{name}` to carry as a state"
            notes, help_ = (_shown(known),), did_you_mean(name, known)
            raise Mistake(Diagnostic("E0324", message, entry.key.span, notes=notes, help=help_))
        if not isinstance(value, Scalar) or value.is_empty:
            message = f"the first value of the state `{name}` is `zeros` or a value's name"
            raise Mistake(Diagnostic("E0305", message, value.span if value.span.text else entry.key.span))
        for turn in turns:
            plan.take(turn, entry.key.span)
            plan.states.append(turn)
            plan.places[turn] = value.span
        if value.text == ZEROS:
            plan.zeros.extend(turns)
            continue
        first = _first_value(value, context)
        for turn, given in zip(turns, _each(plan, name, turns, first), strict=True):
            _give(plan, turn, given, value.span)


def _first_value(value: Scalar, context: Context) -> Given:
    try:
        return resolve(value, context)
    except Mistake as mistake:
        help_ = did_you_mean(value.text, (ZEROS,)) or ("write `zeros`, or the name of a value",)
        unknown = mistake.diagnostic
        raise Mistake(unknown.replace(help=unknown.help or help_)) from None


def _shown(names: list[str]) -> str:
    return f"its inputs: {', '.join(f'`{each}`' for each in names)}"


def _each(plan: Plan, name: str, turns: list[str], given: Given) -> list[Given]:
    """Give what each turn of a repeated input gets of a list; the value itself where it is not repeated."""
    if turns == [name]:
        return [given]
    items = list(require_input(given, plan.decl.op.span, plan.block.name).flat())
    if len(items) != len(turns):
        message = (
            f"the input `{name}` of `{plan.block.name}` takes {len(turns)} values, {len(items)} are given"
        )
        raise Mistake(Diagnostic("E0312", message, given.span))
    return [Given(item, given.span) for item in items]


def _named(plan: Plan, inputs: Inputs) -> Iterator[tuple[str, Given, Span]]:
    """Give the inputs by their names. Raises Mistake (E0313) for a name that the block does not have."""
    for name, given, key in inputs.named:
        turns = plan.turns(name)
        if not turns:
            known = plan.names()
            message, notes = f"`{plan.block.name}` has no input `{name}`", (_shown(known),)
            raise Mistake(Diagnostic("E0313", message, key, notes=notes, help=did_you_mean(name, known)))
        for turn, item in zip(turns, _each(plan, name, turns, given), strict=True):
            yield turn, item, key


def _give(plan: Plan, name: str, given: Given, place: Span) -> None:
    """Give an input its value; an absent one is left out where the block allows it."""
    if given.binding.absent and plan.is_optional(name) and name not in plan.states:
        plan.lacks.append((name, given.binding.lacks))
        return
    binding = require_input(given, place, plan.block.name)
    plan.given[name] = single(binding, given.span or place, plan.block.name)


def _read_over(tree: Tree, plan: Plan, context: Context, carried: Inputs | None) -> None:
    """Read the sequences; an only one is what the turn before gave, inside a loop."""
    inputs = read_inputs(tree, context)
    if inputs.named:
        for name, given, key in _named(plan, inputs):
            plan.take(name, key)
            _sequence(plan, name, _carried(inputs, given, carried), given.span or key)
        return
    flat = [
        Given(each, given.span)
        for given in inputs.positional
        for each in require_input(_carried(inputs, given, carried), tree.span, plan.block.name).flat()
    ]
    free = plan.free()
    if len(flat) > len(free):
        message = (
            f"`{plan.block.name}` has {len(free)} input{'s' * (len(free) != 1)} left for sequences, "
            f"{len(flat)} are given"
        )
        raise Mistake(Diagnostic("E0312", message, tree.span))
    for name, given in zip(free, flat, strict=False):
        plan.take(name, given.span or tree.span)
        _sequence(plan, name, given, given.span or tree.span)


def _carried(inputs: Inputs, given: Given, carried: Inputs | None) -> Given:
    if carried is None or len(inputs.named) + len(inputs.positional) > 1:
        return given
    return Given(carried.positional[0].binding, given.span)


def _default_sequence(plan: Plan, context: Context, carried: Inputs | None) -> None:
    """Let the first free input take slices of the value before. Raises Mistake (E0307, E0329)."""
    free = plan.free()
    place = plan.decl.op.span
    if not free:
        message = f"there is nothing to scan: every input of `{plan.block.name}` is a state or a constant"
        help_ = ("say how many steps there are: `length: 10`",)
        raise Mistake(Diagnostic("E0329", message, place, help=help_))
    binding: Binding = carried.positional[0].binding if carried is not None else before(context)
    if isinstance(binding, AmbiguousInput) and binding.names:
        message = f"`{plan.block.name}` comes first and there is no single value to scan"
        notes = (f"the inputs here are {', '.join(f'`{name}`' for name in binding.names)}",)
        help_ = (f"say which: `scan: {{over: {binding.names[0]}}}`",)
        raise Mistake(Diagnostic("E0307", message, place, notes=notes, help=help_))
    plan.take(free[0], place)
    _sequence(plan, free[0], Given(binding, None), place)


def _sequence(plan: Plan, name: str, given: Given, place: Span) -> None:
    _give(plan, name, given, place)
    value = plan.given.get(name)
    if value is None:
        return
    plan.sequences.append(name)
    plan.places[name] = place
    rank = value.type.rank
    if not -rank <= plan.axis < rank:
        message = f"the sequence for `{name}` is {value.type}, it has no axis {plan.axis} to scan along"
        labels = (Label(place, f"this is {value.type}"),) if place != plan.axis_place else ()
        raise Mistake(Diagnostic("E0326", message, plan.axis_place, labels=labels))


def _read_constants(inputs: Inputs, plan: Plan) -> None:
    """Give the values under `from` to the inputs that are left, in order."""
    free = plan.free()
    flat = [
        Given(each, given.span)
        for given in inputs.positional
        for each in require_input(given, plan.decl.op.span, plan.block.name).flat()
    ]
    if len(flat) > len(free):
        assert plan.decl.from_ is not None
        left = f"{len(free)} input{'s' * (len(free) != 1)}"
        message = f"`{plan.block.name}` has {left} left for constants, {len(flat)} are given"
        help_ = ("the sequences stand under `over`: `from` gives what is the same at every step",)
        raise Mistake(Diagnostic("E0312", message, plan.decl.from_.span, help=help_))
    for name, given in zip(free, flat, strict=False):
        plan.take(name, given.span or plan.decl.op.span)
        _give(plan, name, given, given.span or plan.decl.op.span)


def _require_all(plan: Plan) -> None:
    there = {*plan.given, *plan.zeros}
    missing = [name for name in plan.names() if not plan.is_optional(name) and name not in there]
    if missing:
        shown = " and ".join(f"`{name}`" for name in missing)
        message = f"`{plan.block.name}` is missing its input {shown}"
        help_ = (
            f"carry it: `state: {{{missing[0]}: zeros}}`",
            f"or give it: `over: {{{missing[0]}: ...}}` step by step, `from: {{{missing[0]}: ...}}` the same",
        )
        raise Mistake(Diagnostic("E0311", message, plan.decl.op.span, help=help_))


def _settle_length(tree: Tree | None, plan: Plan, context: Context) -> None:
    """Give the number of steps: that of the sequences, which agree, or the one that is written."""
    lengths = [(name, plan.given[name].type.shape[plan.axis]) for name in plan.sequences]
    if isinstance(tree, Scalar):
        plan.length = _written_length(tree, context)
        plan.written_length = tree.text
    elif tree is not None:
        message = f"`length` of `scan` is a size, this is {describe(tree)}"
        raise Mistake(Diagnostic("E0701", message, tree.span))
    elif not lengths:
        message = f"there is nothing to scan: no sequence is given to `{plan.block.name}`"
        help_ = ("say how many steps there are: `length: 10`",)
        raise Mistake(Diagnostic("E0329", message, plan.decl.op.span, help=help_))
    else:
        plan.length = lengths[0][1]
    for name, length in lengths:
        _require_length(name, length, tree, plan, context)


def _written_length(tree: Scalar, context: Context) -> Dim:
    length = evaluate_size(tree, context)
    if isinstance(length, int) and length < 1:
        raise Mistake(Diagnostic("E0411", f"`length` must be at least 1, this is {length}", tree.span))
    if isinstance(length, Expr):
        context.body.compilation.require_positive(length, tree.span, context.body)
    return length


def _require_length(name: str, length: Dim, tree: Tree | None, plan: Plan, context: Context) -> None:
    """Hold a sequence's length against the number of steps. Raises Mistake (E0327)."""
    compilation = context.body.compilation
    condition = equal(length, plan.length)
    proof = prove(condition, compilation.facts)
    if proof.verdict == "proved":
        return
    first = plan.sequences[0]
    what = f"`length` is {text(plan.length)}" if tree is not None else f"`{first}` has {text(plan.length)}"
    message = f"the sequence for `{name}` has {text(length)} steps, and {what}"
    other = tree.span if tree is not None else plan.places[first]
    shown = f"this is {text(plan.length)}" if tree is not None else f"this is {plan.given[first].type}"
    diagnostic = Diagnostic(
        "E0327", message, plan.places[name], f"this is {plan.given[name].type}", labels=(Label(other, shown),)
    )
    if proof.never:
        raise Mistake(diagnostic)
    compilation.add_need(condition, diagnostic, context.body)

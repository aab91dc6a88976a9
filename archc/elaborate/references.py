"""`from` and the other places that name values."""

from __future__ import annotations

from archc.elaborate.binding import AmbiguousInput, Binding
from archc.elaborate.context import Context, Mistake, Silent
from archc.elaborate.evaluation import evaluate_template
from archc.elaborate.order import explain_order
from archc.ir.program import Lacks, Value
from archc.source import Diagnostic, Record, Span, did_you_mean, respelled
from archc.spec.tree import Mapping, Scalar, Sequence, Tree, describe

_SHOWN = 8


class Given(Record):
    """One input as written: what it stands for and where it was written (None for the value before)."""

    binding: Binding
    span: Span | None


class Inputs(Record):
    """The inputs of an item: by position, or by name."""

    positional: tuple[Given, ...] = ()
    named: tuple[tuple[str, Given, Span], ...] = ()
    written: bool = False


def resolve(scalar: Scalar, context: Context) -> Given:
    """Look up the value that a text names. Raises Mistake (E0303) where it stands for nothing here."""
    name = evaluate_template(scalar, context)
    if not isinstance(name, str):
        raise Mistake(
            Diagnostic("E0305", f"a value's name is needed here, `{scalar.text}` is `{name}`", scalar.span)
        )
    binding = context.scope.find(name)
    if binding is None:
        raise Mistake(_unknown(name, scalar, context))
    return Given(binding, scalar.span)


def _unknown(name: str, scalar: Scalar, context: Context) -> Diagnostic:
    too_late = explain_order(context.body.layers, name, scalar.span)
    if too_late is not None:
        return too_late
    weights = context.body.weights_before()
    if name in weights or context.scope.full(name) in weights:
        return _weight(name, scalar)
    if name in context.names:
        return Diagnostic(
            "E0306",
            f"`{name}` is a compile-time value, not a tensor",
            scalar.span,
            help=(f"to use it as a tensor, add an item `{{name: {name}_value, constant: {name}}}`",),
        )
    visible = context.scope.visible()
    inner = [known for known in visible if known.endswith(f".{name}")]
    helps = tuple(f"did you mean `{known}`?" for known in inner[:1]) or did_you_mean(name, visible)
    notes = () if helps else _values_here(visible)
    if context.body.block is not None and not helps:
        notes = (*notes, "a block sees its inputs and parameters, and nothing else of the outside")
    fix = respelled(scalar.span, visible, safe=False)
    message = f"there is no value `{name}` here"
    return Diagnostic("E0303", message, scalar.span, notes=notes, help=helps, fix=fix)


def _weight(name: str, scalar: Scalar) -> Diagnostic:
    part = name.rpartition(".")[2]
    value = f"`{{name: {name}, parameter: ...}}`"
    return Diagnostic(
        "E0303",
        f"there is no value `{name}` here",
        scalar.span,
        notes=("it is a weight, which only its own layer has",),
        help=(
            f"a layer that has the same one says `tie: {{{part}: {name}}}`",
            f"or make it a value, {value}, that both take: `from: {{{part}: {name}}}`",
        ),
    )


def _values_here(visible: list[str]) -> tuple[str, ...]:
    plain = [name for name in dict.fromkeys(visible) if "." not in name]
    shown = ", ".join(f"`{name}`" for name in plain[-_SHOWN:])
    return (f"the values here: {'..., ' if len(plain) > _SHOWN else ''}{shown}",) if plain else ()


def lacks_of(named: tuple[tuple[str, Given, Span], ...]) -> Lacks:
    """Give the inputs that are given something that is not there, with the name of that."""
    return tuple((name, given.binding.lacks) for name, given, _ in named if given.binding.absent)


def read_inputs(tree: Tree | None, context: Context) -> Inputs:
    """Resolve the `from` of an item; without one, the value before."""
    if tree is None:
        return Inputs((Given(before(context), None),))
    if isinstance(tree, Scalar):
        return Inputs((resolve(tree, context),), written=True)
    if isinstance(tree, Sequence):
        return Inputs(tuple(resolve(_name(item), context) for item in tree.items), written=True)
    named = tuple((entry.key.text, resolve(_name(entry.value), context), entry.key.span) for entry in tree)
    return Inputs(named=named, written=True)


def _name(tree: Tree) -> Scalar:
    if isinstance(tree, Scalar):
        return tree
    raise Mistake(Diagnostic("E0305", f"a value's name is needed here, this is {describe(tree)}", tree.span))


def before(context: Context) -> Binding:
    """Give the value before an item; raises Silent where it is broken, AmbiguousInput passes through."""
    previous = context.previous
    if previous is None:
        return Binding(broken=True)
    return previous


def require_input(given: Given, span: Span, what: str) -> Binding:
    """Give the binding of an input that is to be read; refuse an ambiguous or missing one."""
    binding = given.binding
    if isinstance(binding, AmbiguousInput):
        names = ", ".join(f"`{name}`" for name in binding.names)
        message = (
            f"`{what}` comes first and there is no single input to take"
            if binding.names
            else (f"`{what}` needs an input, and nothing comes before it")
        )
        raise Mistake(
            Diagnostic(
                "E0307",
                message,
                span,
                notes=(f"the inputs here are {names}",) if binding.names else (),
                help=(f"say which: `from: {binding.names[0]}`",) if binding.names else ("declare an input",),
            )
        )
    if binding.broken:
        raise Silent
    return binding


def single(binding: Binding, span: Span, what: str) -> Value:
    """Give the one value that a binding stands for; refuse a list and an absent one."""
    if binding.value is not None:
        return binding.value
    if binding.items is not None:
        raise Mistake(
            Diagnostic(
                "E0308",
                f"`{what}` takes one value here, this is a list of {len(binding.items)}",
                span,
                help=("name one of them: `NAME.0`", "or join them: `concat`, `add`, `stack`"),
            )
        )
    if binding.broken:
        raise Silent
    raise Mistake(
        Diagnostic(
            "E0309",
            f"`{what}` needs a value here, and this stands for nothing",
            span,
            notes=("it names a dropped layer or an optional input that was not given",),
            help=("drop this too, with a `when`, or name it for an input that may be left out",),
        )
    )


def name_list(tree: Tree, context: Context) -> tuple[Given, ...]:
    """Resolve the inputs written under an op that combines values: `add: [a, b]`."""
    items = tree.items if isinstance(tree, Sequence) else (tree,)
    if isinstance(tree, Mapping):
        raise Mistake(Diagnostic("E0305", "a list of values' names is needed here", tree.span))
    return tuple(resolve(_name(item), context) for item in items)

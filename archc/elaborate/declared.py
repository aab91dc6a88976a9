"""The inputs that a block or model declares, and what a use of it gives for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archc.elaborate.binding import ABSENT, Binding, Names
from archc.elaborate.context import Context, Mistake
from archc.elaborate.evaluation import evaluate_condition, evaluate_name, template_names
from archc.elaborate.loops import turns_of
from archc.elaborate.references import Given, Inputs, lacks_of, require_input, single
from archc.ir.program import Lacks, Value
from archc.source import Diagnostic, Record, Span, did_you_mean, respelled
from archc.spec.document import InputDecl, LayerDecl


class Declared(Record):
    """One declared input: its name, how it was written, and the context of its turn of a loop.

    `decl` is None for the `x` of a block that declares no inputs. `group` is the list that it is a turn
    of, empty where it is none. `present` is false where its `when` is.
    """

    name: str
    decl: InputDecl | None
    context: Context
    group: str = ""
    present: bool = True

    @property
    def optional(self) -> bool:
        """Whether a use may leave it out."""
        return self.decl is not None and self.decl.optional


def declared_in(decls: tuple[InputDecl, ...] | None, context: Context) -> tuple[Declared, ...]:
    """Give the inputs in order, loops run and conditions decided."""
    if decls is None:
        return (Declared("x", None, context),)
    return tuple(each for decl in decls for each in _turns(decl, context))


def _turns(decl: InputDecl, context: Context) -> Iterator[Declared]:
    loops = decl.repeat is not None or decl.for_ is not None
    for number, inside in enumerate(turns_of(decl.repeat, decl.for_, context)):
        name = evaluate_name(decl.name, inside)
        present = decl.when is None or evaluate_condition(decl.when, inside)
        own = template_names(decl.name) & (inside.names.keys() - context.names.keys())
        group = name if loops and not own else ""
        yield Declared(f"{name}.{number}" if group else name, decl, inside, group, present)


def define_groups(declared: Sequence[Declared], scope: Names) -> None:
    """Let the name of a repeated input stand for the list of its turns."""
    for group in dict.fromkeys(each.group for each in declared if each.group):
        turns = [each for each in declared if each.group == group]
        members = {each.name.rpartition(".")[2]: scope.find(each.name) or ABSENT for each in turns}
        items = tuple(binding for binding in members.values() if not binding.absent)
        scope.bindings[group] = Binding(items=items or None, members=members)


def assign(
    what: str, declared: Sequence[Declared], inputs: Inputs, decl: LayerDecl
) -> dict[str, Value | None]:
    """Give what a use of a block or model passes for each of its inputs, None for what is left out.

    Raises Mistake: E0311 for a missing input, E0312 for too many, E0313 for one that is not there.
    """
    there = [each for each in declared if each.present]
    optional = {each.name for each in there if each.optional}
    result: dict[str, Value | None] = dict.fromkeys(each.name for each in declared)
    names = [each.name for each in there]
    pairs = _named(what, there, inputs, decl) if inputs.named else _by_position(what, names, inputs, decl)
    for name, given, key in pairs:
        if given.binding.absent and (name in optional or name in result.keys() - set(names)):
            continue
        if name not in names:
            raise Mistake(_no_input(what, name, key, declared))
        result[name] = single(require_input(given, decl.op.span, what), given.span or decl.op.span, what)
    needed = [name for name in names if name not in optional]
    missing = [name for name in needed if result[name] is None]
    if missing:
        raise Mistake(
            Diagnostic(
                "E0311",
                f"`{what}` is missing its input {' and '.join(f'`{name}`' for name in missing)}",
                decl.from_.span if decl.from_ is not None else decl.op.span,
                help=("write `from: {" + ", ".join(f"{name}: ..." for name in needed) + "}`",),
            )
        )
    return result


def lacking(declared: Sequence[Declared], inputs: Inputs, decl: LayerDecl) -> Lacks:
    """Give the inputs that a use passes something that is not there, with the name of that."""
    if inputs.named:
        return lacks_of(inputs.named)
    names = [each.name for each in declared if each.present]
    pairs = _by_position(decl.op.text, names, inputs, decl)
    return tuple((name, given.binding.lacks) for name, given, _ in pairs if given.binding.absent)


def _no_input(what: str, name: str, key: Span, declared: Sequence[Declared]) -> Diagnostic:
    there = [each.name for each in declared if each.present]
    notes = [f"its inputs: {', '.join(f'`{each}`' for each in there)}"] if there else []
    absent = next((each for each in declared if each.name == name or each.group == name), None)
    if absent is not None and absent.decl is not None and absent.decl.when is not None:
        notes.append(f"`{name}` is there when `{absent.decl.when.text}`")
    message = f"`{what}` has no input `{name}`{' here' if absent is not None else ''}"
    help_, fix = did_you_mean(name, there), respelled(key, there)
    return Diagnostic("E0313", message, key, notes=tuple(notes), help=help_, fix=fix)


def _named(
    what: str, there: Sequence[Declared], inputs: Inputs, decl: LayerDecl
) -> Iterator[tuple[str, Given, Span]]:
    """Give the named inputs; a list for a repeated input one by one."""
    for name, given, key in inputs.named:
        turns = [each.name for each in there if each.group == name]
        if not turns:
            yield name, given, key
            continue
        items = list(require_input(given, decl.op.span, what).flat())
        if len(items) != len(turns):
            message = f"the input `{name}` of `{what}` takes {len(turns)} values, {len(items)} are given"
            raise Mistake(Diagnostic("E0312", message, given.span or key))
        for turn, item in zip(turns, items, strict=True):
            yield turn, Given(item, given.span), key


def _by_position(
    what: str, names: Sequence[str], inputs: Inputs, decl: LayerDecl
) -> Iterator[tuple[str, Given, Span]]:
    if not (names or inputs.written):
        return
    flat = [Given(one, g.span) for g in inputs.positional for one in _spread(g, decl, len(names))]
    if len(flat) > len(names):
        takes = f"{len(names)} input{'s' * (len(names) != 1)}"
        message = f"`{what}` takes {takes}, {len(flat)} are given"
        raise Mistake(Diagnostic("E0312", message, decl.from_.span if decl.from_ else decl.op.span))
    for name, given in zip(names, flat, strict=False):
        yield name, given, decl.op.span


def _spread(given: Given, decl: LayerDecl, count: int) -> tuple[Binding, ...]:
    binding = require_input(given, decl.op.span, decl.op.text)
    return tuple(binding.flat()) if count > 1 else (binding,)

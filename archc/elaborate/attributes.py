"""From what is written under an op to the values of its attributes."""

from __future__ import annotations

from archc.elaborate.context import Context, Mistake
from archc.elaborate.initializers import read_init
from archc.elaborate.values import attribute_value
from archc.opdef import ZEROS, Op, Param
from archc.source import Diagnostic, Record, Span, nearest
from archc.spec.tree import Mapping, Scalar, Sequence, Tree


class Attributes(Record):
    """The values, the expressions that stood for them, and where each was written."""

    values: dict[str, object]
    written: tuple[tuple[str, str], ...]
    places: dict[str, Span]


def read_attributes(
    op: type[Op], arguments: Tree | None, context: Context, place: Span, path: str
) -> Attributes:
    """Read the attributes of an op; reports every mistake, then raises the last as Mistake."""
    trees, unknown = _by_name(op, arguments)
    mistakes = _mistakes_in_names(op, trees, unknown, place)
    values: dict[str, object] = {}
    gathered: list[tuple[str, object]] = []
    for name, tree in trees.items():
        try:
            if name in op.attributes and op.attributes[name].kind.base == "init":
                continue
            if name in op.attributes and name != op.gathers:
                values[name] = attribute_value(tree, op.attributes[name].kind, f"`{name}`", context)
            else:
                kind = op.attributes[op.gathers].kind
                gathered.append((name, attribute_value(tree, kind, f"`{name}`", context)))
        except Mistake as mistake:
            mistakes.append(mistake.diagnostic)
    for diagnostic in mistakes[:-1]:
        context.body.report(diagnostic, path)
    if mistakes:
        raise Mistake(mistakes[-1])
    values.update(_initializers(op, trees, values, context))
    if gathered:
        values[op.gathers] = tuple(gathered)
    written = tuple((n, t.text) for n, t in trees.items() if isinstance(t, Scalar) and _is_expression(t))
    return Attributes(values, written, {name: tree.span for name, tree in trees.items()})


def _mistakes_in_names(
    op: type[Op], trees: dict[str, Tree], unknown: list[Scalar], place: Span
) -> list[Diagnostic]:
    """Find names that are no attribute's, and attributes that are needed and not there."""
    absent = [name for name, declared in op.attributes.items() if declared.required and name not in trees]
    if not unknown and not absent:
        return []
    from archc.elaborate.argument_mistakes import meant, missing, unknown_attribute

    likely = {name for key in unknown for name in meant(op, key)}
    return [
        *(unknown_attribute(op, key) for key in unknown),
        *(missing(op, name, place) for name in absent if name not in likely),
    ]


def _initializers(
    op: type[Op], trees: dict[str, Tree], values: dict[str, object], context: Context
) -> dict[str, object]:
    """Read the attributes that are initializers, for a weight of the shape that `shape` says."""
    shape = values.get("shape", ())
    sizes = tuple(size for size in shape if isinstance(size, int)) if isinstance(shape, tuple) else ()
    return {
        name: read_init(tree, Param(op.name, sizes, ZEROS), context)
        for name, tree in trees.items()
        if name in op.attributes and op.attributes[name].kind.base == "init"
    }


def _is_expression(scalar: Scalar) -> bool:
    return isinstance(scalar.value, str)


def _by_name(op: type[Op], arguments: Tree | None) -> tuple[dict[str, Tree], list[Scalar]]:
    if arguments is None or (isinstance(arguments, Scalar) and arguments.value is None):
        return {}, []
    if isinstance(arguments, Mapping) and op.gathers:
        misspelt = [e.key for e in arguments if _misspells(op, e.key.text, arguments)]
        return {e.key.text: e.value for e in arguments if e.key not in misspelt}, misspelt
    if isinstance(arguments, Mapping):
        known = {e.key.text: e.value for e in arguments if e.key.text in op.attributes}
        return known, [e.key for e in arguments if e.key.text not in op.attributes]
    main = op.main()
    if main is not None and not (isinstance(arguments, Sequence) and _is_call(op, main)):
        return {main: arguments}, []
    from archc.elaborate.argument_mistakes import no_mapping

    raise Mistake(no_mapping(op, arguments))


def _is_call(op: type[Op], main: str) -> bool:
    """Whether a list under an op can only be several attributes, as in a call: its main one takes no list."""
    others = any(declared.required for name, declared in op.attributes.items() if name != main)
    return others and op.attributes[main].kind.length is None and op.attributes[main].kind.base != "data"


def _misspells(op: type[Op], key: str, arguments: Mapping) -> bool:
    """Whether a key that an op would gather nearly spells an attribute that is not there."""
    absent = [name for name in op.attributes if arguments.get(name) is None and name != op.gathers]
    return key not in op.attributes and bool(nearest(key, absent))

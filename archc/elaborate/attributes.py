"""From what is written under an op to the values of its attributes."""

from __future__ import annotations

from archc.elaborate.context import Context, Mistake
from archc.elaborate.initializers import read_init
from archc.elaborate.values import attribute_value
from archc.opdef import ZEROS, Attr, Op, Param
from archc.source import Diagnostic, Record, Span, did_you_mean, nearest, respelled
from archc.spec.tree import Mapping, Scalar, Tree, describe


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
    mistakes = [_unknown(op, key) for key in unknown]
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
    meant = {name for key in unknown for name in nearest(key.text, op.attributes)}
    for name, declared in op.attributes.items():
        if declared.required and name not in trees and name not in meant:
            mistakes.append(_missing(op, name, declared, place))
    for diagnostic in mistakes[:-1]:
        context.body.report(diagnostic, path)
    if mistakes:
        raise Mistake(mistakes[-1])
    values.update(_initializers(op, trees, values, context))
    if gathered:
        values[op.gathers] = tuple(gathered)
    written = tuple((n, t.text) for n, t in trees.items() if isinstance(t, Scalar) and _is_expression(t))
    return Attributes(values, written, {name: tree.span for name, tree in trees.items()})


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
    if main is not None:
        return {main: arguments}, []
    takes = "no attributes" if not op.attributes else "a mapping of attributes"
    needed = [name for name, declared in op.attributes.items() if declared.required]
    shown = ", ".join(f"{name}: ..." for name in needed or list(op.attributes)[:1])
    raise Mistake(
        Diagnostic(
            "E0701",
            f"`{op.name}` takes {takes}, this is {describe(arguments)}",
            arguments.span,
            help=(f"write `{op.name}: {{{shown}}}`",) if op.attributes else (),
        )
    )


def _misspells(op: type[Op], key: str, arguments: Mapping) -> bool:
    """Whether a key that an op would gather nearly spells an attribute that is not there."""
    absent = [name for name in op.attributes if arguments.get(name) is None and name != op.gathers]
    return key not in op.attributes and bool(nearest(key, absent))


def _unknown(op: type[Op], key: Scalar) -> Diagnostic:
    from archc.elaborate.left_out import LEFT_OUT

    helps = did_you_mean(key.text, op.attributes)
    if key.text in LEFT_OUT:
        helps = (f"leave it out: {LEFT_OUT[key.text]}",)
    known = ", ".join(f"`{name}`" for name in op.attributes) or "none"
    return Diagnostic(
        "E0702",
        f"`{op.name}` has no attribute `{key.text}`",
        key.span,
        notes=(f"its attributes: {known}",),
        help=helps,
        fix=respelled(key.span, op.attributes) if key.text not in LEFT_OUT else None,
    )


def _missing(op: type[Op], name: str, declared: Attr, place: Span) -> Diagnostic:
    return Diagnostic(
        "E0706",
        f"`{op.name}` needs `{name}`",
        place,
        notes=(f"`{name}`: {declared.kind}, {declared.doc}",),
        help=(f"write `{op.name}: ...`" if declared.main else f"write `{op.name}: {{{name}: ...}}`",),
    )

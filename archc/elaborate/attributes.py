"""From what is written under an op to the values of its attributes."""

from __future__ import annotations

from archc.elaborate.context import Context, Mistake
from archc.elaborate.evaluation import evaluate_field, evaluate_literal
from archc.opdef import ZEROS, Attr, Kind, Op, Param
from archc.sizes import Expr
from archc.source import Diagnostic, Record, Span, did_you_mean, nearest
from archc.spec.tree import Mapping, Scalar, Sequence, Tree, describe

_IN_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "`true` or `false`",
    "size": "a size",
    "int or null": "a whole number or null",
}


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
    from archc.elaborate.initializers import read_init

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
        return {e.key.text: e.value for e in arguments}, []
    if isinstance(arguments, Mapping):
        known = {e.key.text: e.value for e in arguments if e.key.text in op.attributes}
        return known, [e.key for e in arguments if e.key.text not in op.attributes]
    main = op.main()
    if main is not None:
        return {main: arguments}, []
    takes = "no attributes" if not op.attributes else "a mapping of attributes"
    raise Mistake(
        Diagnostic(
            "E0701",
            f"`{op.name}` takes {takes}, this is {describe(arguments)}",
            arguments.span,
            help=(f"write `{op.name}: {{{next(iter(op.attributes))}: ...}}`",) if op.attributes else (),
        )
    )


def _unknown(op: type[Op], key: Scalar) -> Diagnostic:
    inferred = {
        "in_channels": "the channels of the input",
        "in_features": "the last axis of the input",
        "num_features": "the channels of the input",
        "input_size": "the last axis of the input",
        "num_channels": "the channels of the input",
        "inplace": "archc's values never change in place",
    }
    helps = did_you_mean(key.text, op.attributes)
    if key.text in inferred:
        helps = (f"leave it out: {inferred[key.text]}" + ("" if key.text == "inplace" else " gives it"),)
    known = ", ".join(f"`{name}`" for name in op.attributes) or "none"
    return Diagnostic(
        "E0702",
        f"`{op.name}` has no attribute `{key.text}`",
        key.span,
        notes=(f"its attributes: {known}",),
        help=helps,
    )


def _missing(op: type[Op], name: str, declared: Attr, place: Span) -> Diagnostic:
    return Diagnostic(
        "E0706",
        f"`{op.name}` needs `{name}`",
        place,
        notes=(f"`{name}`: {declared.kind}, {declared.doc}",),
        help=(f"write `{op.name}: ...`" if declared.main else f"write `{op.name}: {{{name}: ...}}`",),
    )


def attribute_value(tree: Tree, kind: Kind, what: str, context: Context) -> object:
    """Evaluate a tree as a value of a kind. Raises Mistake (E0701, or that of the expression)."""
    if isinstance(tree, Scalar):
        if kind.optional and (tree.value is None):
            return None
        if tree.is_empty and kind.base != "data":
            raise Mistake(Diagnostic("E0701", f"{what} takes {_wanted(kind)}, nothing is written", tree.span))
        if kind.words and tree.text in kind.words:
            return tree.text
        if kind.base == "text":
            return _text(tree, kind, what, context)
    if kind.base == "data":
        return _data(tree, what, context)
    if kind.length is None:
        return _one(tree, kind, what, context)
    return _many(tree, kind, what, context)


def _wanted(kind: Kind) -> str:
    """Say what a value has to be; in words where that is short."""
    return _IN_WORDS.get(str(kind), str(kind))


def _text(tree: Scalar, kind: Kind, what: str, context: Context) -> object:
    value = evaluate_literal(tree, context)
    if not kind.words and isinstance(value, str):
        return value
    if value in kind.words or (value is None and kind.optional):
        return value
    if kind.words:
        words = ", ".join(f"`{word}`" for word in kind.words)
        raise Mistake(
            Diagnostic(
                "E0701",
                f"{what} takes one of {words}, not `{tree.text}`",
                tree.span,
                help=did_you_mean(tree.text, kind.words),
            )
        )
    raise Mistake(Diagnostic("E0701", f"{what} takes text, this is {describe(tree)}", tree.span))


def _data(tree: Tree, what: str, context: Context) -> object:
    """Evaluate nested lists of numbers, as tuples."""
    if isinstance(tree, Sequence):
        return tuple(_data(item, what, context) for item in tree.items)
    if isinstance(tree, Mapping):
        raise Mistake(
            Diagnostic("E0701", f"{what} takes numbers or lists of them, this is a mapping", tree.span)
        )
    return _numbers(evaluate_field(tree, "scalar", context, ()), what, tree)


def _numbers(value: object, what: str, tree: Scalar) -> object:
    if isinstance(value, list | tuple):
        return tuple(_numbers(item, what, tree) for item in value)
    if isinstance(value, bool | int | float):
        return value
    raise Mistake(Diagnostic("E0701", f"{what} takes numbers or lists of them, this is `{value}`", tree.span))


def _one(tree: Tree, kind: Kind, what: str, context: Context) -> object:
    if not isinstance(tree, Scalar):
        raise Mistake(
            Diagnostic("E0701", f"{what} takes {_wanted(kind)}, this is {describe(tree)}", tree.span)
        )
    value = evaluate_field(tree, kind.base, context, kind.words)
    if isinstance(value, list | tuple):
        raise Mistake(Diagnostic("E0701", f"{what} takes {_wanted(kind)}, this is a list", tree.span))
    if value is None and kind.optional:
        return None
    return _checked(value, kind, what, tree)


def _other_kind(what: str, kind: Kind, tree: Tree) -> Mistake:
    return Mistake(Diagnostic("E0701", f"{what} takes {_wanted(kind)}, this is {describe(tree)}", tree.span))


def _many(tree: Tree, kind: Kind, what: str, context: Context) -> object:
    if isinstance(tree, Scalar):
        value = evaluate_field(tree, kind.base, context, kind.words)
        if value is None and kind.optional:
            return None
        values = list(value) if isinstance(value, list | tuple) else None
        if values is None and (kind.length or kind.single):
            return (_checked(value, kind, what, tree),) * (kind.length or 1)
        if values is None:
            raise Mistake(
                Diagnostic("E0701", f"{what} takes {_wanted(kind)}, this is {describe(tree)}", tree.span)
            )
        trees: list[Tree] = [tree] * len(values)
    elif isinstance(tree, Sequence):
        trees = list(tree.items)
        single = kind.replace(length=None, optional=kind.holes, words=())
        values = [_one(item, single, what, context) for item in trees]
    else:
        raise Mistake(Diagnostic("E0701", f"{what} takes {_wanted(kind)}, this is a mapping", tree.span))
    if kind.length and len(values) == 1:
        values, trees = values * kind.length, trees * kind.length
    if kind.length and len(values) != kind.length:
        takes = f"{kind.length} values, or one for all" if kind.length > 1 else "one value"
        message = f"{what} takes {takes}, this has {len(values)}"
        raise Mistake(Diagnostic("E0701", message, tree.span))
    pairs = zip(values, trees, strict=True)
    return tuple(None if v is None and kind.holes else _checked(v, kind, what, t) for v, t in pairs)


def _checked(value: object, kind: Kind, what: str, tree: Tree) -> object:
    wanted = kind.replace(length=None, words=())
    if kind.base in ("size", "quantity") and isinstance(value, Expr):
        return value
    number = _converted(value, kind.base)
    if number is None:
        shown = f"`{value}`" if not isinstance(value, str) else f"the text `{value}`"
        raise Mistake(Diagnostic("E0701", f"{what} takes {_wanted(wanted)}, this is {shown}", tree.span))
    if not isinstance(number, bool) and isinstance(number, int | float):
        if kind.min is not None and number < kind.min:
            raise Mistake(
                Diagnostic(
                    "E0707", f"{what} must be at least {_plain(kind.min)}, this is {number}", tree.span
                )
            )
        if kind.max is not None and number > kind.max:
            raise Mistake(
                Diagnostic("E0707", f"{what} must be at most {_plain(kind.max)}, this is {number}", tree.span)
            )
    return number


def _plain(bound: float) -> str:
    return str(int(bound)) if float(bound).is_integer() else str(bound)


def _converted(value: object, base: str) -> int | float | bool | None:
    if isinstance(value, bool):
        return value if base in ("bool", "scalar") else None
    if base == "bool" or not isinstance(value, int | float):
        return None
    if base in ("int", "size"):
        return int(value) if float(value).is_integer() else None
    return float(value) if base == "float" else value

"""From a tree to a value of a kind: what the field's type makes of what is written."""

from __future__ import annotations

from archc.elaborate.context import Context, Mistake
from archc.elaborate.evaluation import evaluate_field, evaluate_literal
from archc.opdef import Kind
from archc.sizes import Expr
from archc.source import Diagnostic, did_you_mean, respelled
from archc.spec.tree import Mapping, Scalar, Sequence, Tree, describe

MOST_ENTRIES = 1_000
_IN_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "`true` or `false`",
    "size": "a size",
    "int or null": "a whole number or null",
}


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
                fix=respelled(tree.span, kind.words),
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
    if kind.length == 0 and len(values) > MOST_ENTRIES:
        message = f"{what} takes at most {MOST_ENTRIES:,} values, this has {len(values):,}"
        raise Mistake(Diagnostic("E0707", message, tree.span))
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

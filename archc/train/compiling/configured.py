"""Names with arguments: sources of data, optimizers, schedules."""

from __future__ import annotations

from collections.abc import Mapping

from archc.elaborate.context import Context, Mistake
from archc.elaborate.values import attribute_value
from archc.opdef import Attr, Kind
from archc.source import Diagnostic, Span, did_you_mean
from archc.spec.training import Named
from archc.spec.tree import Mapping as MappingTree
from archc.spec.tree import Scalar, Tree, describe
from archc.train.torch_table import Arguments

_AT_LEAST_ZERO = (
    "lr",
    "eps",
    "weight_decay",
    "momentum",
    "lr_decay",
    "max_lr",
    "base_lr",
    "min_lr",
    "eta_min",
)
_AT_LEAST_ONE = (
    "T_max",
    "T_0",
    "T_mult",
    "total_iters",
    "total_steps",
    "step_size",
    "step_size_up",
    "ns_steps",
)


def read_arguments(
    named: Named, declared: Mapping[str, Attr], main: str | None, code: str, context: Context
) -> dict[str, object]:
    """Evaluate the arguments that are written. Raises Mistake (`code`, or that of a value)."""
    what = named.name.text
    entries = _by_name(named, main, code)
    mistakes = [_unknown(what, key, declared, code) for key, _ in entries if key.text not in declared]
    found: dict[str, object] = {}
    for key, tree in entries:
        if key.text in declared:
            try:
                found[key.text] = attribute_value(tree, declared[key.text].kind, f"`{key.text}`", context)
            except Mistake as mistake:
                mistakes.append(mistake.diagnostic)
    given = {key.text for key, _ in entries}
    for name, each in declared.items():
        if each.required and name not in given:
            helps = (f"write `{{{what}: {{{name}: ...}}}}`",)
            mistakes.append(Diagnostic(code, f"`{what}` needs `{name}`", named.name.span, help=helps))
    for diagnostic in mistakes[:-1]:
        context.body.report(diagnostic)
    if mistakes:
        raise Mistake(mistakes[-1])
    return found


def _by_name(named: Named, main: str | None, code: str) -> list[tuple[Scalar, Tree]]:
    tree = named.arguments
    if tree is None:
        return []
    if isinstance(tree, MappingTree):
        return [(entry.key, entry.value) for entry in tree.entries]
    if main is not None:
        return [(Scalar(main, True, named.name.span), tree)]
    message = f"`{named.name.text}` takes arguments by name, this is {describe(tree)}"
    raise Mistake(Diagnostic(code, message, tree.span))


def _unknown(what: str, key: Scalar, declared: Mapping[str, Attr], code: str) -> Diagnostic:
    known = ", ".join(f"`{name}`" for name in declared) or "none"
    return Diagnostic(
        code,
        f"`{what}` has no argument `{key.text}`",
        key.span,
        notes=(f"its arguments: {known}",),
        help=did_you_mean(key.text, declared),
    )


def find_class(
    named: Named, what: str, table: Mapping[str, Arguments], absent: Mapping[str, str]
) -> dict[str, Attr]:
    """Give the arguments of a class of torch's. Raises Mistake (E1016)."""
    name = named.name.text
    if name in table:
        return attributes_of(table[name])
    helps = did_you_mean(name, table)
    notes = () if helps else (f"the {what}s: {', '.join(f'`{each}`' for each in table)}",)
    if name in absent:
        helps, notes = (), (f"torch's `{name}` {absent[name]}, which a spec does not say",)
    raise Mistake(
        Diagnostic("E1016", f"there is no {what} `{name}`", named.name.span, notes=notes, help=helps)
    )


def attributes_of(arguments: Arguments) -> dict[str, Attr]:
    """Give the arguments of a class of torch's as attributes."""
    return {word: _attribute(word, *each) for word, each in arguments.items()}


def _attribute(name: str, kind: str, default: str | None) -> Attr:
    base, _, rest = kind.partition(":")
    least = 0.0 if name in _AT_LEAST_ZERO else 1.0 if name in _AT_LEAST_ONE else None
    made = {
        "ints": Kind("int", 0, 1),
        "floats": Kind("float", int(rest) if base == "floats" else None, holes="None" in str(default)),
        "text": Kind("text", words=tuple(rest.split("|")) if rest else ()),
        "bool": Kind("bool"),
        "int": Kind("int", min=least),
        "float": Kind("float", min=least),
    }[base.rstrip("?")]
    kept = made.replace(optional=True) if base.endswith("?") else made
    doc = f"torch's default is {default}"
    return Attr(kept, doc=doc) if default is None else Attr(kept, default, doc)


def setting(tree: Scalar | None, kind: Kind, what: str, default: object, context: Context) -> object:
    """Evaluate a setting; its default where it is not written."""
    return default if tree is None else attribute_value(tree, kind, f"`{what}`", context)


def refuse(code: str, message: str, span: Span, *help_: str) -> Mistake:
    """Give a mistake to raise."""
    return Mistake(Diagnostic(code, message, span, help=help_))

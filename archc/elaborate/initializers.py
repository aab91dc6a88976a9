"""`init`: from what is written to initializers of weights."""

from __future__ import annotations

from archc.elaborate.computed import read_value_init
from archc.elaborate.context import Context, Mistake
from archc.elaborate.values import attribute_value
from archc.opdef import REQUIRED, Init, Kind, Param
from archc.opdef.initializers import INITIALIZERS, NEEDS_EXACTLY_TWO_AXES, NEEDS_TWO_AXES, fans
from archc.source import Diagnostic, Span, did_you_mean, respelled
from archc.spec.tree import Mapping, Scalar, Tree, describe


def with_initializers(
    params: tuple[Param, ...], op_name: str, tree: Mapping | None, context: Context
) -> tuple[Param, ...]:
    """Replace the initial values that the spec gives for the op, then those of the item itself."""
    section = context.body.compilation.spec.init
    defaults = section.get(op_name) if section is not None else None
    chosen: dict[str, Tree] = {}
    if isinstance(defaults, Mapping):
        chosen.update({entry.key.text: entry.value for entry in defaults})
    if tree is not None:
        known = [param.name for param in params]
        for entry in tree:
            if entry.key.text not in known:
                raise Mistake(
                    Diagnostic(
                        "E0708",
                        f"`{op_name}` owns no weight `{entry.key.text}` here",
                        entry.key.span,
                        notes=(f"its weights: {', '.join(f'`{n}`' for n in known) or 'none'}",),
                        help=did_you_mean(entry.key.text, known),
                        fix=respelled(entry.key.span, known),
                    )
                )
            chosen[entry.key.text] = entry.value
    if not chosen:
        return params
    return tuple(
        param.replace(init=read_init(chosen[param.name], param, context)) if param.name in chosen else param
        for param in params
    )


def read_init(tree: Tree, param: Param, context: Context) -> Init:
    """Read one initializer: a name, or a mapping of a name to its arguments. Raises Mistake (E0708)."""
    name, arguments = _named(tree)
    if name.text == "value":
        return read_value_init(arguments, tree.span, param, context)
    if name.text not in INITIALIZERS:
        raise Mistake(
            Diagnostic(
                "E0708",
                f"there is no initializer `{name.text}`",
                name.span,
                notes=("the names are those of torch.nn.init, without the underscore",),
                help=did_you_mean(name.text, INITIALIZERS),
                fix=respelled(name.span, INITIALIZERS),
            )
        )
    _check_axes(name, param)
    fan_in, fan_out = fans(param.shape)
    inside = context.inside(names={**context.names, "fan_in": fan_in, "fan_out": fan_out})
    declared = INITIALIZERS[name.text]
    values: list[tuple[str, object]] = []
    for key, (tree_value, key_span) in _arguments(arguments, declared, name).items():
        if key not in declared:
            message = f"the initializer `{name.text}` has no argument `{key}`"
            help_, fix = did_you_mean(key, declared), respelled(key_span, declared)
            raise Mistake(Diagnostic("E0708", message, key_span, help=help_, fix=fix))
        base = (
            "text"
            if isinstance(declared[key], str)
            else ("int" if isinstance(declared[key], int) else "float")
        )
        words = {"mode": ("fan_in", "fan_out")}.get(key, ())
        value = attribute_value(tree_value, Kind(base, words=words), f"`{key}`", inside)
        if value != declared[key]:
            values.append((key, value))
    missing = [k for k, d in declared.items() if d is REQUIRED and k not in dict(values)]
    if missing:
        raise Mistake(Diagnostic("E0708", f"the initializer `{name.text}` needs `{missing[0]}`", name.span))
    return Init(name.text, tuple(values))


def _named(tree: Tree) -> tuple[Scalar, Tree | None]:
    if isinstance(tree, Scalar) and not tree.is_empty:
        return tree, None
    if isinstance(tree, Mapping) and len(tree.entries) == 1:
        return tree.entries[0].key, tree.entries[0].value
    message = f"an initializer is a name or a mapping of one name to its arguments, this is {describe(tree)}"
    raise Mistake(Diagnostic("E0708", message, tree.span, help=("for example `{normal: {std: 0.02}}`",)))


def _arguments(tree: Tree | None, declared: dict[str, object], name: Scalar) -> dict[str, tuple[Tree, Span]]:
    if tree is None or (isinstance(tree, Scalar) and tree.is_empty):
        return {}
    if isinstance(tree, Mapping):
        return {entry.key.text: (entry.value, entry.key.span) for entry in tree}
    if declared:
        return {next(iter(declared)): (tree, tree.span)}
    raise Mistake(Diagnostic("E0708", f"the initializer `{name.text}` takes no arguments", tree.span))


def _check_axes(name: Scalar, param: Param) -> None:
    rank = len(param.shape)
    wrong = (name.text in NEEDS_TWO_AXES and rank < 2) or (name.text in NEEDS_EXACTLY_TWO_AXES and rank != 2)
    if wrong:
        message = f"the initializer `{name.text}` needs a weight of two axes, `{param.name}` has {rank}"
        raise Mistake(Diagnostic("E0708", message, name.span))

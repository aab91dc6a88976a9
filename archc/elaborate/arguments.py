"""Compile-time parameters: of the program and of blocks."""

from __future__ import annotations

from archc.elaborate.binding import Names
from archc.elaborate.context import Body, Context, Mistake
from archc.elaborate.evaluation import evaluate_field, evaluate_literal
from archc.elaborate.layer_values import LayerValue, layer_value
from archc.elaborate.lets import evaluate_let, split_let
from archc.sizes import Expr
from archc.source import Diagnostic, Label, Span, did_you_mean, respelled
from archc.spec.document import BlockDecl, LayerDecl, ParamDecl
from archc.spec.tree import Mapping, Scalar, Sequence, Tree, describe

WORDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "text": "text",
    "list": "a list",
}


def block_arguments(
    block: BlockDecl, decl: LayerDecl, context: Context
) -> tuple[dict[str, object], list[tuple[str, str]]]:
    """Evaluate the arguments of a use of a block; give the values and the expressions as written.

    Raises Mistake for an unknown, missing or unfitting argument (E0621, E0622, E0623).
    """
    trees = _argument_trees(block, decl)
    values: dict[str, object] = {}
    home = context.body.compilation.library.home(block)
    inner = Context(context.body, context.scope, values, None, library=home)
    for param in block.params:
        if param.name in trees:
            values[param.name] = param_value(param, trees[param.name], context)
        elif param.default is not None:
            values[param.name] = param_value(param, param.default, inner)
        else:
            raise Mistake(
                Diagnostic(
                    "E0622",
                    f"`{block.name}` needs the parameter `{param.name}`",
                    decl.op.span,
                    labels=(Label(param.key.span, "declared here, without a default"),),
                    help=(f"write `{block.name}: {{{param.name}: ...}}`",),
                )
            )
    evaluate_let(split_let(block)[0], inner)
    written = [(name, tree.text) for name, tree in trees.items() if isinstance(tree, Scalar)]
    return values, written


def _argument_trees(block: BlockDecl, decl: LayerDecl) -> dict[str, Tree]:
    tree = decl.arguments
    if tree is None or (isinstance(tree, Scalar) and tree.value is None):
        return {}
    known = [param.name for param in block.params]
    if isinstance(tree, Mapping):
        for entry in tree:
            if entry.key.text not in known:
                raise Mistake(_unknown(block, entry.key, known))
        return {entry.key.text: entry.value for entry in tree}
    required = [param.name for param in block.params if param.required]
    alone = required if len(required) == 1 else known
    if len(alone) == 1:
        return {alone[0]: tree}
    takes = "no parameters" if not known else "a mapping of parameters: " + ", ".join(f"`{n}`" for n in known)
    raise Mistake(Diagnostic("E0621", f"`{block.name}` takes {takes}, this is {describe(tree)}", tree.span))


def _unknown(block: BlockDecl, key: Scalar, known: list[str]) -> Diagnostic:
    shown = ", ".join(f"`{name}`" for name in known) or "none"
    return Diagnostic(
        "E0621",
        f"the block `{block.name}` has no parameter `{key.text}`",
        key.span,
        notes=(f"its parameters: {shown}",),
        help=did_you_mean(key.text, known),
        fix=respelled(key.span, known),
    )


def param_value(param: ParamDecl, tree: Tree, context: Context) -> object:
    """Evaluate a value for a parameter and hold it against the parameter's type and bounds (E0623)."""
    kind = param.value_type
    if kind == "layer":
        return layer_value(param, tree, context)
    if kind in ("int", "float", "bool") and isinstance(tree, Scalar):
        value = evaluate_field(tree, "size" if kind == "int" else kind, context, ())
    elif kind == "list" and isinstance(tree, Scalar):
        value = evaluate_field(tree, "list", context, ())
    elif kind == "list" and isinstance(tree, Sequence):
        value = [_list_item(item, context) for item in tree.items]
    else:
        value = evaluate_literal(tree, context)
    checked = check_param(param, value, tree.span)
    _check_bounds(param, checked, tree.span, context)
    return checked


def _list_item(tree: Tree, context: Context) -> object:
    if isinstance(tree, Sequence):
        return [_list_item(item, context) for item in tree.items]
    return evaluate_literal(tree, context)


def check_param(param: ParamDecl, value: object, span: Span | None) -> object:
    """Hold a value against a parameter's type; raises Mistake (E0623)."""
    kind = param.value_type
    if kind is None or (value is None and not param.required and param.type is None):
        return value
    if kind in ("int", "float") and isinstance(value, int | float) and not isinstance(value, bool):
        if kind == "float":
            return float(value)
        if float(value).is_integer():
            return int(value)
    fits = {
        "int": isinstance(value, Expr),
        "bool": isinstance(value, bool),
        "text": isinstance(value, str),
        "list": isinstance(value, list),
        "dict": isinstance(value, dict),
        "layer": isinstance(value, LayerValue),
    }.get(kind, False)
    if fits:
        return value
    shown = f"the text `{value}`" if isinstance(value, str) else f"`{value}`"
    raise Mistake(
        Diagnostic(
            "E0623",
            f"the parameter `{param.name}` takes {WORDS.get(kind, kind)}, this is {shown}",
            span,
            labels=(Label(param.key.span, "declared here"),),
        )
    )


def _check_bounds(param: ParamDecl, value: object, span: Span, context: Context) -> None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        for bound, word, wrong in ((param.min, "least", -1), (param.max, "most", 1)):
            if bound is None:
                continue
            limit = evaluate_field(bound, "float", context, ())
            if isinstance(limit, int | float) and (value - limit) * wrong > 0:
                message = f"the parameter `{param.name}` must be at {word} {bound.text}, this is {value}"
                raise Mistake(
                    Diagnostic("E0623", message, span, labels=(Label(bound.span, "declared here"),))
                )
    if param.choices is not None:
        choices = [evaluate_literal(item, context) for item in param.choices.items]
        if value not in choices:
            shown = ", ".join(f"`{choice}`" for choice in choices)
            message = f"the parameter `{param.name}` takes one of {shown}, this is `{value}`"
            raise Mistake(
                Diagnostic("E0623", message, span, help=did_you_mean(str(value), map(str, choices)))
            )


def program_parameters(
    declared: tuple[ParamDecl, ...], given: dict[str, object], trees: dict[str, Tree], body: Body, place: Span
) -> dict[str, object]:
    """Resolve the program's parameters: given values win over a variant's, those over defaults.

    Text that was given (on a command line) is read by the parameter's type. Reports E0621, E0622, E0623.
    """
    values: dict[str, object] = {}
    context = Context(body, Names(), values, None)
    known = [param.name for param in declared]
    for name in given:
        if name not in known:
            body.report(
                Diagnostic(
                    "E0621", f"the spec has no parameter `{name}`", place, help=did_you_mean(name, known)
                )
            )
    for param in declared:
        try:
            if param.name in given:
                values[param.name] = _given_value(param, given[param.name], context)
            elif param.name in trees:
                values[param.name] = param_value(param, trees[param.name], context)
            elif param.default is not None:
                values[param.name] = param_value(param, param.default, context)
            else:
                message = f"the parameter `{param.name}` has no default and was not given"
                helps = (f"give it: `-p {param.name}=...`", f"or a default: `{param.name}: ...`")
                body.report(Diagnostic("E0622", message, param.key.span, help=helps))
        except Mistake as mistake:
            body.report(mistake.diagnostic)
    return values


def _given_value(param: ParamDecl, value: object, context: Context) -> object:
    if not isinstance(value, str):
        plain = list(value) if isinstance(value, tuple) else value
        return check_param(param, plain, param.key.span)
    from archc.spec.command_line import read_value

    tree = read_value(param.name, value)
    return value if param.value_type == "text" else param_value(param, tree, context)


def hashable(value: object) -> object:
    """Give an equal-iff-equal stand-in for a compile-time value that can be a key."""
    if isinstance(value, dict):
        return tuple((name, hashable(each)) for name, each in value.items())
    if isinstance(value, list | tuple):
        return tuple(hashable(each) for each in value)
    return (type(value).__name__, value)

"""Layers as parameters: `norm: {group_norm: {num_groups: 8}}`, put in place with `$(norm)`."""

from __future__ import annotations

import re

from archc.elaborate.context import Context, Mistake
from archc.elaborate.evaluation import evaluate_template
from archc.source import Diagnostic, Span
from archc.spec.document import LayerDecl, ParamDecl
from archc.spec.library import Library
from archc.spec.tree import Mapping, Scalar, Tree, describe


class LayerValue:
    """An op or block with its arguments, as the value of a parameter of type `layer`.

    Both are read as they would be where the value was written: `library` has the blocks of that file,
    `names` the values of that place. Two are equal when they were written alike and mean the same.
    """

    def __init__(
        self, op: Scalar, arguments: Tree | None, names: dict[str, object], library: Library
    ) -> None:
        self.op = op
        self.arguments = arguments
        self.names = names
        self.library = library
        self._text = f"{op.text}: {arguments!r}"
        used = sorted(set(re.findall(r"\w+", repr(arguments))) & names.keys())
        block = library.find(op.text)
        self._key = (
            self._text,
            tuple((name, repr(names[name])) for name in used),
            block and block.key.span,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LayerValue) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __str__(self) -> str:
        return self.op.text


def layer_value(param: ParamDecl, tree: Tree, context: Context) -> LayerValue:
    """Read the value of a parameter of type `layer`. Raises Mistake (E0623)."""
    if isinstance(tree, Scalar) and isinstance(tree.value, str):
        value = evaluate_template(tree, context)
        if isinstance(value, LayerValue):
            return value
        known = context.names.get(tree.text)
        if isinstance(known, LayerValue):
            return known
        word = Scalar(value, True, tree.span) if isinstance(value, str) else tree
        return LayerValue(word, None, {}, context.library)
    if isinstance(tree, Mapping) and len(tree.entries) == 1:
        return LayerValue(tree.entries[0].key, tree.entries[0].value, dict(context.names), context.library)
    raise Mistake(
        Diagnostic(
            "E0623",
            f"the parameter `{param.name}` takes a layer, this is {describe(tree)}",
            tree.span,
            help=(
                "write an op's or block's name, or one with its arguments: `{group_norm: {num_groups: 8}}`",
            ),
        )
    )


def put_in_place(decl: LayerDecl, context: Context) -> tuple[LayerDecl, LayerValue, Context]:
    """Replace `$(norm)` by the layer that it stands for; give that, and the context of its arguments.

    What is written under `$(norm):` wins over the parameter's own arguments.
    """
    value = evaluate_template(decl.op, context)
    if isinstance(value, str):
        value = LayerValue(Scalar(value, True, decl.op.span), None, {}, context.library)
    if not isinstance(value, LayerValue):
        raise Mistake(_no_layer(decl.op.text, value, decl.op.span))
    op = Scalar(value.op.text, True, decl.op.span)
    own = decl.arguments is not None and not (
        isinstance(decl.arguments, Scalar) and decl.arguments.value is None
    )
    if own or value.arguments is None:
        return decl.replace(op=op), value, context
    inside = context.inside(names=value.names, library=value.library)
    return decl.replace(op=op, arguments=value.arguments), value, inside


def _no_layer(text: str, value: object, span: Span) -> Diagnostic:
    message = f"`{text}` must be a layer, it is `{value}`"
    return Diagnostic("E0623", message, span, help=("declare the parameter with `type: layer`",))

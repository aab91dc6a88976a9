"""Derived compile-time values: `let` of a spec and of its blocks."""

from __future__ import annotations

from collections.abc import Iterator

from archc.elaborate.context import Context, Mistake
from archc.elaborate.evaluation import evaluate_field, evaluate_literal, free_names, template_names
from archc.spec.document import BlockDecl, LetDecl
from archc.spec.tree import Mapping, Scalar, Sequence, Tree

Lets = tuple[LetDecl, ...]


def evaluate_let(let: Lets, context: Context) -> None:
    """Evaluate derived values in order, each seeing those before; adds them to the context's names.

    Text is an expression, in quotes too, which YAML asks for where it starts with a bracket.
    """
    for each in let:
        context.names[each.name] = _derived(each.value, context)


def split_let(block: BlockDecl | None) -> tuple[Lets, Lets]:
    """Divide a block's derived values into those of its parameters, and those of what comes in too.

    The latter use a size that the signature names, or another that does.
    """
    if block is None or not block.let:
        return (), ()
    own = {param.name for param in block.params} | {let.name for let in block.let}
    shapes = (scalar.text for each in block.inputs or () for scalar in each.shape or ())
    waiting = {text for text in shapes if text.isidentifier()} - own
    late: list[LetDecl] = []
    for let in block.let:
        if waiting & set(_names(let.value)):
            waiting.add(let.name)
            late.append(let)
    return tuple(let for let in block.let if let not in late), tuple(late)


def _names(tree: Tree) -> Iterator[str]:
    if isinstance(tree, Sequence):
        for item in tree.items:
            yield from _names(item)
    elif isinstance(tree, Mapping):
        for entry in tree:
            yield from template_names(entry.value) if isinstance(entry.value, Scalar) else _names(entry.value)
    else:
        yield from free_names(tree)


def _derived(tree: Tree, context: Context) -> object:
    if isinstance(tree, Sequence):
        return [_derived(item, context) for item in tree.items]
    if not isinstance(tree, Scalar):
        return evaluate_literal(tree, context)
    try:
        return evaluate_field(tree, "any", context, ())
    except Mistake as mistake:
        found = mistake.diagnostic
        if found.code != "E0603" or found.help or not tree.text.isidentifier():
            raise
        help_ = f"""if the text is meant, quote it inside: `"'{tree.text}'"`"""
        raise Mistake(found.replace(help=(help_,))) from None

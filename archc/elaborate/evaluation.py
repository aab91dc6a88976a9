"""Evaluating what a spec writes, where the field's type decides what text means."""

from __future__ import annotations

from collections.abc import Iterable

from archc.elaborate.context import Context, Mistake, Silent
from archc.sizes import Condition, Dim, Expr, prove
from archc.source import Diagnostic, did_you_mean, respelled
from archc.spec.evaluate import evaluate
from archc.spec.expression import ExpressionError
from archc.spec.names import check_name
from archc.spec.presence import asked_in
from archc.spec.template import evaluate_template as evaluate_parts
from archc.spec.template import expression_of, template_of
from archc.spec.tree import Mapping, Scalar, Sequence, Tree, describe


def evaluate_field(scalar: Tree, base: str, context: Context, words: Iterable[str]) -> object:
    """Evaluate a scalar where a number, a boolean, a list or a size is expected.

    Raises Mistake with what is wrong in the expression; a text that is none is an error that lists
    the words that would do.
    """
    if not isinstance(scalar, Scalar):
        raise Mistake(Diagnostic("E0701", f"a value is needed here, this is {describe(scalar)}", scalar.span))
    if scalar.is_empty:
        raise Mistake(Diagnostic("E0701", "a value is needed here, nothing is written", scalar.span))
    if not scalar.plain and base != "any" and not scalar.text.strip():
        raise Mistake(Diagnostic("E0701", "a value is needed here, the text is empty", scalar.span))
    try:
        value = _evaluate(scalar, context)
    except ExpressionError as error:
        listed = tuple(words)
        diagnostic = _reported(error, context)
        if listed and scalar.text.isidentifier():
            also = ", ".join(f"`{word}`" for word in listed)
            diagnostic = diagnostic.replace(
                notes=(*diagnostic.notes, f"the words it takes: {also}"),
                help=did_you_mean(scalar.text, listed) or diagnostic.help,
                fix=respelled(scalar.span, listed) or diagnostic.fix,
            )
        raise Mistake(diagnostic) from None
    return value


def _evaluate(scalar: Scalar, context: Context) -> object:
    limits = context.body.compilation.limits
    expression = expression_of(scalar, limits)
    return evaluate(
        expression, context.names, lambda c: decide(c, context), known_layers=_layers(context), limits=limits
    )


class _layers:  # noqa: N801 - a lazy collection: listing the layers costs more than most evaluations
    def __init__(self, context: Context) -> None:
        self.context = context

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.context.scope.find(name) is not None

    def __iter__(self) -> Iterable[str]:
        return iter(self.context.scope.visible())

    def __len__(self) -> int:
        return len(self.context.scope.visible())


def decide(condition: Condition, context: Context) -> bool | None:
    """Decide a comparison of sizes; None where some sizes satisfy it and some do not."""
    proof = prove(condition, context.body.compilation.facts)
    if proof.verdict == "proved":
        return True
    return False if proof.never else None


def evaluate_condition(scalar: Scalar, context: Context) -> bool:
    """Evaluate a `when`. Raises Mistake (E0609) where it is not a boolean."""
    value = evaluate_field(scalar, "bool", context, ())
    context.body.used.update(asked_in(scalar.text))
    if isinstance(value, bool):
        return value
    helps = (f"compare it: `{scalar.text} > 0`",) if isinstance(value, int | float | Expr) else ()
    raise Mistake(
        Diagnostic(
            "E0609", f"`when` needs true or false, `{scalar.text}` is `{value}`", scalar.span, help=helps
        )
    )


def evaluate_template(scalar: Scalar, context: Context) -> object:
    """Evaluate text with `$(...)`: alone it keeps its type, inside text it is inserted."""
    if "$(" not in scalar.text:
        return scalar.text
    limits = context.body.compilation.limits
    try:
        return evaluate_parts(
            template_of(scalar, limits), context.names, lambda c: decide(c, context), limits=limits
        )
    except ExpressionError as error:
        raise Mistake(_reported(error, context)) from None


def _reported(error: ExpressionError, context: Context) -> Diagnostic:
    """Give what is wrong in an expression; silent where a broken layer would have bound the name."""
    diagnostic = error.diagnostic
    if diagnostic.code == "E0603" and diagnostic.span and diagnostic.span.text in context.body.lost:
        raise Silent from None
    return diagnostic


def evaluate_name(tree: object, context: Context) -> str:
    """Evaluate a name with its `$(...)`; hold the result against the rule for names."""
    assert isinstance(tree, Scalar)
    value = evaluate_template(tree, context)
    text = str(value)
    problem = check_name(text, tree.span)
    if problem is not None:
        raise Mistake(problem)
    return text


def evaluate_literal(tree: Tree, context: Context) -> object:
    """Evaluate an untyped place: numbers and booleans are themselves, text is literal but for `$(...)`."""
    if isinstance(tree, Sequence):
        return [evaluate_literal(item, context) for item in tree.items]
    if isinstance(tree, Mapping):
        return {entry.key.text: evaluate_literal(entry.value, context) for entry in tree}
    if isinstance(tree.value, str) and "$(" in tree.text:
        return evaluate_template(tree, context)
    return tree.value


def evaluate_size(scalar: Scalar, context: Context) -> Dim:
    """Evaluate a dimension of a type: a whole number or a size. Raises Mistake (E0411)."""
    value = evaluate_field(scalar, "size", context, ())
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, Expr) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise Mistake(
        Diagnostic("E0411", f"a size must be a whole number, `{scalar.text}` is `{value}`", scalar.span)
    )


def free_names(scalar: Scalar) -> list[str]:
    """Give the names in a size's expression, in order of the alphabet; none where it is not one."""
    try:
        return sorted(expression_of(scalar).names())
    except ExpressionError:
        return []


def template_names(scalar: Scalar) -> set[str]:
    """Give the names in the `$(...)` of a text."""
    if "$(" not in scalar.text:
        return set()
    try:
        return template_of(scalar).names()
    except ExpressionError as error:
        raise Mistake(error.diagnostic) from None


def is_number(tree: Tree, context: Context) -> bool:
    """Whether something written among values is a number or the name of one."""
    if not isinstance(tree, Scalar):
        return False
    if isinstance(tree.value, int | float) and not isinstance(tree.value, bool):
        return True
    value = context.names.get(tree.text)
    known = context.scope.find(tree.text) is not None
    return isinstance(value, int | float) and not isinstance(value, bool) and not known

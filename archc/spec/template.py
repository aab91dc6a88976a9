"""Text with `$(...)` in it."""

from __future__ import annotations

from collections.abc import Container, Mapping

from archc.sizes import Expr
from archc.source import Diagnostic, Record, Span
from archc.spec.arithmetic import kind_of
from archc.spec.evaluate import Decide, evaluate
from archc.spec.expression import Expression, ExpressionError, Literal
from archc.spec.expression_parser import parse_expression, parse_tokens
from archc.spec.expression_tokens import mistake, tokens
from archc.spec.limits import Limits
from archc.spec.placement import Placement
from archc.spec.tree import Scalar

_DEFAULT = Limits()


class Template(Record):
    """Literal text and expressions, in order."""

    parts: tuple[str | Expression, ...]
    span: Span

    @property
    def is_literal(self) -> bool:
        """Whether there is nothing to evaluate."""
        return all(isinstance(part, str) for part in self.parts)

    @property
    def alone(self) -> Expression | None:
        """The expression, if the text is one `$(...)` and nothing else: its value keeps its type."""
        only = self.parts[0] if len(self.parts) == 1 else None
        return only if isinstance(only, Expression) else None

    def names(self) -> set[str]:
        """Give the names that have to be known."""
        return set().union(*(part.names() for part in self.parts if isinstance(part, Expression)))


def parse_template(text: str, span: Span, limits: Limits = _DEFAULT) -> Template:
    """Split a text at its `$(...)`; raises `ExpressionError`."""
    if "$(" not in text:
        return Template((text,), span)
    place = Placement(text, span)
    parts: list[str | Expression] = []
    at = 0
    while (opening := text.find("$(", at)) >= 0:
        if opening > at:
            parts.append(text[at:opening])
        words = tokens(place, opening + 2, limits, closing=True)
        if words[-1][1] != ")":
            raise mistake(place, opening, opening + 2, "`$(` is not closed", "add a `)`")
        parts.append(parse_tokens(place, words, limits))
        at = words[-1][3]
    if at < len(text):
        parts.append(text[at:])
    return Template(tuple(parts), span)


def evaluate_template(
    template: Template,
    names: Mapping[str, object],
    decide: Decide | None = None,
    *,
    known_layers: Container[str] = (),
    limits: Limits = _DEFAULT,
) -> object:
    """Give the value of `$(...)` alone, or the text with the values inserted."""
    if template.alone:
        return evaluate(template.alone, names, decide, known_layers=known_layers, limits=limits)
    return "".join(
        part
        if isinstance(part, str)
        else _inserted(part, evaluate(part, names, decide, known_layers=known_layers, limits=limits))
        for part in template.parts
    )


def _inserted(part: Expression, value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | str):
        return str(value)
    help_ = (
        ("use a parameter: a symbolic size is known when the model runs",) if isinstance(value, Expr) else ()
    )
    message = f"`{part.text}` is {kind_of(value)}, which cannot be inserted into text"
    raise ExpressionError(Diagnostic("E0605", message, part.span, help=help_))


def expression_of(scalar: Scalar, limits: Limits = _DEFAULT) -> Expression:
    """Read a scalar where an expression is expected; a number is itself, `$(...)` may be left out or not."""
    cached = scalar.parsed
    if isinstance(cached, Expression):
        return cached
    value = scalar.value
    result: Expression
    if isinstance(value, str):
        result = _unwrapped(value, scalar.span, limits)
    else:
        result = Literal(Placement(scalar.text, scalar.span), 0, len(scalar.text), value)
    scalar.parsed = result
    return result


def _unwrapped(text: str, span: Span, limits: Limits) -> Expression:
    if text.startswith("$("):
        template = parse_template(text, span, limits)
        if template.alone:
            return template.alone
    return parse_expression(text, span, limits)


def template_of(scalar: Scalar, limits: Limits = _DEFAULT) -> Template:
    """Read a scalar where text is expected."""
    if not isinstance(scalar.parsed, Template):
        scalar.parsed = parse_template(scalar.text, scalar.span, limits)
    return scalar.parsed

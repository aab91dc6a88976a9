"""Evaluates expressions over compile-time values: bounded, lazy where Python is, exact about types."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import TypeAlias

from archc.sizes import Condition, Expr
from archc.source import Diagnostic, did_you_mean, replacement, respelled
from archc.spec.arithmetic import Operators, kind_of
from archc.spec.expression import (
    Binary,
    Call,
    Comparison,
    Comprehension,
    Conditional,
    Expression,
    ExpressionError,
    Field,
    Index,
    ListOf,
    Literal,
    Logical,
    Name,
    Slice,
    Unary,
)
from archc.spec.expression_functions import FUNCTIONS, call
from archc.spec.limits import Limits
from archc.spec.presence import PRESENT, presence_key

Decide: TypeAlias = Callable[[Condition], bool | None]

_DEFAULT = Limits()


def path_of(node: Expression) -> str:
    """Give the name or the dotted path that an expression is; empty for any other."""
    if isinstance(node, Name):
        return node.name
    return (node.path() or "") if isinstance(node, Field) else ""


_YAML_BOOLEANS = {"yes": "true", "on": "true", "no": "false", "off": "false"}


def evaluate(
    expression: Expression,
    names: Mapping[str, object],
    decide: Decide | None = None,
    *,
    known_layers: Container[str] = (),
    limits: Limits = _DEFAULT,
) -> object:
    """Give the value: an int, float, bool, text, list, record, None or a symbolic size.

    `decide` says whether a condition on symbolic sizes holds, or None where that cannot be said.
    `known_layers` are names of values that exist only when the model runs: a better message for them.
    """
    return _Evaluation(names, decide or _undecided, known_layers, limits).run(expression)


def _undecided(_: Condition) -> bool | None:
    return None


def _layer_value(name: str, node: Expression, names: Mapping[str, object]) -> ExpressionError:
    asked = f"to ask whether it is given, write `{presence_key(name)}`"
    help_ = (asked,) if presence_key(name) in names else ()
    return ExpressionError(
        Diagnostic(
            "E0603",
            f"`{name}` is a layer's value, which is not known at compile time",
            node.span,
            label="an expression sees parameters, `let` names, sizes and indices",
            help=("use `expr` for arithmetic on the values of layers", *help_),
        )
    )


class _Evaluation(Operators):
    """One evaluation, with the steps that it has taken."""

    def __init__(
        self, names: Mapping[str, object], decide: Decide, known_layers: Container[str], limits: Limits
    ) -> None:
        super().__init__(decide, limits)
        self.names = names
        self.known_layers = known_layers

    def run(self, node: Expression) -> object:
        """Evaluate a piece."""
        self.step(node)
        return _HANDLERS[type(node)](self, node)

    def literal(self, node: Literal) -> object:
        return node.value

    def name(self, node: Name) -> object:
        if node.name in self.names:
            return self.names[node.name]
        if node.name in self.known_layers:
            raise _layer_value(node.name, node, self.names)
        if node.name in _YAML_BOOLEANS:
            help_: tuple[str, ...] = (
                f"write `{_YAML_BOOLEANS[node.name]}`: booleans are `true` and `false`",
            )
        elif node.name in FUNCTIONS:
            help_ = (f"`{node.name}` is a function: write `{node.name}(...)`",)
        else:
            help_ = did_you_mean(node.name, self.names)
        right = _YAML_BOOLEANS.get(node.name)
        fix = replacement(node.span, right) if right else respelled(node.span, self.names, safe=False)
        message = f"`{node.name}` is not a known compile-time value"
        raise ExpressionError(Diagnostic("E0603", message, node.span, help=help_, fix=fix))

    def list_of(self, node: ListOf) -> object:
        self.length(node, len(node.items))
        return [self.run(item) for item in node.items]

    def comprehension(self, node: Comprehension) -> object:
        items = self.list_value(node.items, self.run(node.items), "`for` walks over a list")
        outer, result = self.names, []
        inner = dict(outer)
        self.names = inner
        try:
            for item in items:
                inner[node.variable] = item
                if node.condition is None or self.condition(node.condition, "a filter"):
                    result.append(self.run(node.element))
        finally:
            self.names = outer
        return result

    def unary(self, node: Unary) -> object:
        if node.operator == "not":
            return not self.condition(node.operand, "`not`")
        return self.signed(node, self.run(node.operand))

    def binary(self, node: Binary) -> object:
        return self.arithmetic(node, self.run(node.left), self.run(node.right))

    def logical(self, node: Logical) -> object:
        stop = node.operator == "or"
        for operand in node.operands:
            if self.condition(operand, f"`{node.operator}`") is stop:
                return stop
        return not stop

    def comparison(self, node: Comparison) -> object:
        left = self.run(node.operands[0])
        for operator, operand in zip(node.operators, node.operands[1:], strict=True):
            right = self.run(operand)
            if not self.compare(node, operator, left, right):
                return False
            left = right
        return True

    def conditional(self, node: Conditional) -> object:
        chosen = node.then if self.condition(node.condition, "`if`") else node.otherwise
        return self.run(chosen)

    def condition(self, node: Expression, who: str) -> bool:
        """Evaluate what has to be a boolean."""
        value = self.run(node)
        if isinstance(value, bool):
            return value
        help_ = (f"write `{node.text} != 0`",) if isinstance(value, int | float | Expr) else ()
        raise self.error(node, "E0605", f"{who} needs a boolean, this is {kind_of(value)}", *help_)

    def index(self, node: Index) -> object:
        base, index = self.run(node.base), self.run(node.index)
        if isinstance(base, dict):
            return self.entry(node, base, index)
        sequence = self.sequence(node, base)
        if isinstance(index, bool) or not isinstance(index, int):
            raise self.error(node.index, "E0605", f"an index is an integer, this is {kind_of(index)}")
        if not -len(sequence) <= index < len(sequence):
            last = f"the last index is {len(sequence) - 1}" if sequence else "the list is empty"
            message = f"the index {index} is outside of a list of {len(sequence)}"
            raise self.error(node.index, "E0608", message, notes=(last,))
        return sequence[index]

    def slice(self, node: Slice) -> object:
        sequence = self.sequence(node, self.run(node.base))
        bounds: list[int | None] = []
        for bound in node.bounds:
            value = self.run(bound) if bound else None
            if bound and value is not None and (isinstance(value, bool) or not isinstance(value, int)):
                raise self.error(
                    bound, "E0605", f"the bound of a slice is an integer, this is {kind_of(value)}"
                )
            bounds.append(value if isinstance(value, int) else None)
        if bounds[2] == 0:
            raise self.error(node, "E0606", "the step of a slice is zero")
        result = sequence[bounds[0] : bounds[1] : bounds[2]]
        self.step(node, len(result))
        return result

    def sequence(self, node: Index | Slice, value: object) -> list[object] | str:
        if isinstance(value, tuple):
            return list(value)
        if isinstance(value, list | str):
            return value
        raise self.error(
            node.base, "E0605", f"only a list has elements, `{node.base.text}` is {kind_of(value)}"
        )

    def field(self, node: Field) -> object:
        path = node.path()
        first = path.partition(".")[0] if path else ""
        if path and first not in self.names and (path in self.known_layers or first in self.known_layers):
            raise _layer_value(path, node, self.names)
        base = self.run(node.base)
        if not isinstance(base, dict):
            raise self.error(
                node, "E0605", f"only a record has fields, `{node.base.text}` is {kind_of(base)}"
            )
        return self.entry(node, base, node.field)

    def entry(self, node: Field | Index, base: dict[object, object], key: object) -> object:
        if isinstance(key, str) and key in base:
            return base[key]
        fields = [name for name in base if isinstance(name, str)]
        notes = ("its fields are " + ", ".join(f"`{name}`" for name in fields[:20]),) if fields else ()
        help_ = did_you_mean(key, fields) if isinstance(key, str) else ()
        what = f"`{key}`" if isinstance(key, str) else kind_of(key)
        raise self.error(node, "E0608", f"the record has no field {what}", *help_, notes=notes)

    def call(self, node: Call) -> object:
        if node.function == PRESENT:
            return self.presence(node)
        function = FUNCTIONS.get(node.function)
        if function is None:
            raise ExpressionError(
                Diagnostic(
                    "E0604",
                    f"`{node.function}` is not a function of expressions",
                    node.function_span,
                    notes=("the functions are " + " ".join((*FUNCTIONS, PRESENT)),),
                    help=did_you_mean(node.function, (*FUNCTIONS, PRESENT)),
                )
            )
        arguments = [self.run(argument) for argument in node.arguments]
        keywords = {name: self.run(value) for name, value in node.keywords}
        return call(self, node, function, arguments, keywords)

    def presence(self, node: Call) -> object:
        """Say whether an input is given."""
        name = path_of(node.arguments[0]) if len(node.arguments) == 1 and not node.keywords else ""
        known = self.names.get(presence_key(name))
        if known is not None:
            return known
        shown = [key[len(PRESENT) + 1 : -1] for key in self.names if key.startswith(f"{PRESENT}(")]
        notes = (f"the inputs here: {', '.join(f'`{name}`' for name in shown)}",) if shown else ()
        help_ = did_you_mean(name, shown) if name else ()
        message = f"`{PRESENT}` takes the name of one input"
        raise self.error(node, "E0612", message, *help_, notes=notes)


_HANDLERS: dict[type[Expression], Callable[..., object]] = {
    Literal: _Evaluation.literal,
    Name: _Evaluation.name,
    ListOf: _Evaluation.list_of,
    Comprehension: _Evaluation.comprehension,
    Unary: _Evaluation.unary,
    Binary: _Evaluation.binary,
    Logical: _Evaluation.logical,
    Comparison: _Evaluation.comparison,
    Conditional: _Evaluation.conditional,
    Index: _Evaluation.index,
    Slice: _Evaluation.slice,
    Field: _Evaluation.field,
    Call: _Evaluation.call,
}

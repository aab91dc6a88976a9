"""What operators do to compile-time values and to symbolic sizes."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import NoReturn

from archc.sizes import Condition, Dim, Expr, SizeTooLarge, at_least, equal, less
from archc.source import Diagnostic
from archc.spec.expression import Binary, Comparison, Expression, ExpressionError, Unary
from archc.spec.expression_parser import LARGEST_INT
from archc.spec.limits import Limits

LARGEST_EXACT = 2**53
_LARGEST_POWER = 16
_DEEPEST_VALUE = 50
_OPERATIONS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}
_SIZE_OPERATIONS: dict[str, Callable[..., Dim]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
}
_ORDER: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def kind_of(value: object) -> str:
    """Say what a value is, for messages."""
    for kinds, text in (
        (bool, "a boolean"),
        (int, "an integer"),
        (float, "a float"),
        (str, "text"),
        (list | tuple, "a list"),
        (dict, "a record"),
        (Expr, "a symbolic size"),
    ):
        if isinstance(value, kinds):
            return text
    return "null" if value is None else "a value of another kind"


def is_number(value: object) -> bool:
    """Whether a value is an integer or a float; booleans are neither."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_size(value: object) -> bool:
    """Whether a value is an integer or a symbolic size."""
    return isinstance(value, int | Expr) and not isinstance(value, bool)


class Operators:
    """Operators with the bounds of one evaluation."""

    def __init__(self, decide: Callable[[Condition], bool | None], limits: Limits) -> None:
        self.decide = decide
        self.limits = limits
        self.steps = 0

    def error(
        self, node: Expression, code: str, message: str, *help_: str, notes: tuple[str, ...] = ()
    ) -> ExpressionError:
        """Give the error at a piece of the expression."""
        return ExpressionError(Diagnostic(code, message, node.span, notes=notes, help=help_))

    def step(self, node: Expression, count: int = 1) -> None:
        """Count work done; too much of it is an error."""
        self.steps += count
        if self.steps > self.limits.expression_steps:
            raise self.error(
                node, "E0805", f"an expression takes more than {self.limits.expression_steps} steps"
            )

    def length(self, node: Expression, count: int) -> None:
        """Refuse lists and texts that are too long, before they are made."""
        if count > self.limits.list_items:
            raise self.error(
                node, "E0805", f"a list of {count} items, at most {self.limits.list_items} are allowed"
            )
        self.step(node, count)

    def list_value(self, node: Expression, value: object, need: str) -> list[object]:
        """Give a value that has to be a list."""
        if isinstance(value, list | tuple):
            return list(value)
        raise self.error(node, "E0605", f"{need}, this is {kind_of(value)}", *self.unknown_size(value))

    def unknown_size(self, value: object) -> tuple[str, ...]:
        """Give the help for a symbolic size where a number is needed."""
        return (
            ("use a parameter: a symbolic size is known when the model runs",)
            if isinstance(value, Expr)
            else ()
        )

    def bounded(self, node: Expression, value: object) -> object:
        """Refuse results outside of what the language computes with."""
        if isinstance(value, int) and not -LARGEST_INT < value < LARGEST_INT:
            raise self.error(node, "E0806", f"the result of `{node.text}` is 2^63 or more")
        if isinstance(value, Expr) and any(abs(c) >= LARGEST_INT for c in value.terms.values()):
            raise self.error(node, "E0806", f"a coefficient of `{node.text}` is 2^63 or more")
        return value

    def as_float(self, node: Expression, value: object) -> float:
        """Give a number as a float, exactly."""
        if isinstance(value, int) and not -LARGEST_EXACT <= value <= LARGEST_EXACT:
            message = f"the integer {value} is not exact as a float"
            raise self.error(node, "E0806", message, "integers beyond 2^53 do not mix with floats")
        assert isinstance(value, int | float)
        return float(value)

    def as_integer(self, node: Expression, value: float) -> int:
        """Give an integral float as an integer, where a float of its size can still count."""
        if not math.isfinite(value) or abs(value) >= LARGEST_EXACT:
            raise self.error(node, "E0806", f"`{value}` is not exact as an integer")
        return int(value)

    def signed(self, node: Unary, value: object) -> object:
        """Give `-value` or `+value`."""
        if isinstance(value, bool) or not isinstance(value, int | float | Expr):
            raise self.error(node, "E0605", f"`{node.operator}` needs a number, this is {kind_of(value)}")
        return -value if node.operator == "-" else value

    def arithmetic(self, node: Binary, left: object, right: object) -> object:
        """Give `left operator right`."""
        if is_number(left) and is_number(right):
            return self._numbers(node, left, right)
        if is_size(left) and is_size(right):
            return self._sizes(node, left, right)
        return self._joined(node, left, right)

    def _numbers(self, node: Binary, left: object, right: object) -> object:
        assert isinstance(left, int | float)
        assert isinstance(right, int | float)
        if node.operator in ("/", "//", "%") and right == 0:
            raise self._division(node)
        both = isinstance(left, int) and isinstance(right, int)
        if not both or node.operator == "/":
            left, right = self.as_float(node.left, left), self.as_float(node.right, right)
        elif node.operator == "**":
            return self._power(node, int(left), int(right))
        return self._finite(node, left, right)

    def _division(self, node: Binary) -> ExpressionError:
        divisor = node.right.text
        why = "" if divisor == "0" else f", `{divisor}` is 0"
        return self.error(node, "E0606", f"a division by zero{why}")

    def _finite(self, node: Binary, left: float, right: float) -> object:
        try:
            result = _OPERATIONS[node.operator](left, right)
        except (OverflowError, ZeroDivisionError):
            raise self.error(node, "E0606", f"the result of `{node.text}` is not a finite number") from None
        if isinstance(result, complex):
            raise self.error(node, "E0606", f"`{node.text}` is a root of a negative number")
        if (
            isinstance(result, float)
            and not math.isfinite(result)
            and math.isfinite(left)
            and math.isfinite(right)
        ):
            raise self.error(node, "E0606", f"the result of `{node.text}` is not a finite number")
        return self.bounded(node, result)

    def _power(self, node: Binary, base: int, exponent: int) -> object:
        if exponent < 0:
            return self._finite(node, self.as_float(node.left, base), float(exponent))
        if abs(base) > 1 and exponent > 63:
            raise self.error(node, "E0806", f"the result of `{node.text}` is 2^63 or more")
        return self.bounded(node, base**exponent)

    def _sizes(self, node: Binary, left: object, right: object) -> object:
        """Give the result for symbolic sizes, which is one again or an integer."""
        if node.operator == "/":
            raise self.error(
                node, "E0605", "`/` gives a float, which a symbolic size cannot be", "write `//`"
            )
        if node.operator == "**" and not (isinstance(right, int) and 0 <= right <= _LARGEST_POWER):
            raise self.error(
                node, "E0605", f"the exponent of a symbolic size is a number from 0 to {_LARGEST_POWER}"
            )
        try:
            return self.bounded(node, _SIZE_OPERATIONS[node.operator](left, right))
        except ZeroDivisionError:
            raise self._division(node) from None
        except SizeTooLarge as error:
            raise self.error(node, "E0805", str(error)) from None

    def _joined(self, node: Binary, left: object, right: object) -> object:
        """Join lists or texts, repeat a list; anything else is a mistake."""
        if node.operator == "+" and isinstance(left, str) and isinstance(right, str):
            self.length(node, len(left) + len(right))
            return left + right
        if node.operator == "+" and isinstance(left, list | tuple) and isinstance(right, list | tuple):
            self.length(node, len(left) + len(right))
            return [*left, *right]
        if node.operator == "*":
            items, count = (left, right) if isinstance(left, list | tuple) else (right, left)
            if isinstance(items, list | tuple) and isinstance(count, int) and not isinstance(count, bool):
                self.length(node, len(items) * max(count, 0))
                return list(items) * count
        raise self._unfit(node, left, right)

    def _unfit(self, node: Binary, left: object, right: object) -> ExpressionError:
        message = f"`{node.operator}` cannot combine {kind_of(left)} and {kind_of(right)}"
        for operand, value in ((node.left, left), (node.right, right)):
            if isinstance(value, bool):
                return self.error(
                    operand, "E0605", message, f"write `(1 if {operand.text} else 0)` to count a boolean"
                )
        if isinstance(left, Expr) or isinstance(right, Expr):
            return self.error(
                node, "E0605", message, "a symbolic size takes integers: `T // 2`, not `T * 0.5`"
            )
        if isinstance(left, str) or isinstance(right, str):
            return self.error(node, "E0605", message, "insert a value into text with `$(...)`")
        return self.error(node, "E0605", message)

    def compare(self, node: Comparison, word: str, left: object, right: object) -> bool:
        """Give the answer of one comparison."""
        if word == "==":
            return self._equal(node, left, right)
        if word == "!=":
            return not self._equal(node, left, right)
        if word in ("in", "not in"):
            return self._contains(node, left, right) is (word == "in")
        if is_size(left) and is_size(right) and (isinstance(left, Expr) or isinstance(right, Expr)):
            return self._ordered(node, word, left, right)
        if is_number(left) and is_number(right):
            assert isinstance(left, int | float)
            assert isinstance(right, int | float)
            return _ORDER[word](left, right)
        raise self.error(node, "E0605", f"`{word}` cannot order {kind_of(left)} and {kind_of(right)}")

    def _ordered(self, node: Comparison, word: str, left: object, right: object) -> bool:
        assert isinstance(left, int | Expr)
        assert isinstance(right, int | Expr)
        if word in (">", "<="):
            left, right = right, left
        return self._decided(node, less(left, right) if word in ("<", ">") else at_least(left, right))

    def _decided(self, node: Expression, condition: Condition) -> bool:
        """Ask whether a condition on sizes holds; an error where that depends on their values."""
        difference = condition.difference
        if isinstance(difference, int):
            return condition.holds(difference)
        answer = self.decide(condition)
        if answer is None:
            self._undecidable(node, condition.symbols)
        return answer

    def _undecidable(self, node: Expression, names: frozenset[str]) -> NoReturn:
        """Refuse what depends on the values of symbols."""
        listed = " and ".join(f"`{name}`" for name in sorted(names))
        raise ExpressionError(
            Diagnostic(
                "E0607",
                f"`{node.text}` depends on {listed}, not known at compile time",
                node.span,
                help=(f"state what is known of {listed} under `dims`, or use a parameter",),
            )
        )

    def _contains(self, node: Comparison, item: object, items: object) -> bool:
        if isinstance(items, str) and isinstance(item, str):
            return item in items
        if isinstance(items, dict):
            return isinstance(item, str) and item in items
        return any(
            self._equal(node, item, one) for one in self.list_value(node, items, "`in` looks into a list")
        )

    def _equal(self, node: Comparison, left: object, right: object, depth: int = 0) -> bool:
        """Whether two values are equal, element by element, counted as work."""
        self.step(node)
        if depth > _DEEPEST_VALUE:
            raise self.error(node, "E0805", f"lists that nest deeper than {_DEEPEST_VALUE} are compared")
        if isinstance(left, list | tuple) and isinstance(right, list | tuple):
            pairs = zip(left, right, strict=False)
            return len(left) == len(right) and all(self._equal(node, a, b, depth + 1) for a, b in pairs)
        if isinstance(left, dict) and isinstance(right, dict):
            return left.keys() == right.keys() and all(
                self._equal(node, left[k], right[k], depth + 1) for k in left
            )
        if is_size(left) and is_size(right) and (isinstance(left, Expr) or isinstance(right, Expr)):
            assert isinstance(left, int | Expr)
            assert isinstance(right, int | Expr)
            return self._decided(node, equal(left, right))
        return type(left) in _COMPARED and type(right) in _COMPARED and left == right


_COMPARED = frozenset((int, float, bool, str, type(None)))

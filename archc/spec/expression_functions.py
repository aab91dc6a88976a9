"""The functions of expressions; those that fit take symbolic sizes too."""

from __future__ import annotations

import math
from collections.abc import Callable

from archc.sizes import Expr, SizeTooLarge, dim_max, dim_min
from archc.source import Record, did_you_mean
from archc.spec.arithmetic import Operators, is_number, is_size, kind_of
from archc.spec.expression import Binary, Call, ExpressionError

Body = Callable[..., object]


class Function(Record):
    """A function: its body, the names of its arguments and how many of them have to be given."""

    body: Body
    parameters: tuple[str, ...]
    needed: int
    many: bool = False


def call(
    operators: Operators, node: Call, function: Function, arguments: list[object], keywords: dict[str, object]
) -> object:
    """Call a function with evaluated arguments, after checking their number and keywords."""
    if function.many:
        _no_keywords(operators, node, function, keywords)
        if not arguments:
            raise operators.error(node, "E0604", f"`{node.function}` needs an argument")
        return function.body(operators, node, arguments)
    if len(arguments) > len(function.parameters):
        raise _too_many(operators, node, len(function.parameters))
    given = dict(zip(function.parameters, arguments, strict=False))
    _no_keywords(operators, node, function, {name: 0 for name in keywords if name not in function.parameters})
    for name in [name for name, _ in node.keywords]:
        if name in given:
            raise operators.error(node, "E0604", f"`{node.function}` gets its argument `{name}` twice")
        given[name] = keywords[name]
    for name in function.parameters[: function.needed]:
        if name not in given:
            raise operators.error(node, "E0604", f"`{node.function}` needs its argument `{name}`")
    return function.body(operators, node, *(given.get(name) for name in function.parameters))


def _no_keywords(operators: Operators, node: Call, function: Function, keywords: dict[str, object]) -> None:
    for name in keywords:
        help_ = did_you_mean(name, function.parameters)
        raise operators.error(node, "E0604", f"`{node.function}` has no argument `{name}`", *help_)


def _too_many(operators: Operators, node: Call, most: int) -> ExpressionError:
    plural = "s" if most > 1 else ""
    message = f"`{node.function}` takes at most {most} argument{plural}, {len(node.arguments)} are given"
    return operators.error(node, "E0604", message)


def _real(operators: Operators, node: Call, value: object) -> float:
    """Give an argument that has to be a number known at compile time."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        message = f"`{node.function}` needs a number, this is {kind_of(value)}"
        raise operators.error(node, "E0605", message, *operators.unknown_size(value))
    return value


def _integer(operators: Operators, node: Call, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        message = f"`{node.function}` needs an integer, this is {kind_of(value)}"
        raise operators.error(node, "E0605", message, *operators.unknown_size(value))
    return value


def _extreme(operators: Operators, node: Call, arguments: list[object]) -> object:
    values = arguments
    if len(arguments) == 1:
        values = operators.list_value(node, arguments[0], f"`{node.function}` of one argument needs a list")
    operators.step(node, len(values))
    if not values:
        raise operators.error(node, "E0606", f"`{node.function}` of an empty list")
    chosen, sizes = (max, dim_max) if node.function == "max" else (min, dim_min)
    if all(is_number(value) for value in values):
        return chosen(values)  # type: ignore[type-var]
    if all(is_size(value) for value in values):
        try:
            return sizes(*values)  # type: ignore[arg-type]
        except SizeTooLarge as error:
            raise operators.error(node, "E0805", str(error)) from None
    wrong = next(value for value in values if not is_number(value))
    raise operators.error(
        node, "E0605", f"`{node.function}` compares numbers or sizes, one is {kind_of(wrong)}"
    )


def _abs(operators: Operators, node: Call, x: object) -> object:
    return abs(_real(operators, node, x))


def _rounding(rule: Callable[[float], int]) -> Body:
    def rounded(operators: Operators, node: Call, x: object) -> object:
        if isinstance(x, Expr):
            return x
        number = _real(operators, node, x)
        if isinstance(number, int):
            return number
        operators.as_integer(node, number)
        return rule(number)

    return rounded


def _len(operators: Operators, node: Call, x: object) -> object:
    if isinstance(x, list | tuple | dict | str):
        return len(x)
    raise operators.error(node, "E0605", f"`len` needs a list, this is {kind_of(x)}")


def _sum(operators: Operators, node: Call, items: object) -> object:
    total: object = 0
    for item in operators.list_value(node, items, "`sum` needs a list"):
        if not is_number(item) and not is_size(item):
            raise operators.error(node, "E0605", f"`sum` adds numbers or sizes, one is {kind_of(item)}")
        first = node.arguments[0] if node.arguments else node
        operators.step(node)
        total = operators.arithmetic(Binary(node.place, "+", first, first), total, item)
    return total


def _range(operators: Operators, node: Call, arguments: list[object]) -> object:
    if len(arguments) > 3:
        raise _too_many(operators, node, 3)
    bounds = [_integer(operators, node, argument) for argument in arguments]
    if bounds[2:] == [0]:
        raise operators.error(node, "E0606", "the step of `range` is zero")
    numbers = range(*bounds)
    operators.length(node, max(0, -((numbers.start - numbers.stop) // numbers.step)))
    return list(numbers)


def _sqrt(operators: Operators, node: Call, x: object) -> object:
    number = operators.as_float(node, _real(operators, node, x))
    if number < 0:
        raise operators.error(node, "E0606", f"the square root of {number} is not a number")
    return math.sqrt(number)


def _log2(operators: Operators, node: Call, x: object) -> object:
    number = _real(operators, node, x)
    if number <= 0:
        raise operators.error(node, "E0606", f"the logarithm of {number} is not a number")
    return math.log2(number)


def _int(operators: Operators, node: Call, x: object) -> object:
    if isinstance(x, Expr):
        return x
    if isinstance(x, bool):
        return int(x)
    number = _real(operators, node, x)
    return number if isinstance(number, int) else operators.as_integer(node, number)


def _float(operators: Operators, node: Call, x: object) -> object:
    return operators.as_float(node, int(x) if isinstance(x, bool) else _real(operators, node, x))


def _make_divisible(
    operators: Operators, node: Call, v: object, divisor: object, min_value: object
) -> object:
    """Round channels to a multiple, not down by more than a tenth, as MobileNet does."""
    value = operators.as_float(node, _real(operators, node, v))
    by = 8 if divisor is None else _integer(operators, node, divisor)
    least = by if min_value is None else _integer(operators, node, min_value)
    if by <= 0:
        raise operators.error(
            node, "E0606", f"the divisor of `make_divisible` is {by}, it has to be positive"
        )
    result = max(least, operators.as_integer(node, value + by / 2) // by * by)
    return result + by if result < 0.9 * value else result


FUNCTIONS: dict[str, Function] = {
    "min": Function(_extreme, (), 0, many=True),
    "max": Function(_extreme, (), 0, many=True),
    "abs": Function(_abs, ("x",), 1),
    "round": Function(_rounding(round), ("x",), 1),
    "floor": Function(_rounding(math.floor), ("x",), 1),
    "ceil": Function(_rounding(math.ceil), ("x",), 1),
    "len": Function(_len, ("x",), 1),
    "sum": Function(_sum, ("items",), 1),
    "range": Function(_range, (), 1, many=True),
    "sqrt": Function(_sqrt, ("x",), 1),
    "log2": Function(_log2, ("x",), 1),
    "int": Function(_int, ("x",), 1),
    "float": Function(_float, ("x",), 1),
    "make_divisible": Function(_make_divisible, ("v", "divisor", "min_value"), 1),
}

"""Constructors in a row whose numbers grow by the same step each time, as one expression of the turn."""

from __future__ import annotations

from collections.abc import Sequence

from archc.backends.pytorch.syntax import Binary, Comprehension, Lit, Name, Py, every, replaced


def of_turn(elements: Sequence[Py], variable: str, start: int) -> Py | None:
    """Give an expression over `variable`, which counts from `start`, that makes all elements.

    None where there is none, or where a list comprehension inside has a variable of its own.
    """
    first = elements[0]
    if any(_shape(each) != _shape(first) for each in elements[1:]):
        return None
    if any(isinstance(part, Comprehension) for part in every(first)):
        return None
    columns = list(zip(*(_numbers(each) for each in elements), strict=True))
    if not all(_is_even(column) for column in columns):
        return None
    texts = iter([_linear(column, variable, start) for column in columns])
    return replaced(first, lambda part: next(texts) if _is_number(part) else None)


def _is_number(part: Py) -> bool:
    return isinstance(part, Lit) and type(part.value) is int


def _shape(tree: Py) -> Py:
    return replaced(tree, lambda part: Lit(0) if _is_number(part) else None)


def _numbers(tree: Py) -> list[int]:
    return [part.value for part in every(tree) if isinstance(part, Lit) and type(part.value) is int]


def _is_even(values: Sequence[int]) -> bool:
    step = values[1] - values[0]
    return all(value == values[0] + step * turn for turn, value in enumerate(values))


def _linear(values: Sequence[int], variable: str, start: int) -> Py:
    step = values[1] - values[0]
    if step == 0:
        return Lit(values[0])
    turn: Py = Name(variable) if step == 1 else Binary("*", Lit(step), Name(variable))
    base = values[0] - step * start
    if base == 0:
        return turn
    return Binary("+", Lit(base), turn) if base > 0 else Binary("-", turn, Lit(-base))

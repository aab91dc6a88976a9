"""Conditions on sizes."""

from __future__ import annotations

import operator
from collections.abc import Callable

from archc.sizes.divide import mod
from archc.sizes.evaluate import symbols
from archc.sizes.expr import Dim, Expr, Symbol, constant_of, terms_of
from archc.sizes.forms import remainder_of
from archc.sizes.text import text
from archc.source import Record

HOLDS: dict[str, Callable[[int, int], bool]] = {"==": operator.eq, "!=": operator.ne, ">=": operator.ge}
_MIRRORED = {"==": "==", "!=": "!=", ">=": "<="}


class Condition(Record):
    """That `left` is `==`, `>=` or `!=` to `right`."""

    left: Dim
    relation: str
    right: Dim

    @property
    def difference(self) -> Dim:
        """`left - right`, which stands in the same relation to zero."""
        return self.left - self.right

    @property
    def symbols(self) -> frozenset[str]:
        """The names that occur in it."""
        return symbols(self.left) | symbols(self.right)

    def holds(self, difference: int) -> bool:
        """Say whether it holds where `left - right` is this number."""
        return HOLDS[self.relation](difference, 0)

    def __str__(self) -> str:
        plain = _remainder_text(self) or _bound_text(self)
        if plain is not None:
            return plain
        if isinstance(self.left, int) and isinstance(self.right, Expr):
            return f"{text(self.right)} {_MIRRORED[self.relation]} {text(self.left)}"
        return f"{text(self.left)} {self.relation} {text(self.right)}"


def _remainder_text(condition: Condition) -> str | None:
    """Write that `x + c` leaves a remainder as what `x` leaves."""
    found = remainder_of(condition.left)
    if found is None or condition.relation == ">=" or not isinstance(condition.right, int):
        return None
    x, m = found
    if not isinstance(m, int) or not 0 <= condition.right < m:
        return None
    c = constant_of(x)
    return f"{text(mod(x - c, m))} {condition.relation} {(condition.right - c) % m}"


def _bound_text(condition: Condition) -> str | None:
    """Write a condition that is linear in one symbol as a bound of the symbol."""
    difference = condition.difference
    atoms = [mono for mono in terms_of(difference) if mono]
    if len(atoms) != 1 or len(atoms[0]) != 1 or not isinstance(symbol := atoms[0][0], Symbol):
        return None
    a = terms_of(difference)[(symbol,)]
    b = a * symbol.remainder - constant_of(difference) * symbol.multiple
    if condition.relation != ">=":
        return None if b % a else f"{symbol.name} {condition.relation} {b // a}"
    return f"{symbol.name} >= {-(-b // a)}" if a > 0 else f"{symbol.name} <= {-b // -a}"


def equal(a: Dim, b: Dim) -> Condition:
    """Ask that two sizes are equal."""
    return Condition(a, "==", b)


def at_least(a: Dim, b: Dim) -> Condition:
    """Ask that `a >= b`."""
    return Condition(a, ">=", b)


def at_most(a: Dim, b: Dim) -> Condition:
    """Ask that `a <= b`."""
    return Condition(b, ">=", a)


def less(a: Dim, b: Dim) -> Condition:
    """Ask that `a < b`."""
    return Condition(b, ">=", a + 1)


def divides(m: Dim, x: Dim) -> Condition:
    """Ask that `m` divides `x`."""
    return Condition(mod(x, m), "==", 0)

"""Conditions on sizes."""

from __future__ import annotations

import operator
from collections.abc import Callable

from archc.sizes.divide import mod
from archc.sizes.evaluate import symbols
from archc.sizes.expr import Dim, Expr
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
        if isinstance(self.left, int) and isinstance(self.right, Expr):
            return f"{text(self.right)} {_MIRRORED[self.relation]} {text(self.left)}"
        return f"{text(self.left)} {self.relation} {text(self.right)}"


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

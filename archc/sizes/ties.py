"""Whether an equation ties symbols to each other, or only asks for remainders."""

from __future__ import annotations

from archc.sizes.divide import without
from archc.sizes.evaluate import atoms_of
from archc.sizes.expr import Dim, Expr, FloorDiv, Max, Min, Monomial, SizeTooLarge, from_terms


def tied(difference: Dim) -> bool:
    """Say whether a size is zero only for some relation between its symbols.

    With `x / m` in the place of `x // m`, what asks only for remainders, as `x - 16*(x//16)`, becomes a
    constant.
    """
    try:
        return _tied(difference)
    except SizeTooLarge:
        return False


def _tied(difference: Dim) -> bool:
    while isinstance(difference, Expr):
        atoms = atoms_of(difference)
        if any(isinstance(atom, Max | Min) for atom in atoms):
            return False
        divisions = [atom for atom in atoms if isinstance(atom, FloorDiv)]
        if not divisions:
            return True
        difference = _undivided(difference, max(divisions, key=lambda atom: (atom.depth, atom.serial)))
    return False


def _undivided(dim: Expr, atom: FloorDiv) -> Dim:
    """Multiply a size by the denominator of a division until the division is gone."""
    powers: dict[int, dict[Monomial, int]] = {}
    for mono, c in dim.terms.items():
        rest = mono
        while atom in rest:
            rest = without(rest, (atom,)) or ()
        powers.setdefault(len(mono) - len(rest), {})[rest] = c
    most = max(powers)
    result: Dim = 0
    for power, terms in powers.items():
        factor: Dim = from_terms(terms)
        for i in range(most):
            factor = factor * (atom.num if i < power else atom.den)
        result = result + factor
    return result

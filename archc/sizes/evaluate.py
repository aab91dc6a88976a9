"""Put numbers or other sizes in the place of symbols."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from archc.sizes.divide import dim_max, dim_min, floor_div
from archc.sizes.expr import Atom, Dim, Expr, FloorDiv, Max, Min, Symbol, from_atom


def atoms_of(dim: Dim) -> set[Atom]:
    """Give every atom of a size, those inside other atoms too."""
    found: set[Atom] = set()
    pending = [dim]
    while pending:
        current = pending.pop()
        if isinstance(current, Expr):
            for atom in {atom for mono in current.terms for atom in mono} - found:
                found.add(atom)
                pending.extend(parts_of(atom))
    return found


def parts_of(atom: Atom) -> tuple[Dim, ...]:
    """Give the sizes that an atom is made of."""
    if isinstance(atom, FloorDiv):
        return (atom.num, atom.den)
    return atom.args if isinstance(atom, Max | Min) else ()


def symbols(dim: Dim) -> frozenset[str]:
    """Give the names that occur in a size."""
    if isinstance(dim, int):
        return frozenset()
    return frozenset(atom.name for atom in atoms_of(dim) if isinstance(atom, Symbol))


def substitute(dim: Dim, values: Mapping[str, Dim]) -> Dim:
    """Put sizes in the place of symbols, by name; other symbols stay."""

    def value(atom: Atom) -> Dim | None:
        if not isinstance(atom, Symbol) or atom.name not in values:
            return None
        whole = values[atom.name] - atom.remainder
        if isinstance(whole, int) and whole % atom.multiple:
            raise ValueError(_misfit(atom, values[atom.name]))
        return floor_div(whole, atom.multiple)

    return replace_atoms(dim, value)


def evaluate(dim: Dim, sizes: Mapping[str, int]) -> int:
    """Give the number that a size is when its symbols have these values."""
    if isinstance(dim, int):
        return dim

    def value(atom: Atom) -> int | None:
        if not isinstance(atom, Symbol):
            return None
        number, misfit = divmod(sizes[atom.name] - atom.remainder, atom.multiple)
        if misfit:
            raise ValueError(_misfit(atom, sizes[atom.name]))
        return number

    result = replace_atoms(dim, value)
    assert isinstance(result, int)
    return result


def _misfit(atom: Symbol, value: Dim) -> str:
    return f"`{atom.name}` is {value}, which does not leave {atom.remainder} when divided by {atom.multiple}"


def replace_atoms(dim: Dim, value: Callable[[Atom], Dim | None]) -> Dim:
    """Rebuild a size with `value` of an atom in its place, at every depth, where that is not None."""
    return _rebuilt(dim, value, {})


def _rebuilt(dim: Dim, value: Callable[[Atom], Dim | None], known: dict[Atom, Dim]) -> Dim:
    if isinstance(dim, int):
        return dim
    result: Dim = 0
    for mono, c in dim.terms.items():
        term: Dim = c
        for atom in mono:
            if atom not in known:
                known[atom] = _rebuilt_atom(atom, value, known)
            term = term * known[atom]
        result = result + term
    return result


def _rebuilt_atom(atom: Atom, value: Callable[[Atom], Dim | None], known: dict[Atom, Dim]) -> Dim:
    found = value(atom)
    if found is not None:
        return found
    if isinstance(atom, Symbol):
        return from_atom(atom)
    parts = [_rebuilt(part, value, known) for part in parts_of(atom)]
    if isinstance(atom, FloorDiv):
        return floor_div(*parts)
    return dim_max(*parts) if isinstance(atom, Max) else dim_min(*parts)

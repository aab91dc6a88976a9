"""Symbolic sizes in `forward`: where they come from, and how shapes are told in comments."""

from __future__ import annotations

from collections.abc import Sequence

from archc.backends.pytorch.arguments import ABSENT
from archc.backends.pytorch.classes import Klass
from archc.backends.pytorch.flow import INPUT, Flow, ValueKey
from archc.backends.pytorch.syntax import Argument, Binary, Call, Lit, Name, Py
from archc.backends.pytorch.writer import flat
from archc.sizes import Dim, Expr, FloorDiv, Max, Min, Symbol, text
from archc.sizes.expr import Atom, from_atom

_WORDS = {"N": "n", "B": "b", "T": "t", "S": "s", "H": "height", "W": "width", "C": "channels", "D": "dim"}

Axis = tuple[int, int]
"""An axis of an input of the class: the input's position, the axis."""


class Underivable(Exception):  # noqa: N818 - it says what is the matter
    """A size that the shapes of the inputs do not give."""


def axes(klass: Klass) -> list[tuple[Axis, tuple[Dim, ...]]]:
    """Give each axis of each input with its size in every specialisation."""
    found: list[tuple[Axis, tuple[Dim, ...]]] = []
    for position in range(len(klass.first.inputs)):
        shapes = [unit.inputs[position].type.shape for unit in klass.members]
        if len({len(shape) for shape in shapes}) == 1:
            found.extend(((position, a), tuple(shape[a] for shape in shapes)) for a in range(len(shapes[0])))
    return found


class SizeWriter:
    """Writes sizes over the axes of a class's inputs; `axis_name` says what an axis is called."""

    def __init__(self, klass: Klass) -> None:
        self.axes = axes(klass)
        self.read: list[Axis] = []

    def write(self, dims: Sequence[object]) -> Py:
        """Give an expression for a size; notes the axes that it reads."""
        wanted = tuple(dims)
        for axis, its in self.axes:
            if all(want is ABSENT or have == want for have, want in zip(its, wanted, strict=True)):
                return self._axis(axis)
        member = next(i for i, dim in enumerate(wanted) if isinstance(dim, Expr))
        dim = wanted[member]
        assert isinstance(dim, Expr)
        return self._sum(dim, member, wanted)

    def _axis(self, axis: Axis) -> Py:
        self.read.append(axis)
        return Name(f"{axis[0]}:{axis[1]}")

    def _sum(self, dim: Dim, member: int, wanted: tuple[object, ...]) -> Py:
        if isinstance(dim, int):
            return Lit(dim)
        if len(wanted) > 1 and any(other is not ABSENT and other != dim for other in wanted):
            raise Underivable
        return self._written(dim, member)

    def _written(self, dim: Dim, member: int) -> Py:
        if isinstance(dim, int):
            return Lit(dim)
        for axis, its in self.axes:
            if its[member] == dim:
                return self._axis(axis)
        result: Py | None = None
        for mono, factor in sorted(dim.terms.items(), key=lambda term: (term[1] < 0, not term[0])):
            term = self._term(mono, abs(factor), member)
            if result is None:
                result = term if factor > 0 else Binary("*", Lit(-1), term)
            else:
                result = Binary("+" if factor > 0 else "-", result, term)
        assert result is not None
        return result

    def _term(self, mono: tuple[Atom, ...], factor: int, member: int) -> Py:
        result: Py | None = Lit(factor) if factor != 1 or not mono else None
        for atom in mono:
            part = self._atom(atom, member)
            result = part if result is None else Binary("*", result, part)
        assert result is not None
        return result

    def _atom(self, atom: Atom, member: int) -> Py:
        for axis, its in self.axes:
            if its[member] == from_atom(atom):
                return self._axis(axis)
        if isinstance(atom, Symbol):
            return self._symbol(atom, member)
        if isinstance(atom, FloorDiv):
            return Binary("//", self._written(atom.num, member), self._written(atom.den, member))
        assert isinstance(atom, Max | Min)
        args = tuple(self._written(arg, member) for arg in atom.args)
        return Call("max" if isinstance(atom, Max) else "min", args)

    def _symbol(self, atom: Symbol, member: int) -> Py:
        """Give `h` where an axis is `m*h + r`: the axis less r, divided by m."""
        for axis, its in self.axes:
            dim = its[member]
            if not isinstance(dim, Expr):
                continue
            factor = dim.terms.get((atom,), 0)
            rest = dim - from_atom(atom) * factor
            if factor > 0 and isinstance(rest, int):
                whole = self._axis(axis)
                if rest:
                    whole = Binary("-" if rest > 0 else "+", whole, Lit(abs(rest)))
                return whole if factor == 1 else Binary("//", whole, Lit(factor))
        raise Underivable


def size_name(klass: Klass, axis: Axis) -> str:
    """Give the name of a local for the size of an axis: the symbol's, in lower case."""
    position, number = axis
    dims = [unit.inputs[position].type.shape[number] for unit in klass.members]
    for name, _ in klass.first.module.sizes:
        if all(
            dict(unit.module.sizes).get(name) == dim for unit, dim in zip(klass.members, dims, strict=True)
        ):
            return _WORDS.get(name, name.lower())
    shown = text(dims[0])
    return _WORDS.get(shown, shown.lower()) if shown.isidentifier() else f"size{number}"


def comment(klass: Klass, flow: Flow, key: ValueKey) -> str | None:
    """Give a value's shape as a comment says it; None where it differs in a way that has no short form."""
    shapes = flow.shapes(key)
    if len(klass.members) == 1:
        assert shapes[0] is not None
        return f"[{', '.join(text(dim) for dim in shapes[0])}]"
    ranks = {len(shape) for shape in shapes if shape is not None}
    if len(ranks) > 1:
        return None
    shown = [_axis_text(klass, [None if s is None else s[i] for s in shapes]) for i in range(ranks.pop())]
    return None if None in shown else f"[{', '.join(str(part) for part in shown)}]"


def _axis_text(klass: Klass, dims: Sequence[Dim | None]) -> str | None:
    present = [dim for dim in dims if dim is not None]
    if all(dim == present[0] for dim in present):
        return text(present[0])
    for tree, values in klass.arguments.bank:
        named = isinstance(tree, Argument | Binary) and all(type(value) is int for value in values)
        if named and all(dim is None or dim == value for dim, value in zip(dims, values, strict=True)):
            return flat(tree)
    for name, _ in klass.first.module.sizes:
        its = [dict(unit.module.sizes).get(name) for unit in klass.members]
        if all(dim is None or dim == value for dim, value in zip(dims, its, strict=True)):
            return name
    return None


def changed(flow: Flow, key: ValueKey, before: ValueKey | None) -> bool:
    """Whether a value's shape is not that of the value before it."""
    return before is None or flow.shapes(key) != flow.shapes(before)


__all__ = ["INPUT", "SizeWriter", "Underivable", "axes", "changed", "comment", "size_name"]

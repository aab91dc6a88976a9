"""Symbolic sizes in `forward`: expressions over the shapes of what comes in.

A block that needs a size which its inputs' shapes do not give takes its symbols as further arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from archc.backends.pytorch.arguments import ABSENT, all_equal, values_of
from archc.backends.pytorch.forms import Given, is_given
from archc.backends.pytorch.syntax import AxisSize, Binary, Call, Lit, Name, Py
from archc.ir.program import Value
from archc.sizes import Dim, Expr, FloorDiv, Max, Min, Symbol, dim_max, dim_min
from archc.sizes.evaluate import atoms_of
from archc.sizes.expr import Atom, from_atom
from archc.source import Span
from archc.spec import expression as spec
from archc.spec.expression_parser import parse_expression

Axis = tuple[int, int]
"""An axis of an input: the input's position, the axis."""

Dims = tuple[object, ...]
"""A size in each specialisation of a class."""


class Underivable(Exception):  # noqa: N818 - it says what is the matter
    """A size that the shapes of the inputs do not give."""


Environment = Mapping[str, object]
"""What the names of a block stand for in a specialisation."""


class SizeWriter:
    """Writes sizes over the axes of the inputs, and over symbols that come in by name.

    What the spec wrote over the sizes of the block's signature is written likewise.
    """

    def __init__(
        self,
        inputs: Sequence[Sequence[Value]],
        environments: Sequence[Environment],
        symbols: Mapping[str, Dims] | None = None,
    ) -> None:
        self.environments = environments
        self.sources: list[tuple[Py, Dims]] = [*_axes(inputs)]
        self.sources.extend((Name(name), dims) for name, dims in (symbols or {}).items())

    def write(self, dims: Dims, written: Sequence[str], span: Span) -> Py:
        """Give an expression for a size; ABSENT where a specialisation does not need it."""
        known = self.known(dims, written, span)
        if known is not None:
            return known
        for member, dim in enumerate(dims):
            if dim is ABSENT:
                continue
            assert isinstance(dim, int | Expr)
            try:
                tree = self._written(dim, member)
            except Underivable:
                continue
            if _fits(tuple(self._value(tree, m) for m in range(len(dims))), dims):
                return tree
        raise Underivable

    def known(self, dims: Dims, written: Sequence[str], span: Span) -> Py | None:
        """Give a size that is an axis, or for which the spec has an expression over axes."""
        if all_equal(dims) and not any(isinstance(dim, Expr) for dim in dims):
            return None
        source = next((source for source, its in self.sources if _fits(its, dims)), None)
        if source is not None:
            return source
        for text in written:
            found = values_of(text, span, self.environments)
            if _fits(found, dims):
                try:
                    return self._converted(parse_expression(text, span))
                except Underivable:
                    continue
        return None

    def _converted(self, node: spec.Expression) -> Py:
        """Give an expression of the spec over the axes that its names stand for."""
        if isinstance(node, spec.Literal) and type(node.value) is int:
            return Lit(node.value)
        if isinstance(node, spec.Name):
            values = tuple(each.get(node.name, ABSENT) for each in self.environments)
            if ABSENT not in values and all_equal(values) and type(values[0]) is int:
                return Lit(values[0])
            source = next((source for source, its in self.sources if its == values), None)
            if source is not None:
                return source
        if isinstance(node, spec.Binary) and node.operator in ("+", "-", "*", "//", "%"):
            return Binary(node.operator, self._converted(node.left), self._converted(node.right))
        if isinstance(node, spec.Call) and node.function in ("min", "max") and not node.keywords:
            return Call(node.function, tuple(self._converted(argument) for argument in node.arguments))
        raise Underivable

    def _value(self, tree: Py, member: int) -> Dim:
        """Give what an expression is in a specialisation."""
        if isinstance(tree, Lit):
            assert isinstance(tree.value, int)
            return tree.value
        if isinstance(tree, Binary):
            left, right = self._value(tree.left, member), self._value(tree.right, member)
            return _OPERATIONS[tree.operator](left, right)
        if isinstance(tree, Call):
            args = [self._value(arg, member) for arg in tree.args]
            return dim_max(*args) if tree.function == "max" else dim_min(*args)
        found = next(its[member] for source, its in self.sources if source == tree)
        assert isinstance(found, int | Expr)
        return found

    def _source(self, dim: Dim, member: int) -> Py | None:
        return next((source for source, its in self.sources if its[member] == dim), None)

    def _written(self, dim: Dim, member: int) -> Py:
        if isinstance(dim, int):
            return Lit(dim)
        whole = self._source(dim, member)
        if whole is not None:
            return whole
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
        whole = self._source(from_atom(atom), member)
        if whole is not None:
            return whole
        if isinstance(atom, Symbol):
            return self._symbol(atom, member)
        if isinstance(atom, FloorDiv):
            return Binary("//", self._written(atom.num, member), self._written(atom.den, member))
        assert isinstance(atom, Max | Min)
        args = tuple(self._written(arg, member) for arg in atom.args)
        return Call("max" if isinstance(atom, Max) else "min", args)

    def _symbol(self, atom: Symbol, member: int) -> Py:
        """Give `h` where a size is `m*h + r`: the size less r, divided by m."""
        for source, its in self.sources:
            dim = its[member]
            factor = dim.terms.get((atom,), 0) if isinstance(dim, Expr) else 0
            if not isinstance(dim, Expr) or factor < 1:
                continue
            rest = dim - from_atom(atom) * factor
            if isinstance(rest, int):
                shifted = Binary("-" if rest > 0 else "+", source, Lit(abs(rest))) if rest else source
                return shifted if factor == 1 else Binary("//", shifted, Lit(factor))
        raise Underivable


def _axes(inputs: Sequence[Sequence[Value]]) -> Iterator[tuple[Py, Dims]]:
    """Give each axis of each input with its size in every specialisation; last of those that may be None."""
    for position in sorted(range(len(inputs[0])), key=lambda position: is_given(inputs[0][position])):
        values = [each[position] for each in inputs]
        if len({value.type.rank for value in values}) == 1:
            for axis in range(values[0].type.rank):
                yield AxisSize(position, axis), tuple(_size(value, axis) for value in values)


def _size(value: Value, axis: int) -> object:
    return ABSENT if isinstance(value, Given) and not value.there else value.type.shape[axis]


def _fits(found: Dims, wanted: Dims) -> bool:
    return all(want is ABSENT or have == want for have, want in zip(found, wanted, strict=True))


_OPERATIONS: Mapping[str, Callable[[Dim, Dim], Dim]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "//": lambda left, right: left // right,
}


Needed = tuple[Dim, tuple[str, ...], Span]
"""A size, what the spec wrote there, and where."""


def missing_symbols(
    inputs: Sequence[Value], needed: Sequence[Needed], environment: Environment
) -> dict[str, Dim]:
    """Give the symbols, by name, that sizes need beyond what the inputs' shapes give."""
    found: dict[str, Dim] = {}
    for dim, written, span in needed:
        symbols: dict[str, Dims] = {name: (size,) for name, size in found.items()}
        try:
            SizeWriter([inputs], [environment], symbols).write((dim,), written, span)
        except Underivable:
            for atom in sorted(atoms_of(dim), key=lambda atom: atom.serial):
                if isinstance(atom, Symbol):
                    found.setdefault(atom.name, from_atom(atom) * atom.multiple + atom.remainder)
    return found

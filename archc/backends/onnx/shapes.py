"""Sizes as values of the graph: read from the shapes of its inputs, then computed, each once.

The nodes stand before all others, since they depend on nothing but the inputs.
"""

from __future__ import annotations

from collections.abc import Sequence

import onnx

from archc.backends.onnx.constants import Constants
from archc.ir.program import Value
from archc.sizes import (
    INT64,
    Dim,
    Expr,
    Facts,
    FloorDiv,
    Max,
    Min,
    Symbol,
    at_least,
    prove,
    text,
)
from archc.sizes.evaluate import atoms_of
from archc.sizes.expr import Atom, Monomial, from_atom


class UnknownSizeError(Exception):
    """A size that no input's shape tells; `symbol` names it."""

    def __init__(self, symbol: str) -> None:
        super().__init__(symbol)
        self.symbol = symbol


class Shapes:
    """The sizes of one graph. Each is a vector of one element until a scalar is asked for."""

    def __init__(
        self,
        inputs: Sequence[Value],
        shapes: Sequence[tuple[Dim, ...]],
        facts: Facts,
        constants: Constants,
    ) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self._facts = facts
        self._constants = constants
        self._vectors: dict[Dim, str] = {}
        self._made: dict[str, str] = {}
        self._axes: dict[Dim, tuple[str, int]] = {}
        for value, shape in zip(inputs, shapes, strict=True):
            for axis, dim in enumerate(shape):
                if isinstance(dim, Expr):
                    self._axes.setdefault(dim, (value.name, axis))
        self._solutions = solutions([axis for axis in self._axes if isinstance(axis, Expr)])

    def scalar(self, dim: Dim) -> str:
        """Give a size as a scalar."""
        if isinstance(dim, int):
            return self._constants.tensor([dim], INT64, ())
        return self._node("Squeeze", f"size({text(dim)})", self._vector(dim), self._constants.ints((0,)))

    def vector(self, dims: Sequence[Dim]) -> str:
        """Give sizes as a one-dimensional tensor."""
        numbers = [dim for dim in dims if isinstance(dim, int)]
        if len(numbers) == len(dims):
            return self._constants.ints(numbers)
        parts = self._parts(dims)
        if len(parts) == 1:
            return parts[0]
        return self._node("Concat", f"sizes({_listed(dims)})", *parts, axis=0)

    def _parts(self, dims: Sequence[Dim]) -> list[str]:
        """Split sizes into runs: numbers, axes of one input, and computed ones."""
        parts: list[str] = []
        position = 0
        while position < len(dims):
            stop = position + 1
            source = self._source(dims[position])
            while stop < len(dims) and source is not None and self._source(dims[stop]) == source:
                stop += 1
            run = dims[position:stop]
            parts.append(self._run(source, run))
            position = stop
        return parts

    def _source(self, dim: Dim) -> str | None:
        if isinstance(dim, int):
            return ""
        return self._axes[dim][0] if dim in self._axes else None

    def _run(self, source: str | None, run: Sequence[Dim]) -> str:
        if source is None:
            return self._vector(run[0])
        if source == "":
            return self._constants.ints([int(str(dim)) for dim in run])
        return self._gather(source, run)

    def _gather(self, source: str, dims: Sequence[Dim]) -> str:
        shape = self._node("Shape", f"shape({source})", source)
        axes = [self._axes[dim][1] for dim in dims]
        return self._node("Gather", f"sizes({_listed(dims)})", shape, self._constants.ints(axes), axis=0)

    def _vector(self, dim: Dim) -> str:
        if isinstance(dim, int):
            return self._constants.ints((dim,))
        if dim not in self._vectors:
            self._vectors[dim] = self._computed(dim)
        return self._vectors[dim]

    def _computed(self, dim: Expr) -> str:
        if dim in self._axes:
            return self._gather(self._axes[dim][0], (dim,))
        name = f"sizes({text(dim)})"
        for axis in self._axes:
            rest = dim - axis
            if isinstance(rest, int):
                return self._plus(name, self._vector(axis), rest)
        if len(dim.terms) > 1:
            return self._sum(dim, name)
        [(mono, factor)] = dim.terms.items()
        return self._product(mono, factor, name)

    def _plus(self, name: str, vector: str, number: int) -> str:
        op = "Sub" if number < 0 else "Add"
        return self._node(op, name, vector, self._constants.ints((abs(number),)))

    def _sum(self, dim: Expr, name: str) -> str:
        """Add the positive terms first, so that no difference is below the result."""
        terms = sorted(dim.terms.items(), key=lambda term: (term[1] < 0, term[0] == ()))
        (mono, factor), *others = terms
        total: Dim = Expr({mono: factor}) if mono else factor
        for mono, factor in others:
            op = "Sub" if factor < 0 else "Add"
            term: Dim = Expr({mono: abs(factor)}) if mono else abs(factor)
            left, right = self._vector(total), self._vector(term)
            total = total + (-term if factor < 0 else term)
            self._vectors.setdefault(total, self._node(op, f"sizes({text(total)})", left, right))
        return self._vectors.get(total, name)

    def _product(self, mono: Monomial, factor: int, name: str) -> str:
        if len(mono) == 1 and factor == 1:
            return self._atom(mono[0], name)
        *before, last = mono if factor == 1 else (*mono, None)
        left = self._vector(Expr({tuple(atom for atom in before if atom is not None): 1}))
        right = self._constants.ints((factor,)) if last is None else self._vector(from_atom(last))
        return self._node("Mul", name, left, right)

    def _atom(self, atom: Atom, name: str) -> str:
        if isinstance(atom, Symbol):
            return self._symbol(atom, name)
        if isinstance(atom, FloorDiv):
            return self._floor_div(atom, name)
        assert isinstance(atom, Max | Min)
        op = "Max" if isinstance(atom, Max) else "Min"
        return self._node(op, name, *(self._vector(arg) for arg in atom.args))

    def _symbol(self, atom: Symbol, name: str) -> str:
        if atom not in self._solutions:
            raise UnknownSizeError(atom.name)
        axis, factor, rest = self._solutions[atom]
        if isinstance(rest, int):
            left = self._vector(axis - rest)
        else:
            own = name if factor == 1 else f"{name}-"
            left = self._node("Sub", own, self._vector(axis), self._vector(rest))
        return left if factor == 1 else self._node("Div", name, left, self._constants.ints((factor,)))

    def _floor_div(self, atom: FloorDiv, name: str) -> str:
        """Divide; ONNX rounds to zero, so a numerator that may be negative loses its remainder first."""
        top, bottom = self._vector(atom.num), self._vector(atom.den)
        if not prove(at_least(atom.num, 0), self._facts).proved:
            remainder = self._node("Mod", f"{name}%", top, bottom)
            top = self._node("Sub", f"{name}-", top, remainder)
        return self._node("Div", name, top, bottom)

    def _node(self, op: str, name: str, *inputs: str, **axis: int) -> str:
        if name not in self._made:
            self._made[name] = name
            node = onnx.NodeProto(op_type=op, name=name, input=inputs, output=[name])
            if "axis" in axis:
                node.attribute.append(
                    onnx.AttributeProto(name="axis", type=onnx.AttributeProto.INT, i=axis["axis"])
                )
            self.nodes.append(node)
        return name


def solutions(axes: Sequence[Expr]) -> dict[Symbol, tuple[Expr, int, Dim]]:
    """Solve for symbols one by one: each is `(axis - rest) / factor`, where the rest holds those before."""
    solved: dict[Symbol, tuple[Expr, int, Dim]] = {}
    pending = list(axes)
    progress = True
    while progress:
        progress = False
        for axis in list(pending):
            unknown = {atom for atom in atoms_of(axis) if isinstance(atom, Symbol)} - set(solved)
            if len(unknown) > 1:
                continue
            pending.remove(axis)
            progress = True
            for atom in unknown:
                factor = axis.terms.get((atom,), 0)
                rest = axis - factor * from_atom(atom)
                if factor > 0 and atom not in atoms_of(rest):
                    solved[atom] = (axis, factor, rest)
    return solved


def _listed(dims: Sequence[Dim]) -> str:
    return ", ".join(text(dim) for dim in dims)

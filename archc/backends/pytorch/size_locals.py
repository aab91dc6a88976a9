"""Local variables for sizes: `n, t, _ = x.shape` at the top of a `forward`."""

from __future__ import annotations

from collections.abc import Iterator

from archc.backends.pytorch.classes import Klass
from archc.backends.pytorch.flow import INPUT
from archc.backends.pytorch.forms import is_given
from archc.backends.pytorch.shapes import size_name
from archc.backends.pytorch.sizes import Axis
from archc.backends.pytorch.syntax import NONE, Attribute, Binary, Item, Lit, Name, Py, Ternary, every
from archc.backends.pytorch.variables import Variables, parameter_names
from archc.backends.pytorch.writer import statement


class SizeLocals:
    """The axes whose sizes have names, and a count of those that are read in place."""

    def __init__(self, klass: Klass, bound: set[Axis]) -> None:
        self.klass = klass
        self.names: dict[Axis, str] = {}
        self.inline: list[Axis] = []
        taken = set(parameter_names(klass))
        for axis in sorted(bound):
            name = base = size_name(klass, axis)
            number = 2
            while name in taken:
                name, number = f"{base}{number}", number + 1
            self.names[axis] = name
            taken.add(name)

    def lines(self, variables: Variables, indent: int) -> Iterator[str]:
        """Write the statements that give the names."""
        for position, value in enumerate(self.klass.first.inputs):
            own = {axis: name for (place, axis), name in self.names.items() if place == position}
            shape = Attribute(Name(variables.names[INPUT, position]), "shape")
            if is_given(value):
                for axis, name in own.items():
                    there = Binary("is not", Name(variables.names[INPUT, position]), NONE)
                    yield from statement(name, Ternary(there, Item(shape, Lit(axis)), Lit(0)), indent)
            elif len(own) == 1 and value.type.rank > 1:
                ((axis, name),) = own.items()
                yield from statement(name, Item(shape, Lit(axis)), indent)
            elif own:
                targets = ", ".join(own.get(axis, "_") for axis in range(value.type.rank))
                yield from statement(targets if value.type.rank > 1 else f"{targets},", shape, indent)

    def note(self, tree: Py, variables: Variables) -> None:
        """Note which axes an expression reads in place."""
        inputs = {
            Attribute(Name(n), "shape"): key[1] for key, n in variables.names.items() if key[0] == INPUT
        }
        for part in every(tree):
            if isinstance(part, Item) and isinstance(part.target, Attribute) and part.target in inputs:
                assert isinstance(part.index, Lit)
                assert isinstance(part.index.value, int)
                self.inline.append((inputs[part.target], part.index.value))

    def worth_binding(self) -> set[Axis]:
        """Give the axes whose sizes are read more than once, or beside another of the same input."""
        optional = self.klass.first.optional
        found = {axis for axis in self.inline if self.inline.count(axis) > 1}
        beside = {axis for axis in self.inline if any(o[0] == axis[0] and o != axis for o in self.inline)}
        partly = {axis for axis in self.inline if any(o[0] == axis[0] for o in self.names)}
        return {axis for axis in found | beside | partly if axis[0] not in optional}

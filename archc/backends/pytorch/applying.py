"""The expression of one slot over its operands."""

from __future__ import annotations

from collections.abc import Sequence

from archc.backends.pytorch.access import attribute, call_of
from archc.backends.pytorch.arguments import ABSENT
from archc.backends.pytorch.classes import Klass, Plan
from archc.backends.pytorch.flow import INPUT
from archc.backends.pytorch.sizes import Axis
from archc.backends.pytorch.slots import Slot
from archc.backends.pytorch.syntax import (
    Argument,
    Attribute,
    AxisSize,
    Binary,
    Call,
    Input,
    Item,
    Lit,
    Name,
    Own,
    Py,
    calls,
    replaced,
)
from archc.backends.pytorch.units import OP
from archc.backends.pytorch.variables import Variables

_MAKERS = ("arange", "zeros", "ones", "full", "rand", "randn", "tensor", "eye", "linspace", "empty")
_SOURCES = frozenset(f"torch.{name}" for name in _MAKERS)


class Rebound(Exception):  # noqa: N818 - it says what is the matter
    """A size is read after its input's name was given to another value."""

    def __init__(self, axis: Axis) -> None:
        super().__init__(axis)
        self.axis = axis


class Applier:
    """Writes slots as expressions; `bound` are the locals that hold sizes."""

    def __init__(self, plan: Plan, klass: Klass, variables: Variables, bound: dict[Axis, str]) -> None:
        self.plan = plan
        self.klass = klass
        self.variables = variables
        self.bound = bound

    def apply(self, slot: Slot, operands: Sequence[Py], own: Py | None = None) -> Py:
        """Give the expression of a slot; `own` is what it owns, where that is not an attribute."""
        if slot.kind != OP:
            operands = [*operands, *self._symbols(slot)]
            return (
                call_of(self.plan, self.klass, slot, operands) if own is None else Call(own, tuple(operands))
            )
        assert slot.forward is not None

        def change(part: Py) -> Py | None:
            if isinstance(part, Input):
                return operands[part.index]
            if isinstance(part, Own):
                return own or attribute(self.klass, slot.first.path)
            return self.compile_time(part)

        return _swapped(self._placed(replaced(slot.forward, change), slot))

    def _symbols(self, slot: Slot) -> list[Py]:
        """Give the sizes that a unit takes by name."""
        units = slot.units
        first = next((unit for unit in units if unit is not None), None)
        count = len(first.symbols) if first is not None else 0
        columns = [
            tuple(ABSENT if u is None else list(u.symbols.values())[i] for u in units) for i in range(count)
        ]
        return [replaced(self.klass.sizes.write(dims, (), slot.span), self.compile_time) for dims in columns]

    def compile_time(self, part: Py) -> Py | None:
        """Write what is no tensor: sizes, and arguments of the class."""
        if isinstance(part, Argument) and not self.klass.is_function:
            self.klass.stored.add(part.name)
            return Attribute(Name("self"), part.name)
        if isinstance(part, AxisSize):
            return self._axis((part.position, part.axis))
        return None

    def _axis(self, axis: Axis) -> Py:
        if axis in self.bound:
            return Name(self.bound[axis])
        key = (INPUT, axis[0])
        if not self.variables.holds(key):
            raise Rebound(axis)
        return Item(Attribute(Name(self.variables.names[key]), "shape"), Lit(axis[1]))

    def _placed(self, tree: Py, slot: Slot) -> Py:
        """Let a tensor out of nothing be made on the device of what comes in."""
        names = [n for key, n in self.variables.names.items() if self.variables.holds(key)]
        if slot.inputs or slot.first.stateful or not names:
            return tree
        device = ("device", Attribute(Name(names[0]), "device"))

        def change(part: Py) -> Py | None:
            if isinstance(part, Call) and part.function in _SOURCES and "device" not in dict(part.kwargs):
                return Call(part.function, part.args, (*part.kwargs, device))
            return None

        return replaced(tree, change)


def _swapped(tree: Py) -> Py:
    """Write what is short first in a sum: `x + self.attn(self.norm(x))`."""
    if (
        isinstance(tree, Binary)
        and tree.operator == "+"
        and calls(tree.left)
        and isinstance(tree.right, Name)
    ):
        return Binary("+", tree.right, tree.left)
    return tree

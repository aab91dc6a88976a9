"""The expression of one slot over its operands."""

from __future__ import annotations

from collections.abc import Sequence

from archc.backends.pytorch.access import attribute, call_of
from archc.backends.pytorch.arguments import ABSENT
from archc.backends.pytorch.classes import Klass, Plan
from archc.backends.pytorch.flow import INPUT, ValueKey
from archc.backends.pytorch.forms import is_given
from archc.backends.pytorch.sizes import Axis
from archc.backends.pytorch.slots import Slot
from archc.backends.pytorch.syntax import (
    NONE,
    Argument,
    Attribute,
    AxisSize,
    Binary,
    Call,
    Input,
    Item,
    Lit,
    Method,
    Name,
    Own,
    Presence,
    Py,
    Unary,
    calls,
    replaced,
)
from archc.backends.pytorch.units import OP, USE
from archc.backends.pytorch.variables import Variables, needed_inputs
from archc.sizes import FLOAT32

_MAKERS = ("arange", "zeros", "ones", "full", "rand", "randn", "tensor", "eye", "linspace", "empty")
# Methods of Tensor without annotations, whose functions have them.
_UNTYPED = frozenset(("unflatten", "split", "norm", "stft", "istft", "unique", "unique_consecutive"))
_LIKE = {"torch.zeros": "new_zeros", "torch.ones": "new_ones"}
_SOURCES = frozenset(f"torch.{name}" for name in _MAKERS)


class Rebound(Exception):  # noqa: N818 - it says what is the matter
    """A size is read after its input's name was given to another value."""

    def __init__(self, axis: Axis) -> None:
        super().__init__(axis)
        self.axis = axis


class Pending:
    """A value that waits to be nested where it is read."""

    def __init__(self, tree: Py, heavy: int, source: ValueKey | None) -> None:
        self.tree = tree
        self.heavy = heavy
        self.source = source


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
            operands = [*self._said(slot, operands), *self._symbols(slot)]
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

        tree = _typed(self._placed(replaced(slot.forward, change), slot))
        if not slot.node.op.outputs and len(slot.first.outputs) == 1:
            tree = Item(tree, Lit(0))
        return _swapped(_unlike_mistakes(tree))

    def _said(self, slot: Slot, operands: Sequence[Py]) -> Sequence[Py]:
        """Leave out what a call need not say: the last inputs, where they are None."""
        needed = needed_inputs(self.plan.used(slot)) if slot.kind == USE else len(operands)
        while len(operands) > needed and operands[-1] == NONE:
            operands = operands[:-1]
        return operands

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
        if isinstance(part, Presence):
            names = [value.name for value in self.klass.first.inputs]
            value = Name(self.variables.names[INPUT, names.index(part.name)])
            return Binary("is not" if part.there else "is", value, NONE)
        return None

    def _axis(self, axis: Axis) -> Py:
        if axis in self.bound:
            return Name(self.bound[axis])
        key = (INPUT, axis[0])
        if not self.variables.holds(key):
            raise Rebound(axis)
        return Item(Attribute(Name(self.variables.names[key]), "shape"), Lit(axis[1]))

    def _placed(self, tree: Py, slot: Slot) -> Py:
        """Let a tensor out of nothing be made on the device of what comes in, and of its float."""
        if slot.inputs or slot.first.stateful:
            return tree
        held = {
            name: key
            for key, name in self.variables.names.items()
            if self.variables.holds(key) and not is_given(self.variables.flow.value(key))
        }
        names = list(held)
        if not names:
            return tree
        value = self.variables.flow.value
        like = next((name for name, key in held.items() if value(key).type.dtype is FLOAT32), None)
        if like is not None and isinstance(tree, Call) and not tree.kwargs and str(tree.function) in _LIKE:
            return Method(Name(like), _LIKE[str(tree.function)], tree.args)
        device = ("device", Attribute(Name(names[0]), "device"))

        def change(part: Py) -> Py | None:
            if isinstance(part, Call) and part.function in _SOURCES and "device" not in dict(part.kwargs):
                return Call(part.function, part.args, (*part.kwargs, device))
            return None

        return replaced(tree, change)


def _typed(tree: Py) -> Py:
    """Call a method that PyTorch gives no types as the function of that name, which has them."""

    def change(part: Py) -> Py | None:
        if not isinstance(part, Method) or part.name not in _UNTYPED or _is_any(part.target):
            return None
        args = (part.target, *part.args)
        return Call(f"torch.{part.name}", tuple(replaced(a, change) for a in args), part.kwargs)

    return replaced(tree, change)


def _is_any(tree: Py) -> bool:
    """Whether type checkers know nothing of a value: what a module or a method of such a value gives."""
    if isinstance(tree, Method):
        return _is_any(tree.target)
    return isinstance(tree, Call) and isinstance(tree.function, Py)


_COMPARED = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}


def _unlike_mistakes(tree: Py) -> Py:
    """Write as calls what linters take for slips: `--x`, and `x < x`."""
    if isinstance(tree, Unary) and tree.operator == "-" and isinstance(tree.operand, Unary):
        return Call("torch.neg", (tree.operand,))
    if isinstance(tree, Binary) and tree.operator in _COMPARED and tree.left == tree.right:
        return Call(f"torch.{_COMPARED[tree.operator]}", (tree.left, tree.right))
    return tree


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

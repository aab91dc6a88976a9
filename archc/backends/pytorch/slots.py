"""The items of a class over its specialisations, and what each reads."""

from __future__ import annotations

from typing import TypeAlias

from archc.backends.pytorch.syntax import Py
from archc.backends.pytorch.units import Item, Unit
from archc.ir.program import OpNode
from archc.source import Record, Span


class In(Record):
    """The input of the class at a position."""

    index: int


class Out(Record):
    """An output of a slot, by the slot's place in the class."""

    slot: int
    index: int


class Phi(Record):
    """An output of a slot that is not always there, and what stands for it elsewhere; None for nothing."""

    slot: int
    index: int
    otherwise: Ref | None


Ref: TypeAlias = "In | Out | Phi"


NameParts: TypeAlias = "tuple[str, str, str]"
"""A name that holds a parameter of the block: what stands before it, the parameter, what stands after."""


class Slot:
    """One item of a class over its specialisations; None in those that lack it.

    `guards` are the conditions that decide whether it is there, none where it always is. `counts` says
    how often the last element of a list is repeated in each specialisation, where that differs.
    `steps` is the number of steps of a scan without a sequence.
    `by_position` says that the elements of a list are called 0, 1, 2 and so on.
    """

    def __init__(self, items: tuple[Item | None, ...]) -> None:
        self.items = items
        self.first = next(item for item in items if item is not None)
        self.inputs: tuple[Ref | None, ...] = ()
        self.elements: tuple[Slot, ...] = ()
        self.counts: tuple[object, ...] = ()
        self.guards: tuple[str, ...] = ()
        self.forward: Py | None = None
        self.module: Py | None = None
        self.given: dict[str, Py] = {}
        self.test: Py | None = None
        self.steps: Py | None = None
        self.inits: tuple[tuple[str, Py], ...] = ()
        self.name: NameParts | None = None
        self.by_position = False

    @property
    def kind(self) -> str:
        """Op, use, chain or loop."""
        return self.first.kind

    @property
    def node(self) -> OpNode:
        """The op in the first specialisation that has it."""
        assert isinstance(self.first.node, OpNode)
        return self.first.node

    @property
    def units(self) -> tuple[Unit | None, ...]:
        """What is used, in each specialisation."""
        return tuple(None if item is None else item.unit for item in self.items)

    @property
    def span(self) -> Span:
        """A place in the spec."""
        assert self.first.span is not None
        return self.first.span

    @property
    def optional(self) -> bool:
        """Whether a specialisation lacks it."""
        return any(item is None for item in self.items)

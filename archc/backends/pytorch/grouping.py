"""Which specialisations share a class, and how their items correspond."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from archc.backends.pytorch.arguments import ABSENT, Arguments
from archc.backends.pytorch.initial import merged_inits
from archc.backends.pytorch.merge import Merger, Mismatch
from archc.backends.pytorch.outline import CHAIN, LOOP, OP, USE, Item, Unit
from archc.backends.pytorch.syntax import Py
from archc.ir.program import OpNode, Value
from archc.source import Record, Span


class In(Record):
    """The input of the class at a position."""

    index: int


class Out(Record):
    """An output of a slot, by the slot's place in the class."""

    slot: int
    index: int


class Phi(Record):
    """An output of a slot that is not always there, and what stands for it elsewhere."""

    slot: int
    index: int
    otherwise: Ref


Ref: TypeAlias = "In | Out | Phi"


class Slot:
    """One item of a class over its specialisations; None in those that lack it.

    `guards` are the conditions that decide whether it is there, none where it always is. `counts` says
    how often the last element of a list is repeated in each specialisation, where that differs.
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
        self.inits: tuple[tuple[str, Py], ...] = ()

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


class Aligned(Record):
    """The slots of units that share a class, and what each output refers to."""

    slots: tuple[Slot, ...]
    outputs: tuple[Ref, ...]


Groups = Mapping[int, object]


def align(members: Sequence[Unit], groups: Groups) -> Aligned:
    """Match the items of units; raises Mismatch where one class cannot stand for all.

    `groups` tells, by identity, which units share a class.
    """
    first = members[0]
    shapes = {
        (len(u.inputs), len(u.outputs), u.numbered, u.is_chain, u.is_function, u.is_model) for u in members
    }
    names = {tuple(value.name for value in u.inputs) for u in members} if first.family[0] == "block" else ()
    if len(shapes) > 1 or (len(names) > 1 and len(first.family) == 2):
        raise Mismatch
    keys = _merged([[item.key for item in unit.items] for unit in members])
    by_key = [{item.key: item for item in unit.items} for unit in members]
    slots = tuple(_slot(tuple(items.get(key) for items in by_key), members, groups) for key in keys)
    sources = [_sources(unit, slots, member) for member, unit in enumerate(members)]
    for slot in slots:
        slot.inputs = _inputs(slot, slots, sources)
    outputs = tuple(
        _ref([unit.outputs[i][1] for unit in members], slots, sources) for i in range(len(first.outputs))
    )
    return Aligned(slots, outputs)


def _merged(columns: list[list[tuple[object, ...]]]) -> list[tuple[object, ...]]:
    """Give all keys in an order that keeps that of each column."""
    result: list[tuple[object, ...]] = []
    for column in columns:
        at = 0
        for key in column:
            if key in result:
                at = result.index(key) + 1
            else:
                result.insert(at, key)
                at += 1
    return result


def _slot(items: tuple[Item | None, ...], members: Sequence[Unit], groups: Groups) -> Slot:
    slot = Slot(items)
    present = [item for item in items if item is not None]
    if len({item.kind for item in present}) > 1 or len({len(item.outputs) for item in present}) > 1:
        raise Mismatch
    if slot.first.stateful and len({item.path for item in present}) > 1:
        raise Mismatch
    if slot.optional:
        slot.guards = _guards(slot, members)
    _fill(slot, groups, members, CHAIN if members[0].is_chain else "")
    return slot


def _fill(slot: Slot, groups: Groups, members: Sequence[Unit], in_list: str = "") -> None:
    present = [item for item in slot.items if item is not None]
    if slot.kind == OP:
        nodes = [
            item.node if item is not None and isinstance(item.node, OpNode) else None for item in slot.items
        ]
        merger = Merger(nodes)
        forms = [None if item is None else item.form for item in slot.items]
        if in_list != CHAIN:
            slot.forward = merger.merge([None if form is None else form.forward for form in forms])
        modules = [
            None if form is None else form.module or (form.as_module if in_list else None) for form in forms
        ]
        if any(module is not None for module in modules):
            slot.module = merger.merge(modules)
        slot.inits = merged_inits(slot.items)
    elif slot.kind == USE:
        if len({groups[id(item.unit)] for item in present}) > 1:
            raise Mismatch
    else:
        _fill_list(slot, groups, members)


def _fill_list(slot: Slot, groups: Groups, members: Sequence[Unit]) -> None:
    if len({item.carried for item in slot.items if item is not None}) > 1:
        raise Mismatch
    lists = [() if item is None else item.elements for item in slot.items]
    keys = _merged([[element.key for element in elements] for elements in lists])
    by_key = [{element.key: element for element in elements} for elements in lists]
    columns = [tuple(elements.get(key) for elements in by_key) for key in keys]
    try:
        slot.elements = tuple(_element(column, slot, members, groups) for column in columns)
    except Mismatch:
        shared = _tail([elements for elements in lists if elements])
        slot.counts = tuple(len(elements) - shared if elements else ABSENT for elements in lists)
        columns = [tuple(e[i] if i < len(e) else None for e in lists) for i in range(shared + 1)]
        slot.elements = tuple(_listed(column, slot.kind, groups, members) for column in columns)


def _tail(lists: Sequence[tuple[Item, ...]]) -> int:
    """Give from where on all elements of each list are equal, for lists of different lengths."""
    if len({len(elements) for elements in lists}) > 1:
        for start in range(min(len(elements) for elements in lists) + 1):
            tails = [elements[start:] for elements in lists]
            if all(len({id(item.unit) for item in tail}) < 2 for tail in tails) and all(
                item.unit is not None for tail in tails for item in tail
            ):
                return start
    raise Mismatch


def _element(items: tuple[Item | None, ...], owner: Slot, members: Sequence[Unit], groups: Groups) -> Slot:
    """Give an element of a list; one that some lists lack needs a condition, and a chain by position."""
    here = tuple(
        owner_item is None or item is not None for item, owner_item in zip(items, owner.items, strict=True)
    )
    slot = _listed(items, owner.kind, groups, members)
    if not all(here):
        if owner.kind != CHAIN or owner.optional or slot.first.path != (str(_position(slot)),) or slot.inits:
            raise Mismatch
        slot.guards = _guards(slot, members)
    return slot


def _position(slot: Slot) -> int:
    return int(slot.first.path[-1]) if slot.first.path[-1].isdigit() else -1


def _listed(items: tuple[Item | None, ...], in_list: str, groups: Groups, members: Sequence[Unit]) -> Slot:
    slot = Slot(items)
    present = [item for item in items if item is not None]
    words = {item.path if not item.path[-1].isdigit() else () for item in present}
    if len({item.kind for item in present}) > 1 or len(words) > 1:
        raise Mismatch
    _fill(slot, groups, members, in_list)
    return slot


def environment(unit: Unit) -> dict[str, object]:
    """Give the compile-time names that expressions inside a unit may use."""
    return {**dict(unit.module.sizes), **dict(unit.module.arguments)}


def _guards(slot: Slot, members: Sequence[Unit]) -> tuple[str, ...]:
    """Give the conditions that tell the specialisations with an item from those without."""
    guards = slot.first.guards
    if any(item is not None and item.guards != guards for item in slot.items):
        raise Mismatch
    arguments = scratch(members)
    deciding: list[tuple[str, tuple[object, ...]]] = []
    for text in guards:
        values = arguments.evaluated(text, slot.span)
        if ABSENT in values:
            raise Mismatch
        if not all(values):
            deciding.append((text, values))
    truth = [all(values[m] for _, values in deciding) for m in range(len(members))]
    if truth != [item is not None for item in slot.items]:
        raise Mismatch
    if any(arguments.convert(text, slot.span) is None for text, _ in deciding):
        raise Mismatch
    return tuple(text for text, _ in deciding)


def scratch(members: Sequence[Unit]) -> Arguments:
    """Give arguments without any, over the names of some units."""
    sizes = frozenset(name for unit in members for name, _ in unit.module.sizes)
    return Arguments([environment(unit) for unit in members], sizes)


Sources = dict[str, In | Out]


def _sources(unit: Unit, slots: Sequence[Slot], member: int) -> Sources:
    found: Sources = {value.name: In(index) for index, value in enumerate(unit.inputs)}
    for number, slot in enumerate(slots):
        item = slot.items[member]
        for index, value in enumerate(item.outputs if item is not None else ()):
            found[value.name] = Out(number, index)
    return found


def _inputs(slot: Slot, slots: Sequence[Slot], sources: Sequence[Sources]) -> tuple[Ref | None, ...]:
    counts = {len(item.inputs) for item in slot.items if item is not None}
    if len(counts) > 1:
        raise Mismatch
    found: list[Ref | None] = []
    for position in range(counts.pop()):
        values = [None if item is None else item.inputs[position] for item in slot.items]
        missing = [value is None for value, item in zip(values, slot.items, strict=True) if item is not None]
        if any(missing) != all(missing):
            raise Mismatch
        found.append(None if all(missing) else _ref(values, slots, sources))
    return tuple(found)


def _ref(values: Sequence[Value | None], slots: Sequence[Slot], sources: Sequence[Sources]) -> Ref:
    refs = {m: sources[m][value.name] for m, value in enumerate(values) if value is not None}
    return _joined(refs, slots)


def _joined(refs: Mapping[int, In | Out], slots: Sequence[Slot]) -> Ref:
    found = list(dict.fromkeys(refs.values()))
    if len(found) == 1:
        return found[0]
    optional = [ref for ref in found if isinstance(ref, Out) and slots[ref.slot].optional]
    if not optional:
        raise Mismatch
    last = max(optional, key=lambda ref: ref.slot)
    having = {m for m in refs if slots[last.slot].items[m] is not None}
    if any(refs[m] != last for m in having):
        raise Mismatch
    return Phi(last.slot, last.index, _joined({m: ref for m, ref in refs.items() if m not in having}, slots))


def partition(families: Sequence[Sequence[Unit]]) -> list[tuple[tuple[Unit, ...], Aligned]]:
    """Divide the units of each family into groups that share a class, as few as there can be."""
    groups: dict[int, object] = {id(unit): number for number, units in enumerate(families) for unit in units}
    divided = [[tuple(units)] for units in families]
    changed = True
    while changed:
        changed = False
        for number, parts in enumerate(divided):
            refined = [part for units in parts for part in _divided(units, groups)]
            if len(refined) != len(parts):
                changed = True
                divided[number] = refined
                for part, units in enumerate(refined):
                    groups.update((id(unit), (number, part)) for unit in units)
    return [(units, align(units, groups)) for parts in divided for units in parts]


def _divided(units: tuple[Unit, ...], groups: Groups) -> list[tuple[Unit, ...]]:
    if _fits(units, groups):
        return [units]
    parts: list[list[Unit]] = []
    for unit in units:
        home = next((part for part in parts if _fits((*part, unit), groups)), None)
        if home is None:
            parts.append([unit])
        else:
            home.append(unit)
    return [tuple(part) for part in parts]


def _fits(units: Sequence[Unit], groups: Groups) -> bool:
    try:
        align(units, groups)
    except Mismatch:
        return False
    return True


__all__ = ["CHAIN", "LOOP", "OP", "USE", "Aligned", "In", "Out", "Phi", "Ref", "Slot", "align", "partition"]

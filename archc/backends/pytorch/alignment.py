"""How the items of several specialisations correspond."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from archc.backends.pytorch.arguments import ABSENT
from archc.backends.pytorch.conditions import deciding_guards
from archc.backends.pytorch.forms import is_given
from archc.backends.pytorch.initial import merged_inits
from archc.backends.pytorch.merge import Merger, Mismatch
from archc.backends.pytorch.names import local
from archc.backends.pytorch.sizes import SizeWriter, Underivable
from archc.backends.pytorch.slots import In, NameParts, Out, Phi, Ref, Slot
from archc.backends.pytorch.syntax import SizeOf, every
from archc.backends.pytorch.units import CHAIN, OP, USE, Item, Key, Unit
from archc.ir.program import OpNode, ScanNode, Value
from archc.source import Record

MODULE, DICT, SEQUENTIAL, NAMED = "module", "dict", "sequential", "named sequential"


class Aligned(Record):
    """The slots of units that share a class, what each output refers to, and what the class is based on.

    A class of type SEQUENTIAL is an `nn.Sequential` of its items by position, a NAMED one by names that
    depend on a parameter; a DICT has digits for names, and a `forward` of its own.
    """

    slots: tuple[Slot, ...]
    outputs: tuple[Ref, ...]
    base: str


Groups = Mapping[int, object]


def align(members: Sequence[Unit], groups: Groups) -> Aligned:
    """Match the items of units; raises Mismatch where one class cannot stand for all.

    `groups` tells, by identity, which units share a class.
    """
    first = members[0]
    shapes = {(len(u.inputs), len(u.outputs), len(u.symbols), u.is_function, u.is_model) for u in members}
    names = {tuple(value.name for value in u.inputs) for u in members} if first.family[0] == "block" else ()
    if len(shapes) > 1 or (len(names) > 1 and len(first.family) == 2):
        raise Mismatch
    keys = _merged([[item.key for item in unit.items] for unit in members])
    keys.sort(key=lambda key: key[0] == "made")
    by_key = [{item.key: item for item in unit.items} for unit in members]
    base = _base(members, by_key)
    slots = tuple(_slot(tuple(items.get(key) for items in by_key), members, groups, base) for key in keys)
    _refuse_twins(slots)
    sources = [_sources(unit, slots, member) for member, unit in enumerate(members)]
    for slot in slots:
        slot.inputs = _inputs(slot, slots, sources)
        if slot.elements:
            slot.elements[0].inputs = slot.inputs
        _check_sizes(slot, members)
    outputs = tuple(
        _result([unit.outputs[i][1] for unit in members], slots, sources) for i in range(len(first.outputs))
    )
    return Aligned(slots, outputs, base)


def size_writer(members: Sequence[Unit]) -> SizeWriter:
    """Give the writer of sizes inside a class."""
    inputs = [unit.inputs for unit in members]
    columns = zip(*(unit.symbols.values() for unit in members), strict=True)
    environments = [unit.environment for unit in members]
    return SizeWriter(inputs, environments, dict(zip(symbol_names(members[0]), columns, strict=False)))


def symbol_names(unit: Unit) -> list[str]:
    """Give the names of the arguments for sizes that come in by name."""
    taken = {value.name for value in unit.inputs}
    found: list[str] = []
    for symbol in unit.symbols:
        found.append(local(symbol.lower(), {*taken, *found}))
    return found


def _check_sizes(slot: Slot, members: Sequence[Unit]) -> None:
    """Refuse to join specialisations whose sizes have no common expression."""
    if len(members) == 1:
        return
    parts = [part for part in every(slot.forward) if isinstance(part, SizeOf)] if slot.forward else []
    steps = slot_steps(slot)
    for part in [*parts, steps] if isinstance(steps, SizeOf) else parts:
        try:
            size_writer(members).write(part.dims, part.written, slot.span)
        except Underivable:
            raise Mismatch from None


def slot_steps(slot: Slot) -> SizeOf | None:
    """Give the number of steps of a scan without a sequence, in each specialisation."""
    scan = slot.first.scan
    if scan is None or scan.sequences:
        return None
    scans = [None if item is None else item.scan for item in slot.items]
    lengths = tuple(ABSENT if each is None else each.length for each in scans)
    return SizeOf(lengths, (scan.written_length,))


def _base(members: Sequence[Unit], by_key: Sequence[Mapping[Key, Item]]) -> str:
    paths: dict[object, set[tuple[str, ...]]] = {}
    for items in by_key:
        for key, item in items.items():
            if item.stateful:
                paths.setdefault(key, set()).add(item.path)
    if any(len(each) > 1 for each in paths.values()) and all(unit.flows for unit in members):
        return NAMED
    if all(unit.is_chain for unit in members):
        return SEQUENTIAL
    return DICT if any(unit.numbered for unit in members) else MODULE


def _merged(columns: list[list[Key]]) -> list[Key]:
    """Give all keys in an order that keeps that of each column."""
    result = columns[0]
    for column in columns[1:]:
        if column == result:
            continue
        known = set(result)
        following: dict[Key | None, list[Key]] = {}
        last: Key | None = None
        for key in column:
            if key in known:
                last = key
            else:
                following.setdefault(last, []).append(key)
        result = following.get(None, []) + [k for key in result for k in (key, *following.get(key, ()))]
    return result


def _refuse_twins(slots: Sequence[Slot]) -> None:
    """Refuse two layers of one name, of which each specialisation has one."""
    paths = [slot.first.path for slot in slots if slot.first.stateful and slot.optional]
    if len(set(paths)) < len(paths):
        raise Mismatch


def _slot(items: tuple[Item | None, ...], members: Sequence[Unit], groups: Groups, base: str) -> Slot:
    slot = Slot(items)
    present = [item for item in items if item is not None]
    if len({item.kind for item in present}) > 1 or len({len(item.outputs) for item in present}) > 1:
        raise Mismatch
    if base == NAMED:
        slot.name = _name_parts(slot, members)
    elif slot.first.stateful and len({item.path for item in present}) > 1:
        raise Mismatch
    if slot.optional:
        if slot.first.stateful and (len(slot.first.path) > 1 or base != MODULE):
            raise Mismatch
        slot.guards = deciding_guards(slot, members)
    _fill(slot, groups, members, CHAIN if base in (SEQUENTIAL, NAMED) else "")
    return slot


def _name_parts(slot: Slot, members: Sequence[Unit]) -> NameParts | None:
    """Say how a name is made from a text that the block was given; None for one that is always the same."""
    paths = [item.path for item in slot.items if item is not None]
    if slot.optional or any(len(path) > 1 for path in paths):
        raise Mismatch
    names = [path[0] for path in paths]
    if len(set(names)) == 1 or not slot.first.stateful:
        return None
    for argument, value in members[0].environment.items():
        if not isinstance(value, str) or value not in names[0]:
            continue
        before, _, after = names[0].partition(value)
        made = [f"{before}{unit.environment.get(argument)}{after}" for unit in members]
        if made == names:
            return before, argument, after
    raise Mismatch


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
        if len({None if item.scan is None else _way(item.scan) for item in present}) > 1:
            raise Mismatch
    else:
        _fill_list(slot, groups, members)


def _way(scan: ScanNode) -> tuple[object, ...]:
    """Give what a loop over steps is written from."""
    return scan.axis, scan.sequences, scan.states, scan.reverse, len(scan.outputs)


def _fill_list(slot: Slot, groups: Groups, members: Sequence[Unit]) -> None:
    if len({(item.carried, item.collected) for item in slot.items if item is not None}) > 1:
        raise Mismatch
    lists = [() if item is None else item.elements for item in slot.items]
    slot.by_position = all(
        [element.path[-1] for element in elements] == [str(n) for n in range(len(elements))]
        for elements in lists
    )
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
            if all(item.equals(elements[start]) for elements in lists for item in elements[start:]):
                return start
    raise Mismatch


def _element(items: tuple[Item | None, ...], owner: Slot, members: Sequence[Unit], groups: Groups) -> Slot:
    """Give an element of a list; one that some lists lack needs a condition, and a chain by position."""
    here = tuple(
        owner_item is None or item is not None for item, owner_item in zip(items, owner.items, strict=True)
    )
    slot = _listed(items, owner.kind, groups, members)
    names = {item.path for item in items if item is not None}
    if len(names) > 1 and (not owner.by_position or slot.inits):
        raise Mismatch
    if not all(here):
        if owner.kind != CHAIN or owner.optional or not owner.by_position or slot.inits:
            raise Mismatch
        slot.guards = deciding_guards(slot, members)
    return slot


def _listed(items: tuple[Item | None, ...], in_list: str, groups: Groups, members: Sequence[Unit]) -> Slot:
    slot = Slot(items)
    present = [item for item in items if item is not None]
    if len({item.kind for item in present}) > 1:
        raise Mismatch
    _fill(slot, groups, members, in_list)
    return slot


Source: TypeAlias = "In | Out | None"
Sources = dict[str, In | Out]


def _sources(unit: Unit, slots: Sequence[Slot], member: int) -> Sources:
    found: Sources = {value.name: In(index) for index, value in enumerate(unit.inputs)}
    for number, slot in enumerate(slots):
        item = slot.items[member]
        for index, value in enumerate(item.outputs if item is not None else ()):
            found.setdefault(value.name, Out(number, index))
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


def _ref(values: Sequence[Value | None], slots: Sequence[Slot], sources: Sequence[Sources]) -> Ref | None:
    refs = {m: _source(value, sources[m]) for m, value in enumerate(values) if value is not None}
    return _joined(refs, slots)


def _result(values: Sequence[Value], slots: Sequence[Slot], sources: Sequence[Sources]) -> Ref:
    found = _ref(values, slots, sources)
    if found is None:
        raise Mismatch
    return found


def _source(value: Value, sources: Sources) -> Source:
    """Say where a value comes from; nowhere where a layer that is not there would have made it."""
    return sources.get(value.name) if is_given(value) else sources[value.name]


def _joined(refs: Mapping[int, Source], slots: Sequence[Slot]) -> Ref | None:
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

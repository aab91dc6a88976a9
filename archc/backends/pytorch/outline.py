"""From flat modules to units: each named container with weights becomes a class of its own.

A unit is one specialisation of a class to be: its items in order of execution, what comes in and
what goes out. Containers without weights are dissolved into the unit around them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from archc.backends.pytorch.again import Again
from archc.backends.pytorch.capturing import captured, common
from archc.backends.pytorch.expanding import expanded, shared_form
from archc.backends.pytorch.forms import Ghost, alike, form_of
from archc.backends.pytorch.names import short_names
from archc.backends.pytorch.places import Place, place_tree
from archc.backends.pytorch.sizes import missing_symbols
from archc.backends.pytorch.units import (
    CHAIN,
    HIDDEN,
    LOOP,
    OP,
    OPEN,
    USE,
    Ends,
    Item,
    Key,
    Unit,
    environment,
    needs_self,
    sizes_of,
)
from archc.ir.program import CallNode, Module, Node, OpNode, Program, Value, join
from archc.opdef.python import Input, Site

Absent = tuple[tuple[int, str], ...]


class Outliner:
    """Makes units; a module that is used several times makes one.

    `apart` are containers that are applied again, by their module and path, whose layers have to be
    called one by one.
    """

    def __init__(self, program: Program, apart: frozenset[tuple[int, str]] = frozenset()) -> None:
        self.apart = apart
        same, self.ghosts = alike(program)
        forms = ((model.name, form) for model in same.models for form in model.roots)
        self.forms = {(name, form.absent): form for name, form in forms}
        self.models: dict[tuple[str, Absent], Unit] = {}
        self.blocks: dict[int, Unit] = {}
        self.units: list[Unit] = []

    def model(self, name: str, absent: Absent = ()) -> Unit:
        """Give the unit of a model, or of a form of it; those that it calls come before it."""
        if (name, absent) not in self.models:
            unit = Unit(("model", name), name, self.forms[name, absent])
            unit.is_model = True
            self._fill(unit, unit.module)
            self.models[name, absent] = unit
        return self.models[name, absent]

    def block(self, module: Module) -> Unit:
        """Give the unit of a block's specialisation."""
        known = self.blocks.get(id(module))
        if known is None:
            known = self.blocks[id(module)] = Unit(("block", module.name), module.name, module)
            self._fill(known, module)
        return known

    def _fill(self, unit: Unit, module: Module) -> None:
        unit.doc = module.doc
        unit.inputs = module.inputs
        unit.outputs = module.outputs
        apart = {path for number, path in self.apart if number == id(module)}
        whole = expanded(module, apart)
        body = _Body(self, whole, unit, self.ghosts.get(id(module), ()))
        body.again = Again(whole, apart)
        body.again.settle(place_tree(whole), body)
        unit.items = body.items(place_tree(whole), 0)
        unit.ties = body.take_ties("")
        unit.settle_sizes()
        self.units.append(unit)


class _Body:
    """One module while its containers are taken out."""

    def __init__(
        self, outliner: Outliner, module: Module, unit: Unit, ghosts: tuple[Ghost, ...] = ()
    ) -> None:
        self.outliner = outliner
        self.ghosts = ghosts
        self.module = module
        self.family = unit.family
        self.around = [unit]
        self.readers: dict[str, list[int]] = {}
        for index, node in enumerate(module.nodes):
            for value in node.inputs:
                if value is not None:
                    self.readers.setdefault(value.name, []).append(index)
        for _, value in module.outputs:
            self.readers.setdefault(value.name, []).append(len(module.nodes))
        self.items_of = [self._item(node) for node in module.nodes]
        self.owners = {node.name for node in module.nodes if isinstance(node, OpNode) and node.params}
        self.makers_done = [False] * len(module.nodes)
        self.kinds: dict[str, str] = {}
        self.again = Again(module, set())
        self.ties = [
            (join(node.name, name), owner)
            for node in module.nodes
            if isinstance(node, OpNode)
            for name, owner in node.tied
        ]

    def _item(self, node: Node) -> Item:
        if isinstance(node, CallNode):
            item = Item(USE, (), (), node)
            outliner = self.outliner
            item.unit = (
                outliner.model(node.model, node.module.absent) if node.model else outliner.block(node.module)
            )
            return item
        assert isinstance(node, OpNode)
        item = Item(OP, (), (), node)
        site = Site(tuple(v.type for v in node.outputs), tuple(v.name in self.readers for v in node.outputs))
        if node.supplied:
            given = {name: Input(len(node.operands) + at) for at, name in enumerate(node.supplied)}
            assert node.op.functional is not None
            item.form = node.op.functional(given, *node.types)
        else:
            item.form = form_of(node, site) if node.lacks else node.op.pytorch(site, *node.types)
            if node.shares and "." in node.name:
                item.form = shared_form(node, item.form, self.module, site)
        return item

    def items(self, place: Place, turns: int) -> tuple[Item, ...]:
        """Give the items of what stands under a place, in order of execution."""
        found: list[Item] = []
        done: set[int] = set()
        keys: set[Key] = set()
        for index in place.indices:
            if index not in done:
                item, covered = self._at(index, place, (), turns)
                done.update(covered)
                if item.key in keys:  # a copy without weights: the same item of the spec again
                    item.key = (*item.key, self.again.below(self.module.nodes[index].name))
                keys.add(item.key)
                found.append(item)
        makers = (maker for index in sorted(done) for maker in self._makers(index, turns))
        return (*found, *makers)

    def _makers(self, index: int, turns: int) -> Iterator[Item]:
        """Give the uses of the functions that compute first values of a node."""
        node = self.module.nodes[index]
        if not isinstance(node, OpNode) or node.shares or self.makers_done[index]:
            return
        for param in node.params:
            made = dict(param.init.arguments).get("of")
            if isinstance(made, Module):
                self.makers_done[index] = True
                item = Item(USE, ("made", param.name, *_relative(node.origin, turns)), ())
                item.unit = self.outliner.block(made)
                item.outputs = (made.outputs[0][1].replace(name=f"{node.name}.{param.name} made"),)
                item.guards, item.span = node.guards, node.span
                item.made_for = (node.name, param.name)
                yield item

    def _at(
        self, index: int, place: Place, before: tuple[str, ...], turns: int
    ) -> tuple[Item, frozenset[int]]:
        """Give the item that a node belongs to, and all nodes of that item."""
        child = place.child_of(self.module.nodes[index].name)
        path = (*before, child.name)
        if child.path == self.module.nodes[index].name:
            return self._leaf(index, path, turns), frozenset((index,))
        if self.kind(child) == OPEN:
            return self._at(index, child, path, turns)
        return self._whole(child, path, turns), child.own

    def _leaf(self, index: int, path: tuple[str, ...], turns: int) -> Item:
        item = self.items_of[index]
        node = self.module.nodes[index]
        item.key = (item.kind, *_relative(node.origin, turns))
        item.path = self._beside(node.name, path)
        shares = node.shares if isinstance(node, OpNode | CallNode) else ""
        called = self.again.called(node.name, shares) if shares else ""
        if called:
            item.key = (*item.key, self.again.below(node.name))
            item.path = self.again.below(called)
        return item

    def _beside(self, name: str, path: tuple[str, ...]) -> tuple[str, ...]:
        """Let a layer without weights that stands below one with weights be an attribute beside it."""
        parts = name.split(".")
        for length in range(1, len(parts)):
            if ".".join(parts[:length]) in self.owners:
                kept = length - 1 - (len(parts) - len(path))
                return (*path[:kept], "_".join(path[kept:]))
        return path

    def _whole(self, place: Place, path: tuple[str, ...], turns: int) -> Item:
        kind = self.kind(place)
        owner = self.again.owner(place)
        if owner:
            with self.again.inside(place.path, owner):
                item = self._whole(place, self.again.below(owner), turns)
            item.key = (*item.key, self.again.below(place.path))
            item.copy = (id(self.around[0].module), place.path)
            return item
        if kind == USE:
            return self._use(place, path, turns)
        elements = []
        for child in place.children.values():
            make = self._whole(child, (child.name,), turns) if child.children else None
            elements.append(make or self._leaf(child.indices[0], (child.name,), turns))
        made = Item(kind, (kind, *_place_key(place, turns)), path)
        made.inputs = elements[0].inputs
        made.outputs = elements[-1].outputs
        made.elements = tuple(elements)
        made.guards = common([item.guards for item in elements])
        made.span = elements[0].span
        if kind == LOOP:
            made.carried = self._carried(place) or ()
            made.collected = self._collected(place, elements)
            made.outputs += tuple(item.outputs[index] for index in made.collected for item in elements)
        for item in elements:
            if item.unit is not None:
                item.unit.in_chain = True
        return made

    def kind(self, place: Place) -> str:
        """Say what a container becomes: a chain, a loop, a unit, or nothing of its own."""
        if place.path not in self.kinds:
            self.kinds[place.path] = self._decided(place)
        return self.kinds[place.path]

    def _decided(self, place: Place) -> str:
        nodes = self.module.nodes
        wraps = any(nodes[i].name == place.path for i in place.indices)
        if (
            wraps
            or not place.contiguous
            or self.again.crosses(place)
            or not any(needs_self(self.items_of[i]) for i in place.indices)
        ):
            return OPEN
        if (place.kind in ("sequential", "repeat") or place.is_counted) and self._is_chain(place):
            return CHAIN
        if place.kind == "repeat" or (not place.kind and place.is_plain_count):
            return LOOP if place.is_plain_count and self._carried(place) is not None else OPEN
        return USE

    def _ends(self, place: Place) -> Ends:
        """Give what comes into a container or leaf and what goes out."""
        if not place.children:
            node = self.module.nodes[place.indices[0]]
            return node.inputs, node.outputs
        return self._captured(place), tuple(value for _, value in self._results(place))

    def _is_chain(self, place: Place) -> bool:
        children = list(place.children.values())
        if any(name in HIDDEN for name in place.children) or not all(
            self._is_link(child) for child in children
        ):
            return False
        ends = [self._ends(child) for child in children]
        if not all(len(inputs) == len(outputs) == 1 and inputs[0] is not None for inputs, outputs in ends):
            return False
        for (_, (value,)), ((taken,), _), child in zip(ends, ends[1:], children[1:], strict=False):
            if taken != value or not child.own.issuperset(self.readers.get(value.name, ())):
                return False
        return True

    def _is_link(self, place: Place) -> bool:
        """Whether a child can stand in an `nn.Sequential`."""
        if place.children:
            return self.kind(place) in (USE, CHAIN) and not self._misses_sizes(place)
        return len(place.indices) == 1 and self.items_of[place.indices[0]].is_link

    def _misses_sizes(self, place: Place) -> bool:
        needed = [size for index in place.indices for size in sizes_of(self.items_of[index])]
        return bool(missing_symbols(self._captured(place), needed, environment(self.module)))

    def _carried(self, place: Place) -> tuple[int | None, ...] | None:
        """Say how the turns of a loop hang together; None where they do not."""
        children = list(place.children.values())
        if len(children) < 2 or not all(self._is_turn(child) for child in children):
            return None
        ends = [self._ends(child) for child in children]
        modes = {_modes(before, after) for before, after in pairwise(ends)}
        found = modes.pop() if len(modes) == 1 else None
        if found is None or any(mode is not None for mode in found):
            return found
        read = [len(outputs) == 1 and outputs[0].name in self.readers for _, outputs in ends]
        return found if found and all(read) else None

    def _collected(self, place: Place, elements: list[Item]) -> tuple[int, ...]:
        """Give the outputs that something outside reads of a turn before the last."""
        read = (
            index
            for item in elements[:-1]
            for index, value in enumerate(item.outputs)
            if not place.own.issuperset(self.readers.get(value.name, ()))
        )
        return tuple(sorted(set(read)))

    def _is_turn(self, place: Place) -> bool:
        if place.children:
            return self.kind(place) in (USE, CHAIN)
        item = self.items_of[place.indices[0]]
        return len(place.indices) == 1 and item.scan is None and (item.kind == USE or item.stateful)

    def _use(self, place: Place, path: tuple[str, ...], turns: int) -> Item:
        """Make a unit of a container, and an item that uses it."""
        word = next((part for part in reversed(place.path.split(".")) if not part.isdigit()), "part")
        unit = Unit((*self.family, *_family_key(place)), word, self.around[0].module, self.around[-1])
        inner = len(place.scope.origin) - 1 if place.scope is not None else turns
        self.around.append(unit)
        with self.again.based(place.path):
            unit.items = self.items(place, inner)
        unit.ties = self.take_ties(f"{place.path}.")
        self.around.pop()
        unit.place = place.path
        unit.doc = place.scope.doc if place.scope is not None else ""
        unit.is_copy = not self.again.is_outside
        unit.inputs = self._captured(place)
        unit.outputs = self._results(place)
        unit.settle_sizes()
        self.outliner.units.append(unit)
        made = Item(USE, (USE, *_place_key(place, turns)), path)
        made.unit = unit
        made.inputs = unit.inputs
        made.outputs = tuple(value for _, value in unit.outputs)
        made.guards = common([self.module.nodes[i].guards for i in place.indices])
        made.span = self.module.nodes[place.indices[0]].span
        return made

    def take_ties(self, prefix: str) -> tuple[tuple[str, str], ...]:
        """Give the ties of weights that are both below a place, and that no container inside holds."""
        found = [(a, b) for a, b in self.ties if a.startswith(prefix) and b.startswith(prefix)]
        self.ties = [tie for tie in self.ties if tie not in found]
        return tuple((a[len(prefix) :], b[len(prefix) :]) for a, b in found)

    def _captured(self, place: Place) -> tuple[Value, ...]:
        return captured(self.module, place, self.ghosts)

    def _results(self, place: Place) -> tuple[tuple[str, Value], ...]:
        made = [value for i in place.indices for value in self.module.nodes[i].outputs]
        found = [v for v in made if not place.own.issuperset(self.readers.get(v.name, ()))] or made[-1:]
        main = place.scope.result if place.scope is not None else None
        found.sort(key=lambda value: value != main)
        return tuple(zip(short_names([value.name for value in found]), found, strict=True))


def _modes(before: Ends, after: Ends) -> tuple[int | None, ...] | None:
    """Say for each input of a turn which output of the turn before it is, None for an unchanged one."""
    (inputs, outputs), (taken, _) = before, after
    if len(inputs) != len(taken):
        return None
    modes: list[int | None] = []
    for old, new in zip(inputs, taken, strict=True):
        if new is not None and new in outputs:
            modes.append(outputs.index(new))
        elif new == old:
            modes.append(None)
        else:
            return None
    return tuple(modes)


def _relative(origin: tuple[int, ...], turns: int) -> tuple[int, ...]:
    """Take away the turns of the loops around a unit."""
    return (origin[0], *origin[1 + turns :])


def _place_key(place: Place, turns: int) -> Key:
    if place.scope is None:
        return ("path", place.path)
    return _relative(place.scope.origin, turns)


def _family_key(place: Place) -> Key:
    return ("path", place.path) if place.scope is None else (place.scope.origin[0],)

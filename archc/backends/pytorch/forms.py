"""Models with optional inputs: their forms are made alike, so that one `forward` can stand for all.

What one form lacks stands in it as a value that is not there, by the name that it has in the others. So
the specialisations of a block with and without an input have the same inputs, and are joined as those
with different parameters are.
"""

from __future__ import annotations

from collections.abc import Sequence

from archc.backends.pytorch.syntax import every, rebuilt, replaced
from archc.ir.program import CallNode, Module, Node, OpNode, Program, ScanNode, Value, modules
from archc.opdef.python import (
    Binary,
    Call,
    Input,
    Lit,
    Method,
    Py,
    PyTorch,
    Site,
    Ternary,
)
from archc.sizes import TensorType
from archc.source import Record
from archc.spec.presence import asked_in, presence_key

Family = tuple[str, object]


class Given(Value):
    """A value that is None in some forms; in this one where it is not `there`."""

    there: bool = True


class Ghost(Record):
    """A layer that another form of a module has, and this one lacks: its path, what it reads and makes."""

    name: str
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    guards: tuple[str, ...]


Ghosts = dict[int, tuple[Ghost, ...]]
"""The layers that modules lack, by the modules' identity."""


def alike(program: Program) -> tuple[Program, Ghosts]:
    """Let the forms of the models look alike; a program whose models have one form stays as it is."""
    if not any(model.forms for model in program.models):
        return program, {}
    making = _Making(modules(*(root for model in program.models for root in model.roots)))
    models = tuple(
        model.replace(
            module=making.done[id(model.module)], forms=tuple(making.done[id(each)] for each in model.forms)
        )
        for model in program.models
    )
    return program.replace(models=models), making.ghosts


def presence(module: Module) -> dict[str, object]:
    """Give what `present(...)` says of the inputs in a module."""
    known = {value.name: not isinstance(value, Given) or value.there for value in module.inputs}
    known.update({name: False for _, name in module.absent})
    return {presence_key(name): there for name, there in known.items()}


def is_given(value: Value | None) -> bool:
    """Whether a value may be None."""
    return isinstance(value, Given)


class _Making:
    """The modules of a program, remade; a family are the specialisations of one block."""

    def __init__(self, callees_first: Sequence[Module]) -> None:
        self.inputs: dict[Family, set[str]] = {}
        self.values: dict[Family, dict[str, Value]] = {}
        self.lacking: dict[Family, set[str]] = {}
        self.open: dict[tuple[Family, str], dict[str, str]] = {}
        self.members: dict[Family, list[Module]] = {}
        for module in callees_first:
            self._note(module)
        missing = {id(module): self._missing(module) for module in callees_first}
        self.done: dict[int, Module] = {}
        self.ghosts: Ghosts = {}
        for module in callees_first:
            made = self.done[id(module)] = self._module(module)
            self.ghosts[id(made)] = tuple(self._ghost(made, node) for node in missing[id(module)])

    def _note(self, module: Module) -> None:
        family = _family(module)
        self.members.setdefault(family, []).append(module)
        values = self.values.setdefault(family, {})
        for value in (*module.inputs, *(each for node in module.nodes for each in node.outputs)):
            values.setdefault(value.name, value)
        self.inputs.setdefault(family, set()).update(value.name for value in module.inputs)
        lacking = self.lacking.setdefault(family, set())
        lacking.update(name for _, name in module.absent)
        for node in module.nodes:
            assert isinstance(node, OpNode | CallNode)
            lacking.update(name for _, name in node.lacks)
            for name, what in node.lacks:
                self.open.setdefault((family, node.name), {}).setdefault(name, what)

    def _missing(self, module: Module) -> list[Node]:
        """Give the layers that the module lacks because of an input; what else they read may be None too."""
        family = _family(module)
        own = {node.name for node in module.nodes}
        made = {value.name for node in module.nodes for value in node.outputs}
        known = made | {value.name for value in module.inputs}
        found: dict[str, Node] = {}
        for node in (node for other in self.members[family] for node in other.nodes):
            if node.name not in own and any(asked_in(text) for text in node.guards):
                found.setdefault(node.name, node)
        read = {value.name for node in found.values() for value in node.inputs if value is not None}
        self.lacking[family].update(read - known)
        return list(found.values())

    def _ghost(self, module: Module, node: Node) -> Ghost:
        family = _family(module)
        known = {value.name: value for each in module.nodes for value in each.outputs}
        known.update({value.name: value for value in module.inputs})
        inputs = (
            known.get(value.name) or self._nothing(family, value.name)
            for value in node.inputs
            if value is not None
        )
        return Ghost(node.name, tuple(inputs), node.outputs, node.guards)

    def _module(self, module: Module) -> Module:
        family = _family(module)
        inputs = [self._value(family, value) for value in module.inputs]
        for position, name in module.absent:
            if name in self.inputs[family]:
                inputs.insert(position, self._nothing(family, name))
        outputs = tuple((name, self._value(family, value)) for name, value in module.outputs)
        nodes = tuple(self._node(family, node) for node in module.nodes)
        return module.replace(inputs=tuple(inputs), nodes=nodes, outputs=outputs)

    def _value(self, family: Family, value: Value) -> Value:
        if value.name not in self.lacking[family]:
            return value
        return Given(value.name, value.type, value.span)

    def _nothing(self, family: Family, name: str) -> Value:
        value = self.values[family][name]
        return Given(name, value.type, value.span, there=False)

    def _node(self, family: Family, node: Node) -> Node:
        inputs = [None if value is None else self._value(family, value) for value in node.inputs]
        outputs = tuple(self._value(family, value) for value in node.outputs)
        if isinstance(node, CallNode):
            return self._call(family, node, inputs, outputs)
        assert isinstance(node, OpNode)
        names = [each.name for each in node.op.input_list()]
        for name, what in node.lacks:
            if what in self.values[family]:
                inputs[names.index(name)] = self._nothing(family, what)
        lacks = tuple(self.open.get((family, node.name), {}).items())
        return node.replace(inputs=tuple(inputs), outputs=outputs, lacks=lacks)

    def _call(
        self, family: Family, node: CallNode, inputs: list[Value | None], outputs: tuple[Value, ...]
    ) -> CallNode:
        callee, lacks = _family(node.module), dict(node.lacks)
        for position, name in node.module.absent:
            if name in self.inputs[callee]:
                what = lacks.get(name, "")
                known = what in self.values[family]
                inputs.insert(position, self._nothing(family, what) if known else None)
                node = _shifted(node, position)
        module = self.done[id(node.module)]
        return node.replace(inputs=tuple(inputs), outputs=outputs, module=module)


def _shifted(node: CallNode, position: int) -> CallNode:
    """Let a scan know its inputs by their places behind a new one."""
    if not isinstance(node, ScanNode):
        return node
    sequences = tuple(place + (place >= position) for place in node.sequences)
    states = tuple((place + (place >= position), output) for place, output in node.states)
    return node.replace(sequences=sequences, states=states)


def _family(module: Module) -> Family:
    return module.name, module.span


def form_of(node: OpNode, site: Site) -> PyTorch:
    """Give an op in PyTorch where some of its inputs may be None.

    Its call takes the None where the op without that input is the same call; else a conditional chooses.
    Inputs that are given one value are there together.
    """
    names = [each.name for each in node.op.input_list()]
    groups: dict[str, list[int]] = {}
    for name, what in node.lacks:
        groups.setdefault(what, []).append(names.index(name))
    return _form(node, site, list(node.types), list(groups.values()))


def _form(node: OpNode, site: Site, types: list[TensorType | None], open_: list[list[int]]) -> PyTorch:
    if not open_:
        return node.op.pytorch(site, *types)
    places, *others = open_
    without: list[TensorType | None] = [None if at in places else each for at, each in enumerate(types)]
    there, absent = _form(node, site, types, others), _form(node, site, without, others)
    if _plain(there.forward, places) == absent.forward:
        return there
    test = Binary("is not", Input(places[0]), Lit(None))
    if len(places) == 1:
        inside = _chosen_inside(there.forward, places[0], test)
        if inside is not None and _plain(inside, places) == absent.forward:
            return there.replace(forward=inside)
    return there.replace(forward=Ternary(test, there.forward, absent.forward))


def _plain(tree: Py, places: Sequence[int]) -> Py:
    """Give a call as it is where some inputs are None: arguments that are None are not written."""
    tests = [Binary("is not", Input(place), Lit(None)) for place in places]

    def change(part: Py) -> Py | None:
        chosen = isinstance(part, Ternary) and part.test in tests
        missing = isinstance(part, Input) and part.index in places
        return Lit(None) if missing or chosen else None

    return _without_none(replaced(tree, change))


def _chosen_inside(tree: Py, position: int, test: Py) -> Py | None:
    """Give a call in which arguments made of an input are None where it is; None for what is no call."""
    if not isinstance(tree, Call):
        return None

    def change(part: Py) -> Py:
        made = part != Input(position) and Input(position) in every(part)
        return Ternary(test, part, Lit(None)) if made else part

    kwargs = tuple((name, change(part)) for name, part in tree.kwargs)
    return tree.replace(args=tuple(change(part) for part in tree.args), kwargs=kwargs)


def _without_none(tree: Py) -> Py:
    tree = rebuilt(tree, _without_none)
    if isinstance(tree, Call | Method):
        args = tree.args
        while args and args[-1] == Lit(None):
            args = args[:-1]
        return tree.replace(args=args, kwargs=tuple(each for each in tree.kwargs if each[1] != Lit(None)))
    return tree

"""The classes of a program: which there are, their arguments, and what each use passes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archc.backends.pytorch.alignment import Aligned, size_writer, slot_steps
from archc.backends.pytorch.arguments import ABSENT, Arguments, Parameter, all_equal, same
from archc.backends.pytorch.calling import unlike
from archc.backends.pytorch.conditions import scratch
from archc.backends.pytorch.grouping import partition
from archc.backends.pytorch.initial import Common
from archc.backends.pytorch.merge import resolved
from archc.backends.pytorch.names import camel, class_name_for, local, numbered_name, stem
from archc.backends.pytorch.outline import Outliner
from archc.backends.pytorch.sizes import SizeWriter
from archc.backends.pytorch.slots import Slot
from archc.backends.pytorch.syntax import Argument, Binary, Lit, Py, SizeOf, every
from archc.backends.pytorch.units import OP, USE, Key, Unit
from archc.ir.program import CallNode, Program
from archc.sizes import Expr
from archc.source import Diagnostic, Span, SpecError


class Klass:
    """One class of the emitted file, with the units that it stands for."""

    def __init__(self, members: Sequence[Unit], aligned: Aligned) -> None:
        self.members = tuple(members)
        self.slots = tuple(slot for slot in aligned.slots if slot.first.made_for is None)
        self.makers = tuple(slot for slot in aligned.slots if slot.first.made_for is not None)
        self.outputs = aligned.outputs
        self.base = aligned.base
        self.name = ""
        self.arguments: Arguments = scratch(members)
        self.sizes = size_writer(members)
        self.parameters: tuple[Parameter, ...] = ()
        self.stored: set[str] = set()

    @property
    def first(self) -> Unit:
        """The unit that gives names and texts."""
        return self.members[0]

    @property
    def is_function(self) -> bool:
        """Whether a plain function stands for it."""
        return self.first.is_function

    def index(self, unit: Unit) -> int:
        """Give the position of a unit among the members."""
        return next(i for i, member in enumerate(self.members) if member is unit)

    def all_slots(self) -> Iterator[Slot]:
        """Give the slots with those in lists, in order."""

        def below(slots: Sequence[Slot]) -> Iterator[Slot]:
            for slot in slots:
                yield slot
                yield from below(slot.elements)

        yield from below((*self.slots, *self.makers))


class Plan:
    """The classes of a program, callees first, and which class stands for which unit."""

    def __init__(self, program: Program) -> None:
        apart: frozenset[tuple[int, str]] = frozenset()
        more = apart
        while more or not apart:
            apart |= more
            self._make(program, apart)
            more = unlike(self.classes, self.used) - apart
            if not more:
                return

    def _make(self, program: Program, apart: frozenset[tuple[int, str]]) -> None:
        self.program = program
        outliner = Outliner(program, apart)
        roots = {model.name: outliner.model(model.name) for model in program.models}
        for model in program.models:
            for form in model.forms:
                outliner.model(model.name, form.absent)
        families: dict[Key, list[Unit]] = {}
        for unit in outliner.units:
            families.setdefault(unit.family, []).append(unit)
        _settle_functions(list(families.values()))
        self.common = Common(outliner.units)
        self.common.mark(outliner.units)
        self.classes = [Klass(units, aligned) for units, aligned in partition(list(families.values()))]
        self.support = _support(self.classes)
        self._class_of = {id(unit): klass for klass in self.classes for unit in klass.members}
        self.models = {name: self.class_of(unit) for name, unit in roots.items()}
        self._require_one_class_a_model(outliner)
        self._note_derived()
        for klass in self.classes:
            for slot in klass.all_slots():
                _express(slot, klass.arguments, klass.sizes)
                self._pass_arguments(klass, slot)
        changed = True
        while changed:
            every_slot = [(klass, slot) for klass in self.classes for slot in klass.all_slots()]
            changed = sum(self._pass_arguments(klass, slot) for klass, slot in every_slot) > 0
        for klass in self.classes:
            self._order(klass)
        self._choose_defaults()
        self._name()

    def _require_one_class_a_model(self, outliner: Outliner) -> None:
        """Refuse a model whose forms no `forward` can stand for. Raises SpecError (E0341)."""
        for (name, absent), unit in outliner.models.items():
            if self.class_of(unit) is not self.models[name]:
                place = next(value.span for value in unit.inputs if value.name == absent[0][1])
                lacking = " and ".join(f"`{each}`" for _, each in absent)
                message = f"no one `forward` of `{name}` can be written with and without {lacking}"
                notes = ("what differs is more than values that are None, and layers under `when`",)
                help_ = ("let a parameter decide: `when: with_mask` on the input, and on what reads it",)
                raise SpecError([Diagnostic("E0341", message, place, notes=notes, help=help_)])

    def _note_derived(self) -> None:
        """Tell each class which names of its block no use gives a value."""
        given: dict[int, set[str]] = {}
        for slot in (slot for klass in self.classes for slot in klass.all_slots() if slot.kind == USE):
            for item in slot.items:
                if item is not None and isinstance(item.node, CallNode):
                    given.setdefault(id(self.used(slot)), set()).update(dict(item.node.written))
        for klass in self.classes:
            own = {name for name, _ in klass.first.module.arguments}
            klass.arguments.derived = frozenset(own - given.get(id(klass), own))

    def class_of(self, unit: Unit) -> Klass:
        """Give the class that stands for a unit."""
        return self._class_of[id(unit)]

    def used(self, slot: Slot) -> Klass:
        """Give the class that a slot uses."""
        assert slot.first.unit is not None
        return self.class_of(slot.first.unit)

    def _pass_arguments(self, klass: Klass, slot: Slot) -> bool:
        """Say what a use passes for each argument of a class; give whether anything was new."""
        if slot.kind != USE:
            return False
        used = self.used(slot)
        new = [p for name, p in used.arguments.parameters.items() if name not in slot.given]
        for parameter in new:
            slot.given[parameter.name] = _passed(slot, used, parameter, klass.arguments)
        return bool(new)

    def _order(self, klass: Klass) -> None:
        """Put what is inferred first, in the order of its use, then the block's own parameters."""
        order: list[str] = []
        for slot in klass.all_slots():
            trees = [
                slot.test,
                slot.module,
                slot.forward,
                slot.steps,
                *slot.given.values(),
                *dict(slot.inits).values(),
            ]
            order.extend([slot.name[1]] if slot.name else [])
            for tree in trees:
                order.extend(
                    p.name for p in every(tree) if isinstance(p, Argument)
                ) if tree is not None else None
        found = klass.arguments.parameters
        own = [name for name, _ in klass.first.module.arguments]
        names = sorted(
            dict.fromkeys(order),
            key=lambda name: (
                own.index(klass.arguments.origin[name]) if name in klass.arguments.origin else -1
            ),
        )
        klass.parameters = tuple(found[name] for name in names)

    def _choose_defaults(self) -> None:
        for klass in self.classes:
            for parameter in klass.parameters:
                parameter.default = self._default(klass, parameter)
            klass.parameters = tuple(sorted(klass.parameters, key=lambda p: p.default is not ABSENT))

    def _default(self, klass: Klass, parameter: Parameter) -> object:
        """Give the value that uses leave out: the block's own default, or the layer's in PyTorch."""
        unwritten: list[object] = []
        values: list[object] = []
        source = klass.arguments.origin.get(parameter.name)
        for slot in (slot for caller in self.classes for slot in caller.all_slots() if slot.kind == USE):
            if self.used(slot) is not klass:
                continue
            for item in slot.items:
                if item is None or item.unit is None:
                    continue
                values.append(parameter.values[klass.index(item.unit)])
                if isinstance(item.node, CallNode) and source and source not in dict(item.node.written):
                    unwritten.append(values[-1])
        if unwritten and all_equal(tuple(unwritten)) and not isinstance(unwritten[0], tuple):
            return unwritten[0]
        likely = parameter.torch_default
        return likely if any(same(value, likely) for value in values) else ABSENT

    def _name(self) -> None:
        taken = set(self.support)
        for klass in self.models.values():
            klass.name = class_name_for(klass.first.name, taken)
            taken.add(klass.name)
        common = [
            camel(word)
            for word in {k.first.family: _word(k) for k in self.classes if len(k.first.family) > 2}.values()
        ]
        known: dict[Key, str] = {}
        for klass in sorted(self.classes, key=lambda klass: (_depth(klass.first), -len(klass.members))):
            family = klass.first.family
            if klass.first.is_model:
                continue
            if family in known:
                klass.name = numbered_name(known[family], taken)
            else:
                klass.name = known[family] = self._fresh_name(klass, common, taken)
            taken.add(klass.name)

    def _fresh_name(self, klass: Klass, common: list[str], taken: set[str]) -> str:
        word, owner = _word(klass), ""
        if len(klass.first.family) > 2:
            assert klass.first.owner is not None
            owner = self.class_of(klass.first.owner).name
            crowded = common.count(camel(word)) > 1 or camel(word) in _POOR_NAMES
            word, owner = (f"{owner}_{word}", "") if crowded else (word, owner)
        if klass.is_function:
            return _function_name(word, taken)
        return class_name_for(word, taken, owner)


# Class names that would say nothing, or something else.
_POOR_NAMES = frozenset(("Self", "Output", "Input", "Layer", "Layers", "Block", "Main", "Net", "Module"))


def _depth(unit: Unit) -> int:
    return 0 if unit.owner is None else 1 + _depth(unit.owner)


def _word(klass: Klass) -> str:
    return stem([unit.name for unit in klass.members])


def _function_name(word: str, taken: set[str]) -> str:
    name = local(word.lower() if word.isupper() else word)
    number = 2
    while name in taken:
        name = f"{local(word)}{number}"
        number += 1
    return name


def _support(classes: Sequence[Klass]) -> dict[str, str]:
    """Give the sources that ops bring along, by name."""
    forms = [slot.first.form for klass in classes for slot in klass.all_slots()]
    return {name: source for form in forms if form is not None for name, source in form.support}


def _settle_functions(families: list[list[Unit]]) -> None:
    """Let all units of a family be functions, or all be modules."""
    changed = True
    while changed:
        changed = False
        for units in families:
            if any(not unit.is_function for unit in units):
                for unit in units:
                    if unit.is_function:
                        unit.in_chain = changed = True


def _express(slot: Slot, arguments: Arguments, sizes: SizeWriter) -> None:
    """Put expressions over the class's arguments in place of what differs between specialisations."""
    arguments.reading = slot.inputs[0] if slot.inputs else None
    for text in slot.guards:
        tree = arguments.convert(text, slot.span)
        assert tree is not None
        slot.test = tree if slot.test is None else Binary("and", slot.test, tree)
    if slot.kind == OP:
        slot.module = None if slot.module is None else resolved(slot.module, slot.node, arguments, sizes)
        slot.inits = tuple((name, resolved(call, slot.node, arguments, sizes)) for name, call in slot.inits)
        slot.forward = None if slot.forward is None else resolved(slot.forward, slot.node, arguments, sizes)
    steps = slot_steps(slot)
    if steps is not None:
        slot.steps = _number_of_steps(steps, slot.span, arguments, sizes)
    if slot.name is not None:
        before, source, after = slot.name
        tree = arguments.named(source)
        assert isinstance(tree, Argument)
        slot.name = (before, tree.name, after)
    if slot.counts:
        slot.given["#"] = arguments.express(slot.counts, "depth", (), slot.span)


def _number_of_steps(steps: SizeOf, span: Span, arguments: Arguments, sizes: SizeWriter) -> Py:
    if any(isinstance(dim, Expr) for dim in steps.dims):
        return sizes.write(steps.dims, steps.written, span)
    return arguments.express(steps.dims, "length", steps.written, span)


def count_of(slot: Slot) -> Py | None:
    """Give the expression for how often a list's last element is repeated, where that differs."""
    return slot.given.get("#")


def _passed(slot: Slot, used: Klass, parameter: Parameter, arguments: Arguments) -> Py:
    values = tuple(ABSENT if unit is None else parameter.values[used.index(unit)] for unit in slot.units)
    node = slot.first.node
    source = used.arguments.origin.get(parameter.name)
    written = dict(node.written) if isinstance(node, CallNode) else {}
    texts: tuple[str, ...] = ()
    hint = parameter.name
    if source in written:
        texts = (written[source],)
    elif source and not isinstance(node, CallNode):
        texts = (source,)
    return arguments.express(values, hint, texts, slot.span)


def call_arguments(used: Klass, slot: Slot) -> tuple[tuple[Py, ...], tuple[tuple[str, Py], ...]]:
    """Give what a use passes: up to two plain numbers by position, the rest by name, no defaults."""
    args: list[Py] = []
    kwargs: list[tuple[str, Py]] = []
    for parameter in used.parameters:
        value = slot.given[parameter.name]
        if (
            parameter.default is not ABSENT
            and isinstance(value, Lit)
            and same(value.value, parameter.default)
        ):
            continue
        plain = parameter.annotation == "int" and parameter.default is ABSENT
        if plain and len(args) < 2 and not kwargs:
            args.append(value)
        else:
            kwargs.append((parameter.name, value))
    return tuple(args), tuple(kwargs)

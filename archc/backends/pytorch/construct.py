"""The text of one class: its signature, what it owns, its `forward`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial, reduce

from archc.backends.pytorch import initial
from archc.backends.pytorch.access import attribute, counts_up, is_optional_attribute
from archc.backends.pytorch.alignment import DICT, MODULE, NAMED, SEQUENTIAL, symbol_names
from archc.backends.pytorch.arguments import ABSENT, Parameter
from archc.backends.pytorch.classes import Klass, Plan, call_arguments, count_of
from archc.backends.pytorch.conditions import asks_of
from archc.backends.pytorch.counting import of_turn
from archc.backends.pytorch.docs import docstring
from archc.backends.pytorch.flow import regions
from archc.backends.pytorch.forward import forward_lines
from archc.backends.pytorch.holding import called_model, held_models, held_parameters, held_value
from archc.backends.pytorch.one_line import flat, literal
from archc.backends.pytorch.places import counted
from archc.backends.pytorch.results import MOST_RESULTS
from archc.backends.pytorch.slots import Slot
from archc.backends.pytorch.syntax import (
    NONE,
    Argument,
    Attribute,
    Binary,
    Call,
    Comprehension,
    Dict,
    Lit,
    Method,
    Name,
    Py,
    Star,
    Ternary,
    Tuple,
    replaced,
)
from archc.backends.pytorch.tying import tie_lines
from archc.backends.pytorch.units import LOOP, OP, USE, owns_tensor
from archc.backends.pytorch.variables import tensors
from archc.backends.pytorch.writer import INDENT, condition, layout, signature, statement
from archc.ir.program import Module, walk
from archc.opdef.python import Made

_Owner = tuple[Slot, Py, tuple[Py, ...]]
_BASES = {MODULE: "nn.Module", DICT: "nn.ModuleDict", SEQUENTIAL: "nn.Sequential", NAMED: "nn.Sequential"}


class Constructor:
    """Writes the classes of a plan; `outputs` are the named tuples by the models' classes."""

    def __init__(self, plan: Plan, outputs: Mapping[str, str]) -> None:
        self.plan = plan
        self.outputs = outputs

    def text(self, klass: Klass) -> list[str]:
        """Give the lines of a class, or of the function that stands for it."""
        if klass.is_function:
            return self._function(klass)
        lines = [f"class {klass.name}({_BASES[klass.base]}):"]
        doc = docstring(klass.first.doc, INDENT) if not klass.first.is_model else []
        if klass.base in (SEQUENTIAL, NAMED):
            return [*lines, *doc, *([""] if doc else []), *self._init(klass)]
        forward = self._forward(klass)
        init = self._init(klass)
        if doc:
            lines.extend([*doc, ""])
        if init:
            lines.extend([*init, ""])
        elif not doc:
            return [*lines, *forward]
        return [*lines, *forward]

    def _function(self, klass: Klass) -> list[str]:
        sizes = [f"{name}: int" for name in symbol_names(klass.first)]
        parameters = [*tensors(klass), *sizes, *(_declared(parameter) for parameter in klass.parameters)]
        body = forward_lines(self.plan, klass, "", INDENT)
        return [
            *signature(klass.name, parameters, _result(klass, ""), 0),
            *docstring(klass.first.doc, INDENT),
            *body,
        ]

    def _forward(self, klass: Klass) -> list[str]:
        output = self.outputs.get(klass.name, "")
        parameters = ["self", *tensors(klass)]
        parameters.extend(f"{name}: int" for name in symbol_names(klass.first))
        body = forward_lines(self.plan, klass, output, 2 * INDENT)
        return [*signature("forward", parameters, _result(klass, output), INDENT), *body]

    def _init(self, klass: Klass) -> list[str]:
        indent = 2 * INDENT
        body: list[str] = []
        for parameter in klass.parameters:
            if parameter.name in klass.stored:
                body.extend(statement(f"self.{parameter.name}", Argument(parameter.name), indent))
        start = [f"{' ' * indent}super().__init__()"]
        if klass.base != MODULE:
            start = [" " * indent + line for line in self._numbered(klass, indent)]
        else:
            body.extend(self._attributes(klass, indent))
        body.extend(self._inits(klass, indent))
        if not body and not klass.parameters and klass.base == MODULE:
            return []
        parameters = ["self", *(_declared(parameter) for parameter in klass.parameters)]
        parameters += held_parameters(self.plan, klass)
        return [*signature("__init__", parameters, "None", INDENT), *start, *body]

    def _numbered(self, klass: Klass, indent: int) -> list[str]:
        if klass.base == SEQUENTIAL:
            elements = tuple(self._element(klass, slot) for slot in klass.slots)
            return layout(Call("super().__init__", elements), indent)
        if klass.base == NAMED:
            pairs = tuple(Tuple((_key(slot), self._made(klass, slot))) for slot in klass.slots)
            ordered = Call("OrderedDict", (Tuple(pairs, "[]"),))
            return layout(Call("super().__init__", (ordered,)), indent)
        owned: dict[str, Slot] = {}
        for slot in klass.slots:
            if slot.first.stateful:
                owned.setdefault(slot.first.path[0], slot)
        entries = tuple((name, self._made(klass, slot)) for name, slot in owned.items())
        return layout(Call("super().__init__", (Dict(entries),)), indent)

    def _attributes(self, klass: Klass, indent: int) -> Iterator[str]:
        owned: dict[str, list[Slot]] = {}
        for slot in klass.slots:
            if slot.first.stateful:
                owned.setdefault(slot.first.path[0], []).append(slot)
        for start, stop in regions(klass.slots):
            inner = indent
            asks = bool(asks_of(klass.slots[start].test))
            conditional = bool(klass.slots[start].guards) and not is_optional_attribute(klass, start)
            if conditional and not asks and any(slot.first.stateful for slot in klass.slots[start:stop]):
                test = klass.slots[start].test
                assert test is not None
                yield from condition("if", test, indent)
                inner += INDENT
            for place in range(start, stop):
                slot = klass.slots[place]
                name = slot.first.path[0] if slot.first.path else ""
                slots = owned.pop(name, []) if slot.first.stateful else []
                if not slots:
                    continue
                value = self._grouped(klass, slots, 1)
                if is_optional_attribute(klass, place):
                    assert slot.test is not None
                    value = Ternary(slot.test, value, NONE)
                yield from statement(f"self.{name}", value, inner)

    def _grouped(self, klass: Klass, slots: Sequence[Slot], depth: int) -> Py:
        """Give the constructor of an attribute: one thing, or a list or dict of what is below its name."""
        if len(slots[0].first.path) == depth:
            return self._made(klass, slots[0])
        groups: dict[str, list[Slot]] = {}
        for slot in slots:
            groups.setdefault(slot.first.path[depth], []).append(slot)
        tensors = all(owns_tensor(slot.module) for slot in slots)
        word = "nn.Parameter" if tensors else "nn.Module"
        values = [self._grouped(klass, group, depth + 1) for group in groups.values()]
        if counts_up(groups):
            return Call(f"{word}List", (self._list(values, None),))
        return Call(f"{word}Dict", (Dict(tuple(zip(groups, values, strict=True))),))

    def _made(self, klass: Klass, slot: Slot) -> Py:
        """Give the constructor of what a slot owns."""
        if slot.kind == OP:
            assert slot.module is not None
            return replaced(slot.module, lambda part: self._computed(klass, slot) if part == Made() else None)
        if slot.kind == USE and called_model(slot):
            return held_value(self.plan, slot)
        if slot.kind == USE:
            used = self.plan.used(slot)
            return Call(used.name, *call_arguments(used, slot))
        elements = [self._element(klass, element) for element in slot.elements]
        if slot.kind == LOOP:
            return Call("nn.ModuleList", (self._list(elements, count_of(slot)),))
        names = [element.first.path[-1] for element in slot.elements]
        if slot.by_position:
            return Call("nn.Sequential", tuple(self._rolled(elements, count_of(slot))))
        return Call("nn.Sequential", (_ordered(names, elements),))

    def _computed(self, klass: Klass, slot: Slot, weight: str = "") -> Py:
        """Give the call of the function that computes the first value of a weight."""
        wanted = (slot.node.name, weight)
        maker = next(each for each in klass.makers if each.first.made_for == wanted)
        used = self.plan.used(maker)
        made = Call(used.name, *call_arguments(used, maker))
        module = dict(next(p.init.arguments for p in slot.node.params if p.name == weight))["of"]
        assert isinstance(module, Module)
        strided = any(node.op.strided for _, node in walk(module))
        return Method(made, "contiguous") if strided else made

    def _element(self, klass: Klass, slot: Slot) -> Py:
        """Give the constructor of an element; one that is not always there, as a list of at most one."""
        made = self._made(klass, slot)
        if not slot.guards:
            return made
        assert slot.test is not None
        return Star(Ternary(slot.test, Tuple((made,), "[]"), Tuple((), "[]")))

    def _list(self, elements: Sequence[Py], count: Py | None) -> Py:
        rolled = self._rolled(elements, count)
        if len(rolled) == 1 and isinstance(rolled[0], Star):
            return rolled[0].items
        return Tuple(tuple(rolled), "[]")

    def _rolled(self, elements: Sequence[Py], count: Py | None = None) -> list[Py]:
        """Write equal neighbours once, in a comprehension."""
        found: list[Py] = []
        start = 0
        while start < len(elements):
            stop = start + 1
            while stop < len(elements) and elements[stop] == elements[start]:
                stop += 1
            times = stop - start
            if count is not None and stop == len(elements):
                found.append(
                    _repeated(elements[start], count if times == 1 else Binary("+", Lit(times - 1), count))
                )
            elif times > 1:
                found.append(_repeated(elements[start], Lit(times)))
            else:
                found.append(elements[start])
            start = stop
        return found

    def _inits(self, klass: Klass, indent: int) -> Iterator[str]:
        told: tuple[Py, ...] = ()
        for slot, owner, tests in _owners(klass):
            if slot.inits and tests != told:
                told = tests
                if tests:
                    yield from condition("if", reduce(partial(Binary, "and"), tests), indent)
            inner = indent + INDENT if tests else indent
            for weight, call in slot.inits:
                if call == Made():
                    value = Call("nn.Parameter", (self._computed(klass, slot, weight),))
                    yield from statement(flat(Attribute(owner, weight)), value, inner)
                    continue
                assert slot.module is not None
                tree = initial.applied(call, initial.target(owner, weight, slot.module))
                yield from (" " * inner + line for line in layout(tree, inner))
        if klass.first.is_model and self.plan.common.inits and self._owns_layers(klass):
            yield from _all_initialised(klass, indent)
        yield from tie_lines(self.plan, klass, indent)

    def _owns_layers(self, klass: Klass) -> bool:
        """Whether a class has layers beside the models that it holds, which have their first values."""
        return any(self._is_layer(slot) for slot in klass.slots)

    def _is_layer(self, slot: Slot) -> bool:
        if slot.kind == USE:
            return not called_model(slot) and not self.plan.used(slot).is_function
        return slot.kind != OP or slot.module is not None


def _all_initialised(klass: Klass, indent: int) -> Iterator[str]:
    """Set the weights of all layers, but for those of models, which may have been trained already."""
    held = [slot.first.path[0] for slot in held_models(klass)]
    if not held:
        yield f"{' ' * indent}self.apply(init_weights)"
        return
    layer = "layer_" if "layer" in held else "layer"
    one = Binary("!=", Name("name"), Lit(held[0]))
    other = one if len(held) == 1 else Binary("not in", Name("name"), Tuple(tuple(map(Lit, held))))
    yield f"{' ' * indent}for name, {layer} in self.named_children():"
    yield from condition("if", other, indent + INDENT)
    yield f"{' ' * (indent + 2 * INDENT)}{layer}.apply(init_weights)"


def _owners(klass: Klass) -> Iterator[_Owner]:
    """Give each op that owns weights with the expression that leads to it, and when it is there."""

    def below(slot: Slot, path: tuple[str, ...], tests: tuple[Py, ...]) -> Iterator[_Owner]:
        if slot.guards:
            assert slot.test is not None
            tests = (*tests, slot.test)
        if slot.kind == OP and slot.module is not None:
            yield slot, attribute(klass, path), tests
        for element in slot.elements:
            yield from below(element, (*path, element.first.path[-1]), tests)

    for slot in klass.slots:
        yield from below(slot, slot.first.path, ())


def _key(slot: Slot) -> Py:
    """Give the name of an item of a named chain, with the parameter that it holds."""
    if slot.name is None:
        return Lit(slot.first.path[0])
    before, argument, after = slot.name
    return Name(f'f"{before}{{{argument}}}{after}"') if before or after else Argument(argument)


def _repeated(element: Py, count: Py) -> Py:
    return Star(Comprehension(element, "_", Call("range", (count,))))


def _ordered(names: list[str], elements: Sequence[Py]) -> Py:
    """Give an `OrderedDict`; in a comprehension where names count and the elements' numbers with them."""
    word = counted(names)
    same = of_turn(elements, "i", word[1]) if word is not None else None
    if word is not None and same is not None:
        start = word[1]
        bounds = (Lit(len(names)),) if start == 0 else (Lit(start), Lit(start + len(names)))
        pair = Tuple((Name(f'f"{word[0]}{{i}}"'), same))
        return Call("OrderedDict", (Comprehension(pair, "i", Call("range", bounds), ""),))
    pairs = tuple(Tuple((Lit(name), element)) for name, element in zip(names, elements, strict=True))
    return Call("OrderedDict", (Tuple(pairs, "[]"),))


def _declared(parameter: Parameter) -> str:
    default = "" if parameter.default is ABSENT else f" = {literal(parameter.default)}"
    return f"{parameter.name}: {parameter.annotation}{default}"


def _result(klass: Klass, output: str) -> str:
    count = len(klass.outputs)
    several = ", ".join(["Tensor"] * count) if count <= MOST_RESULTS else "Tensor, ..."
    return output or ("Tensor" if count == 1 else f"tuple[{several}]")

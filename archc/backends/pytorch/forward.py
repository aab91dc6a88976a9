"""The body of `forward`: statements out of the slots of a class.

A value that one thing reads, right away, is nested there as long as the statement stays one thought:
at most one layer that multiplies matrices, three calls, and a line.
"""

from __future__ import annotations

from collections.abc import Sequence

from archc.backends.pytorch import shapes
from archc.backends.pytorch.access import attribute, call_of, is_optional_attribute
from archc.backends.pytorch.classes import Klass, Plan
from archc.backends.pytorch.flow import INPUT, Flow, ValueKey, is_heavy, key_of, regions
from archc.backends.pytorch.grouping import Ref, Slot
from archc.backends.pytorch.outline import LOOP, OP
from archc.backends.pytorch.shapes import Axis, SizeWriter
from archc.backends.pytorch.syntax import (
    NONE,
    Argument,
    Attribute,
    Binary,
    Call,
    Input,
    Item,
    Lit,
    Method,
    Name,
    Own,
    Py,
    SizeOf,
    Ternary,
    calls,
    every,
    replaced,
)
from archc.backends.pytorch.variables import Variables, parameter_names
from archc.backends.pytorch.writer import INDENT, WIDTH, condition, flat, statement
from archc.opdef.python import Tuple

MOST_CALLS = 3
_SOURCES = frozenset(
    f"torch.{name}"
    for name in ("arange", "zeros", "ones", "full", "rand", "randn", "tensor", "eye", "linspace", "empty")
)


class Pending:
    """A value that waits to be nested where it is read."""

    def __init__(self, tree: Py, heavy: int, source: ValueKey | None) -> None:
        self.tree = tree
        self.heavy = heavy
        self.source = source


class Rebound(Exception):  # noqa: N818 - it says what is the matter
    """A size is read after its input's name was given to another value."""

    def __init__(self, axis: Axis) -> None:
        super().__init__(axis)
        self.axis = axis


def forward_lines(plan: Plan, klass: Klass, output: str, indent: int) -> list[str]:
    """Give the lines of a body; `output` is the class of several results, empty for a plain tuple."""
    bound: set[Axis] = set()
    while True:
        body = Body(plan, klass, output, indent, bound)
        try:
            body.run()
        except Rebound as problem:
            bound.add(problem.axis)
            continue
        more = body.worth_binding() - bound
        if not more:
            return body.lines
        bound |= more


class Body:
    """One `forward` while it is written."""

    def __init__(self, plan: Plan, klass: Klass, output: str, indent: int, bound: set[Axis]) -> None:
        self.plan = plan
        self.klass = klass
        self.output = output
        self.indent = indent
        self.flow = Flow(klass)
        self.lines: list[str] = []
        self.pending: dict[ValueKey, Pending] = {}
        self.forced: dict[ValueKey, str] = {}
        self.sizes = SizeWriter(klass)
        self.inline: list[Axis] = []
        self.bound = self._size_names(bound)
        reserved = {*self.bound.values(), *(k.name for k in plan.classes)}
        if klass.is_function:
            reserved |= {parameter.name for parameter in klass.parameters}
        self.variables = Variables(klass, self.flow, reserved)
        self._bind_sizes()

    def _size_names(self, bound: set[Axis]) -> dict[Axis, str]:
        names: dict[Axis, str] = {}
        taken = set(parameter_names(self.klass))
        for axis in sorted(bound):
            name = base = shapes.size_name(self.klass, axis)
            number = 2
            while name in taken:
                name, number = f"{base}{number}", number + 1
            names[axis] = name
            taken.add(name)
        return names

    def _bind_sizes(self) -> None:
        for position, value in enumerate(self.klass.first.inputs):
            own = {axis[1]: name for axis, name in self.bound.items() if axis[0] == position}
            shape = Attribute(Name(self.variables.names[INPUT, position]), "shape")
            if len(own) == 1 and value.type.rank > 1:
                ((axis, name),) = own.items()
                self._emit(statement(name, Item(shape, Lit(axis)), self.indent))
            elif own:
                targets = ", ".join(own.get(axis, "_") for axis in range(value.type.rank))
                self._emit(statement(targets, shape, self.indent))

    def worth_binding(self) -> set[Axis]:
        """Give the axes whose sizes are read more than once, or beside another of the same input."""
        found = {axis for axis in self.inline if self.inline.count(axis) > 1}
        beside = {axis for axis in self.inline if any(o[0] == axis[0] and o != axis for o in self.inline)}
        partly = {axis for axis in self.inline if any(o[0] == axis[0] for o in self.bound)}
        return found | beside | partly

    def run(self) -> None:
        """Write all statements."""
        slots = self.klass.slots
        for start, stop in regions(slots):
            if slots[start].guards:
                self._optional(start, stop)
            else:
                self._slot(start)
        self._return()

    def _emit(self, lines: Sequence[str], comment: str | None = None) -> None:
        lines = list(lines)
        if comment is not None and len(lines[-1]) + 4 + len(comment) <= WIDTH:
            lines[-1] += f"  # {comment}"
        self.lines.extend(lines)

    # Values: nested, or by the name that holds them.

    def _slot(self, place: int) -> None:
        slot = self.klass.slots[place]
        if slot.kind == LOOP:
            self._settle()
            self._loop(place)
            return
        tree, heavy, source = self._tree(place)
        if self._can_wait(place):
            self.pending[place, 0] = Pending(tree, heavy, source)
        else:
            self._assign(place, tree, source)

    def _can_wait(self, place: int) -> bool:
        slot = self.klass.slots[place]
        key = (place, 0)
        single = len(slot.first.outputs) == 1 and len(self.flow.uses.get(key, ())) == 1
        return single and key not in self.flow.otherwise and key not in self.forced and not slot.guards

    def _settle(self, keep: Sequence[ValueKey] = ()) -> None:
        """Give every waiting value a statement, but those that are read right now."""
        for key in [key for key in self.pending if key not in keep]:
            waiting = self.pending.pop(key)
            self._assign(key[0], waiting.tree, waiting.source)

    def _tree(self, place: int) -> tuple[Py, int, ValueKey | None]:
        slot = self.klass.slots[place]
        keys = [None if ref is None else key_of(ref) for ref in slot.inputs]
        nested = [key for key in keys if key is not None and key in self.pending]
        self._settle(nested)
        if nested and not self._one_thought(slot, nested):
            self._settle()
        tree = self._applied(slot, [self._operand(ref) for ref in slot.inputs])
        if any(key in self.pending for key in nested) and self.indent + len(flat(tree)) + 7 > WIDTH:
            self._settle()
            tree = self._applied(slot, [self._operand(ref) for ref in slot.inputs])
        inside = [self.pending.pop(key) for key in nested if key in self.pending]
        heavy = int(is_heavy(slot)) + sum(waiting.heavy for waiting in inside)
        first = next((key for key in keys if key is not None), None)
        source = inside[0].source if inside and first in nested else first
        return tree, heavy, source

    def _one_thought(self, slot: Slot, nested: Sequence[ValueKey]) -> bool:
        waiting = [self.pending[key] for key in nested]
        own = self._applied(slot, [Name("_") for _ in slot.inputs])
        if slot.forward is not None:
            counts = [p.index for p in every(slot.forward) if isinstance(p, Input)]
            if any(counts.count(index) > 1 for index in counts):
                return False
        heavy = is_heavy(slot) + sum(each.heavy for each in waiting)
        total = calls(own) + sum(calls(each.tree) for each in waiting)
        if len(waiting) > 1:
            return isinstance(own, Binary) and total <= MOST_CALLS
        if slot.kind != OP and not _is_plain(waiting[0].tree):
            return False
        return heavy <= 1 and total <= MOST_CALLS

    def _operand(self, ref: Ref | None) -> Py:
        if ref is None:
            return NONE
        key = key_of(ref)
        waiting = self.pending.get(key)
        return Name(self.variables.names[key]) if waiting is None else waiting.tree

    def _applied(self, slot: Slot, operands: Sequence[Py]) -> Py:
        """Give the expression of a slot over its operands."""
        if slot.kind != OP:
            return call_of(self.plan, self.klass, slot, operands)
        assert slot.forward is not None

        def change(part: Py) -> Py | None:
            if isinstance(part, Input):
                return operands[part.index]
            if isinstance(part, Own):
                return attribute(self.klass, slot.first.path)
            return self._compile_time(part)

        return _swapped(self._placed(replaced(slot.forward, change), slot))

    def _compile_time(self, part: Py) -> Py | None:
        if isinstance(part, SizeOf):
            return replaced(self.sizes.write(part.dims), self._compile_time)
        if isinstance(part, Argument) and not self.klass.is_function:
            self.klass.stored.add(part.name)
            return Attribute(Name("self"), part.name)
        if isinstance(part, Name) and ":" in part.text:
            position, axis = (int(number) for number in part.text.split(":"))
            return self._axis((position, axis))
        return None

    def _axis(self, axis: Axis) -> Py:
        if axis in self.bound:
            return Name(self.bound[axis])
        key = (INPUT, axis[0])
        if not self.variables.holds(key):
            raise Rebound(axis)
        self.inline.append(axis)
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

    # Statements.

    def _assign(self, place: int, tree: Py, source: ValueKey | None) -> None:
        slot = self.klass.slots[place]
        key = (place, 0)
        note = shapes.comment(self.klass, self.flow, key) if shapes.changed(self.flow, key, source) else None
        if len(slot.first.outputs) == 1:
            name = self._name(key, tree)
            self._emit(self._fitting(name, tree), note)
            self.variables.bind(key, name)
            return
        names = {index: self._several(place, index) for index in range(len(slot.first.outputs))}
        form = slot.first.form
        nesting = form.unpack if form is not None and form.unpack else tuple(names)
        self._emit(self._fitting(_targets(nesting, names), tree), None)

    def _several(self, place: int, index: int) -> str:
        key = (place, index)
        if key not in self.flow.uses:
            return "_"
        taken = {name for (slot, _), name in self.variables.names.items() if slot == place}
        name = self.forced.get(key) or self.variables.own(key, taken | self._waiting_names())
        self.variables.bind(key, name)
        return name

    def _name(self, key: ValueKey, tree: Py) -> str:
        if key in self.forced:
            return self.forced[key]
        used = [
            part.text for part in every(tree) if isinstance(part, Name) and part.text in self.variables.holder
        ]
        return self.variables.choose(key, used, self._waiting_names())

    def _waiting_names(self) -> set[str]:
        trees = [waiting.tree for waiting in self.pending.values()]
        return {part.text for tree in trees for part in every(tree) if isinstance(part, Name)}

    def _fitting(self, target: str, tree: Py) -> list[str]:
        """Write a statement; a chain of methods that is too long for a line becomes several."""
        room = WIDTH - self.indent - len(target) - 3
        if len(flat(tree)) <= room or not (
            isinstance(tree, Method) and isinstance(tree.target, Call | Method)
        ):
            return statement(target, tree, self.indent)
        outer = Method(Name(target), tree.name, tree.args, tree.kwargs)
        rest = {
            part.text
            for arg in (*tree.args, *dict(tree.kwargs).values())
            for part in every(arg)
            if isinstance(part, Name)
        }
        if target in rest or target == "return" or "," in target:
            return statement(target, tree, self.indent)
        return [*self._fitting(target, tree.target), *statement(target, outer, self.indent)]

    def _return(self) -> None:
        keys = [key_of(ref) for ref in self.klass.outputs]
        if len(keys) > 1:
            self._settle()
            items = tuple(Name(self.variables.names[key]) for key in keys)
            tree: Py = Call(self.output, items) if self.output else Tuple(items, "  ")
            self._emit(self._result(tree))
            return
        self._settle(keys)
        waiting = self.pending.get(keys[0])
        source = waiting.source if waiting is not None else keys[0]
        shown = shapes.changed(self.flow, keys[0], source)
        note = shapes.comment(self.klass, self.flow, keys[0]) if shown else None
        tree = self._operand(self.klass.outputs[0])
        if self.indent + 7 + len(flat(tree)) > WIDTH and waiting is not None:
            self._settle()
            tree = self._operand(self.klass.outputs[0])
            note = None
        self._emit(statement("return", tree, self.indent), note)

    def _result(self, tree: Py) -> list[str]:
        if isinstance(tree, Tuple):
            names = ", ".join(flat(item) for item in tree.items)
            text = f"{' ' * self.indent}return {names}"
            return [text] if len(text) <= WIDTH else statement("return", Tuple(tree.items), self.indent)
        return statement("return", tree, self.indent)

    def _loop(self, place: int) -> None:
        """Write a `for` over a list of layers."""
        slot = self.klass.slots[place]
        element = slot.elements[0]
        inputs = [None if ref is None else key_of(ref) for ref in slot.inputs]
        carried = slot.first.carried
        names: list[str] = ["_"] * len(slot.first.outputs)
        operands = [NONE if key is None else Name(self.variables.names[key]) for key in inputs]
        for position, (key, output) in enumerate(zip(inputs, carried, strict=True)):
            if output is None or key is None:
                continue
            start = self.variables.names[key]
            name = (
                start
                if self.variables.is_free(start, place)
                else self.variables.choose((place, output), (), set())
            )
            name = self.variables.own((place, output)) if name == "_" else name
            if name != start:
                self._emit(statement(name, Name(start), self.indent))
            self.variables.bind((place, output), name)
            names[output], operands[position] = name, Name(name)
        for output in range(len(names)):
            if names[output] == "_" and (place, output) in self.flow.uses:
                names[output] = self.variables.own((place, output), names)
                self.variables.bind((place, output), names[output])
        turn = next(
            w for w in ("layer", "block", "turn") if w not in self.variables.holder and w not in names
        )
        self._emit([f"{' ' * self.indent}for {turn} in {flat(attribute(self.klass, slot.first.path))}:"])
        self._emit(statement(", ".join(names), self._turn(element, turn, operands), self.indent + INDENT))

    def _turn(self, element: Slot, turn: str, operands: Sequence[Py]) -> Py:
        if element.kind != OP:
            return Call(turn, tuple(operands))
        assert element.forward is not None

        def change(part: Py) -> Py | None:
            if isinstance(part, Input):
                return operands[part.index]
            return Name(turn) if isinstance(part, Own) else self._compile_time(part)

        return replaced(element.forward, change)

    # Items that not every specialisation has.

    def _optional(self, start: int, stop: int) -> None:
        self._settle()
        slots = self.klass.slots
        key = (start, 0)
        if stop == start + 1 and key in self.flow.otherwise and len(slots[start].first.outputs) == 1:
            self._alternative(start)
            return
        self._branch(start, stop)

    def _alternative(self, place: int) -> None:
        """Write one optional step: a conditional expression, or an `if` where the name stays."""
        slot = self.klass.slots[place]
        key = (place, 0)
        other = self._operand(self.flow.otherwise[key])
        tree, _, _ = self._tree(place)
        name = self._name(key, Binary("+", tree, other))
        note = None
        if other == Name(name):
            self._emit(condition("if", self._test(slot), self.indent))
            self._emit(statement(name, tree, self.indent + INDENT), note)
        elif is_optional_attribute(self.klass, place):
            test = Binary("is", attribute(self.klass, slot.first.path), NONE)
            self._emit(statement(name, Ternary(test, other, tree), self.indent))
        else:
            self._emit(statement(name, Ternary(self._test(slot), tree, other), self.indent))
        self.variables.bind(key, name)

    def _test(self, slot: Slot) -> Py:
        place = self.klass.slots.index(slot)
        if is_optional_attribute(self.klass, place):
            return Binary("is not", attribute(self.klass, slot.first.path), NONE)
        assert slot.test is not None
        return replaced(slot.test, self._compile_time)

    def _branch(self, start: int, stop: int) -> None:
        """Write several optional steps under one `if`."""
        slots = self.klass.slots
        for place in range(start, stop):
            for index in range(len(slots[place].first.outputs)):
                key = (place, index)
                if key in self.flow.otherwise:
                    self._prepare(key)
        self._emit(condition("if", self._test(slots[start]), self.indent))
        self.indent += INDENT
        for place in range(start, stop):
            self._slot(place)
        self._settle()
        self.indent -= INDENT

    def _prepare(self, key: ValueKey) -> None:
        """Choose the name that holds an optional value or what stands for it, and let it hold the latter."""
        other = self._operand(self.flow.otherwise[key])
        assert isinstance(other, Name)
        held = self.variables.holder.get(other.text)
        if held is not None and self.flow.last_use(held) <= key[0]:
            self.forced[key] = other.text
            return
        name = self.variables.own(key, [other.text])
        self._emit(statement(name, other, self.indent))
        self.forced[key] = name


def _is_plain(tree: Py) -> bool:
    """Whether a call has one operand and reads well inside another: `self.norm(x)`, `x.flatten(1)`."""
    return isinstance(tree, Method) or (isinstance(tree, Call) and len(tree.args) == 1 and not tree.kwargs)


def _targets(nesting: object, names: dict[int, str]) -> str:
    """Write the targets of several results, `output, (h_n, c_n)`."""
    if isinstance(nesting, int):
        return names[nesting]
    assert isinstance(nesting, tuple)
    parts = [
        _targets(part, names) if isinstance(part, int) else f"({_targets(part, names)})" for part in nesting
    ]
    shown = ["_" if part.strip("(_, )") == "" else part for part in parts]
    return ", ".join(shown) + ("," if len(shown) == 1 else "")


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

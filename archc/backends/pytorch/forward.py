"""The body of `forward`: statements out of the slots of a class.

A value that one thing reads, right away, is nested there as long as the statement stays one thought:
at most one layer that multiplies matrices, three calls, and a line.
"""

from __future__ import annotations

from collections.abc import Sequence

from archc.backends.pytorch import shapes
from archc.backends.pytorch.access import attribute, is_optional_attribute
from archc.backends.pytorch.alignment import symbol_names
from archc.backends.pytorch.applying import Applier, Pending, Rebound
from archc.backends.pytorch.classes import Klass, Plan
from archc.backends.pytorch.flow import Flow, ValueKey, is_heavy, key_of, regions
from archc.backends.pytorch.looping import write_loop
from archc.backends.pytorch.narrowing import test_of
from archc.backends.pytorch.one_line import flat
from archc.backends.pytorch.results import MOST_RESULTS, listed, results, targets
from archc.backends.pytorch.scanning import wished_names, write_scan
from archc.backends.pytorch.size_locals import SizeLocals
from archc.backends.pytorch.sizes import Axis
from archc.backends.pytorch.slots import Ref, Slot
from archc.backends.pytorch.syntax import (
    NONE,
    Binary,
    Call,
    Input,
    Item,
    Lit,
    Method,
    Name,
    Own,
    Py,
    Ternary,
    calls,
    every,
    is_plain,
)
from archc.backends.pytorch.units import LOOP, OP
from archc.backends.pytorch.variables import Variables, parameter_names
from archc.backends.pytorch.writer import INDENT, WIDTH, condition, statement
from archc.opdef.python import Tuple

MOST_CALLS = 3


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
        more = body.sizes.worth_binding() - bound
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
        self.lengths: dict[str, int] = {}
        self.last_turns: dict[ValueKey, Py] = {}
        self.result: Py | None = None
        self.twins = 0
        self.sizes = SizeLocals(klass, bound)
        reserved = {
            *self.sizes.names.values(),
            *(k.name for k in plan.classes),
            *plan.support,
            *symbol_names(klass.first),
        }
        names = parameter_names(klass)
        reserved |= {names[place] for place in klass.first.optional}
        if klass.is_function:
            reserved |= {parameter.name for parameter in klass.parameters}
        self.variables = Variables(klass, self.flow, reserved)
        self.wished = wished_names(klass, self.flow)
        self.applier = Applier(plan, klass, self.variables, self.sizes.names)
        self.lines.extend(self.sizes.lines(self.variables, indent))

    def run(self) -> None:
        """Write all statements."""
        slots = self.klass.slots
        for start, stop in regions(slots):
            if slots[start].guards:
                self._optional(start, stop)
            else:
                self._slot(start)
        self._return()

    def emit(self, lines: Sequence[str], comment: str | None = None) -> None:
        """Add lines, with a comment behind the last one where it fits."""
        lines = list(lines)
        if comment is not None and len(lines[-1]) + 4 + len(comment) <= WIDTH:
            lines[-1] += f"  # {comment}"
        self.lines.extend(lines)

    def statement(self, target: str, tree: Py, indent: int | None = None) -> list[str]:
        """Write a statement, and note which sizes it reads from shapes."""
        self.sizes.note(tree, self.variables)
        return statement(target, tree, self.indent if indent is None else indent)

    # Values: nested, or by the name that holds them.

    def _slot(self, place: int) -> None:
        slot = self.klass.slots[place]
        if (place, 0) in self.flow.same or self.flow.is_idle(place):
            return
        if isinstance(slot.forward, Own) and not slot.guards:
            self.variables.parts[place, 0] = attribute(self.klass, slot.first.path)
            return
        if slot.kind == LOOP:
            self._settle()
            write_loop(self, place)
            return
        if slot.first.scan is not None:
            self._settle()
            write_scan(self, place, slot.first.scan)
            return
        tree, heavy, source = self._tree(place)
        if self.flow.is_result(place) and not self.output:
            self.result = tree
        elif self._can_wait(place):
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
            self._assign_one(key, waiting.tree, waiting.source)

    def _tree(self, place: int) -> tuple[Py, int, ValueKey | None]:
        slot = self.klass.slots[place]
        keys = [None if ref is None else key_of(ref) for ref in self.flow.inputs(slot)]
        nested = [key for key in keys if key is not None and key in self.pending]
        self._settle(nested)
        if nested and not self._one_thought(slot, nested):
            self._settle()
        tree = self.applier.apply(slot, [self._operand(ref) for ref in self.flow.inputs(slot)])
        if any(key in self.pending for key in nested) and self.indent + len(flat(tree)) + 7 > WIDTH:
            self._settle()
            tree = self.applier.apply(slot, [self._operand(ref) for ref in self.flow.inputs(slot)])
        tree = listed(tree, self.lengths)
        inside = [self.pending.pop(key) for key in nested if key in self.pending]
        heavy = int(is_heavy(slot)) + sum(waiting.heavy for waiting in inside)
        first = next((key for key in keys if key is not None), None)
        source = inside[0].source if inside and first in nested else first
        return tree, heavy, source

    def _one_thought(self, slot: Slot, nested: Sequence[ValueKey]) -> bool:
        waiting = [self.pending[key] for key in nested]
        own = self.applier.apply(slot, [Name("_") for _ in slot.inputs])
        if slot.forward is not None:
            counts = [p.index for p in every(slot.forward) if isinstance(p, Input)]
            if any(counts.count(index) > 1 for index in counts):
                return False
        heavy = is_heavy(slot) + sum(each.heavy for each in waiting)
        total = calls(own) + sum(calls(each.tree) for each in waiting)
        if len(waiting) > 1:
            return isinstance(own, Binary) and total <= MOST_CALLS
        if slot.kind != OP and not is_plain(waiting[0].tree):
            return False
        return heavy <= 1 and total <= MOST_CALLS

    def _operand(self, ref: Ref | None) -> Py:
        if ref is None:
            return NONE
        key = key_of(ref)
        waiting = self.pending.get(key)
        return self.variables.tree(key) if waiting is None else waiting.tree

    # Statements.

    def _assign(self, place: int, tree: Py, source: ValueKey | None) -> None:
        slot = self.klass.slots[place]
        if len(slot.first.outputs) == 1:
            self._assign_one((place, 0), tree, source)
            return
        if len(slot.first.outputs) > MOST_RESULTS:
            self._assign_list(place, tree)
            return
        names = {index: self._several(place, index) for index in range(len(slot.first.outputs))}
        self.emit(self._fitting(targets(slot, names), tree), None)

    def _assign_one(self, key: ValueKey, tree: Py, source: ValueKey | None) -> None:
        note = shapes.comment(self.klass, self.flow, key) if shapes.changed(self.flow, key, source) else None
        name = self._name(key, tree)
        self.emit(self._fitting(name, tree), note)
        self.variables.bind(key, name)

    def hold(self, key: ValueKey, tree: Py) -> None:
        """Give a value a statement, or let it wait for the one thing that reads it."""
        free = key not in self.flow.otherwise and key not in self.forced
        if free and len(self.flow.uses[key]) == 1 and not self.klass.slots[key[0]].guards:
            self.pending[key] = Pending(tree, 0, None)
        else:
            self._assign_one(key, tree, None)

    def _assign_list(self, place: int, tree: Py) -> None:
        """Hold many results in one tuple."""
        slot = self.klass.slots[place]
        name = self.variables.list_name(slot, "outputs")
        self.emit(self._fitting(name, tree))
        count = len(slot.first.outputs)
        self.bind_items(name, [(place, index) for index in range(count)], count)

    def bind_items(self, name: str, keys: Sequence[ValueKey], length: int) -> None:
        """Let values be the items of a list."""
        self.lengths[name] = length
        for index, key in enumerate(keys):
            self.variables.parts[key] = Item(Name(name), Lit(index))

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
        if key in self.wished:
            waiting = self._waiting_names()
            free = self.variables.is_free(self.wished[key], key[0], waiting)
            return self.wished[key] if free else self.variables.own(key, waiting)
        used = [
            part.text for part in every(tree) if isinstance(part, Name) and part.text in self.variables.holder
        ]
        return self.variables.choose(key, used, self._waiting_names())

    def _waiting_names(self) -> set[str]:
        trees = [waiting.tree for waiting in self.pending.values()]
        return {part.text for tree in trees for part in every(tree) if isinstance(part, Name)}

    def _fitting(self, target: str, tree: Py) -> list[str]:
        """Write a statement; a chain of methods that is too long for a line becomes several."""
        long = self.indent + len(target) + 3 + len(flat(tree)) > WIDTH
        if not (long and isinstance(tree, Method) and isinstance(tree.target, Call | Method)):
            return self.statement(target, tree)
        outer = Method(Name(target), tree.name, tree.args, tree.kwargs)
        read = [part for arg in (*tree.args, *dict(tree.kwargs).values()) for part in every(arg)]
        if Name(target) in read or not target.isidentifier():
            return self.statement(target, tree)
        return [*self._fitting(target, tree.target), *self.statement(target, outer)]

    def _return(self) -> None:
        keys = [key_of(ref) for ref in self.flow.outputs]
        if self.result is not None:
            self.emit(self.statement("return", self.result))
            return
        if len(keys) > 1:
            self._settle()
            found = [self.variables.tree(key) for key in keys]
            others = [self.last_turns.get(key) for key in keys]
            self.emit(self._result(results(self.output, found, others, self.lengths)))
            return
        self._settle(keys)
        waiting = self.pending.get(keys[0])
        source = waiting.source if waiting is not None else keys[0]
        shown = shapes.changed(self.flow, keys[0], source)
        note = shapes.comment(self.klass, self.flow, keys[0]) if shown else None
        tree = self._operand(self.flow.outputs[0])
        if self.indent + 7 + len(flat(tree)) > WIDTH and isinstance(tree, Method) and waiting is not None:
            self._settle()
            tree = self._operand(self.flow.outputs[0])
            note = None
        self.emit(self.statement("return", tree), note)

    def _result(self, tree: Py) -> list[str]:
        if isinstance(tree, Tuple):
            names = ", ".join(flat(item) for item in tree.items)
            text = f"{' ' * self.indent}return {names}"
            return [text] if len(text) <= WIDTH else self.statement("return", Tuple(tree.items))
        return self.statement("return", tree)

    # Items that not every specialisation has.

    def _optional(self, start: int, stop: int) -> None:
        self._settle()
        slots = self.klass.slots
        key = (start, 0)
        single = (
            stop == start + 1 and len(slots[start].first.outputs) == 1 and not slots[start].first.is_statement
        )
        if single and key in self.flow.otherwise:
            self._alternative(start)
            return
        self._branch(start, stop)

    def _alternative(self, place: int) -> None:
        """Write one optional step: a conditional expression, or an `if` where the name stays."""
        slot = self.klass.slots[place]
        key = (place, 0)
        other = self._operand(self.flow.otherwise[key])
        tree, _, _ = self._tree(place)
        if self._is_other_twin(key) and isinstance(other, Name):
            last = all(r is None or key_of(r) != key for r in self.flow.otherwise.values())
            last = last and not is_optional_attribute(self.klass, place)
            word = (
                [f"{' ' * self.indent}else:"] if last else condition("elif", test_of(self, slot), self.indent)
            )
            self.emit([*word, *self.statement(other.text, tree, self.indent + INDENT)])
            self.variables.bind(key, other.text)
            self.twins = len(self.lines)
            return
        name = self.variables.own(key) if other == NONE else self._name(key, Binary("+", tree, other))
        is_result = len(self.klass.outputs) == 1 and self.flow.readers(key) == [self.flow.end]
        if is_result and other != Name(name):
            self.pending[key] = Pending(self._choice(slot, place, tree, other), 0, None)
            return
        if other == Name(name):
            self.emit(condition("if", test_of(self, slot), self.indent))
            self.emit(self.statement(name, tree, self.indent + INDENT))
        else:
            self.emit(self.statement(name, self._choice(slot, place, tree, other)))
        self.variables.bind(key, name)

    def _is_other_twin(self, key: ValueKey) -> bool:
        """Whether the `if` right above writes a value of the same name, of which only one is ever there."""
        ref = self.flow.otherwise[key]
        if ref is None:
            return False
        other = key_of(ref)
        same = other[0] == key[0] - 1 and self.flow.value(other).name == self.flow.value(key).name
        return same and self.twins == len(self.lines)

    def _choice(self, slot: Slot, place: int, tree: Py, other: Py) -> Py:
        if is_optional_attribute(self.klass, place):
            return Ternary(Binary("is", attribute(self.klass, slot.first.path), NONE), other, tree)
        return Ternary(test_of(self, slot), tree, other)

    def _branch(self, start: int, stop: int) -> None:
        """Write several optional steps under one `if`."""
        slots = self.klass.slots
        for place in range(start, stop):
            for index in range(len(slots[place].first.outputs)):
                key = (place, index)
                if key in self.flow.otherwise:
                    self._prepare(key)
        self.emit(condition("if", test_of(self, slots[start]), self.indent))
        self.indent += INDENT
        for place in range(start, stop):
            self._slot(place)
        self._settle()
        self.indent -= INDENT
        self.twins = len(self.lines) if (start, 0) not in self.flow.otherwise else 0

    def _prepare(self, key: ValueKey) -> None:
        """Choose the name that holds an optional value or what stands for it, and let it hold the latter."""
        other = self._operand(self.flow.otherwise[key])
        if other == NONE:
            name = self.variables.own(key)
            self.emit(self.statement(f"{name}: Tensor | None", other))
            self.forced[key] = name
            self.variables.reserved.add(name)
            return
        assert isinstance(other, Name)
        held = self.variables.holder.get(other.text)
        looped = self.klass.slots[key[0]].first.is_statement
        if held is not None and self.flow.last_use(held) <= key[0] and not looped:
            self.forced[key] = other.text
            return
        name = self.variables.own(key, [other.text])
        self.emit(self.statement(name, other))
        self.forced[key] = name
        self.variables.reserved.add(name)

"""A `for` over the steps of a sequence, inside a `forward`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archc.backends.pytorch.classes import Klass
from archc.backends.pytorch.flow import INPUT, Flow, ValueKey, key_of
from archc.backends.pytorch.names import local
from archc.backends.pytorch.one_line import flat
from archc.backends.pytorch.syntax import Call, Item, Lit, Method, Name, Py, Slice, Unary, replaced
from archc.backends.pytorch.units import OP
from archc.backends.pytorch.writer import INDENT, condition
from archc.ir.program import ScanNode

if TYPE_CHECKING:
    from archc.backends.pytorch.forward import Body


def wished_names(klass: Klass, flow: Flow) -> dict[ValueKey, str]:
    """Give the names that values around scans would best have.

    The first value of a state has the state's own; what is stacked has the scan's, with that of the output
    where it is not the first.
    """
    found: dict[ValueKey, str] = {}
    for place, slot in enumerate(klass.slots):
        scan = slot.first.scan
        words = [part for part in slot.first.path if not part.isdigit()][-1:]
        for output, (name, _) in enumerate(scan.module.outputs if scan is not None else ()):
            if words and flow.label((place, output)) is None:
                found[place, output] = local("_".join([*words, name] if output else words))
        refs = flow.inputs(slot)
        for position, _ in scan.states if scan is not None else ():
            ref = refs[position]
            key = None if ref is None else key_of(ref)
            if scan is None or key is None or key[0] == INPUT or klass.slots[key[0]].kind != OP:
                continue
            if len(flow.uses[key]) == 1:
                found[key] = local(scan.module.inputs[position].name)
    return found


def write_scan(body: Body, place: int, scan: ScanNode) -> None:
    """Write a loop over steps: the states go from one to the next, what is wanted of all is stacked."""
    _Scan(body, place, scan).write()


class _Scan:
    """One loop while it is written."""

    def __init__(self, body: Body, place: int, scan: ScanNode) -> None:
        self.body = body
        self.variables = body.variables
        self.place = place
        self.scan = scan
        self.slot = body.klass.slots[place]
        self.keys = [key_of(ref) for ref in body.flow.inputs(self.slot) if ref is not None]
        self.operands = [body.variables.tree(key) for key in self.keys]
        self.own: set[str] = set()

    def write(self) -> None:
        """Write the first values, the loop, and the stacks."""
        count = len(self.scan.module.outputs)
        carried = {output: self._state(n, position) for n, (position, output) in enumerate(self.scan.states)}
        wanted = [output for output in range(count) if (self.place, output) in self.body.flow.uses]
        word = "outputs" if len(wanted) == 1 else ""
        lists = {output: self._list(output, word) for output in wanted}
        steps = self._steps()
        results = [carried.get(output) or self._result(output, output in lists) for output in range(count)]
        iterated = self._iterated()
        self.body.sizes.note(iterated, self.variables)
        self.body.emit(condition(f"for {', '.join(steps) or '_'} in", iterated, self.body.indent))
        for position, name in zip(self.scan.sequences, steps, strict=True):
            self.operands[position] = Name(name)
        inner = self.body.indent + INDENT
        called = self.body.applier.apply(self.slot, self.operands)
        self.body.emit(self.body.statement(", ".join(results), called, inner))
        for output, name in lists.items():
            self.body.emit([f"{' ' * inner}{name}.append({results[output]})"])
        for output, name in lists.items():
            self._stack(output, name)

    def _state(self, number: int, position: int) -> str:
        """Let a variable hold a state's first value; it is free where nothing else reads that."""
        key = self.keys[position]
        final = (self.place, len(self.scan.module.outputs) + number)
        start = self.operands[position]
        kept = {flat(each) for at, each in enumerate(self.operands) if at != position} | self.own
        name = self._state_name(key, final, position, kept)
        if Name(name) != start:
            self.body.emit(self.body.statement(name, start))
        self.variables.bind(final, name)
        self.operands[position] = Name(name)
        self.own.add(name)
        return name

    def _state_name(self, key: ValueKey, final: ValueKey, position: int, kept: set[str]) -> str:
        if final in self.body.forced:
            return self.body.forced[final]
        held = self.variables.names.get(key, "") if key not in self.variables.parts else ""
        wished = local(self.scan.module.inputs[position].name)
        for name in (held, wished):
            if name and self.variables.is_free(name, self.place, kept):
                return name
        return self.variables.own(final, kept)

    def _list(self, output: int, word: str) -> str:
        name = self.variables.list_name(self.slot, word or f"{self._output_name(output)}_steps")
        self.body.emit([f"{' ' * self.body.indent}{name}: list[Tensor] = []"])
        return name

    def _output_name(self, output: int) -> str:
        return self.scan.module.outputs[output][0]

    def _steps(self) -> list[str]:
        """Give the names for what a step takes of each sequence."""
        names: list[str] = []
        for position in self.scan.sequences:
            operand = self.operands[position]
            base = operand.text if isinstance(operand, Name) else self.scan.module.inputs[position].name
            names.append(self._fresh(f"{base}_t"))
        return names

    def _result(self, output: int, wanted: bool) -> str:
        return self._fresh(f"{self._output_name(output)}_t") if wanted else "_"

    def _fresh(self, word: str) -> str:
        name = base = local(word)
        number = 2
        taken = {*self.variables.holder, *self.variables.reserved, *self.own}
        while name in taken:
            name, number = f"{base}{number}", number + 1
        self.own.add(name)
        return name

    def _iterated(self) -> Py:
        sequences = [self._slices(self.operands[position]) for position in self.scan.sequences]
        if not sequences:
            assert self.slot.steps is not None
            return Call("range", (replaced(self.slot.steps, self.body.applier.compile_time),))
        if len(sequences) == 1:
            return sequences[0]
        return Call("zip", tuple(sequences), (("strict", Lit(True)),))

    def _slices(self, sequence: Py) -> Py:
        slices = Method(sequence, "unbind", (Lit(self.scan.axis),) if self.scan.axis else ())
        return Call("reversed", (slices,)) if self.scan.reverse else slices

    def _stack(self, output: int, name: str) -> None:
        steps: Py = Name(name)
        if self.scan.reverse:
            steps = Item(steps, Slice(step=Unary("-", Lit(1))))
        dim = (("dim", Lit(self.scan.axis)),) if self.scan.axis else ()
        self.body.hold((self.place, output), Call("torch.stack", (steps,), dim))

"""Find the first layer whose value differs.

The graph is run with every value inside it as an output; beside it each op runs on its own in
PyTorch, in fp32 and in fp64, fed by the ops before it. So functions are seen as well as modules, and
the steps of a scan one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from archc.ir.program import CallNode, Module, OpNode, Program, ScanNode, Value, join
from archc.sizes import evaluate
from archc.verify.alone import OP, module_alone
from archc.verify.compare import distance
from archc.verify.eager import Eager, array, tensors
from archc.verify.exposing import at_step, inner_values
from archc.verify.report import Culprit
from archc.verify.subject import Subject
from archc.weights.elements import Array
from archc.weights.torch_state import load_arrays

OTHER_ORDER = 1e-2
"""How far off results are, in parts of the largest, that are those of other steps; rounding is far less."""

Pair = tuple[Any, Any]
"""A value in fp32 and in fp64."""


def first_difference(
    program: Program, subject: Subject, sizes: Mapping[str, int], inputs: Mapping[str, Array]
) -> Culprit | None:
    """Give the first op, in order of execution, whose value is too far from the oracle's."""
    values = inner_values(subject, inputs)
    module = subject.model.module
    outputs = {value.name: name for name, value in reversed(module.outputs)}
    walk = _Walk(program, subject, sizes, values, outputs)
    given = [(tensor, tensor) for tensor in tensors(module.inputs, inputs)]
    walk.module(module, "", "", given)
    return walk.found


class _Walk:
    """Runs a module op by op beside the values of the graph."""

    def __init__(
        self,
        program: Program,
        subject: Subject,
        sizes: Mapping[str, int],
        values: Mapping[str, Array],
        outputs: Mapping[str, str],
    ) -> None:
        self._program = program
        self._subject = subject
        self._sizes = sizes
        self._values = values
        self._outputs = outputs
        self._seen: dict[str, int] = {}
        self._steps: tuple[int, ...] = ()
        self._eager: dict[tuple[int, str], Eager] = {}
        self.found: Culprit | None = None

    def module(self, module: Module, path: str, keys: str, given: Sequence[Pair | None]) -> list[Pair | None]:
        """Run a module; give its results, or nothing as soon as a difference is found.

        `keys` is the path of its weights, which is another where a layer is used again.
        """
        known: dict[str, Pair | None] = {
            value.name: pair for value, pair in zip(module.inputs, given, strict=False)
        }
        for node in module.nodes:
            pairs = [None if value is None else known[value.name] for value in node.inputs]
            if isinstance(node, ScanNode):
                results = self._scan(node, path, keys, pairs)
            elif isinstance(node, CallNode):
                inside = join(keys, node.shares or node.name)
                results = self.module(node.module, join(path, node.name), inside, pairs)
            elif isinstance(node, OpNode):
                results = self._op(node, path, keys, pairs)
            if self.found is not None:
                return []
            known.update((value.name, pair) for value, pair in zip(node.outputs, results, strict=False))
        return [known[value.name] for _, value in module.outputs]

    def _scan(self, node: ScanNode, path: str, keys: str, pairs: Sequence[Pair | None]) -> list[Pair | None]:
        """Run a block step by step, then hold what the steps give together against the graph."""
        count, before, around = evaluate(node.length, self._sizes), dict(self._seen), self._steps
        inside, given = join(keys, node.shares or node.name), list(pairs)
        rows: list[list[Pair | None]] = []
        for number in range(count):
            self._steps, self._seen = (*around, number), dict(before)
            for position in node.sequences:
                at = count - 1 - number if node.reverse else number
                given[position] = _slice(pairs[position], node.axis, at)
            rows.append(self.module(node.module, join(path, node.name), inside, given))
            if self.found is not None:
                return []
            for position, output in node.states:
                given[position] = rows[-1][output]
        self._steps = around
        columns = zip(*(reversed(rows) if node.reverse else rows), strict=True)
        made = [*(_stacked(column, node.axis) for column in columns), *(rows[-1][o] for _, o in node.states)]
        self._compare_whole(node, path, made)
        return made

    def _compare_whole(self, node: ScanNode, path: str, made: Sequence[Pair | None]) -> None:
        """Blame a scan whose steps are right, and whose results are not: in another order, say."""
        for value, pair in zip(node.outputs, made, strict=True):
            result = at_step(self._values, self._graph_name(path, value), self._steps)
            if result is None or pair is None:
                continue
            one, other = array(pair[0]), array(pair[1])
            if result.shape != one.shape:
                self._blame(node, path, float("inf"), 0.0)
                return
            far = distance(result, one, other, value.type.dtype)
            if not far.within and far.error > OTHER_ORDER * far.scale:
                self._blame(node, path, far.error, far.tolerance)
                return

    def _op(self, node: OpNode, path: str, keys: str, pairs: Sequence[Pair | None]) -> list[Pair | None]:
        own = join(keys, node.shares or node.name)
        if (id(node), own) not in self._eager:
            self._eager[id(node), own] = Eager(self._alone(node, own))
        eager = self._eager[id(node), own]
        present = [pair for pair in pairs if pair is not None]
        singles = eager.single([single for single, _ in present])
        doubles = eager.double([double for _, double in present])
        for index, (value, single, double) in enumerate(zip(node.outputs, singles, doubles, strict=False)):
            result = at_step(self._values, self._graph_name(path, value), self._steps)
            if result is None or node.op.random:
                continue
            one, other = array(single), array(double)
            if result.shape != one.shape:
                self._blame(node, path, float("inf"), 0.0)
                break
            far = distance(result, one, other, value.type.dtype)
            if not far.within:
                draws = [array(draw[index]) for draw in self._draws(eager, present)]
                far = distance(result, one, other, value.type.dtype, draws)
            if not far.within:
                self._blame(node, path, far.error, far.tolerance)
                break
        return list(zip(singles, doubles, strict=True))

    def _draws(self, eager: Eager, present: Sequence[Pair]) -> list[list[Any]]:
        """Give what rounding may do to an op, from exact inputs and from those that eager has."""
        exact, rounded = [double for _, double in present], [single for single, _ in present]
        return [eager.double(rounded), *eager.roundings(exact), *eager.roundings(rounded)]

    def _blame(self, node: OpNode | ScanNode, path: str, error: float, tolerance: float) -> None:
        sizes = tuple(self._sizes.items())
        name = self._subject.model.name
        what = node.op.name if isinstance(node, OpNode) else node.module.name
        self.found = Culprit(name, sizes, join(path, node.name), what, node.span, error, tolerance)

    def _graph_name(self, path: str, value: Value) -> str:
        """Give a value's name in the graph: its path, numbered where a layer is used again."""
        if not path and value.name in self._outputs:
            return self._outputs[value.name]
        name = join(path, value.name)
        count = self._seen[name] = self._seen.get(name, -1) + 1
        return f"{name}_{count}" if count else name

    def _alone(self, node: OpNode, keys: str) -> Any:
        """Give the module of one op by itself, with its weights."""
        live = module_alone(node, self._sizes, self._program.source)
        own = {param.name: self._subject.arrays.get(join(keys, param.name)) for param in node.params}
        load_arrays(live, ((join(OP, name), a) for name, a in own.items() if a is not None))
        return live


def _slice(pair: Pair | None, axis: int, at: int) -> Pair | None:
    return None if pair is None else (pair[0].select(axis, at), pair[1].select(axis, at))


def _stacked(pairs: Sequence[Pair | None], axis: int) -> Pair:
    import torch

    single, double = zip(*(pair for pair in pairs if pair is not None), strict=True)
    return torch.stack(single, axis), torch.stack(double, axis)

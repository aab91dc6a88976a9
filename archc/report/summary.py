"""What a model is made of, as data: a row for each layer, folded repeats, totals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod

from archc.ir.program import (
    CallNode,
    Model,
    Module,
    Node,
    OpNode,
    Program,
    ScanNode,
    join,
    requirements_of,
    ties,
    weights,
)
from archc.sizes import Dim, substitute
from archc.source import Record


class Row(Record):
    """One layer: its path, what it is, the types it gives, weights and work.

    `repeats` is how many equal layers in a row this stands for; `parameters` and `multiply_adds`
    are those of one of them. A block's row is followed by the rows of its inside, one `depth` more; those
    inside of a scan are of one of its `steps`, the scan's own row of all.
    """

    path: str
    op: str
    outputs: tuple[str, ...]
    parameters: int
    multiply_adds: Dim
    depth: int
    repeats: int
    is_block: bool
    steps: Dim = 1


class Summary(Record):
    """One model: rows and totals. Parameters are trained, buffers are not."""

    model: str
    inputs: tuple[tuple[str, str], ...]
    outputs: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    parameters: int
    buffers: int
    multiply_adds: Dim
    requirements: tuple[str, ...]


def summarize(program: Program, sizes: Mapping[str, int] | None = None) -> tuple[Summary, ...]:
    """Give the summary of each model; `sizes` puts numbers in place of symbols."""
    return tuple(_summary(model, dict(sizes or {})) for model in program.models)


def _summary(model: Model, sizes: Mapping[str, Dim]) -> Summary:
    module = model.module
    costs = _Costs(sizes)
    shared = ties(module)
    params = [param for key, param in weights(module) if key not in shared]
    return Summary(
        model.name,
        tuple((value.name, costs.type_text(value)) for value in module.inputs),
        tuple((name, costs.type_text(value)) for name, value in module.outputs),
        tuple(_rows(module, "", 0, costs)),
        sum(prod(p.shape) for p in params if not p.buffer),
        sum(prod(p.shape) for p in params if p.buffer and p.persistent),
        costs.module(module),
        requirements_of(model),
    )


class _Costs:
    """Multiply-adds and parameters; those of a shared module are counted once and kept."""

    def __init__(self, sizes: Mapping[str, Dim]) -> None:
        self.sizes = sizes
        self._work: dict[int, Dim] = {}
        self._parameters: dict[int, int] = {}

    def type_text(self, value: object) -> str:
        type_ = value.type  # type: ignore[attr-defined]
        return str(type_.with_shape(tuple(substitute(dim, self.sizes) for dim in type_.shape)))

    def node(self, node: Node) -> Dim:
        if isinstance(node, ScanNode):
            return substitute(node.length, self.sizes) * self.module(node.module)
        if isinstance(node, CallNode):
            return self.module(node.module)
        assert isinstance(node, OpNode)
        return substitute(node.op.multiply_adds(node.outputs[0].type, *node.types), self.sizes)

    def module(self, module: Module) -> Dim:
        if id(module) not in self._work:
            total: Dim = 0
            for node in module.nodes:
                total = total + self.node(node)
            self._work[id(module)] = total
        return self._work[id(module)]

    def parameters(self, node: Node) -> int:
        if isinstance(node, OpNode):
            taken = dict(node.tied)
            own = () if node.shares else node.params
            return sum(prod(p.shape) for p in own if not p.buffer and p.name not in taken)
        assert isinstance(node, CallNode)
        if node.shares:
            return 0
        if id(node.module) not in self._parameters:
            self._parameters[id(node.module)] = sum(self.parameters(inner) for inner in node.module.nodes)
        return self._parameters[id(node.module)]


def _rows(module: Module, prefix: str, depth: int, costs: _Costs, shared: bool = False) -> Iterator[Row]:
    for run in _runs(module.nodes):
        node = run[0]
        path = join(prefix, node.name)
        shown = path if len(run) == 1 else f"{path}..{run[-1].name.rpartition('.')[2]}"
        block = isinstance(node, CallNode)
        yield Row(
            shown,
            node.module.name if isinstance(node, CallNode) else _op_text(node),
            tuple(costs.type_text(value) for value in node.outputs),
            0 if shared else costs.parameters(node),
            costs.node(node),
            depth,
            len(run),
            block,
            substitute(node.length, costs.sizes) if isinstance(node, ScanNode) else 1,
        )
        if isinstance(node, CallNode):
            yield from _rows(node.module, path, depth + 1, costs, shared or bool(node.shares))


def _op_text(node: Node) -> str:
    return node.op.name if isinstance(node, OpNode) else ""


def _runs(nodes: tuple[Node, ...]) -> Iterator[list[Node]]:
    """Give the nodes, equal calls in a row (`h.0`, `h.1`, ...) together."""
    run: list[Node] = []
    for node in nodes:
        if run and _continues(run[-1], node):
            run.append(node)
            continue
        if run:
            yield run
        run = [node]
    if run:
        yield run


def _continues(last: Node, node: Node) -> bool:
    if not (isinstance(last, CallNode) and isinstance(node, CallNode) and last.module is node.module):
        return False
    if bool(last.shares) != bool(node.shares):
        return False
    before, _, first = last.name.rpartition(".")
    scope, _, second = node.name.rpartition(".")
    return before == scope and first.isdigit() and second.isdigit() and int(second) == int(first) + 1

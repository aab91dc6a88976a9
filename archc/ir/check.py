"""What every program satisfies; a pass that breaks it has a bug."""

from __future__ import annotations

from archc.ir.program import (
    CallNode,
    Module,
    Node,
    OpNode,
    Program,
    ScanNode,
    Value,
    join,
    modules,
    weights,
)
from archc.opdef import Param
from archc.sizes import TensorType


class InvalidProgramError(Exception):
    """A program breaks a law of the IR: a bug in archc."""


def check_program(program: Program) -> None:
    """Hold a program against the laws of the IR; raises InvalidProgramError.

    Every value is made once and before it is used; types agree at definition and use; calls fit the
    modules that they call; node names are unique in their module; shared weights are those of an
    earlier node, of the same names and shapes.
    """
    for model in program.models:
        for module in modules(*model.roots):
            _check_module(module)


def _check_module(module: Module) -> None:
    known: dict[str, Value] = {}
    names: set[str] = set()
    owned: dict[str, Param] = {}
    for value in module.inputs:
        _define(value, known, module)
    for node in module.nodes:
        if node.name in names:
            _fail(module, f"two nodes are named `{node.name}`")
        names.add(node.name)
        for used in node.inputs:
            if used is not None:
                _use(used, known, module)
        _check_node(node, module)
        _check_weights(node, owned, module)
        for made in node.outputs:
            _define(made, known, module)
    for _, value in module.outputs:
        _use(value, known, module)


def _check_node(node: Node, module: Module) -> None:
    if isinstance(node, ScanNode):
        _check_scan(node, module)
    elif isinstance(node, CallNode):
        given = [value.type for value in node.inputs if value is not None]
        if given != [value.type for value in node.module.inputs]:
            _fail(module, f"`{node.name}` calls `{node.module.name}` with other types than it takes")
        if [value.type for value in node.outputs] != [value.type for _, value in node.module.outputs]:
            _fail(module, f"`{node.name}` has other types than `{node.module.name}` gives")
    elif isinstance(node, OpNode) and node.op.outputs and len(node.op.outputs) < len(node.outputs):
        _fail(module, f"`{node.name}` has {len(node.outputs)} outputs")


def _check_scan(node: ScanNode, module: Module) -> None:
    """Hold a scan against its block: slices of sequences, states that keep their kind, stacked outputs."""
    inner = [value.type for value in node.module.inputs]
    given = [value.type if value is not None else None for value in node.inputs]
    taken = [_sliced(t, node.axis) if i in node.sequences else t for i, t in enumerate(given)]
    if len(taken) != len(inner) or not all(
        one is not None and (one.dtype, one.shape) == (other.dtype, other.shape)
        for one, other in zip(taken, inner, strict=True)
    ):
        _fail(module, f"`{node.name}` scans `{node.module.name}` with other types than it takes")
    results = [value.type for _, value in node.module.outputs]
    stacked = [type_.with_axis(node.axis, node.length) for type_ in results]
    if [value.type for value in node.outputs] != [*stacked, *(results[i] for _, i in node.states)]:
        _fail(module, f"`{node.name}` has other types than the steps of `{node.module.name}` give")
    for position, output in node.states:
        before, after = inner[position], results[output]
        if before.dtype is not after.dtype or before.rank != after.rank:
            _fail(module, f"`{node.name}` carries {after} where a step takes {before}")


def _sliced(type_: TensorType | None, axis: int) -> TensorType | None:
    return None if type_ is None or not type_.rank else type_.without_axis(axis)


def _check_weights(node: Node, owned: dict[str, Param], module: Module) -> None:
    """Hold what a node shares against the weights of the nodes before it; add its own to them."""
    shared = node.shares if isinstance(node, OpNode | CallNode) else ""
    own = _weights_of(node)
    for name, param in own.items():
        source = dict(node.tied).get(name) if isinstance(node, OpNode) else None
        source = join(shared, name) if shared else source
        known = param if source is None else owned.get(source)
        if known is None or known.shape != param.shape:
            _fail(
                module, f"`{node.name}` takes the weight `{source}`, which is not there or of another shape"
            )
    if not shared:
        owned.update({join(node.name, name): param for name, param in own.items()})


def _weights_of(node: Node) -> dict[str, Param]:
    if isinstance(node, CallNode):
        return dict(weights(node.module))
    return {param.name: param for param in node.params} if isinstance(node, OpNode) else {}


def _define(value: Value, known: dict[str, Value], module: Module) -> None:
    if value.name in known:
        _fail(module, f"the value `{value.name}` is made twice")
    known[value.name] = value


def _use(value: Value, known: dict[str, Value], module: Module) -> None:
    made = known.get(value.name)
    if made is None:
        _fail(module, f"the value `{value.name}` is used before it is made")
    if made is not None and made.type != value.type:
        _fail(module, f"the value `{value.name}` is {made.type}, and used as {value.type}")


def _fail(module: Module, what: str) -> None:
    raise InvalidProgramError(f"in `{module.name}`: {what}")

"""What every program satisfies; a pass that breaks it has a bug."""

from __future__ import annotations

from archc.ir.program import CallNode, Module, Node, OpNode, Program, Value, modules


class InvalidProgramError(Exception):
    """A program breaks a law of the IR: a bug in archc."""


def check_program(program: Program) -> None:
    """Hold a program against the laws of the IR; raises InvalidProgramError.

    Every value is made once and before it is used; types agree at definition and use; calls fit the
    modules that they call; node names are unique in their module.
    """
    for model in program.models:
        for module in modules(model.module):
            _check_module(module)


def _check_module(module: Module) -> None:
    known: dict[str, Value] = {}
    names: set[str] = set()
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
        for made in node.outputs:
            _define(made, known, module)
    for _, value in module.outputs:
        _use(value, known, module)


def _check_node(node: Node, module: Module) -> None:
    if isinstance(node, CallNode):
        given = [value.type for value in node.inputs if value is not None]
        if given != [value.type for value in node.module.inputs]:
            _fail(module, f"`{node.name}` calls `{node.module.name}` with other types than it takes")
        if [value.type for value in node.outputs] != [value.type for _, value in node.module.outputs]:
            _fail(module, f"`{node.name}` has other types than `{node.module.name}` gives")
    elif isinstance(node, OpNode) and node.op.outputs and len(node.op.outputs) < len(node.outputs):
        _fail(module, f"`{node.name}` has {len(node.outputs)} outputs")


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

"""Remove what no output depends on."""

from __future__ import annotations

from archc.ir.program import CallNode, Module, Node, OpNode, Program, weights
from archc.passes.rewrite import rewrite_modules


def remove_dead_code(program: Program) -> Program:
    """Drop nodes whose values nothing reads, unless they own weights.

    A layer with weights stays, because its keys are part of the state_dict that the spec describes.
    """
    return rewrite_modules(program, _live)


def _live(module: Module) -> Module:
    needed = {value.name for _, value in module.outputs}
    kept: list[Node] = []
    for node in reversed(module.nodes):
        if _owns_weights(node) or any(value.name in needed for value in node.outputs):
            kept.append(node)
            needed.update(value.name for value in node.inputs if value is not None)
    return module if len(kept) == len(module.nodes) else module.replace(nodes=tuple(reversed(kept)))


def _owns_weights(node: Node) -> bool:
    if isinstance(node, OpNode):
        return bool(node.params) and not node.shares
    return isinstance(node, CallNode) and not node.shares and next(weights(node.module), None) is not None

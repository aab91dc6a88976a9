"""Rewriting a program module by module, with what is shared staying shared."""

from __future__ import annotations

from collections.abc import Callable

from archc.ir.program import CallNode, Module, Node, Program

Rewrite = Callable[[Module], Module]


def rewrite_modules(program: Program, rewrite: Rewrite) -> Program:
    """Apply a rewrite to every distinct module once, callees first."""
    done: dict[int, Module] = {}

    def visit(module: Module) -> Module:
        if id(module) not in done:
            nodes = tuple(_visited(node, visit) for node in module.nodes)
            same = all(a is b for a, b in zip(nodes, module.nodes, strict=True))
            done[id(module)] = rewrite(module if same else module.replace(nodes=nodes))
        return done[id(module)]

    models = tuple(model.replace(module=visit(model.module)) for model in program.models)
    return program if models == program.models else program.replace(models=models)


def _visited(node: Node, visit: Rewrite) -> Node:
    if not isinstance(node, CallNode):
        return node
    module = visit(node.module)
    return node if module is node.module else node.replace(module=module)

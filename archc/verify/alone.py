"""One op by itself, as a live module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from archc.backends.pytorch import load_module
from archc.ir.program import CallNode, Model, Module, OpNode, Program, ScanNode, Value
from archc.ops.formula import Apply, Constant, Formula, Term
from archc.sizes import Expr, TensorType, evaluate

if TYPE_CHECKING:
    import torch

OP = "op"
"""The path of the op in the module, below which its weights are."""


def module_alone(node: OpNode, sizes: Mapping[str, int], source: str) -> torch.nn.Module:
    """Give the module of one op, with numbers in the place of symbols; its inputs are those that it has."""
    values = {name: _number(value, sizes) for name, value in node.op.values.items()}
    return _live(node.replace(op=node.op.replace(**values), written=(), tied=(), shares=""), sizes, source)


def scan_alone(node: ScanNode, sizes: Mapping[str, int], source: str) -> torch.nn.Module:
    """Give the module of one scan, all its steps."""
    return _live(
        node.replace(length=evaluate(node.length, sizes), written_length="", shares=""), sizes, source
    )


def _live(node: OpNode | CallNode, sizes: Mapping[str, int], source: str) -> torch.nn.Module:
    inputs: list[Value | None] = []
    for index, value in enumerate(node.inputs):
        inputs.append(None if value is None else Value(f"x{index}", _fixed(value.type, sizes)))
    outputs = tuple(Value(f"y{index}", _fixed(value.type, sizes)) for index, value in enumerate(node.outputs))
    single = node.replace(name=OP, guards=(), inputs=tuple(inputs), outputs=outputs)
    given = tuple(value for value in inputs if value is not None)
    results = tuple((value.name, value) for value in outputs)
    module = Module("alone", (), (), given, (single,), results)
    return load_module(Program("alone", "", (Model("alone", module),), (), source))


def _fixed(type_: TensorType, sizes: Mapping[str, int]) -> TensorType:
    return TensorType(type_.dtype, tuple(evaluate(dim, sizes) for dim in type_.shape), None)


def _number(value: object, sizes: Mapping[str, int]) -> object:
    if isinstance(value, Expr):
        return evaluate(value, sizes)
    if isinstance(value, tuple):
        return tuple(_number(item, sizes) for item in value)
    if isinstance(value, Formula):
        return value.replace(root=_term(value.root, sizes))
    return value


def _term(term: Term, sizes: Mapping[str, int]) -> Term:
    """Give a piece of a formula with numbers in the place of symbols."""
    if isinstance(term, Constant) and isinstance(term.value, Expr):
        return Constant(evaluate(term.value, sizes))
    if isinstance(term, Apply):
        return term.replace(args=tuple(None if each is None else _term(each, sizes) for each in term.args))
    return term

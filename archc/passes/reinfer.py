"""Infer all types again, with what is required of the symbols, and hold them against the old ones."""

from __future__ import annotations

from archc.ir.program import CallNode, Model, Module, Node, OpNode, Program, ScanNode, Value
from archc.opdef import Rule
from archc.sizes import Dim, Expr, Facts, TensorType, equal, prove, substitute, symbol


class InferenceChangedError(Exception):
    """A pass has made a program whose types are not those that its ops infer: a bug in archc."""


def reinfer(program: Program) -> Program:
    """Give the program with every type inferred anew.

    A symbol that the requirements make a multiple of something is put in that form, so that sizes
    are exact: `H//4` becomes `H/4` where `H % 4 == 0` is required. Raises InferenceChangedError.
    """
    return program.replace(models=tuple(_inferred(model) for model in program.models))


def _inferred(model: Model) -> Model:
    sizes = {name: symbol(name, fact.multiple, fact.remainder) for name, fact in model.facts.items() if name}
    inference = _Inference(model.facts, sizes)
    forms = tuple(inference.module(form) for form in model.forms)
    return model.replace(module=inference.module(model.module), forms=forms)


class _Inference:
    def __init__(self, facts: Facts, sizes: dict[str, Dim]) -> None:
        self.facts = facts
        self.sizes = sizes
        self.done: dict[int, Module] = {}

    def type(self, type_: TensorType) -> TensorType:
        shape = tuple(substitute(dim, self.sizes) for dim in type_.shape)
        return type_ if shape == type_.shape else type_.with_shape(shape)

    def attribute(self, value: object) -> object:
        if isinstance(value, tuple):
            return tuple(self.attribute(each) for each in value)
        return substitute(value, self.sizes) if isinstance(value, Expr) else value

    def value(self, value: Value) -> Value:
        type_ = self.type(value.type)
        return value if type_ is value.type else value.replace(type=type_)

    def module(self, module: Module) -> Module:
        if id(module) not in self.done:
            self.done[id(module)] = self._module(module)
        return self.done[id(module)]

    def _module(self, module: Module) -> Module:
        nodes = tuple(self._node(node) for node in module.nodes)
        outputs = tuple((name, self.value(value)) for name, value in module.outputs)
        return module.replace(
            nodes=nodes,
            inputs=tuple(self.value(value) for value in module.inputs),
            outputs=outputs,
            sizes=tuple((name, substitute(dim, self.sizes)) for name, dim in module.sizes),
            scopes=tuple(
                s if s.result is None else s.replace(result=self.value(s.result)) for s in module.scopes
            ),
        )

    def _node(self, node: Node) -> Node:
        inputs = tuple(None if value is None else self.value(value) for value in node.inputs)
        outputs = tuple(self.value(value) for value in node.outputs)
        if isinstance(node, ScanNode):
            node = node.replace(length=substitute(node.length, self.sizes))
        if isinstance(node, CallNode):
            return node.replace(inputs=inputs, outputs=outputs, module=self.module(node.module))
        assert isinstance(node, OpNode)
        changed = {n: self.attribute(v) for n, v in node.op.values.items() if self.attribute(v) != v}
        node = node.replace(
            inputs=inputs, outputs=outputs, op=node.op.replace(**changed) if changed else node.op
        )
        self._check(node, node.types, outputs)
        return node

    def _check(self, node: OpNode, types: tuple[TensorType | None, ...], outputs: tuple[Value, ...]) -> None:
        inferred = node.op.infer(Rule(self.facts), *types)
        results = inferred if isinstance(inferred, tuple) else (inferred,)
        for result, value in zip(results, outputs, strict=True):
            same_rank = result.rank == value.type.rank and result.dtype is value.type.dtype
            if not same_rank or not all(map(self._equal, result.shape, value.type.shape)):
                raise InferenceChangedError(f"{node.name}: {value.type} was inferred, now {result}")

    def _equal(self, new: Dim, old: Dim) -> bool:
        return new == old or prove(equal(new, old), self.facts).verdict == "proved"

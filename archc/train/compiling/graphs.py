"""Graphs of training: what a step computes, and how fields are prepared."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from archc.elaborate.binding import ABSENT, AmbiguousInput, Binding, Names
from archc.elaborate.context import Asked, Body, Compilation, Context, Made
from archc.elaborate.layers import elaborate_item, elaborate_list
from archc.elaborate.models import model_body
from archc.ir.program import CallNode, Module, Value, weights
from archc.sizes import Dim, TensorType, symbol, symbols
from archc.source import Span
from archc.spec.document import LayerDecl
from archc.spec.library import Library
from archc.spec.tree import Scalar, Tree
from archc.train.compiling.configured import refuse
from archc.train.compiling.gradient import STEP_OPS, track_gradients

Types = tuple[tuple[str, TensorType], ...]
BATCH = "N"
Results = list[tuple[str, Value]]


class Graph:
    """A graph while it is made: its body, and the place where its names are."""

    def __init__(self, compilation: Compilation, library: Library, types: Types, place: Span) -> None:
        self.body = model_body(compilation)
        self.body.library = library
        self.body.step_ops = STEP_OPS
        self.place = place
        self.context = Context(self.body, Names(), self.body.names, None)
        batch = batch_symbol(compilation)
        compilation.asked.symbols[BATCH] = place
        self.body.names[BATCH] = batch
        self.inputs = tuple(Value(name, type_, place) for name, type_ in types)
        for value in self.inputs:
            if value.name in self.body.names:
                message = f"the data's field `{value.name}` has the name of a parameter or size"
                raise refuse("E1012", message, place, "give the parameter another name")
            self.context.scope.define(value.name, Binding(value), place, replaceable=True)
            self.body.values.add(value.name)
        first = self.context.scope.find(self.inputs[0].name) if len(self.inputs) == 1 else None
        self.context.previous = first or AmbiguousInput(tuple(value.name for value in self.inputs))

    def layers(self, items: tuple[LayerDecl, ...]) -> None:
        """Elaborate a list of layers."""
        self.body.layers = items
        elaborate_list(items, self.context)

    def item(
        self, op: str, span: Span, name: str, arguments: Tree | None = None, from_: Tree | None = None
    ) -> Binding:
        """Elaborate a layer that the section says in its own way."""
        decl = LayerDecl(
            kind="op",
            op=Scalar(op, True, span),
            arguments=arguments,
            body=(),
            name=Scalar(name, True, span),
            from_=from_,
            when=None,
            else_=None,
            repeat=None,
            for_=None,
            parallel=False,
            scan=None,
            tie=None,
            init=None,
            shape=None,
            doc="",
            span=span,
        )
        return elaborate_item(decl, self.context)

    def find(self, name: str) -> Binding:
        """Give what a name stands for here; nothing where it is not there."""
        return self.context.scope.find(name) or ABSENT

    def module(self, name: str, doc: str, outputs: Results) -> Module:
        """Give the finished graph, with the inputs that it reads."""
        self.context.use([Binding(value) for _, value in outputs])
        self.body.warn_unused()
        nodes = tuple(self.body.nodes)
        used = tuple(value for value in self.inputs if value.name in self.body.used)
        inputs = used or self.inputs[:1]
        module = Module(
            name,
            (),
            (),
            inputs,
            nodes,
            tuple(outputs),
            tuple(self.body.scopes),
            tuple(self.body.dropped),
            doc,
            self.place,
        )
        _refuse_weights(module)
        return track_gradients(module)


def _refuse_weights(module: Module) -> None:
    """Refuse weights that are no model's: nothing would learn or keep them (E1052)."""
    for node in module.nodes:
        if isinstance(node, CallNode) and node.model:
            continue
        alone = weights(module.replace(nodes=(node,)))
        key = next((key for key, param in alone if param.persistent), None)
        if key is not None:
            message = f"`{key}` is a weight of no model, so it would be neither learned nor kept"
            raise refuse("E1052", message, node.span, "move the layer into a model, or use a `constant`")


def batch_symbol(compilation: Compilation) -> Dim:
    """Give the size of a batch."""
    fact = compilation.facts.get(BATCH)
    return symbol(BATCH, fact.multiple, fact.remainder)


def make_graph(compilation: Compilation, work: Callable[[], Module | None]) -> Made:
    """Make a graph with requirements of its own."""
    around, compilation.asked = compilation.asked, Asked()
    try:
        module = work()
        return Made(module, compilation.asked)
    finally:
        compilation.asked = around


def free_name(word: str, taken: Iterable[str]) -> str:
    """Give a word that is not taken."""
    name, known = word, set(taken)
    while name in known:
        name += "_"
    return name


def batched(type_: TensorType) -> bool:
    """Whether the first axis of a type counts the examples of a batch, and no other does."""
    first = type_.shape[:1]
    return [str(each) for each in first] == [BATCH] and not any(
        BATCH in symbols(each) for each in type_.shape[1:]
    )


__all__ = ["BATCH", "Body", "Graph", "Results", "Types", "batch_symbol", "batched", "free_name", "make_graph"]

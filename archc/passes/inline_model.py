"""Take a model that is called into the one that calls it, so that its weights keep their own keys."""

from __future__ import annotations

from collections.abc import Iterable

from archc.ir.program import CallNode, Module, Node, OpNode, Scope, Value, join


def with_model_inlined(module: Module, call: CallNode, around: str) -> Module:
    """Give a module with the nodes of a model in place of its call.

    The nodes of the model keep their paths; the module's own move below `around`, or a name like it
    that is free. They must have no weights.
    """
    inner = call.module
    around = _free(around, {part for node in inner.nodes for part in node.name.split(".")[:1]})
    copy = _Copy({value.name for value in module.inputs})
    copy.values.update({value.name: value for value in module.inputs})
    before = list(copy.nodes((each for each in module.nodes if each is not call), around))
    given = [None if value is None else copy.values[value.name] for value in call.inputs]
    scopes = tuple(copy.scope(scope, around) for scope in module.scopes)
    outside = copy.values
    copy.values = {value.name: one for value, one in zip(inner.inputs, given, strict=True) if one is not None}
    nodes = (*before, *copy.nodes(inner.nodes, ""))
    scopes += tuple(copy.scope(scope, "") for scope in inner.scopes)
    results = {made.name: copy.values[value.name] for made, (_, value) in _results(call)}
    outputs = tuple(
        (label, results.get(value.name) or outside[value.name]) for label, value in module.outputs
    )
    return module.replace(nodes=nodes, scopes=scopes, outputs=outputs, doc=inner.doc)


def _results(call: CallNode) -> Iterable[tuple[Value, tuple[str, Value]]]:
    return zip(call.outputs, call.module.outputs, strict=True)


def _free(word: str, taken: set[str]) -> str:
    while word in taken:
        word += "_"
    return word


class _Copy:
    """Copies nodes with new names of values; `values` are those that are known, by their old names."""

    def __init__(self, taken: set[str]) -> None:
        self.taken = taken
        self.values: dict[str, Value] = {}

    def nodes(self, nodes: Iterable[Node], around: str) -> Iterable[Node]:
        for node in nodes:
            inputs = tuple(None if value is None else self.values[value.name] for value in node.inputs)
            outputs = tuple(self._made(value, around) for value in node.outputs)
            made = node.replace(name=join(around, node.name), inputs=inputs, outputs=outputs)
            if isinstance(made, OpNode | CallNode) and made.shares:
                made = made.replace(shares=join(around, made.shares))
            yield made

    def scope(self, scope: Scope, around: str) -> Scope:
        result = None if scope.result is None else self.values.get(scope.result.name)
        shares = join(around, scope.shares) if scope.shares else ""
        return scope.replace(name=join(around, scope.name), result=result, shares=shares)

    def _made(self, value: Value, around: str) -> Value:
        name = _free(join(around, value.name), self.taken)
        self.taken.add(name)
        made = self.values[value.name] = value.replace(name=name)
        return made

"""Blocks that are no layers of their own: their nodes stand in the body that uses them.

A use named `.` has the path of the scope around it, so what is inside has the keys that it would have
there: a wrapper's keys are those of what it wraps. A block with a layer named `.` is taken in likewise,
because that layer's path is the use's own.
"""

from __future__ import annotations

from collections.abc import Iterator

from archc.elaborate.binding import Binding
from archc.elaborate.context import Context, Mistake, Outputs, fresh_value
from archc.ir.program import CallNode, Module, Node, OpNode, Origin, Scope, Value, join, weights
from archc.source import Diagnostic, Label
from archc.spec.document import LayerDecl
from archc.spec.presence import presence_in, presence_key

_ITEMS = 1 << 32  # more than the offsets in a file


def is_taken_in(module: Module, own_path: bool) -> bool:
    """Whether a use of a block has no node of its own."""
    return own_path or any(not node.name for node in module.nodes)


def take_in(
    decl: LayerDecl,
    module: Module,
    outputs: Outputs,
    given: tuple[Value, ...],
    lacks: dict[str, str],
    context: Context,
    path: str,
) -> Binding:
    """Copy a block's nodes into the body, below a path; give what the use stands for.

    `lacks` names what inputs that are not there were given.
    """
    copy = _Copy(decl, context, path)
    copy.absent = {name: lacks.get(name, "") for _, name in module.absent}
    copy.values.update({inner.name: outer for inner, outer in zip(module.inputs, given, strict=True)})
    for node in module.nodes:
        copy.add(node)
    for scope in module.scopes:
        copy.add_scope(scope)
    members = {name: copy.binding(binding) for name, binding in outputs}
    first = next(iter(members.values()))
    return Binding(first.value, first.items, members if len(members) > 1 or outputs[0][0] else {})


class _Copy:
    def __init__(self, decl: LayerDecl, context: Context, path: str) -> None:
        self.decl = decl
        self.context = context
        self.path = path
        self.values: dict[str, Value] = {}
        self.absent: dict[str, str] = {}

    def add(self, node: Node) -> None:
        assert isinstance(node, OpNode | CallNode)
        body, name = self.context.body, self.name(node.name)
        inputs = tuple(None if value is None else self.values[value.name] for value in node.inputs)
        self.context.use([Binding(value) for value in inputs if value is not None])
        outputs = tuple(self._made(value) for value in node.outputs)
        owns = bool(node.params) if isinstance(node, OpNode) else next(weights(node.module), None) is not None
        shares = self.name(node.shares) if node.shares else self.context.shares(name) if owns else ""
        tied = tuple((own, self.name(owner)) for own, owner in node.tied)
        body.add(
            node.replace(
                name=name,
                inputs=inputs,
                outputs=outputs,
                origin=self._origin(node.origin),
                guards=(*self.context.guards, *self._guards(node.guards)),
                written=(),
                shares=shares,
                tied=tied,
                lacks=tuple((own, self._lacking(what)) for own, what in node.lacks),
            )
        )

    def add_scope(self, scope: Scope) -> None:
        name = self.name(scope.name)
        result = None if scope.result is None else self.values[scope.result.name]
        shares = self.name(scope.shares) if scope.shares else self.context.shares(name)
        origin = self._origin(scope.origin)
        copied = scope.replace(name=name, origin=origin, result=result, shares=shares)
        self.context.body.scopes.append(copied)

    def name(self, inner: str) -> str:
        return join(self.path, inner)

    def binding(self, binding: Binding) -> Binding:
        value = None if binding.value is None else self.values[binding.value.name]
        items = None if binding.items is None else tuple(self.binding(item) for item in binding.items)
        members = {str(index): item for index, item in enumerate(items)} if items is not None else {}
        return Binding(value, items, members, binding.broken)

    def _lacking(self, inner: str) -> str:
        return self.absent[inner] if inner in self.absent else self.name(inner)

    def _guards(self, inner: tuple[str, ...]) -> Iterator[str]:
        """Give the conditions that ask for nothing but inputs, as they are said of what is outside."""
        for text in inner:
            asked = presence_in(text)
            names = {
                name: self.values[name].name if name in self.values else self.absent.get(name)
                for name in asked or ()
            }
            if asked and all(presence_key(name or "") in self.context.names for name in names.values()):
                for name, outer in names.items():
                    text = text.replace(presence_key(name), presence_key(outer or ""))
                yield text

    def _made(self, value: Value) -> Value:
        name = self.name(value.name)
        made = fresh_value(self.context.body, name, lambda unique: value.replace(name=unique))
        self.values[value.name] = made
        return made

    def _origin(self, inner: Origin) -> Origin:
        return (self.decl.span.start * _ITEMS + inner[0], *self.context.turns, *inner[1:])


def refuse_clashes(nodes: list[Node]) -> None:
    """Refuse two layers of one path (E0302), and weights below a layer that has its own (E0351)."""
    places: dict[str, Node] = {}
    for node in nodes:
        other = places.setdefault(node.name, node)
        if other is not node:
            labels = (Label(other.span, "first used here"),)
            message = f"the name `{node.name}` is used twice"
            help_ = ("give one of them another name",)
            raise Mistake(Diagnostic("E0302", message, node.span, labels=labels, help=help_))
    owners = {name: node for name, node in places.items() if _owns(node)}
    for name, node in owners.items():
        parts = name.split(".")
        for length in range(1, len(parts)):
            around = owners.get(".".join(parts[:length]))
            if around is not None:
                labels = (Label(around.span, f"`{around.name}` is one layer with weights of its own"),)
                message = f"`{name}` would have its weights inside those of `{around.name}`"
                help_ = ("give one of them another name",)
                raise Mistake(Diagnostic("E0351", message, node.span, labels=labels, help=help_))


def _owns(node: Node) -> bool:
    if isinstance(node, OpNode):
        return bool(node.params) and not node.shares
    return isinstance(node, CallNode) and not node.shares and next(weights(node.module), None) is not None

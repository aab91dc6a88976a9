"""Blocks that are applied again and fall out otherwise: their layers are called one by one."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from archc.ir.program import CallNode, Module, Node, OpNode, Value, join
from archc.opdef.python import Attribute, Own, PyTorch, Site
from archc.source import Diagnostic, SpecError

_ITEMS = 1 << 32  # more than the offsets in a file


def expanded(module: Module, names: Collection[str]) -> Module:
    """Put the nodes of blocks in the place of some of their uses, with the weights that those share."""
    while any(node.name in names for node in module.nodes):
        values: dict[str, Value] = {}
        nodes = [part for node in module.nodes for part in _parts(node, names, values)]
        outputs = tuple((name, values.get(value.name, value)) for name, value in module.outputs)
        module = module.replace(nodes=tuple(nodes), outputs=outputs)
    return module


def _parts(node: Node, names: Collection[str], values: dict[str, Value]) -> Iterator[Node]:
    given = tuple(None if value is None else values.get(value.name, value) for value in node.inputs)
    if node.name not in names or not isinstance(node, CallNode):
        yield node.replace(inputs=given)
        return
    inside = dict(zip((value.name for value in node.module.inputs), given, strict=True))
    for inner in node.module.nodes:
        assert isinstance(inner, OpNode | CallNode)
        outputs = tuple(v.replace(name=f"{node.name}.{v.name}") for v in inner.outputs)
        inputs = tuple(None if value is None else inside[value.name] for value in inner.inputs)
        inside.update(zip((value.name for value in inner.outputs), outputs, strict=True))
        owns = not isinstance(inner, OpNode) or bool(inner.params)
        yield inner.replace(
            name=join(node.name, inner.name),
            inputs=inputs,
            outputs=outputs,
            origin=(node.origin[0] * _ITEMS + inner.origin[0], *node.origin[1:], *inner.origin[1:]),
            guards=node.guards,
            written=(),
            shares=join(node.shares, inner.shares or inner.name) if owns else "",
            tied=(),
        )
    for value, (_, result) in zip(node.outputs, node.module.outputs, strict=True):
        found = inside[result.name]
        assert found is not None
        values[value.name] = found


def shared_form(node: OpNode, form: PyTorch, module: Module, site: Site) -> PyTorch:
    """Give what a layer with another's weights does: a call of that one, where it does the same.

    Raises SpecError (E0912) where it does not, and no function takes its weights.
    """
    owner = _find(module, node.shares)
    if owner is None or owner.op.pytorch(site, *owner.types).module == form.module:
        return form
    if node.op.functional is None or any(param.buffer for param in node.params):
        message = (
            f"`{node.name}` cannot be the same PyTorch module with these inputs: it would be made otherwise"
        )
        help_ = ("give it inputs of the sizes that it was made for, or write a layer of its own",)
        raise SpecError([Diagnostic("E0912", message, node.span, help=help_)])
    return node.op.functional({p.name: Attribute(Own(), p.name) for p in node.params}, *node.types)


def _find(module: Module, path: str) -> OpNode | None:
    for node in module.nodes:
        if isinstance(node, OpNode) and node.name == path:
            return node
        if isinstance(node, CallNode) and path.startswith(f"{node.name}."):
            return _find(node.module, path[len(node.name) + 1 :])
    return None

"""Initializers that the spec gives in place of PyTorch's own.

Where every layer of one kind gets the same, one function sets them all; else the class that owns the
layer does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from archc.backends.pytorch.arguments import ABSENT
from archc.backends.pytorch.merge import Leaf, Mismatch
from archc.backends.pytorch.syntax import Attribute, Call, Lit, Name, Py, every
from archc.backends.pytorch.writer import flat
from archc.ir.program import OpNode
from archc.opdef import Init

Inits = tuple[tuple[str, Py], ...]
"""For each weight with an initializer of its own: its name, and the call without the weight."""


def merged_inits(nodes: Sequence[OpNode | None]) -> Inits:
    """Give the initializers of a layer over its specialisations; raises Mismatch where they differ in kind."""
    columns = [None if node is None else _changed(node) for node in nodes]
    names = {tuple((name, init.name, tuple(k for k, _ in init.arguments)) for name, init in c) for c in columns if c is not None}
    if len(names) != 1:
        raise Mismatch
    found: list[tuple[str, Py]] = []
    for position, (weight, function, keys) in enumerate(names.pop()):
        arguments = [None if column is None else dict(column[position][1].arguments) for column in columns]
        values = {key: Leaf(tuple(ABSENT if a is None else a[key] for a in arguments), key) for key in keys}
        found.append((weight, _call(function, values)))
    return tuple(found)


def _call(function: str, values: dict[str, Leaf]) -> Py:
    """Give the call of `torch.nn.init`, its one needed argument by position."""
    first = tuple(values.pop(key) for key in ("val", "sparsity") if key in values)
    return Call(f"nn.init.{function}_", first, tuple(values.items()))


def _changed(node: OpNode) -> tuple[tuple[str, Init], ...]:
    form_owns = any(not param.name for param in node.params)
    own = {param.name: param.init for param in node.op.weights(*node.types)}
    return tuple((p.name, p.init) for p in node.params if own.get(p.name) != p.init or form_owns)


Common = dict[str, Inits]
"""Initializers by the constructor of the layers that all get them."""


def common_inits(layers: Iterable[tuple[str, Inits]]) -> Common:
    """Give the kinds of layers of which each, and there are several, gets the same values."""
    found: dict[str, list[Inits]] = {}
    for constructor, inits in layers:
        found.setdefault(constructor, []).append(inits)
    return {
        constructor: every_one[0]
        for constructor, every_one in found.items()
        if len(every_one) > 1 and every_one[0] and all(_plain(i) and i == every_one[0] for i in every_one)
    }


def _plain(inits: Inits) -> bool:
    return all(isinstance(arg, Lit) for _, tree in inits if isinstance(tree, Call) for arg in _arguments(tree))


def _arguments(tree: Call) -> Sequence[Py]:
    return (*tree.args, *(value for _, value in tree.kwargs))


def function_lines(common: Common, has_bias: dict[str, bool]) -> list[str]:
    """Write the function that sets the weights of all layers of some kinds."""
    lines = [
        "def init_weights(module: nn.Module) -> None:",
        '    """Set the initial weights of a layer, where they are not PyTorch\'s own."""',
    ]
    word = "if"
    for constructor, inits in common.items():
        lines.append(f"    {word} isinstance(module, {constructor}):")
        word = "elif"
        for weight, call in inits:
            body = flat(applied(call, Attribute(Name("module"), weight)))
            if weight == "bias" and not has_bias[constructor]:
                lines.extend(("        if module.bias is not None:", f"            {body}"))
            else:
                lines.append(f"        {body}")
    return lines


def applied(call: Py, weight: Py) -> Py:
    """Give the call of an initializer with the weight that it sets."""
    assert isinstance(call, Call)
    return Call(call.function, (weight, *call.args), call.kwargs)


def target(owner: Py, weight: str) -> Py:
    """Give the expression for a weight of a layer, so that a type checker knows it to be a tensor."""
    if not weight:
        return owner
    if weight in ("weight", "bias") and isinstance(owner, Attribute):
        return Attribute(owner, weight)
    path = flat(owner).removeprefix("self.").replace("[", ".").replace("]", "").replace('"', "")
    return Call("self.get_parameter", (Lit(f"{path}.{weight}".removeprefix("self.")),))


def fills_itself(module: Py | None, call: Py) -> bool:
    """Whether a parameter's constructor makes the wanted values already: `torch.zeros`, `torch.ones`."""
    assert isinstance(call, Call)
    makers = {part.function for part in every(module) if isinstance(part, Call)} if module is not None else set()
    return {"nn.init.zeros_": "torch.zeros", "nn.init.ones_": "torch.ones"}.get(str(call.function)) in makers

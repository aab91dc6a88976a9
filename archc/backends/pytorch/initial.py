"""Initializers that the spec gives in place of PyTorch's own.

Where every layer of one kind gets the same, one function sets them all; else the class that owns the
layer does.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence

from archc.backends.pytorch.arguments import ABSENT
from archc.backends.pytorch.merge import Leaf, Mismatch
from archc.backends.pytorch.one_line import flat
from archc.backends.pytorch.syntax import Attribute, Call, Lit, Name, Py, Tuple, every
from archc.backends.pytorch.units import CHAIN, OP, Item, Unit, owns_tensor
from archc.backends.pytorch.writer import INDENT, condition, layout
from archc.ir.program import OpNode
from archc.opdef import Init
from archc.opdef.python import Made

_LAYER = re.compile(r"\bnn\.[A-Z]\w*")

Changed = tuple[tuple[str, Init], ...]
"""The weights of a layer whose initializer is not PyTorch's own, with what it is."""

Inits = tuple[tuple[str, Py], ...]
"""For each weight with an initializer of its own: its name, and the call without the weight."""


class Common:
    """The kinds of layers of which each gets the same initial values, by their constructors."""

    def __init__(self, units: Sequence[Unit]) -> None:
        found: dict[str, list[tuple[Item, Changed]]] = {}
        listed: set[str] = set()
        for unit in units:
            for item in _all_items(unit.items):
                constructor = constructor_of(item)
                if constructor:
                    found.setdefault(constructor, []).append((item, changed(item)))
            listed.update(constructor_of(element) for item in unit.items for element in item.elements)
        same = {constructor: inits for constructor, each in found.items() if (inits := _shared(each))}
        for inner in _inner_layers(units, found):
            same.pop(inner, None)
        alone = len(same) == 1 and all(len(found[c]) == 1 and c not in listed for c in same)
        self.inits: dict[str, Changed] = {} if alone else same
        self.always_biased = {c for c in self.inits if all(_has_bias(item) for item, _ in found[c])}

    def lines(self) -> list[str]:
        """Write the function that sets the weights of all these layers."""
        if not self.inits:
            return []
        lines = [
            "def init_weights(module: nn.Module) -> None:",
            '    """Set the initial weights of a layer, where they are not PyTorch\'s own."""',
        ]
        alike: dict[tuple[Changed, bool], list[Py]] = {}
        for constructor, inits in self.inits.items():
            sure = constructor == "nn.Linear" and constructor in self.always_biased
            has_bias = any(weight == "bias" for weight, _ in inits)
            alike.setdefault((inits, sure or not has_bias), []).append(Name(constructor))
        word = "if"
        for (inits, sure), constructors in alike.items():
            kinds = constructors[0] if len(constructors) == 1 else Tuple(tuple(constructors))
            lines.extend(condition(word, Call("isinstance", (Name("module"), kinds)), INDENT))
            word = "elif"
            for weight, init in inits:
                lines.extend(_set_weight(weight, init, sure or weight != "bias"))
        return lines

    def mark(self, units: Iterable[Unit]) -> None:
        """Note on every layer what its own class has to set."""
        for unit in units:
            for item in _all_items(unit.items):
                if item.kind == OP and constructor_of(item) not in self.inits:
                    item.changed = changed(item)


def _shared(layers: Sequence[tuple[Item, Changed]]) -> Changed:
    """Give what all layers of a kind set, as far as each has the weight; nothing where they differ."""
    union = dict(pair for _, inits in layers for pair in inits)
    if any(init.name == "computed" for init in union.values()):
        return ()
    for item, inits in layers:
        own = _weights(item)
        if dict(inits) != {weight: init for weight, init in union.items() if weight in own}:
            return ()
    return tuple(union.items())


def _weights(item: Item) -> set[str]:
    """Give the names of a layer's own weights."""
    node = item.node
    assert isinstance(node, OpNode)
    return {param.name for param in node.params} - dict(node.tied).keys()


def _inner_layers(units: Sequence[Unit], constructors: Container[str]) -> set[str]:
    """Give the kinds of layers that other layers hold inside, which the spec does not mean."""
    found = {"nn.Linear"} if "nn.MultiheadAttention" in constructors else set()
    for unit in units:
        for item in _all_items(unit.items):
            for _, source in item.form.support if item.form is not None else ():
                found.update(_LAYER.findall(source))
    return found


def _set_weight(weight: str, init: Init, sure: bool) -> list[str]:
    """Write the statement that sets a weight of `module`, which may not be there unless it is `sure`."""
    call = init_call(init.name, {key: Lit(value) for key, value in init.arguments})
    indent = (2 if sure else 3) * INDENT
    body = [" " * indent + line for line in layout(applied(call, Attribute(Name("module"), weight)), indent)]
    return body if sure else [f"{' ' * 2 * INDENT}if module.{weight} is not None:", *body]


def _all_items(items: Iterable[Item]) -> Iterable[Item]:
    for item in items:
        yield item
        yield from _all_items(item.elements)


def constructor_of(item: Item) -> str:
    """Give the name of the constructor of a layer with weights; empty for anything else."""
    module = item.form.module if item.form is not None else None
    layer = isinstance(module, Call) and not owns_tensor(module)
    weights = isinstance(item.node, OpNode) and item.node.params and not item.node.shares
    return str(module.function) if layer and weights and isinstance(module, Call) else ""


def _has_bias(item: Item) -> bool:
    return isinstance(item.node, OpNode) and any(param.name == "bias" for param in item.node.params)


def changed(item: Item) -> Changed:
    """Give the weights of a layer whose first values are not those that its constructor makes."""
    node = item.node
    if not isinstance(node, OpNode) or node.shares:
        return ()
    own = {param.name: param.init for param in node.op.weights(*node.types)}
    tied = dict(node.tied)
    module = item.form.module if item.form is not None else None
    found = []
    for param in node.params:
        if param.name in tied:
            continue
        if owns_tensor(module):
            if not _fills_itself(module, param.init):
                found.append((param.name, param.init))
        elif own.get(param.name) != param.init:
            found.append((param.name, param.init))
    return tuple(found)


def _fills_itself(module: Py | None, init: Init) -> bool:
    """Whether a parameter's constructor makes the wanted values: `torch.zeros`, or values that are given."""
    makers = (
        {part.function for part in every(module) if isinstance(part, Call)} if module is not None else set()
    )
    if "torch.empty" in makers:
        return False
    return {"torch.zeros": "zeros", "torch.ones": "ones"}.get(
        str(next(iter(makers - {"nn.Parameter"}), "")), init.name
    ) == (init.name)


def merged_inits(items: Sequence[Item | None]) -> Inits:
    """Give the initializers of a layer over its specialisations; Mismatch where they differ in kind."""
    columns = [None if item is None else item.changed for item in items]
    kinds = {
        tuple((weight, init.name, tuple(key for key, _ in init.arguments)) for weight, init in column)
        for column in columns
        if column is not None
    }
    if len(kinds) != 1:
        raise Mismatch
    found: list[tuple[str, Py]] = []
    for position, (weight, function, keys) in enumerate(kinds.pop()):
        if function == "computed":
            found.append((weight, Made()))
            continue
        arguments = [None if column is None else dict(column[position][1].arguments) for column in columns]
        values: dict[str, Py] = {
            key: Leaf(tuple(ABSENT if each is None else each[key] for each in arguments), key) for key in keys
        }
        found.append((weight, init_call(function, values)))
    return tuple(found)


def init_call(function: str, values: dict[str, Py]) -> Py:
    """Give the call of `torch.nn.init`, what it cannot do without by position."""
    needed = tuple(value for key, value in values.items() if key in ("val", "sparsity"))
    rest = tuple((key, value) for key, value in values.items() if key not in ("val", "sparsity"))
    return Call(f"nn.init.{function}_", needed, rest)


def applied(call: Py, weight: Py) -> Py:
    """Give the call of an initializer with the weight that it sets."""
    assert isinstance(call, Call)
    return Call(call.function, (weight, *call.args), call.kwargs)


def target(owner: Py, weight: str, module: Py) -> Py:
    """Give the expression for a weight of a layer, so that a type checker knows it to be a tensor."""
    if not weight:
        return owner
    sure = weight == "weight" or (weight == "bias" and "Conv" not in flat(module))
    if sure and isinstance(owner, Attribute):
        return Attribute(owner, weight)
    if isinstance(owner, Call) and isinstance(owner.args[0], Lit):
        return Call("self.get_parameter", (Lit(f"{owner.args[0].value}.{weight}"),))
    path = flat(owner).removeprefix("self").replace("[", ".").replace("]", "").replace('"', "").lstrip(".")
    return Call("self.get_parameter", (Lit(f"{path}.{weight}"),))


__all__ = ["CHAIN", "Common", "Inits", "applied", "changed", "merged_inits", "target"]

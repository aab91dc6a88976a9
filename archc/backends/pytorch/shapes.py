"""How shapes are told in comments, and what sizes are called."""

from __future__ import annotations

from collections.abc import Sequence

from archc.backends.pytorch.classes import Klass
from archc.backends.pytorch.flow import Flow, ValueKey
from archc.backends.pytorch.one_line import flat
from archc.backends.pytorch.sizes import Axis
from archc.backends.pytorch.syntax import Argument, Binary
from archc.sizes import Dim, text

_WORDS = {"N": "n", "B": "b", "T": "t", "S": "s", "H": "height", "W": "width", "C": "channels", "D": "dim"}


def size_name(klass: Klass, axis: Axis) -> str:
    """Give the name of a local for the size of an axis: the symbol's, in lower case."""
    position, number = axis
    dims = [unit.inputs[position].type.shape[number] for unit in klass.members]
    for name, _ in klass.first.module.sizes:
        if all(
            dict(unit.module.sizes).get(name) == dim for unit, dim in zip(klass.members, dims, strict=True)
        ):
            return _WORDS.get(name, name.lower())
    shown = text(dims[0])
    return _WORDS.get(shown, shown.lower()) if shown.isidentifier() else f"size{number}"


def comment(klass: Klass, flow: Flow, key: ValueKey) -> str | None:
    """Give a value's shape as a comment says it; None where it differs in a way that has no short form."""
    shapes = flow.shapes(key)
    if len(klass.members) == 1:
        assert shapes[0] is not None
        return f"[{', '.join(text(dim) for dim in shapes[0])}]"
    ranks = {len(shape) for shape in shapes if shape is not None}
    if len(ranks) > 1:
        return None
    shown = [_axis_text(klass, [None if s is None else s[i] for s in shapes]) for i in range(ranks.pop())]
    return None if None in shown else f"[{', '.join(str(part) for part in shown)}]"


def _axis_text(klass: Klass, dims: Sequence[Dim | None]) -> str | None:
    present = [dim for dim in dims if dim is not None]
    if all(dim == present[0] for dim in present):
        return text(present[0])
    for tree, values in klass.arguments.bank:
        named = isinstance(tree, Argument | Binary) and all(type(value) is int for value in values)
        if named and all(dim is None or dim == value for dim, value in zip(dims, values, strict=True)):
            return flat(tree)
    for name, _ in klass.first.module.sizes:
        its = [dict(unit.module.sizes).get(name) for unit in klass.members]
        if all(dim is None or dim == value for dim, value in zip(dims, its, strict=True)):
            return name
    return None


def changed(flow: Flow, key: ValueKey, before: ValueKey | None) -> bool:
    """Whether a value's shape is not that of the value before it."""
    return before is None or flow.shapes(key) != flow.shapes(before)

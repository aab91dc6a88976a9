"""Python syntax beyond what ops say: what stands in classes around the ops' expressions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from archc.opdef.python import (
    Attribute,
    Binary,
    Call,
    Input,
    Item,
    Lit,
    Method,
    Name,
    Own,
    Py,
    Size,
    Slice,
    Ternary,
    Tuple,
    Unary,
)


class Argument(Py):
    """A compile-time argument of the class: `planes` in `__init__`, `self.planes` in `forward`."""

    name: str


class SizeOf(Py):
    """A size that `forward` computes: one dimension a specialisation, and what the spec wrote for it."""

    dims: tuple[object, ...]
    written: tuple[str, ...] = ()


class AxisSize(Py):
    """The size of an axis of an input of the class, by the input's position."""

    position: int
    axis: int


class Presence(Py):
    """Whether an input of the class is given, or is not, by the input's name in the spec."""

    name: str
    there: bool = True


class Star(Py):
    """`*items` among arguments."""

    items: Py


class Comprehension(Py):
    """`[element for variable in items]`; without brackets the only argument of a call."""

    element: Py
    variable: str
    items: Py
    brackets: str = "[]"


class Dict(Py):
    """`{key: value}` with texts as keys."""

    entries: tuple[tuple[str, Py], ...]


NONE = Lit(None)

Visit = Callable[[Py], Py]


def rebuilt(tree: Py, visit: Visit) -> Py:
    """Give a tree whose direct parts are what `visit` makes of them."""
    changes = {name: _visited(getattr(tree, name), visit) for name in _PARTS.get(type(tree), ())}
    return tree.replace(**changes) if changes else tree


_PARTS: dict[type[Py], tuple[str, ...]] = {
    Call: ("function", "args", "kwargs"),
    Method: ("target", "args", "kwargs"),
    Attribute: ("target",),
    Binary: ("left", "right"),
    Unary: ("operand",),
    Item: ("target", "index"),
    Slice: ("start", "stop", "step"),
    Tuple: ("items",),
    Ternary: ("test", "then", "otherwise"),
    Star: ("items",),
    Comprehension: ("element", "items"),
    Dict: ("entries",),
}


def _visited(part: object, visit: Visit) -> object:
    if isinstance(part, Py):
        return visit(part)
    return tuple(_visited(each, visit) for each in part) if isinstance(part, tuple) else part


def parts(tree: Py) -> tuple[Py, ...]:
    """Give the direct parts of a tree."""
    found: list[Py] = []

    def note(part: Py) -> Py:
        found.append(part)
        return part

    rebuilt(tree, note)
    return tuple(found)


def every(tree: Py) -> Iterator[Py]:
    """Give a tree and all parts below it."""
    yield tree
    for part in parts(tree):
        yield from every(part)


def replaced(tree: Py, change: Callable[[Py], Py | None]) -> Py:
    """Give a tree in which `change` replaces parts; None leaves a part and looks inside."""
    changed = change(tree)
    return changed if changed is not None else rebuilt(tree, lambda part: replaced(part, change))


def calls(tree: Py) -> int:
    """Count the calls in a tree."""
    return sum(isinstance(part, Call | Method) for part in every(tree))


def is_plain(tree: Py) -> bool:
    """Whether a call has one operand and reads well inside another: `self.norm(x)`, `x.flatten(1)`."""
    return isinstance(tree, Method) or (isinstance(tree, Call) and len(tree.args) == 1 and not tree.kwargs)


__all__ = [
    "NONE",
    "Argument",
    "Attribute",
    "AxisSize",
    "Binary",
    "Call",
    "Comprehension",
    "Dict",
    "Input",
    "Item",
    "Lit",
    "Method",
    "Name",
    "Own",
    "Presence",
    "Py",
    "Size",
    "SizeOf",
    "Slice",
    "Star",
    "Ternary",
    "Tuple",
    "Unary",
    "calls",
    "every",
    "is_plain",
    "parts",
    "rebuilt",
    "replaced",
]

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
    Tuple,
    Unary,
)


class Argument(Py):
    """A compile-time argument of the class: `planes` in `__init__`, `self.planes` in `forward`."""

    name: str


class SizeOf(Py):
    """A size that `forward` computes: one dimension a specialisation of the class."""

    dims: tuple[object, ...]


class Ternary(Py):
    """`then if test else otherwise`."""

    test: Py
    then: Py
    otherwise: Py


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
    if isinstance(tree, Call):
        function = tree.function if isinstance(tree.function, str) else visit(tree.function)
        return Call(function, _each(tree.args, visit), tuple((k, visit(v)) for k, v in tree.kwargs))
    if isinstance(tree, Method):
        kwargs = tuple((k, visit(v)) for k, v in tree.kwargs)
        return Method(visit(tree.target), tree.name, _each(tree.args, visit), kwargs)
    if isinstance(tree, Attribute):
        return Attribute(visit(tree.target), tree.name)
    if isinstance(tree, Binary):
        return Binary(tree.operator, visit(tree.left), visit(tree.right))
    if isinstance(tree, Unary):
        return Unary(tree.operator, visit(tree.operand))
    if isinstance(tree, Item):
        return Item(visit(tree.target), visit(tree.index))
    if isinstance(tree, Slice):
        return Slice(
            *(None if bound is None else visit(bound) for bound in (tree.start, tree.stop, tree.step))
        )
    if isinstance(tree, Tuple):
        return Tuple(_each(tree.items, visit), tree.brackets)
    if isinstance(tree, Ternary):
        return Ternary(visit(tree.test), visit(tree.then), visit(tree.otherwise))
    if isinstance(tree, Star):
        return Star(visit(tree.items))
    if isinstance(tree, Comprehension):
        return Comprehension(visit(tree.element), tree.variable, visit(tree.items), tree.brackets)
    if isinstance(tree, Dict):
        return Dict(tuple((key, visit(value)) for key, value in tree.entries))
    return tree


def _each(trees: tuple[Py, ...], visit: Visit) -> tuple[Py, ...]:
    return tuple(visit(tree) for tree in trees)


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


__all__ = [
    "NONE",
    "Argument",
    "Attribute",
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
    "parts",
    "rebuilt",
    "replaced",
]

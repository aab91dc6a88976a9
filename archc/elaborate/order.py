"""Why a name that is defined further on cannot be used: too late, by itself, or in a circle."""

from __future__ import annotations

from collections.abc import Iterator

from archc.source import Diagnostic, Label, Span
from archc.spec.document import LayerDecl
from archc.spec.tree import Mapping, Scalar, Sequence, Tree


def explain_order(layers: tuple[LayerDecl, ...], name: str, place: Span) -> Diagnostic | None:
    """Give the error (E0304) for a name used at a place before its layer; None where none follows."""
    later = _definition(layers, name.split(".")[0], place)
    if later is None:
        return None
    if _holds(later.span, place):
        return _own_value(name, place, _name_span(later))
    user = next((decl for _, decl in _walk(layers) if _holds(decl.span, place) and not decl.body), None)
    if user is not None and _depends(layers, later, user):
        return _circle(name, place, _name_span(later))
    return Diagnostic(
        "E0304",
        f"`{name}` is used before it is computed",
        place,
        labels=(Label(_name_span(later), "computed here, further on"),),
        help=("a layer sees only the values before it: move it down, or the other one up",),
    )


def _own_value(name: str, place: Span, definition: Span) -> Diagnostic:
    return Diagnostic(
        "E0304",
        f"`{name}` is used before it is computed: it takes its own value",
        place,
        labels=(Label(definition, f"this is `{name}`"),),
        help=("name an earlier value; `scan` carries a value from one step to the next",),
    )


def _circle(name: str, place: Span, definition: Span) -> Diagnostic:
    return Diagnostic(
        "E0304",
        f"`{name}` is used before it is computed: it needs what is computed here, in a circle",
        place,
        labels=(Label(definition, "computed here, from the layer that asks for it"),),
        help=("take one of them from an earlier value; `scan` carries a value from one step to the next",),
    )


def _definition(layers: tuple[LayerDecl, ...], name: str, place: Span) -> LayerDecl | None:
    found = (decl for _, decl in _walk(layers) if decl.span.end > place.start and name in _names(decl))
    return next(found, None)


def _walk(
    layers: tuple[LayerDecl, ...], before: LayerDecl | None = None
) -> Iterator[tuple[LayerDecl | None, LayerDecl]]:
    """Give every item with the one before it, whose value it takes by default; inner items first."""
    previous = before
    for decl in layers:
        yield from _walk(decl.body, previous)
        yield previous, decl
        previous = decl


def _depends(layers: tuple[LayerDecl, ...], start: LayerDecl, goal: LayerDecl) -> bool:
    """Tell whether one item needs the value of another, through however many between them."""
    known = {name: decl for _, decl in _walk(layers) for name in _names(decl)}
    before = {id(decl): previous for previous, decl in _walk(layers)}
    open_, seen = [start], set()
    while open_:
        decl = open_.pop()
        if decl is goal:
            return True
        if id(decl) in seen:
            continue
        seen.add(id(decl))
        read = [word.split(".")[0] for tree in (decl.from_, decl.arguments) for word in _words(tree)]
        open_ += [known[word] for word in read if word in known]
        previous = before[id(decl)]
        if decl.from_ is None and not isinstance(decl.arguments, Sequence) and previous is not None:
            open_.append(previous)
        open_ += decl.body[-1:]
    return False


def _words(tree: Tree | None) -> list[str]:
    if isinstance(tree, Scalar):
        return [tree.text]
    if isinstance(tree, Sequence):
        return [word for item in tree.items for word in _words(item)]
    return [word for entry in tree for word in _words(entry.value)] if isinstance(tree, Mapping) else []


def _names(decl: LayerDecl) -> list[str]:
    return _words(decl.name)


def _name_span(decl: LayerDecl) -> Span:
    return decl.name.span if decl.name is not None else decl.op.span


def _holds(outer: Span, inner: Span) -> bool:
    return outer.source is inner.source and outer.start <= inner.start and inner.end <= outer.end

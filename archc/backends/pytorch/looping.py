"""A `for` over a list of layers, inside a `forward`."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from archc.backends.pytorch.access import attribute
from archc.backends.pytorch.flow import ValueKey, key_of
from archc.backends.pytorch.names import local
from archc.backends.pytorch.one_line import flat
from archc.backends.pytorch.results import targets
from archc.backends.pytorch.slots import Slot
from archc.backends.pytorch.syntax import NONE, Comprehension, Item, Lit, Name
from archc.backends.pytorch.writer import INDENT

if TYPE_CHECKING:
    from archc.backends.pytorch.forward import Body


def write_loop(body: Body, place: int) -> None:
    """Write a `for` over a list of layers, or a list of what they give where nothing is carried."""
    slot = body.klass.slots[place]
    if all(output is None for output in slot.first.carried):
        _write_list(body, place)
        return
    element = slot.elements[0]
    inputs = [None if ref is None else key_of(ref) for ref in body.flow.inputs(slot)]
    carried = slot.first.carried
    last = len(element.first.outputs)
    names: list[str] = ["_"] * last
    operands = [NONE if key is None else body.variables.tree(key) for key in inputs]
    pairs = list(zip(inputs, carried, strict=True))
    kept = {
        body.variables.names[key] for key, output in pairs if output is None and key in body.variables.names
    }
    for position, (key, output) in enumerate(pairs):
        if output is None or key is None:
            continue
        start = body.variables.tree(key)
        name = _loop_name(body, place, output, key, kept)
        if Name(name) != start:
            body.emit(body.statement(name, start))
        body.variables.bind((place, output), name)
        names[output], operands[position] = name, Name(name)
    for output in range(last):
        wanted = (place, output) in body.flow.uses or output in slot.first.collected
        if names[output] == "_" and wanted:
            names[output] = body.variables.own((place, output), {*names, *kept})
            body.variables.bind((place, output), names[output])
    lists = {output: body.variables.list_name(slot, "outputs") for output in slot.first.collected}
    for name in lists.values():
        body.emit([f"{' ' * body.indent}{name}: list[Tensor] = []"])
    turn = _turn_name(body, slot, names)
    body.emit([f"{' ' * body.indent}for {turn} in {flat(attribute(body.klass, slot.first.path))}:"])
    called = body.applier.apply(element, operands, Name(turn))
    target = targets(element, dict(enumerate(names)))
    body.emit(body.statement(target, called, body.indent + INDENT))
    turns = len(slot.first.elements)
    for number, (output, name) in enumerate(lists.items()):
        body.emit([f"{' ' * (body.indent + INDENT)}{name}.append({names[output]})"])
        first = last + number * turns
        body.bind_items(name, [(place, first + index) for index in range(turns)], turns)
        body.last_turns[place, output] = Item(Name(name), Lit(turns - 1))


def _write_list(body: Body, place: int) -> None:
    """Write the list of what each of several layers makes of the same values."""
    slot = body.klass.slots[place]
    inputs = [None if ref is None else key_of(ref) for ref in body.flow.inputs(slot)]
    operands = [NONE if key is None else body.variables.tree(key) for key in inputs]
    turn = _turn_name(body, slot, ())
    called = body.applier.apply(slot.elements[0], operands, Name(turn))
    name = body.variables.list_name(slot, "outputs")
    body.emit(body.statement(name, Comprehension(called, turn, attribute(body.klass, slot.first.path))))
    turns = len(slot.first.elements)
    body.bind_items(name, [(place, 1 + index) for index in range(turns)], turns)
    body.variables.parts[place, 0] = Item(Name(name), Lit(turns - 1))


def _turn_name(body: Body, slot: Slot, names: Collection[str]) -> str:
    """Call one of several layers after all of them: `expert` of `experts`."""
    word = next((part for part in reversed(slot.first.path) if not part.isdigit()), "")
    single = [local(word.removesuffix("s"))] if word.endswith("s") and not word.endswith("ss") else []
    taken = {*body.variables.holder, *body.variables.reserved, *names}
    return next(word for word in (*single, "layer", "block", "turn") if word not in taken)


def _loop_name(body: Body, place: int, output: int, start: ValueKey, kept: set[str]) -> str:
    """Give the name for what a loop carries: that of what it starts with, where nothing else reads it."""
    if (place, output) in body.forced:
        return body.forced[place, output]
    name = body.variables.names.get(start, "")
    if name and start not in body.variables.parts and body.variables.is_free(name, place, kept):
        return name
    name = body.variables.choose((place, output), (), kept)
    return body.variables.own((place, output), kept) if name == "_" else name

"""Several results at once: as targets of an assignment, and in a `return`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from archc.backends.pytorch.one_line import flat
from archc.backends.pytorch.slots import Slot
from archc.backends.pytorch.syntax import Call, Item, Lit, Py, Slice, Star, Tuple, replaced


def runs(
    found: Sequence[Py], other: Sequence[Py | None], lengths: Mapping[str, int], least: int = 3
) -> Iterator[Py]:
    """Write neighbours out of one list, `least` or more, as a slice of it.

    `other` are further expressions for the values: what a loop ends with is also its list's last item.
    """
    items = list(found)
    for index, instead in enumerate(other):
        if index and instead is not None and _follows(items[index - 1], instead):
            items[index] = instead
    start = 0
    while start < len(items):
        stop = start + 1
        while stop < len(items) and _follows(items[stop - 1], items[stop]):
            stop += 1
        first = items[start]
        known = isinstance(first, Item) and flat(first.target) in lengths
        if stop - start >= least and known and isinstance(first, Item) and isinstance(first.index, Lit):
            low, length = first.index.value, lengths[flat(first.target)]
            assert isinstance(low, int)
            high = low + stop - start
            bounds = Slice(Lit(low) if low else None, Lit(high) if high < length else None)
            yield Star(first.target if high - low == length else Item(first.target, bounds))
        else:
            yield from items[start:stop]
        start = stop


def listed(tree: Py, lengths: Mapping[str, int]) -> Py:
    """Write lists of what stands in a list already as that list: `torch.stack(outputs)`."""

    def change(part: Py) -> Py | None:
        if not isinstance(part, Tuple) or part.brackets != "[]":
            return None
        items = tuple(runs(part.items, [None] * len(part.items), lengths, least=2))
        if items == part.items:
            return None
        [first, *rest] = items
        return first.items if isinstance(first, Star) and not rest else Tuple(items, "[]")

    return replaced(tree, change)


MOST_RESULTS = 5
"""How many results a signature lists; more are a tuple of any length."""


def results(output: str, found: Sequence[Py], other: Sequence[Py | None], lengths: Mapping[str, int]) -> Py:
    """Give the tuple of results, or the call of the named tuple `output`.

    Type checkers do not see how much a `*` in the midst holds.
    """
    items = tuple(runs(found, other, lengths))
    if not output:
        [first, *rest] = items
        if rest or not isinstance(first, Star):
            return Tuple(items)
        return Tuple(tuple(found)) if len(found) <= MOST_RESULTS else Call("tuple", (first.items,))
    if any(isinstance(item, Star) for item in items[:-1]):
        return Call(f"{output}._make", (Tuple(items, "[]"),))
    return Call(output, items)


def _follows(left: Py, right: Py) -> bool:
    if not (isinstance(left, Item) and isinstance(right, Item) and left.target == right.target):
        return False
    ends = [side.index.value for side in (left, right) if isinstance(side.index, Lit)]
    return len(ends) == 2 and isinstance(ends[0], int) and ends[1] == ends[0] + 1


def targets(slot: Slot, names: Mapping[int, str]) -> str:
    """Write the targets of a step's results, nested as PyTorch nests them: `output, (h_n, c_n)`."""
    form = slot.first.form
    if form is None or not form.unpack:
        return ", ".join(names.values())
    return _nested(form.unpack, names)


def _nested(nesting: object, names: Mapping[int, str]) -> str:
    if isinstance(nesting, int):
        return names[nesting]
    assert isinstance(nesting, tuple)
    parts = [
        _nested(part, names) if isinstance(part, int) else f"({_nested(part, names)})" for part in nesting
    ]
    shown = ["_" if part.strip("(_, )") == "" else part for part in parts]
    return ", ".join(shown) + ("," if len(shown) == 1 else "")

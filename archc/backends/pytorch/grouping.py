"""Which specialisations share a class."""

from __future__ import annotations

from collections.abc import Sequence

from archc.backends.pytorch.alignment import Aligned, Groups, align
from archc.backends.pytorch.merge import Mismatch
from archc.backends.pytorch.units import Unit


def partition(families: Sequence[Sequence[Unit]]) -> list[tuple[tuple[Unit, ...], Aligned]]:
    """Divide the units of each family into groups that share a class, as few as there can be."""
    groups: dict[int, object] = {id(unit): number for number, units in enumerate(families) for unit in units}
    divided = [[tuple(units)] for units in families]
    changed = True
    while changed:
        changed = False
        for number, parts in enumerate(divided):
            refined = [part for units in parts for part in _divided(units, groups)]
            if len(refined) != len(parts):
                changed = True
                divided[number] = refined
                for part, units in enumerate(refined):
                    groups.update((id(unit), (number, part)) for unit in units)
    return [(units, align(units, groups)) for parts in divided for units in parts]


def _divided(units: tuple[Unit, ...], groups: Groups) -> list[tuple[Unit, ...]]:
    if _fits(units, groups):
        return [units]
    parts: list[list[Unit]] = []
    for unit in units:
        home = next((part for part in parts if _fits((*part, unit), groups)), None)
        if home is None:
            parts.append([unit])
        else:
            home.append(unit)
    return [tuple(part) for part in parts]


def _fits(units: Sequence[Unit], groups: Groups) -> bool:
    if len({unit.ties for unit in units if not unit.is_copy}) > 1:
        return False
    try:
        align(units, groups)
    except Mismatch:
        return False
    return True

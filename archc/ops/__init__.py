"""The ops, one family a file. A family is imported when a spec first uses one of its names."""

from __future__ import annotations

import importlib

from archc.opdef import Op, registered
from archc.ops.index import FAMILIES

_FAMILY_OF = {name: family for family, names in FAMILIES.items() for name in names}


def names() -> frozenset[str]:
    """Give the names of all ops, without importing any."""
    return frozenset(_FAMILY_OF)


def family(name: str) -> str:
    """Give the family (the file) of an op."""
    return _FAMILY_OF[name]


def families() -> dict[str, tuple[str, ...]]:
    """Give the families and their ops' names."""
    return dict(FAMILIES)


def find(name: str) -> type[Op]:
    """Give an op's class; KeyError where there is no such op."""
    importlib.import_module(f"archc.ops.{_FAMILY_OF[name]}")
    return registered(name)

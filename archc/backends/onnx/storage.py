"""Where a graph's weights are: places in a file beside it, or inside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from archc.opdef import Param
from archc.source import Record
from archc.weights import Table


class External(Record):
    """Weights in a file beside the graph: its name, and each key's offset and length."""

    location: str
    table: Mapping[str, tuple[int, int]]

    def owner(self, key: str) -> object:
        """Give what is equal for keys that share one tensor."""
        return self.table[key]


class Embedded(Record):
    """Weights inside the graph: how to read a tensor's bytes by its key."""

    read: Callable[[str, Param], bytes]

    def owner(self, key: str) -> object:
        """Give what is equal for keys that share one tensor."""
        return key


Storage = External | Embedded

__all__ = ["Embedded", "External", "Storage", "Table"]

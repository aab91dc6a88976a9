"""The blocks that a file may use: its own, and those of the files that it imports."""

from __future__ import annotations

from archc.source import Diagnostics, Span
from archc.spec.document import BlockDecl, Spec
from archc.spec.limits import Limits


class Library:
    """The blocks that one file sees, each with the library of the file that it comes from."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.blocks: dict[str, tuple[BlockDecl, Library]] = {n: (b, self) for n, b in spec.blocks.items()}
        self._homes: dict[Span, Library] | None = None

    def find(self, name: str) -> BlockDecl | None:
        """Give a block by the name that it has in this file."""
        found = self.blocks.get(name)
        return None if found is None else found[0]

    def home(self, block: BlockDecl) -> Library:
        """Give the library of the file that a block comes from, seen from here or from an imported file."""
        if self._homes is None:
            self._homes = {}
            waiting = [self]
            while waiting:
                for known, home in waiting.pop().blocks.values():
                    if known.key.span not in self._homes:
                        self._homes[known.key.span] = home
                        waiting.append(home)
        return self._homes[block.key.span]


def load_library(spec: Spec, diagnostics: Diagnostics, limits: Limits) -> Library:
    """Give the library of a spec, with what it imports, directly and through others."""
    if not spec.imports:
        return Library(spec)
    from archc.spec.imports import load_imports

    return load_imports(spec, diagnostics, limits)

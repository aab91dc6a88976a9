"""The table of diagnostic codes, each explained with a wrong and a right example.

Only `archc explain` and the tests read it: a compilation never imports the explanations.
"""

from __future__ import annotations

import importlib
import pkgutil

from archc.source.codes.explanation import Explanation

__all__ = ["Explanation", "all_codes"]


def all_codes() -> dict[str, Explanation]:
    """Give every code with its explanation, in the order of the codes."""
    found: dict[str, Explanation] = {}
    for module in pkgutil.iter_modules(__path__):
        found.update(getattr(importlib.import_module(f"{__name__}.{module.name}"), "CODES", {}))
    return dict(sorted(found.items()))

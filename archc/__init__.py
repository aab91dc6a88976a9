"""archc: a compiler for neural-network architectures.

`archc.compile(spec)` gives a `Compiled` with `to_pytorch()`, `module()`, `to_onnx()`, `build()`,
`summary()`; `archc.load(spec)` an `nn.Module`; `archc.check(spec)` the diagnostics without raising.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archc.version import __version__

if TYPE_CHECKING:
    from archc.api import Compiled, check, compile, load  # noqa: A004
    from archc.source import Diagnostic, SpecError

__all__ = ["Compiled", "Diagnostic", "SpecError", "__version__", "check", "compile", "load"]

_HOMES = {
    "Compiled": "archc.api",
    "check": "archc.api",
    "compile": "archc.api",
    "load": "archc.api",
    "Diagnostic": "archc.source",
    "SpecError": "archc.source",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'archc' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)

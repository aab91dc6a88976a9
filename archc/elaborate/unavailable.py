"""Parts of the language that this version reads but does not look at yet: said, never passed over."""

from __future__ import annotations

from archc.source import Diagnostic, Diagnostics
from archc.spec.document import Spec


def report_unavailable(spec: Spec, diagnostics: Diagnostics) -> None:
    """Report sections of a spec that are not looked at (W0105)."""
    if spec.train is not None:
        message = "the `train` section is neither checked nor used by this version"
        diagnostics.add(Diagnostic("W0105", message, spec.train.span.part(0, 1)))

"""Parts of the language that this version reads but does not build yet: said, never passed over."""

from __future__ import annotations

from archc.elaborate.context import Mistake
from archc.source import Diagnostic, Diagnostics, Span
from archc.spec.document import LayerDecl, Spec


def refuse_unavailable(decl: LayerDecl) -> None:
    """Refuse a modifier of a layer that is not built yet. Raises Mistake (E0290)."""
    if decl.scan is not None:
        raise Mistake(_diagnostic("`scan`", decl.scan.span))


def report_unavailable(spec: Spec, diagnostics: Diagnostics) -> None:
    """Report sections of a spec that are not built yet (E0290), or not looked at (W0105)."""
    if spec.train is not None:
        message = "the `train` section is neither checked nor used by this version"
        diagnostics.add(Diagnostic("W0105", message, spec.train.span.part(0, 1)))


def _diagnostic(what: str, span: Span) -> Diagnostic:
    return Diagnostic("E0290", f"{what} is not available in this version", span)

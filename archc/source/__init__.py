"""Text with places, diagnostics, and how they are shown."""

from archc.source.diagnostic import (
    Diagnostic,
    Diagnostics,
    Edit,
    Fix,
    Frame,
    Label,
    SpecError,
    replacement,
)
from archc.source.record import Record
from archc.source.spelling import did_you_mean, nearest, respelled
from archc.source.text import Source, Span

__all__ = [
    "Diagnostic",
    "Diagnostics",
    "Edit",
    "Fix",
    "Frame",
    "Label",
    "Record",
    "Source",
    "Span",
    "SpecError",
    "did_you_mean",
    "nearest",
    "replacement",
    "respelled",
]

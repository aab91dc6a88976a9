"""Diagnostics as plain data, for json."""

from __future__ import annotations

from archc.source.diagnostic import Diagnostic
from archc.source.text import Span

SCHEMA_VERSION = 1


def as_data(diagnostic: Diagnostic) -> dict[str, object]:
    """Give a diagnostic as json-ready data; lines and columns count from 1, ends are excluded."""
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        "place": _place(diagnostic.span),
        "label": diagnostic.label,
        "labels": [{"place": _place(each.span), "text": each.text} for each in diagnostic.labels],
        "notes": list(diagnostic.notes),
        "help": list(diagnostic.help),
        "path": diagnostic.path,
        "chain": [
            {"path": f.path, "block": f.block, "arguments": f.arguments, "place": _place(f.span)}
            for f in diagnostic.chain
        ],
        "fix": _fix(diagnostic),
    }


def _fix(diagnostic: Diagnostic) -> dict[str, object] | None:
    if diagnostic.fix is None:
        return None
    edits = [{"place": _place(edit.span), "text": edit.text} for edit in diagnostic.fix.edits]
    return {"safe": diagnostic.fix.safe, "edits": edits}


def _place(span: Span | None) -> dict[str, object] | None:
    if span is None:
        return None
    end_line, end_column = span.source.place(span.end)
    return {
        "file": span.source.name,
        "line": span.line,
        "column": span.column,
        "end_line": end_line,
        "end_column": end_column,
        "offset": span.start,
        "end_offset": span.end,
    }

"""The forms of one line a diagnostic."""

from __future__ import annotations

from archc.source.diagnostic import Diagnostic
from archc.source.render.full import chain_lines, visible


def concise(diagnostic: Diagnostic) -> str:
    """Give `file:line:column: error[CODE] message`, with the first help behind it."""
    place = f"{diagnostic.span}: " if diagnostic.span is not None else ""
    helps = f" (help: {diagnostic.help[0]})" if diagnostic.help else ""
    return visible(f"{place}{diagnostic.severity}[{diagnostic.code}] {diagnostic.message}{helps}")


def github(diagnostic: Diagnostic) -> str:
    """Give a workflow command that GitHub shows at the line."""
    properties = {"title": f"archc {diagnostic.code}"}
    if diagnostic.span is not None:
        end_line, end_column = diagnostic.span.source.place(
            max(diagnostic.span.start, diagnostic.span.end - 1)
        )
        properties = {
            "file": visible(diagnostic.span.source.name),
            "line": str(diagnostic.span.line),
            "col": str(diagnostic.span.column),
            "endLine": str(end_line),
            "endColumn": str(end_column + 1),
            **properties,
        }
    shown = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    helps = (f"help: {line}" for line in diagnostic.help)
    lines = [diagnostic.message, *diagnostic.notes, *chain_lines(diagnostic), *helps]
    text = "\n".join(visible(line) for line in lines)
    return f"::{diagnostic.severity} {shown}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

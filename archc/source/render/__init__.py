"""Drawing diagnostics: full for people, concise for editors, json, sarif and github for programs."""

from __future__ import annotations

from collections.abc import Iterable

from archc.source.diagnostic import Diagnostic

FORMATS = ("full", "concise", "json", "sarif", "github")
# What programs read, on standard output; json and sarif are one document for all diagnostics.
FOR_PROGRAMS = ("json", "sarif", "github")
DOCUMENTS = ("json", "sarif")


def render(diagnostics: Iterable[Diagnostic], form: str, color: bool = False) -> str:
    """Give diagnostics as text in one of `FORMATS`."""
    if form == "json":
        import json

        from archc.source.render.structured import SCHEMA_VERSION, as_data

        data = {"schema_version": SCHEMA_VERSION, "diagnostics": [as_data(each) for each in diagnostics]}
        return json.dumps(data, indent=2)
    if form == "sarif":
        import json

        from archc.source.render.sarif import as_sarif

        return json.dumps(as_sarif(diagnostics), indent=2)
    if form in ("concise", "github"):
        from archc.source.render.lines import concise, github

        draw = concise if form == "concise" else github
        return "\n".join(draw(each) for each in diagnostics)
    from archc.source.render.full import render_full

    return "\n\n".join(render_full(each, color) for each in diagnostics)


__all__ = ["DOCUMENTS", "FORMATS", "FOR_PROGRAMS", "render"]

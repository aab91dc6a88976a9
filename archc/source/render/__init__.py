"""Drawing diagnostics: full for people, concise for editors, json and github for programs."""

from __future__ import annotations

from collections.abc import Iterable

from archc.source.diagnostic import Diagnostic
from archc.source.render.full import render_full
from archc.source.render.lines import concise, github
from archc.source.render.structured import SCHEMA_VERSION, as_data

FORMATS = ("full", "concise", "json", "github")


def render(diagnostics: Iterable[Diagnostic], form: str, color: bool = False) -> str:
    """Give diagnostics as text in one of `FORMATS`; json is one document for all of them."""
    if form == "json":
        import json

        data = {"schema_version": SCHEMA_VERSION, "diagnostics": [as_data(each) for each in diagnostics]}
        return json.dumps(data, indent=2)
    draw = {"concise": concise, "github": github}.get(form)
    if draw is not None:
        return "\n".join(draw(each) for each in diagnostics)
    return "\n\n".join(render_full(each, color) for each in diagnostics)


__all__ = ["FORMATS", "SCHEMA_VERSION", "as_data", "render"]

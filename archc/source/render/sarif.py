"""SARIF 2.1.0: the form in which tools that collect findings read them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath
from urllib.parse import quote

from archc.source.diagnostic import Diagnostic, Fix
from archc.source.render.full import chain_lines
from archc.source.text import Source, Span
from archc.version import __version__

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def as_sarif(diagnostics: Iterable[Diagnostic]) -> dict[str, object]:
    """Give diagnostics as one run of a SARIF log, json-ready; columns count characters from 1."""
    from archc.source.codes import all_codes

    found = list(diagnostics)
    known = all_codes()
    rules = [
        {"id": code, "shortDescription": {"text": known[code].title}}
        for code in dict.fromkeys(each.code for each in found)
    ]
    driver = {"name": "archc", "version": __version__, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(each) for each in found],
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(diagnostic: Diagnostic) -> dict[str, object]:
    helps = (f"help: {line}" for line in diagnostic.help)
    lines = [diagnostic.message, *diagnostic.notes, *chain_lines(diagnostic), *helps]
    related = [{"message": {"text": each.text}, **_location(each.span)} for each in diagnostic.labels]
    return {
        "ruleId": diagnostic.code,
        "level": diagnostic.severity,
        "message": {"text": "\n".join(lines)},
        "locations": [_location(diagnostic.span)] if diagnostic.span is not None else [],
        **({"relatedLocations": related} if related else {}),
        **({"fixes": [_fix(diagnostic.fix)]} if diagnostic.fix is not None else {}),
    }


def _fix(fix: Fix) -> dict[str, object]:
    sources: dict[str, list[dict[str, object]]] = {}
    for edit in fix.edits:
        replacement = {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}
        sources.setdefault(_uri(edit.span.source), []).append(replacement)
    return {
        "description": {"text": "archc validate --fix applies it" if fix.safe else "to be checked by hand"},
        "artifactChanges": [
            {"artifactLocation": {"uri": uri}, "replacements": replacements}
            for uri, replacements in sources.items()
        ],
    }


def _location(span: Span) -> dict[str, object]:
    place = {"artifactLocation": {"uri": _uri(span.source)}, "region": _region(span)}
    return {"physicalLocation": place}


def _uri(source: Source) -> str:
    return quote(PurePath(source.name).as_posix())


def _region(span: Span) -> dict[str, int]:
    end_line, end_column = span.source.place(span.end)
    return {
        "startLine": span.line,
        "startColumn": span.column,
        "endLine": end_line,
        "endColumn": end_column,
    }

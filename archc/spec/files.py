"""Specs on disk: which files a command line names, and their text."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator

from archc.source import Diagnostic, Source
from archc.spec.characters import decode
from archc.spec.limits import Limits

SUFFIXES = (".yaml", ".yml")


class FileProblem(Exception):  # noqa: N818 - a user's, not a failure of archc
    """A file cannot be read; carries the diagnostic (E0901, E0911, E0105 or E0801)."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def find_specs(places: Iterable[str]) -> list[str]:
    """Give the files that places name: files as they are, folders searched for specs, `-` as it is.

    Raises FileProblem (E0901) for a place that is not there, (E0911) for a folder without specs.
    """
    found: list[str] = []
    for place in places:
        if place != "-" and os.path.isdir(place):
            inside = sorted(_inside(place))
            if not inside:
                raise FileProblem(Diagnostic("E0911", f"there is no spec in the folder `{place}`"))
            found.extend(inside)
        else:
            found.append(place)
    return found


def _inside(folder: str) -> Iterator[str]:
    for path, _, names in os.walk(folder):
        places = (os.path.join(path, name) for name in names if name.endswith(SUFFIXES))
        yield from (place for place in places if os.path.isfile(place))


def read_source(place: str, limits: Limits) -> Source:
    """Read a spec's text; `-` is standard input. Raises FileProblem."""
    try:
        if place == "-":
            data = sys.stdin.buffer.read(limits.text_bytes + 1)
        else:
            with open(place, "rb") as file:
                data = file.read(limits.text_bytes + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        place = place if len(place) < 200 else f"{place[:60]}..."
        raise FileProblem(Diagnostic("E0901", f"`{place}` cannot be read: {reason}")) from None
    except ValueError:
        raise FileProblem(Diagnostic("E0901", "this is not the name of a file")) from None
    name = "<stdin>" if place == "-" else place
    if len(data) > limits.text_bytes:
        message = f"`{name}` is larger than {limits.text_bytes:,} bytes"
        raise FileProblem(Diagnostic("E0801", message, help=("raise the limit with `--max-bytes`",)))
    source = decode(name, data)
    if isinstance(source, Diagnostic):
        raise FileProblem(source)
    return source

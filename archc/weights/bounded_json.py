"""JSON from files that nobody vouches for: bounded in size and pieces, names once."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from archc.weights.checkpoint import bad_name, damaged, opened, too_much

MOST_BYTES = 1 << 24
MOST_PIECES = 2_000_000


def read_json(path: Path) -> dict[str, Any]:
    """Read a whole file; SpecError (E0901, E0902, E0921, E0922)."""
    with opened(path) as file:
        text = file.read(MOST_BYTES + 1)
    return parse_json(path, text)


def parse_json(path: Path, text: bytes) -> dict[str, Any]:
    """Parse a mapping. What a text can grow to is bounded by the pieces that it has."""
    pieces = sum(text.count(mark) for mark in (b"{", b"[", b","))
    if len(text) > MOST_BYTES or pieces > MOST_PIECES:
        raise too_much(path, f"its table is larger than {MOST_BYTES >> 20} MiB or {MOST_PIECES:,} pieces")

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
            raise bad_name(path, twice, "it is there twice")
        return found

    try:
        content = json.loads(text, object_pairs_hook=unique)
    except RecursionError:
        raise damaged(path, "its table nests too deeply") from None
    except ValueError as error:
        raise damaged(path, f"its table is not JSON ({str(error)[:120]})") from None
    if not isinstance(content, dict):
        raise damaged(path, "its table is not a mapping")
    return content

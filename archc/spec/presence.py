"""Whether an input is given, as conditions ask for it: `present(mask)`."""

from __future__ import annotations

import re

PRESENT = "present"
"""The function that says whether an input is given."""

_ASKED = re.compile(rf"\b{PRESENT}\(\s*([A-Za-z_][A-Za-z0-9_.]*)\s*\)")
_JOINED = re.compile(r"(?:\s|and\b|or\b|not\b|[()])*")


def presence_key(name: str) -> str:
    """Give the key among the names of an expression under which an input's presence is known."""
    return f"{PRESENT}({name})"


def asked_in(text: str) -> tuple[str, ...]:
    """Give the inputs whose presence a condition asks for."""
    return tuple(dict.fromkeys(_ASKED.findall(text)))


def presence_in(text: str) -> tuple[str, ...] | None:
    """Give the inputs that a condition asks for; None where it asks for more than their presence."""
    return asked_in(text) if _JOINED.fullmatch(_ASKED.sub("", text)) else None

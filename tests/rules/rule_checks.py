"""What the tests of the rules ask: that a spec is right, or wrong in one way at one place."""

from __future__ import annotations

import archc
from archc.api import Compiled
from archc.ir.program import weights

IMAGE = "{x: [N, 3, H, W]}"
ROWS = "{x: [N, 8]}"


def spec(*items: str, inputs: str = ROWS, rest: str = "", head: str = "") -> str:
    """Write a spec of layers, one an item."""
    lines = "".join(f"  - {item}\n" for item in items)
    return f"name: net\n{head}inputs: {inputs}\nlayers:\n{lines}{rest}"


def right(text: str, *warnings: str, variant: str | None = None, **given: object) -> Compiled:
    """Compile a spec that is right, with these warnings and no others."""
    compiled, found = archc.check(text, given, variant=variant)
    assert [each.code for each in found] == list(warnings), [f"{each.span} {each.message}" for each in found]
    assert compiled is not None
    return compiled


def wrong(text: str, code: str, *places: str, **given: object) -> str:
    """Check that a spec is wrong in one way, at these places; give the message and all that goes with it."""
    compiled, found = archc.check(text, given)
    errors = [each for each in found if each.severity == "error"]
    shown = [(each.code, each.span.text if each.span else "") for each in errors]
    assert shown == [(code, place) for place in places], [
        f"{each.code} {each.span} {each.span and each.span.text!r} {each.message}" for each in errors
    ]
    assert compiled is None
    labels = [f"{label.text}: {label.span.text}" for each in errors for label in each.labels]
    return "\n".join(part for each in errors for part in (each.message, *each.notes, *each.help, *labels))


def keys(compiled: Compiled, model: int = 0) -> list[str]:
    """Give the keys of a model's weights."""
    return [path for path, _ in weights(compiled.program.models[model].module)]


def shapes(compiled: Compiled) -> list[str]:
    """Give the types of the outputs."""
    return [str(value.type) for _, value in compiled.program.models[0].module.outputs]

"""What is said to who writes an argument as another tool would take it."""

from __future__ import annotations

import pytest

import archc

HEAD = "inputs: {x: [N, 8, 4]}\nlayers:\n"


@pytest.mark.parametrize(
    ("layer", "code", "help_"),
    [
        ("transpose: [1, 2]", "E0701", "write `transpose: {dim0: 1, dim1: 2}`"),
        ("narrow: [1, 0, 3]", "E0701", "write `narrow: {dim: 1, start: 0, length: 3}`"),
        ("transpose: [1, 2, 3]", "E0701", "write `transpose: {dim0: ..., dim1: ...}`"),
        ("transpose: 1", "E0701", "write `transpose: {dim0: ..., dim1: ...}`"),
        ("detach: x", "E0701", "inputs are given by `from`: `{from: x, detach: }`"),
        ("relu: [x, x]", "E0701", "inputs are given by `from`: `{from: [x, x], relu: }`"),
        ("linear: {out_features: 4, input: x}", "E0702", "inputs are given by `from`, beside the op"),
        ("einsum: {equation: ab->a, inputs: [x]}", "E0702", "inputs are given by `from`, beside the op"),
    ],
)
def test_the_help_is_what_to_write(layer: str, code: str, help_: str) -> None:
    _, [found] = archc.check(f"{HEAD}  - {{{layer}}}\n")
    assert (found.code, found.help) == (code, (help_,))


def test_nothing_is_guessed_of_a_number() -> None:
    _, [found] = archc.check(f"{HEAD}  - relu: 3\n")
    assert (found.code, found.help) == ("E0701", ())


def test_a_name_in_a_loop_says_how_turns_are_named() -> None:
    _, [found] = archc.check(f"{HEAD}  - {{for: {{j: 3}}, layers: [{{name: a, relu: }}]}}\n")
    assert found.code == "E0302"
    assert found.help == (
        "each turn of the loop makes it: name the loop, or put its index into the name, `a$(i)`",
    )

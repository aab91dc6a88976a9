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
        ("linear: {units: 4}", "E0702", "write `out_features`"),
        ("conv1d: {filters: 4, kernel_size: 3}", "E0702", "write `out_channels`"),
        (
            "linear: {out_features: 4, activation: relu}",
            "E0702",
            "write the activation as an item of its own, such as `relu`",
        ),
        ("conv1d: [4, 3]", "E0701", "write `conv1d: {out_channels: 4, kernel_size: 3}`"),
        ("softmax: ", "E0706", "write `softmax: ...`, for example `softmax: -1`"),
        ("Dense: 4", "E0301", "write `linear`"),
        ("op: linear, out_features: 4", "E0201", "the op is a key of its own: `linear: {out_features: 4}`"),
        ("type: relu", "E0201", "write the op alone"),
        (
            "linear: ${width}",
            "E0101",
            "parameters are inserted by `$(name)`; where a number is expected, the name alone is enough",
        ),
        ("einsum: {equation: ab->a, inputs: [x]}", "E0702", "inputs are given by `from`, beside the op"),
    ],
)
def test_the_help_is_what_to_write(layer: str, code: str, help_: str) -> None:
    _, [found] = archc.check(f"{HEAD}  - {{{layer}}}\n")
    assert (found.code, found.help) == (code, (help_,))


def test_a_block_may_have_such_a_name() -> None:
    block = "blocks: {op: {params: {act: layer}, layers: [$(act)]}}\n"
    compiled, found = archc.check(f"{block}{HEAD}  - op: relu\n")
    assert compiled is not None, found
    assert not found


def test_a_row_of_another_tool_is_no_group() -> None:
    _, [found] = archc.check(f"{HEAD}  - [-1, 1, Conv, [64, 3, 2]]\n")
    assert found.code == "E0203"
    assert found.help[0].startswith("write an op, `conv2d: {...}`")


def test_nothing_is_guessed_of_a_number() -> None:
    _, [found] = archc.check(f"{HEAD}  - relu: 3\n")
    assert (found.code, found.help) == ("E0701", ())


def test_a_name_in_a_loop_says_how_turns_are_named() -> None:
    _, [found] = archc.check(f"{HEAD}  - {{for: {{j: 3}}, layers: [{{name: a, relu: }}]}}\n")
    assert found.code == "E0302"
    assert found.help == (
        "each turn of the loop makes it: name the loop, or put its index into the name, `a$(i)`",
    )

"""Shapes of ops on tensors: what becomes of symbols, what the model then requires, what is refused."""

from __future__ import annotations

import itertools
import random

import pytest
import torch

import archc
from archc.backends.onnx import solution_of
from archc.sizes import evaluate
from archc.source import Diagnostic
from archc.source.codes import e04_tensors, e05_tensors, e06_formulas, e07_tensors

CODES = {**e04_tensors.CODES, **e05_tensors.CODES, **e06_formulas.CODES, **e07_tensors.CODES}


def compiled(inputs: str, layer: str) -> archc.Compiled:
    return archc.compile(f"name: t\ninputs: {{{inputs}}}\nlayers: [{{{layer}}}]\n")


def shape(made: archc.Compiled) -> str:
    return str(made.program.models[0].module.outputs[0][1].type)


def mistake(inputs: str, layer: str) -> Diagnostic:
    _, [error] = archc.check(f"name: t\ninputs: {{{inputs}}}\nlayers: [{{{layer}}}]\n")
    return error


@pytest.mark.parametrize("code", CODES)
def test_the_explanation_of_a_code_shows_it(code: str) -> None:
    _, wrong = archc.check("name: t\n" + (CODES[code].wrong or ""))
    assert {each.code for each in wrong if each.severity == "error"} == {code}
    _, right = archc.check("name: t\n" + (CODES[code].right or ""))
    assert [each.message for each in right] == []


@pytest.mark.parametrize(
    ("given", "sizes", "result", "requirements"),
    [
        (
            "[N, C, H, W]",
            "[N, C, H // 2, 2, W // 2, 2]",
            "[N, C, H/2, 2, W/2, 2]",
            ("H % 2 == 0", "W % 2 == 0"),
        ),
        ("[N, C, H, W]", "[N, C // 4, 4, -1]", "[N, C/4, 4, H*W]", ("C % 4 == 0",)),
        ("[N, 64, H, W]", "[N, 8, 8, -1]", "[N, 8, 8, H*W]", ()),
        ("[N, 64, H, W]", "[N, 64, H * W]", "[N, 64, H*W]", ()),
        ("[N, T, 768]", "[N, T, 12, 64]", "[N, T, 12, 64]", ()),
        ("[N, T, 8]", "[N, T // 2, 16]", "[N, T/2, 16]", ("T % 2 == 0",)),
        ("[N, T, 8]", "[-1, 8]", "[N*T, 8]", ()),
        ("[N, 1, 1]", "[N]", "[N]", ()),
        ("[N]", "[1, N, 1]", "[1, N, 1]", ()),
        ("[2, N]", "[N, 2]", "[N, 2]", ()),
    ],
)
def test_reshapes_state_needs_axis_by_axis(
    given: str, sizes: str, result: str, requirements: tuple[str, ...]
) -> None:
    made = compiled(f'x: "{given}"', f"reshape: {sizes}")
    assert shape(made).replace("//", "/") == result
    assert made.requirements == requirements


def test_a_wrong_reshape_says_both_counts() -> None:
    error = mistake("x: [N, 6, 6]", "reshape: [N, 5, 7]")
    assert error.message == "`reshape` to [N, 5, 7] needs 35*N elements, [N, 6, 6] has 36*N"


def test_concat_says_which_axis_and_both_shapes() -> None:
    error = mistake("up: [N, 8, 65, 65], skip: [N, 8, 64, 64]", "concat: [up, skip]")
    assert "axis 2 is 65 and 64" in error.message
    assert {label.text for label in error.labels} == {"this is [N, 8, 65, 65]", "this is [N, 8, 64, 64]"}


def test_concat_adds_up_its_axis() -> None:
    assert shape(compiled("a: [N, 3, T], b: [N, 5, T]", "concat: [a, b]")) == "[N, 8, T]"
    assert shape(compiled('a: [N, T], b: "[N, S]"', "concat: [a, b]")) == "[N, T + S]"


def test_slices_count_as_python_does() -> None:
    numbers = [None, *range(-6, 7)]
    cases = list(itertools.product(numbers, numbers, (1, 2, 3)))
    for start, end, step in random.Random(3).sample(cases, 80):
        bounds = f"start: {_null(start)}, end: {_null(end)}, step: {step}"
        made, _ = archc.check(f"name: t\ninputs: {{x: [2, T]}}\nlayers: [slice: {{dim: 1, {bounds}}}]\n")
        for size in range(1, 10):
            count = len(range(size)[start:end:step])
            if made is None:
                assert count == 0
            elif solution_of(made.program.models[0]).allows({"T": size}):
                result = made.program.models[0].module.outputs[0][1].type
                assert evaluate(result.shape[1], {"T": size}) == count
            else:
                assert count == 0


def _null(number: int | None) -> str:
    return "null" if number is None else str(number)


@pytest.mark.parametrize(
    ("pattern", "given", "emitted"),
    [
        (
            '{pattern: "n t (h d) -> n h t d", h: 4}',
            "[N, T, 8]",
            "torch.unflatten(x, 2, (4, 2)).transpose(1, 2)",
        ),
        ('"n h t d -> n t (h d)"', "[N, 4, T, 2]", "x.transpose(1, 2).flatten(2)"),
        ('"n t -> n 1 1 t"', "[N, T]", "x[:, None, None]"),
        ('"n c ... -> n ... c"', "[N, 3, H, W]", "x.permute(0, 2, 3, 1)"),
        ('"n ... -> n (...)"', "[N, 3, H, W]", "x.flatten(1)"),
        ('"n 1 t -> t n"', "[N, 1, T]", "x.squeeze(1).transpose(0, 1)"),
    ],
)
def test_rearrange_is_written_as_one_would(pattern: str, given: str, emitted: str) -> None:
    assert emitted in compiled(f'x: "{given}"', f"rearrange: {pattern}").to_pytorch()


def test_patches_are_cut_as_convolutions_see_them() -> None:
    made = compiled(
        'x: "[N, 3, H, W]"', 'rearrange: {pattern: "n c (h p) (w q) -> n (h w) (c p q)", p: 4, q: 4}'
    )
    assert made.requirements == ("H % 4 == 0", "W % 4 == 0")
    x = torch.randn(2, 3, 8, 12)
    patches = torch.nn.functional.unfold(x, 4, stride=4).transpose(1, 2)
    torch.testing.assert_close(made.module()(x), patches)


def test_a_wrong_name_in_a_pattern_is_listed() -> None:
    error = mistake("x: [N, T, 8]", 'rearrange: {pattern: "n t (h d) -> n h t d", heads: 4}')
    assert error.message == "`heads` is no name of the pattern `n t (h d) -> n h t d`"


def test_a_symbolic_batch_is_halved() -> None:
    made = archc.compile('name: t\ninputs: {x: "[N, 8]"}\nlayers: [{name: [a, b], chunk: 2}, add: [a, b]]\n')
    assert made.requirements == ("N % 2 == 0",)


@pytest.mark.parametrize(
    ("layer", "low", "high"),
    [
        ("arange: T", 0, "T - 1"),
        ("arange: {start: 1, end: 9, step: 3}", 1, 7),
        ("constant: [3, 1, 2]", 1, 3),
        ("zeros: {size: [4], dtype: int64}", 0, 0),
    ],
)
def test_sources_know_their_values(layer: str, low: int, high: object) -> None:
    made = archc.compile(
        f"name: t\ninputs: {{x: [N, T]}}\nlayers: [relu, {{name: s, {layer}}}]\noutputs: [relu, s]\n"
    )
    known = made.program.models[0].module.outputs[1][1].type.range
    assert known is not None
    assert (known.low, str(known.high)) == (low, str(high))


def test_positions_are_required_to_be_below_the_table() -> None:
    made = archc.compile(
        "name: t\ninputs: {ids: 'int64[N, T]'}\nlayers:\n"
        "  - {name: words, embedding: {num_embeddings: 50, embedding_dim: 8}}\n"
        "  - {name: at, arange: {start: 2, end: T + 2}}\n"
        "  - {name: places, embedding: {num_embeddings: 16, embedding_dim: 8}}\n"
        "  - add: [words, places]\n"
    )
    assert made.requirements == ("T <= 14",)

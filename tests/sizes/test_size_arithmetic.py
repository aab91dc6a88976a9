"""Sizes compute what Python's integers compute, in a form that does not depend on how they were made."""

from __future__ import annotations

import itertools

import pytest

from archc.sizes import (
    Expr,
    SizeTooLarge,
    ceil_div,
    dim_max,
    dim_min,
    evaluate,
    floor_div,
    mod,
    product,
    substitute,
    symbol,
    symbols,
)

H, W, N, T = (symbol(name) for name in "HWNT")


@pytest.mark.parametrize("seed", range(8))
def test_a_size_evaluates_to_what_python_computes(random_sizes, seed):
    draw = random_sizes(seed)
    for _ in range(60):
        names = draw.symbols(draw.rng.randint(1, 3))
        dim, number = draw.draw(names, draw.rng.randint(1, 5))
        choices = [[m * k + r for k in (1, 2, 5, 10, 23)] for m, r in names.values()]
        for values in itertools.product(*choices):
            sizes = dict(zip(names, values, strict=True))
            assert evaluate(dim, sizes) == number(sizes), str(dim)


@pytest.mark.parametrize("seed", range(4))
def test_substitution_agrees_with_evaluation(random_sizes, seed):
    draw = random_sizes(100 + seed)
    for _ in range(60):
        dim, number = draw.draw({"H": (1, 0), "W": (1, 0)}, 4)
        replaced = substitute(dim, {"H": 3 * T + 1})
        for t, w in itertools.product((1, 2, 7), (1, 4, 9)):
            assert evaluate(replaced, {"T": t, "W": w}) == number({"H": 3 * t + 1, "W": w})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (2 * H, H + H),
        (H - H, 0),
        ((H + 1) * (H - 1), H**2 - 1),
        (H // 2 // 2, H // 4),
        (((H - 1) // 2 + 1 - 1) // 2 + 1, (H - 1) // 4 + 1),
        ((4 * H + 3) // 4, H),
        ((5 * H) // 2, 2 * H + H // 2),
        ((6 * H + 4) // 4, (3 * H) // 2 + 1),
        (symbol("H", 32) // 2 * 2, symbol("H", 32)),
        ((symbol("H", 32) - 1) // 2 + 1, symbol("H", 32) // 2),
        ((symbol("H", 4, 1) - 1) // 2, symbol("H", 4, 1) // 2),
        ((N * T * 12) // (N * 4), 3 * T),
        ((N * (T + 1) * 3) // (T + 1), 3 * N),
        ((N * T + 3) // N, T + 3 // N),
        (mod(N * T, T), 0),
        (mod(H + 16, 16), mod(H, 16)),
        (ceil_div(H, 2), (H - 1) // 2 + 1),
        (dim_max(H, H - 2, 0), H),
        (dim_min(H // 2, ceil_div(H, 2)), H // 2),
        (dim_max(T, dim_max(3, 2), W), dim_max(W, 3, T)),
        (product([N, 3, H]), 3 * H * N),
        (7 // H * 0, 0),
        (10 - H + H, 10),
    ],
)
def test_equal_sizes_are_equal_by_structure(one, other):
    assert one == other
    assert hash(one) == hash(other)


def test_a_constant_is_always_a_plain_integer():
    assert type(H - H + 3) is int
    assert type((H + 5) // 1 - H) is int
    assert isinstance(H, Expr)


def test_python_operators_work_on_both_sides():
    assert evaluate(17 // H, {"H": 5}) == 3
    assert evaluate(17 % H, {"H": 5}) == 2
    assert evaluate(17 - H, {"H": 5}) == 12
    assert evaluate(-H // 2, {"H": 5}) == -3
    assert evaluate(H**3, {"H": 2}) == 8


def test_a_size_has_no_truth_value():
    with pytest.raises(TypeError, match="depends on its symbols"):
        bool(H - 1)


def test_symbols_are_found_at_every_depth():
    assert symbols(dim_max(H // 2, 3) * (W // (T + 1))) == {"H", "W", "T"}


def test_evaluation_asks_for_every_symbol_and_for_the_declared_remainder():
    with pytest.raises(KeyError):
        evaluate(H + W, {"H": 1})
    with pytest.raises(ValueError, match="`H` is 33"):
        evaluate(symbol("H", 32) // 2, {"H": 33})


def test_division_by_zero_is_an_error():
    with pytest.raises(ZeroDivisionError):
        floor_div(H, 0)


def test_sizes_without_end_are_refused():
    many = sum((symbol(f"d{i}") for i in range(9)), start=0)
    with pytest.raises(SizeTooLarge):
        many**12
    with pytest.raises(SizeTooLarge):
        nested(H, 200)
    with pytest.raises(SizeTooLarge):
        branching(H, 30)


def nested(x, depth):
    for _ in range(depth):
        x = (3 * (x // 2) + x) // 5
    return x


def branching(x, depth):
    for _ in range(depth):
        x = x // 2 + x // 3
    return x


def test_two_hundred_halvings_stay_one_division():
    x = H
    for _ in range(200):
        x = (x - 1) // 2 + 1
    assert x == (H - 1) // 2**200 + 1

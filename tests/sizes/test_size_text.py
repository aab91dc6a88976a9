"""How sizes and conditions read."""

from __future__ import annotations

import ast
import operator
from fractions import Fraction

import pytest

from archc.sizes import (
    FLOAT32,
    INT64,
    Condition,
    TensorType,
    at_least,
    at_most,
    ceil_div,
    dim_max,
    dim_min,
    divides,
    equal,
    evaluate,
    floor_div,
    less,
    mod,
    shape_text,
    symbol,
    text,
)

H, W, N, T, P, C = (symbol(name) for name in "HWNTPC")
H32, W32 = symbol("H", 32), symbol("W", 32)
ODD = symbol("H", 32, 5)


@pytest.mark.parametrize(
    ("dim", "shown"),
    [
        (7, "7"),
        (H, "H"),
        (2 * H + 1, "2*H + 1"),
        (16 - H, "16 - H"),
        (-H - 3, "-H - 3"),
        (H * H, "H**2"),
        (T * N, "N*T"),
        (W * C * N * H, "N*C*H*W"),
        (N * T + N, "N*(T + 1)"),
        ((H - 1) // 2 + 1, "(H - 1)//2 + 1"),
        (ceil_div(H, 2), "(H - 1)//2 + 1"),
        ((H - 3) // 2 + 1, "(H - 1)//2"),
        ((H - 2) // 2 + 1, "H//2"),
        (2 * (H // 2), "2*(H//2)"),
        (-(H // 2), "-(H//2)"),
        (H + H // 2, "H + H//2"),
        ((H - W) // 2, "(H - W)//2"),
        (N * ((H - 1) // 2 + 1) * ((W - 1) // 2 + 1), "N*((H - 1)//2 + 1)*((W - 1)//2 + 1)"),
        (N * ((H - 1) // 2) * ((W - 1) // 2), "N*((H - 1)//2)*((W - 1)//2)"),
        (H // (W + 1), "H//(W + 1)"),
        ((N * H) // (2 * W), "N*H//(2*W)"),
        (mod(H, 16), "H % 16"),
        (16 - mod(H, 16), "16 - H % 16"),
        (mod(H * W, 16), "H*W % 16"),
        (mod(H - 12, 16), "(H - 12) % 16"),
        (mod(H // 2, 4), "H//2 % 4"),
        (dim_max(1, T - 2), "max(1, T - 2)"),
        (dim_min(T, 512), "min(512, T)"),
        (H32, "H"),
        (H32 // 4, "H/4"),
        (3 * H32 // 32, "3*H/32"),
        (H32 // 2 + 1, "H/2 + 1"),
        (H32 // 64, "H//64"),
        ((H32 - 1) // 2 + 1, "H/2"),
        ((H32 // 4) * (W32 // 4), "H*W/16"),
        (N * (H32 // 4) * (W32 // 4) + N, "N*H*W/16 + N"),
        (mod(H32, 64), "H % 64"),
        (ODD, "H"),
        (ODD // 2, "(H - 1)/2"),
        (ODD // 2 + 1, "(H + 1)/2"),
        (ODD // 2 + W, "(H - 1)/2 + W"),
    ],
)
def test_a_size_reads_as_a_person_would_write_it(dim, shown):
    assert text(dim) == str(dim) == shown


def test_shapes_and_types():
    assert shape_text((N, 64, H32 // 4, W32 // 4)) == "[N, 64, H/4, W/4]"
    assert str(TensorType(FLOAT32, (N, 3, H, W))) == "[N, 3, H, W]"
    assert str(TensorType(INT64, (N, T))) == "int64[N, T]"


@pytest.mark.parametrize(
    ("condition", "shown"),
    [
        (divides(16, H), "H % 16 == 0"),
        (divides(16, H + 4), "H % 16 == 12"),
        (divides(16, H * W), "H*W % 16 == 0"),
        (equal(mod(H, 16), 12), "H % 16 == 12"),
        (at_most(T, 512), "T <= 512"),
        (at_most(P + T, 512), "P + T <= 512"),
        (at_least(H - 28, 1), "H >= 29"),
        (less(T, 512), "T <= 511"),
        (less(T, P), "P >= T + 1"),
        (at_least(H32, 60), "H >= 60"),
        (equal(H // 8, 2 * (H // 16)), "H//8 == 2*(H//16)"),
        (equal(H, W), "H == W"),
        (Condition(H + 1, "!=", 10), "H != 9"),
        (equal(2 * H, 7), "2*H == 7"),
    ],
)
def test_a_condition_reads_as_a_person_would_write_it(condition, shown):
    assert str(condition) == shown


OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}


def read(node: ast.expr, sizes: dict[str, int]) -> int:
    """Compute a size from its text; `/` has to divide exactly."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return sizes[node.id]
    if isinstance(node, ast.UnaryOp):
        return -read(node.operand, sizes)
    if isinstance(node, ast.Call):
        return {"max": max, "min": min}[node.func.id](read(arg, sizes) for arg in node.args)
    left, right = read(node.left, sizes), read(node.right, sizes)
    if isinstance(node.op, ast.Div):
        assert Fraction(left, right).denominator == 1
        return left // right
    return OPERATORS[type(node.op)](left, right)


@pytest.mark.parametrize("seed", range(8))
def test_text_means_the_size(random_sizes, seed):
    draw = random_sizes(seed)
    for _ in range(50):
        names = draw.symbols(3)
        dim, number = draw.draw(names, draw.rng.randint(0, 4))
        tree = ast.parse(text(dim), mode="eval").body
        for _ in range(5):
            sizes = {name: m * draw.rng.randint(1, 40) + r for name, (m, r) in names.items()}
            assert read(tree, sizes) == number(sizes) == evaluate(dim, sizes), text(dim)


def test_text_does_not_depend_on_the_order_of_making():
    a = floor_div(H, 3) * W + floor_div(W, 5) * N + dim_max(T, H)
    b = dim_max(H, T) + N * floor_div(W, 5) + W * floor_div(H, 3)
    assert text(a) == text(b)

"""Element types of results are PyTorch's, for tensors with and without axes and for numbers."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
import torch

from archc.opdef import Rule, RuleError
from archc.ops import find
from archc.ops.operands import Weak
from archc.sizes import DTYPES, Facts, TensorType

KINDS = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")
BINARY = ("add", "sub", "mul", "div", "floor_divide", "remainder", "pow", "eq", "lt", "maximum")
SYMBOLS = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "div": "/",
    "floor_divide": "//",
    "remainder": "%",
    "pow": "**",
}
UNARY = (
    "exp",
    "log1p",
    "sqrt",
    "reciprocal",
    "abs",
    "neg",
    "square",
    "sign",
    "floor",
    "trunc",
    "isnan",
    "erf",
)
REDUCTIONS = ("sum", "prod", "mean", "amax", "any", "all", "argmax", "std")


def inferred(name: str, *types: TensorType, **attributes: object) -> str:
    try:
        result = find(name)(**attributes).infer(Rule(Facts(), name), *types)
    except RuleError:
        return "refused"
    return str(result.dtype)


def computed(function: Callable[..., torch.Tensor], *args: object) -> str:
    try:
        return str(function(*args).dtype).removeprefix("torch.")
    except (RuntimeError, TypeError):
        return "refused"


def tensor(kind: str, rank: int) -> torch.Tensor:
    return torch.ones((2,) * rank, dtype=getattr(torch, kind))


def type_of(kind: str, rank: int) -> TensorType:
    return TensorType(DTYPES[kind], (2,) * rank)


@pytest.mark.parametrize("name", BINARY)
def test_two_tensors(name: str) -> None:
    for a, b in itertools.product(KINDS, KINDS):
        for left, right in ((1, 1), (1, 0), (0, 1), (0, 0)):
            expected = computed(getattr(torch, name), tensor(a, left), tensor(b, right))
            assert inferred(name, type_of(a, left), type_of(b, right)) == expected, (a, left, b, right)


@pytest.mark.parametrize("name", [name for name in BINARY if name != "maximum"])
def test_a_tensor_and_a_number(name: str) -> None:
    for kind, number in itertools.product(KINDS, (True, 2, 0.5)):
        if kind == "bool" and number is True:
            continue
        expected = computed(getattr(torch, name), tensor(kind, 1), number)
        assert inferred(name, type_of(kind, 1), None, other=number) == expected, (kind, number)


@pytest.mark.parametrize("name", list(SYMBOLS))
def test_a_number_and_a_tensor(name: str) -> None:
    for kind, number in itertools.product(KINDS, (2, 0.5)):
        expected = computed(lambda x, n=number, s=SYMBOLS[name]: _applied(s, n, x), tensor(kind, 1))
        assert inferred(name, Weak(number), type_of(kind, 1)) == expected, (kind, number)


def _applied(symbol: str, number: float, x: torch.Tensor) -> torch.Tensor:
    operators = {
        "+": lambda: number + x,
        "-": lambda: number - x,
        "*": lambda: number * x,
        "/": lambda: number / x,
        "//": lambda: number // x,
        "%": lambda: number % x,
        "**": lambda: number**x,
    }
    return operators[symbol]()


@pytest.mark.parametrize("name", UNARY + REDUCTIONS)
def test_one_tensor(name: str) -> None:
    for kind in KINDS:
        assert inferred(name, type_of(kind, 1)) == computed(getattr(torch, name), tensor(kind, 1)), kind


def test_bounds_promote() -> None:
    for kind, bound in itertools.product(KINDS, (0, 0.5)):
        expected = computed(torch.clamp, tensor(kind, 1), bound)
        assert inferred("clamp", type_of(kind, 1), min=bound) == expected, (kind, bound)


def test_choices_promote() -> None:
    keep, condition = torch.ones(2, dtype=torch.bool), type_of("bool", 1)
    for kind, number in itertools.product(KINDS, (1, 0.5)):
        expected = computed(torch.where, keep, tensor(kind, 1), number)
        assert inferred("where", condition, type_of(kind, 1), None, other=number) == expected, (kind, number)

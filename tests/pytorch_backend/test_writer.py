"""The writer breaks lines where the formatter does, for random expressions."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest

from archc.backends.pytorch.one_line import flat, literal
from archc.backends.pytorch.syntax import (
    Attribute,
    Binary,
    Call,
    Comprehension,
    Dict,
    Item,
    Lit,
    Method,
    Name,
    Py,
    Slice,
    Star,
    Ternary,
    Tuple,
    Unary,
)
from archc.backends.pytorch.writer import condition, signature, statement

WORDS = ("x", "h", "channels", "self.conv1", "a_rather_long_name_for_a_value", "n", "width")


class Trees:
    """Random expressions of the kinds that the emitter writes."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def atom(self) -> Py:
        value = self.random.choice((0, 1, -3, 128, 1e-5, 0.02, True, None, "same", (1, 2), (7,), -0.5))
        return Lit(value) if self.random.random() < 0.4 else Name(self.random.choice(WORDS))

    def small(self, depth: int = 2) -> Py:
        """Give arithmetic, subscripts, attributes."""
        if depth == 0 or self.random.random() < 0.3:
            return self.atom()
        kind = self.random.randrange(6)
        if kind == 0:
            operator = self.random.choice(("+", "-", "*", "//", "%", "@", "**"))
            return Binary(operator, self.number(depth - 1), self.number(depth - 1))
        if kind == 1:
            return Unary("-", self.number(depth - 1))
        if kind == 2:
            return Item(Name("x"), Tuple((Slice(), Slice(self.number(depth - 1), None), Lit(0))))
        if kind == 3:
            return Item(Name("sizes"), self.number(depth - 1))
        if kind == 4:
            return Attribute(Name("x"), "shape")
        return Call(self.random.choice(("max", "torch.exp")), (self.number(depth - 1),))

    def number(self, depth: int) -> Py:
        made = self.small(depth)
        return made if not isinstance(made, Lit) or type(made.value) is int else Name("size")

    def nested(self, depth: int) -> Py:
        """Give constructors in constructors."""
        if depth == 0:
            return self.small()
        items = [self.nested(self.random.randrange(depth)) for _ in range(self.random.randrange(6))]
        names = ("stride", "padding", "bias", "groups")
        kwargs = tuple((name, self.small(1)) for name in names[: self.random.randrange(4)])
        kind = self.random.randrange(6)
        if kind == 0:
            return Call("nn.Sequential", (*items, Star(self.repeated(depth))))
        if kind == 1:
            return Tuple(tuple(items), "[]")
        if kind == 2:
            return Dict(tuple((f"key{index}", item) for index, item in enumerate(items)))
        return Call(self.random.choice(("nn.Conv2d", "nn.Sequential", "Block")), tuple(items), kwargs)

    def repeated(self, depth: int) -> Py:
        return Comprehension(Call("Block", (self.nested(depth - 1),)), "_", Call("range", (Lit(3),)))

    def test(self) -> Py:
        """Give a condition as blocks have them: over names, without brackets."""
        parts = [
            Binary(self.random.choice(("!=", "==", ">", "<=")), self.plain(), self.plain()) for _ in range(3)
        ]
        return Binary(
            self.random.choice(("or", "and")), Binary("or", parts[0], parts[1]), Unary("not", parts[2])
        )

    def plain(self) -> Py:
        name = Name(self.random.choice(WORDS))
        return Binary("*", Lit(4), name) if self.random.random() < 0.3 else name


def code(seed: int) -> list[str]:
    trees = Trees(seed)
    lines = [f"class C{seed}:"]
    words = [f"parameter{index}: int" for index in range(seed % 9)]
    lines.extend(signature("__init__", ["self", *words], "None", 4))
    for index in range(12):
        lines.extend(statement(f"self.item{index}", trees.nested(3), 8))
    lines.extend(statement("self.optional", Ternary(trees.test(), trees.nested(2), Lit(None)), 8))
    lines.extend(condition("if", trees.test(), 8))
    lines.extend(statement("x", trees.small(3), 12))
    lines.extend(statement("x", Method(Name("x"), "reshape", (trees.number(2), trees.number(2))), 8))
    lines.extend(statement("return", Call("F.relu", (trees.small(2),)), 8))
    return lines


def test_random_expressions() -> None:
    text = "\n\n\n".join("\n".join(code(seed)) for seed in range(100)) + "\n"
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--no-cache", "--diff", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    assert done.stdout == "", done.stdout


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (1e-5, "1e-5"),
        (1e22, "1e22"),
        (0.1, "0.1"),
        (float("inf"), 'float("inf")'),
        (float("-inf"), '-float("inf")'),
        (float("nan"), 'float("nan")'),
        ("it's", '"it\'s"'),
        ('say "no"', "'say \"no\"'"),
        ((1,), "(1,)"),
        ((), "()"),
        ([1, "a"], '[1, "a"]'),
        (True, "True"),
    ],
)
def test_literals(value: object, written: str) -> None:
    assert literal(value) == written


def test_parentheses_only_where_they_are_needed() -> None:
    a, b, c = Name("a"), Name("b"), Name("c")
    assert flat(Binary("*", Binary("+", a, b), c)) == "(a + b) * c"
    assert flat(Binary("+", Binary("*", a, b), c)) == "a * b + c"
    assert flat(Binary("-", a, Binary("-", b, c))) == "a - (b - c)"
    assert flat(Method(Binary("+", a, b), "tanh")) == "(a + b).tanh()"
    assert flat(Unary("-", Binary("**", a, Lit(2)))) == "-(a**2)"
    assert flat(Binary("**", Lit(-1), a)) == "(-1) ** a"


@pytest.mark.parametrize("count", [1, 2, 14, 15, 16, 30])
def test_long_literals_are_broken_like_displays(count: int) -> None:
    values = tuple(range(1000, 1000 + count))
    call = Call("f", (Lit(values),), (("bounds", Lit(values)), ("least", Lit(1e9)), ("most", Lit(2.5e12))))
    text = "\n".join(statement("x", call, 0)) + "\n"
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--no-cache", "--diff", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.stdout == ""
    assert "least=1e9" in text

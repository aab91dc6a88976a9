"""Random sizes, each beside a plain Python function that computes the same number."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Mapping

import pytest

from archc.sizes import Dim, SizeTooLarge, ceil_div, dim_max, dim_min, floor_div, mod, symbol

Number = Callable[[Mapping[str, int]], int]
Pair = tuple[Dim, Number]
DIVISORS = (1, 2, 2, 2, 3, 4, 4, 5, 8)


class RandomSizes:
    """Draws sizes over symbols of which some are known to leave a remainder."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def symbols(self, count: int) -> dict[str, tuple[int, int]]:
        """Give names with what they are a multiple of, and the remainder."""
        known = [(1, 0), (1, 0), (1, 0), (2, 0), (3, 1), (4, 1)]
        return {name: self.rng.choice(known) for name in "HWT"[:count]}

    def draw(self, names: Mapping[str, tuple[int, int]], depth: int) -> Pair:
        try:
            return self._drawn(names, depth)
        except SizeTooLarge:
            return self._leaf(names)

    def _drawn(self, names: Mapping[str, tuple[int, int]], depth: int) -> Pair:
        rng = self.rng
        if depth == 0 or rng.random() < 0.15:
            return self._leaf(names)
        a, f = self.draw(names, depth - 1)
        kind = rng.choice(["div", "div", "div", "ceil", "mod", "add", "sub", "scale", "mul", "max", "min"])
        if kind in ("div", "ceil", "mod"):
            return self._division(kind, a, f, names)
        if kind == "scale":
            c = rng.randint(1, 4)
            return a * c, lambda s: f(s) * c
        b, g = self.draw(names, depth - 1)
        return {
            "add": (a + b, lambda s: f(s) + g(s)),
            "sub": (a - b, lambda s: f(s) - g(s)),
            "mul": (a * b, lambda s: f(s) * g(s)),
            "max": (dim_max(a, b), lambda s: max(f(s), g(s))),
            "min": (dim_min(a, b), lambda s: min(f(s), g(s))),
        }[kind]

    def _leaf(self, names: Mapping[str, tuple[int, int]]) -> Pair:
        if self.rng.random() < 0.75:
            name = self.rng.choice(list(names))
            return symbol(name, *names[name]), lambda s: s[name]
        c = self.rng.randint(-6, 12)
        return c, lambda _: c

    def _division(self, kind: str, a: Dim, f: Number, names: Mapping[str, tuple[int, int]]) -> Pair:
        m: Dim = self.rng.choice(DIVISORS)
        g: Number = lambda _, m=m: m  # noqa: E731
        if self.rng.random() < 0.08:
            inner, h = self.draw(names, 1)
            m, g = dim_max(1, inner), lambda s: max(1, h(s))
        return {
            "div": (floor_div(a, m), lambda s: f(s) // g(s)),
            "ceil": (ceil_div(a, m), lambda s: -(-f(s) // g(s))),
            "mod": (mod(a, m), lambda s: f(s) % g(s)),
        }[kind]

    def convolved(self, x: Dim) -> Dim:
        """Pass a size through some layers, as networks do."""
        steps: list[Callable[[Dim], Dim]] = [
            lambda x: x // self.rng.choice((2, 3, 4)),
            lambda x: (x - 1) // 2 + 1,
            lambda x: x - self.rng.randint(1, 5),
            lambda x: 2 * x,
            lambda x: (x + 2 * self.rng.randint(0, 3) - self.rng.randint(1, 5)) // self.rng.randint(1, 3) + 1,
            lambda x: dim_max(x, self.rng.randint(1, 20)),
            lambda x: dim_min(x, self.rng.randint(1, 200)),
            lambda x: x * x,
            lambda x: mod(x, self.rng.choice((4, 5, 8))),
        ]
        for _ in range(self.rng.randint(1, 6)):
            [step] = self.rng.choices(steps, weights=(5, 4, 3, 3, 2, 1, 1, 1, 1))
            with contextlib.suppress(SizeTooLarge):
                x = step(x)
        return x


@pytest.fixture
def random_sizes() -> Callable[[int], RandomSizes]:
    return RandomSizes

"""Proofs are right, and found for what networks ask."""

from __future__ import annotations

import itertools

import pytest

from archc.sizes import (
    Condition,
    Facts,
    SizeFact,
    at_least,
    at_most,
    ceil_div,
    dim_max,
    dim_min,
    divides,
    equal,
    less,
    prove,
    symbol,
)

H, W, N, T, P, D = (symbol(name) for name in "HWNTPD")
EVEN = Facts({"H": SizeFact(min=2, multiple=2), "W": SizeFact(min=2, multiple=2)})
HOLDS = {"==": int.__eq__, ">=": int.__ge__, "!=": int.__ne__}


@pytest.mark.parametrize(
    ("condition", "facts"),
    [
        (at_least((H - 1) // 2 + 1, 1), Facts()),
        (at_least((H - 1) // 32 + 1, 1), Facts()),
        (at_least(N * ((H - 1) // 8 + 1) * W, 1), Facts()),
        (at_least(H, 2 * (H // 2)), Facts()),
        (at_least(H // 2, H // 4), Facts()),
        (equal(N * T * D, D * (T * N)), Facts()),
        (equal((H // 2) * 2 * (W // 2) * 2, H * W), EVEN),
        (equal(H // 8, 2 * (H // 16)), Facts({"H": SizeFact(multiple=16)})),
        (equal((H - 4) // 2, H // 2 - 2), Facts()),
        (divides(4, H * W), EVEN),
        (divides(T, N * T), Facts()),
        (at_most(T, 512), Facts({"T": SizeFact(max=512)})),
        (at_most(P + T, 512), Facts({"P": SizeFact(max=256), "T": SizeFact(max=256)})),
        (at_least(512 * N, N * T), Facts({"T": SizeFact(max=512)})),
        (less(mod := H - 16 * (H // 16), 16), Facts()),
        (at_least(mod, 0), Facts()),
        (at_least(dim_max(1, T - 2), 1), Facts()),
        (at_least(dim_max(H, W), W), Facts()),
        (at_least(T, dim_min(T, 512)), Facts()),
        (Condition(2 * H, "!=", 2 * W + 1), Facts()),
        (Condition(H + W, "!=", 1), Facts()),
        (equal(H % 32, 5), Facts({"H": SizeFact(multiple=32, remainder=5)})),
        (equal(ceil_div(H, 2) + H // 2, H), Facts()),
        (at_least(H * H, H), Facts()),
        (at_least(H * W + N, H + 1), Facts()),
    ],
)
def test_proved(condition, facts):
    assert prove(condition, facts).verdict == "proved"


@pytest.mark.parametrize(
    ("condition", "counterexample"),
    [
        (at_least(H - 28, 1), {"H": 1}),
        (equal(H // 8, 2 * (H // 16)), {"H": 8}),
        (at_most(T, 512), {"T": 513}),
        (equal(H, W), {"H": 1, "W": 2}),
        (Condition(H, "!=", 123_456), {"H": 123_456}),
        (at_least(10**9, H // 2), {"H": 2 * 10**9 + 2}),
        (at_least(200, (H // 3) ** 2), {"H": 45}),
    ],
)
def test_refuted_with_the_first_counterexample(condition, counterexample):
    proof = prove(condition, Facts())
    assert proof.verdict == "refuted"
    assert not proof.never
    if len(counterexample) == 1:
        assert proof.counterexample == counterexample


@pytest.mark.parametrize(
    ("condition", "facts"),
    [
        (equal(2 * H, 7), Facts()),
        (equal(2 * H, 2 * W + 1), Facts()),
        (at_most(H + W, 1), Facts()),
        (equal(H % 2, 1), EVEN),
        (at_least(H, 200), Facts({"H": SizeFact(max=100)})),
        (at_least(3, 4), Facts()),
        (equal(N * H, 0), Facts()),
    ],
)
def test_never(condition, facts):
    proof = prove(condition, facts)
    assert proof.verdict == "refuted"
    assert proof.never
    assert proof.witness is None


def test_what_cannot_be_decided_is_unknown():
    x = H**2 * W - 61 * H * W + 930 * W + 1
    assert prove(at_least(x, 1), Facts()).verdict == "unknown"


def test_a_witness_is_given_beside_a_counterexample():
    proof = prove(divides(16, H * W), Facts())
    assert proof.verdict == "refuted"
    assert proof.witness is not None
    assert proof.witness["H"] * proof.witness["W"] % 16 == 0


def random_facts(rng, names):
    facts = Facts()
    for name in names:
        if rng.random() < 0.5:
            low, multiple = rng.randint(1, 9), rng.choice([1, 1, 1, 2, 4, 3])
            high = None if rng.random() < 0.6 else low + rng.randint(2, 40)
            facts = facts.with_fact(name, SizeFact(low, high, multiple, rng.randint(0, multiple - 1)))
    return facts


@pytest.mark.parametrize("seed", range(10))
def test_every_verdict_is_right(random_sizes, seed):
    draw = random_sizes(seed)
    for _ in range(50):
        names = draw.symbols(draw.rng.randint(1, 3))
        facts = random_facts(draw.rng, names)
        left, f = draw.draw(names, draw.rng.randint(1, 5))
        right, g = draw.draw(names, draw.rng.randint(0, 3))
        condition = Condition(left, draw.rng.choice(["==", ">=", ">=", "!="]), right)

        def legal(sizes, facts=facts, names=names):
            return all(
                facts.get(n).admits(s) and (s - names[n][1]) % names[n][0] == 0 for n, s in sizes.items()
            )

        def holds(sizes, f=f, g=g, relation=condition.relation):
            return HOLDS[relation](f(sizes), g(sizes))

        proof = prove(condition, facts)
        points = itertools.product(range(1, {1: 150, 2: 40, 3: 16}[len(names)]), repeat=len(names))
        answers = {holds(s) for s in (dict(zip(names, p, strict=True)) for p in points) if legal(s)}
        shown = f"{condition} {facts} {proof}"
        assert not (proof.verdict == "proved" and False in answers), shown
        assert not (proof.never and True in answers), shown
        for sizes, expected in ((proof.counterexample, False), (proof.witness, True)):
            if sizes is not None and sizes.keys() == names.keys():
                assert legal(sizes), shown
                assert holds(sizes) == expected, shown


def test_one_symbol_with_constant_divisors_is_always_decided(random_sizes):
    draw = random_sizes(7)
    for _ in range(300):
        a, b = draw.convolved(H), draw.convolved(H)
        condition = Condition(a, draw.rng.choice(["==", ">=", "!="]), b)
        proof = prove(condition, Facts())
        if proof.verdict == "unknown":
            assert "**" in str(condition) or "65536" in str(condition) or len(str(condition)) > 100, condition

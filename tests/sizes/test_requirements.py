"""What a model asks of its symbols: no more, no less, and in words."""

from __future__ import annotations

import itertools
import re

import pytest

from archc.sizes import (
    Condition,
    Dim,
    Facts,
    Need,
    SizeFact,
    at_least,
    at_most,
    dim_max,
    divides,
    equal,
    evaluate,
    solve,
    symbol,
)
from archc.source import Source, Span

H, W, N, T, P, C = (symbol(name) for name in "HWNTPC")
ANY = Facts()


def required(*conditions: Condition, facts: Facts = ANY) -> list[str]:
    solution = solve([Need(condition) for condition in conditions], facts)
    assert not solution.conflicts
    return [requirement.text for requirement in solution.requirements]


def conflicts(*conditions: Condition, facts: Facts = ANY) -> list[str]:
    return [conflict.text for conflict in solve([Need(c) for c in conditions], facts).conflicts]


def unet(x: Dim, levels: int) -> list[Condition]:
    """Padded convolutions: halve, then double and concatenate with what was there."""
    skips = []
    for _ in range(levels):
        skips.append(x)
        x = x // 2
    needs = [at_least(x, 1)]
    for skip in reversed(skips):
        x = 2 * x
        needs.append(equal(skip, x))
    return needs


def unpadded_unet(x: Dim, levels: int) -> list[Condition]:
    """As published in 2015: each pair of convolutions takes 4, the skips are cropped evenly."""
    needs, skips = [], []
    for _ in range(levels):
        x = x - 4
        skips.append(x)
        needs += [divides(2, x), at_least(x, 1)]
        x = x // 2
    x = x - 4
    needs.append(at_least(x, 1))
    for skip in reversed(skips):
        x = 2 * x
        needs += [at_least(skip, x), divides(2, skip - x)]
        x = x - 4
        needs.append(at_least(x, 1))
    return needs


def pyramid(x: Dim) -> list[Condition]:
    """Five strided convolutions with padding; each level doubled has to be as large as the one before."""
    levels = []
    for _ in range(5):
        x = (x - 1) // 2 + 1
        levels.append(x)
    return [equal(2 * small, large) for large, small in itertools.pairwise(levels[1:])]


def test_unet():
    assert required(*unet(H, 4), *unet(W, 4)) == ["H % 16 == 0", "W % 16 == 0"]


def test_unpadded_unet():
    assert required(*unpadded_unet(H, 4)) == ["H % 16 == 12", "H >= 188"]


def test_pyramid():
    assert required(*pyramid(H)) == ["H % 32 in {0, 29..31}"]


@pytest.mark.parametrize(
    ("conditions", "shown"),
    [
        ([at_least(H - 28, 1)], ["H >= 29"]),
        ([at_least(H // 32, 1)], ["H >= 32"]),
        ([at_least(H - 2 * i, 1) for i in range(200)], ["H >= 399"]),
        ([at_most(T, 512)], ["T <= 512"]),
        ([at_most(T, 512), at_most(T, 1024)], ["T <= 512"]),
        ([at_least(H, 29), at_most(H, 29)], ["H == 29"]),
        ([Condition(H, "!=", 9)], ["H != 9"]),
        ([divides(6, H), divides(10, H)], ["H % 30 == 0"]),
        ([divides(30, H), Condition(H % 7, "!=", 3)], ["H % 30 == 0", "H % 7 != 3"]),
        ([equal(H // 2 % 2, 1)], ["H % 4 in {2, 3}"]),
        ([equal((H - 5) * (H - 7) * (H - 9) * (H % 4), 0)], ["H in {5, 7, 9} or H % 4 == 0"]),
        ([at_least(dim_max(H, 10), 2 * H - 3)], ["H <= 6"]),
        ([divides(16, H * W)], ["H*W % 16 == 0"]),
        ([at_most(P + T, 512)], ["P + T <= 512"]),
        ([divides(4, T), divides(8, N * T)], ["T % 4 == 0", "N*T % 8 == 0"]),
        ([divides(4, T), divides(4, N * T)], ["T % 4 == 0"]),
        ([equal(N * C * (H // 7) * 7 * (W // 7) * 7, N * C * H * W)], ["H % 7 == 0", "W % 7 == 0"]),
        ([equal(N * (T // 4) * 4, N * T)], ["T % 4 == 0"]),
        ([equal((H - 1) // 2 + 1, H // 2)], ["H % 2 == 0"]),
        ([at_least(H, 1), equal(H * 2, 2 * H)], []),
    ],
)
def test_requirements_are_in_the_weakest_form(conditions, shown):
    assert required(*conditions) == shown


@pytest.mark.parametrize(
    ("condition", "fact", "shown"),
    [
        (divides(16, H), SizeFact(multiple=32), []),
        (divides(16, H), SizeFact(multiple=8), ["H % 16 == 0"]),
        (divides(3, H), SizeFact(multiple=8), ["H % 3 == 0"]),
        (at_most(H, 512), SizeFact(max=500), []),
        (at_most(H, 512), SizeFact(max=600), ["H <= 512"]),
        (at_least(H, 20), SizeFact(min=32), []),
        (equal((H - 1) // 2 + 1, H), SizeFact(max=1), []),
    ],
)
def test_what_the_facts_say_is_not_asked_again(condition, fact, shown):
    assert required(condition, facts=Facts({"H": fact})) == shown


@pytest.mark.parametrize(
    ("conditions", "shown"),
    [
        ([equal((H - 1) // 2 + 1, H)], "only `H` = 1 satisfies `(H - 1)//2 + 1 == H`"),
        ([equal(H // 32, 7)], "only `H` = 224 to 255 satisfies `H//32 == 7`"),
        ([equal(N * H, 16 * N)], "only `H` = 16 satisfies `H == 16`"),
        ([divides(2, H), divides(2, H + 1)], "no `H` satisfies `H % 2 == 0` and `H % 2 == 1`"),
        ([at_most(T, 512), at_least(T, 600)], "no `T` satisfies `T <= 512` and `T >= 600`"),
        ([equal(2 * H, 7)], "no `H` satisfies `2*H == 7`"),
        ([equal(3, 4)], "`3 == 4` never holds"),
        ([equal(H, W)], "`H` and `W` are different sizes and would have to be equal"),
        ([equal(H, 2 * W)], "`H == 2*W` holds only for some combinations of `H` and `W`"),
        ([equal(2 * H, 2 * W + 1)], "no `H` and `W` satisfy `2*H == 2*W + 1`"),
    ],
)
def test_conflicts_say_why(conditions, shown):
    assert conflicts(*conditions) == [shown]


def test_a_conflict_with_declared_facts_says_so():
    shown = conflicts(at_least(H, 200), facts=Facts({"H": SizeFact(max=100)}))
    assert shown == ["none of the declared sizes of `H` satisfies `H >= 200`"]


def test_a_conflict_names_only_the_needs_that_make_it():
    needs = [Need(c) for c in (at_least(H, 3), divides(2, H), divides(3, H), divides(2, H + 1))]
    [conflict] = solve(needs, Facts()).conflicts
    assert conflict.needs == (needs[1], needs[3])
    assert conflict.symbols == ("H",)


def test_a_requirement_keeps_the_needs_that_make_it():
    source = Source("unet.yaml", "a\nb\nc\n")
    needs = [
        Need(divides(4, H), Span(source, 0, 1), "concat"),
        Need(divides(2, H), Span(source, 2, 3), "concat"),
        Need(at_least(H, 60), Span(source, 4, 5), "conv2d"),
    ]
    remainder, bound = solve(needs, Facts()).requirements
    assert remainder.text == "H % 4 == 0"
    assert remainder.needs == (needs[0],)
    assert bound.text == "H >= 60"
    assert bound.needs == (needs[2],)


def test_facts_follow_from_requirements():
    facts = solve([Need(c) for c in unpadded_unet(H, 4)], Facts()).facts
    assert facts.get("H") == SizeFact(min=188, multiple=16, remainder=12)
    assert facts.get("W") == SizeFact()
    assert solve([Need(at_most(T, 512))], Facts()).facts.get("T") == SizeFact(max=512)
    assert solve([Need(Condition(H, "!=", 9))], Facts()).facts.get("H") == SizeFact()


def test_samples_are_allowed_and_reach_the_edges():
    solution = solve([Need(at_most(T, 512)), Need(divides(2, T))], Facts())
    sizes = solution.sample("T")
    assert sizes == sorted(set(sizes))
    assert {2, 4, 512} <= set(sizes)
    assert all(solution.allows({"T": size}) for size in sizes)
    free = solution.sample("N")
    assert {1, 2} <= set(free)
    assert any(size > 50 for size in free)


def read(text: str, name: str, size: int) -> bool:
    """Say whether a requirement's text allows a size."""
    if " or " in text:
        return any(read(part, name, size) for part in text.split(" or "))
    if " and " in text:
        return all(read(part, name, size) for part in text.strip("()").split(" and "))
    left, relation, right = re.fullmatch(r"(.+?) (==|!=|>=|<=|in|not in) (.+)", text).groups()
    value = size % int(left.split(" % ")[1]) if "%" in left else size
    if relation.endswith("in"):
        parts = [part.split("..") for part in right.strip("{}").split(", ")]
        inside = any(int(part[0]) <= value <= int(part[-1]) for part in parts)
        return inside == (relation == "in")
    compare = {"==": int.__eq__, "!=": int.__ne__, ">=": int.__ge__, "<=": int.__le__}
    return compare[relation](value, int(right))


def random_need(draw, dims):
    rng = draw.rng
    dim = draw.convolved(rng.choice(dims))
    dims.append(dim)
    return rng.choice(
        [
            divides(rng.choice([2, 3, 4, 8, 16, 6]), dim),
            at_most(dim, rng.randint(1, 400)),
            at_least(dim, rng.choice([1, H, rng.randint(0, 60)])),
            equal(dim, 2 * (dim // 2)),
            Condition(dim, "!=", rng.randint(0, 60)),
            Condition(dim, rng.choice(["==", ">=", "!="]), draw.convolved(rng.choice(dims))),
        ]
    )


@pytest.mark.parametrize("seed", range(12))
def test_exactly_the_sizes_that_meet_all_needs_are_allowed(random_sizes, seed):
    draw = random_sizes(seed)
    for _ in range(40):
        fact = SizeFact()
        if draw.rng.random() < 0.4:
            low, multiple = draw.rng.randint(1, 9), draw.rng.choice([1, 2, 3, 4])
            high = draw.rng.choice([None, low + draw.rng.randint(4, 200)])
            fact = SizeFact(low, high, multiple, draw.rng.randint(0, multiple - 1))
        dims = [H]
        needs = [Need(random_need(draw, dims)) for _ in range(draw.rng.randint(1, 5))]
        solution = solve(needs, Facts({"H": fact}))
        shown = [str(need.condition) for need in needs], fact, solution
        asked = needs if not solution.conflicts else solution.conflicts[0].needs
        met = [h for h in range(1, 301) if fact.admits(h) and all(meets(need, {"H": h}) for need in asked)]
        if solution.conflicts:
            assert not met or not solution.conflicts[0].text.startswith("no"), shown
            continue
        assert [h for h in range(1, 301) if solution.allows({"H": h})] == met, shown
        assert all(solution.facts.get("H").admits(h) for h in met), shown
        assert all(solution.allows({"H": h}) for h in solution.sample("H")), shown
        if all(re.fullmatch(r"[^/*()]*|.* or \(.*\)", r.text) for r in solution.requirements):
            stated = [h for h in range(1, 301) if all(read(r.text, "H", h) for r in solution.requirements)]
            assert [h for h in stated if fact.admits(h)] == met, shown


def meets(need: Need, sizes: dict[str, int]) -> bool:
    return need.condition.holds(evaluate(need.condition.difference, sizes))


@pytest.mark.parametrize("seed", range(6))
def test_needs_on_two_symbols_allow_exactly_what_meets_them(random_sizes, seed):
    draw = random_sizes(50 + seed)
    rng = draw.rng

    def dim(x: Dim) -> Dim:
        for _ in range(rng.randint(0, 3)):
            k = rng.randint(2, 4)
            x = rng.choice([x // k, (x - 1) // 2 + 1, x * k, x - k + 1])
        return x

    for _ in range(40):
        product = dim(H) * dim(W)
        choices = [
            equal(product * rng.choice([1, 2, 4]), H * W),
            divides(rng.choice([2, 4, 8, 6]), product + rng.randint(0, 1)),
            at_most(dim(H) + dim(W), rng.randint(3, 60)),
            equal(dim(H), dim(W)),
            at_least(dim(rng.choice([H, W])), rng.randint(1, 3)),
        ]
        needs = [Need(condition) for condition in rng.sample(choices, rng.randint(1, 3))]
        solution = solve(needs, Facts())
        points = [{"H": h, "W": w} for h, w in itertools.product(range(1, 31), repeat=2)]
        for conflict in solution.conflicts:
            if conflict.text.startswith("no"):
                assert not any(all(meets(need, p) for need in conflict.needs) for p in points), conflict
        if not solution.conflicts:
            met = [p for p in points if all(meets(need, p) for need in needs)]
            assert [p for p in points if solution.allows(p)] == met, solution

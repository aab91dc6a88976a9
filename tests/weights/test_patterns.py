"""Patterns of key maps: as Python's regular expressions, but in linear time."""

from __future__ import annotations

import random
import re
import time

import pytest

from archc.weights.pattern import Budget, OutOfSteps, Pattern, PatternTooLarge
from archc.weights.pattern_parser import PatternError
from archc.weights.template import template

ATOMS = ("a", "b", "c", r"\.", r"\d", ".", "[ab]", "[^a]", "[a-c1]", r"\w", r"[\d.]")
TURNS = ("*", "+", "?", "{2}", "{1,2}", "*?", "+?", "??", "{1,}", "{,2}")


def match(pattern: str, name: str) -> tuple[str, ...] | None:
    return Pattern(pattern).match(name, Budget(10**6))


def random_pattern(draw: random.Random, depth: int = 0) -> str:
    choice = draw.random()
    if depth > 3 or choice < 0.45:
        return draw.choice(ATOMS)
    if choice < 0.6:
        return random_pattern(draw, depth + 1) + random_pattern(draw, depth + 1)
    if choice < 0.7:
        return f"({random_pattern(draw, depth + 1)})"
    if choice < 0.78:
        return f"(?:{random_pattern(draw, depth + 1)}|{random_pattern(draw, depth + 1)})"
    inner = draw.choice((*ATOMS, f"({random_pattern(draw, depth + 1)})"))
    return inner + draw.choice(TURNS)


def test_random_patterns_match_as_pythons_do() -> None:
    draw = random.Random(7)
    compared = matched = 0
    while compared < 6_000:
        text = "".join(random_pattern(draw) for _ in range(3))
        try:
            pattern = Pattern(text)
        except PatternError:
            continue
        for _ in range(6):
            name = "".join(draw.choice("aabbc1.") for _ in range(draw.randint(0, 7)))
            expected = re.fullmatch(text, name)
            groups = None if expected is None else (name, *(group or "" for group in expected.groups()))
            assert pattern.match(name, Budget(10**6)) == groups, (text, name)
            compared += 1
            matched += expected is not None
    assert matched > 200


@pytest.mark.parametrize("text", ["(.+a)+b", "(a|a)+b", "(.+)+(.+)+(.+)+x", "(a|b|ab)+c", "(.{1,20}){1,20}y"])
def test_no_pattern_makes_a_name_take_long(text: str) -> None:
    before = time.process_time()
    assert match(text, "a" * 500) is None
    assert time.process_time() - before < 2


def test_steps_are_counted_over_all_names() -> None:
    pattern, budget = Pattern("(.+)x(.+)"), Budget(20_000)
    names = (f"{'x' * 400}{count}" for count in range(100))
    with pytest.raises(OutOfSteps):
        [pattern.match(name, budget) for name in names]


def test_what_is_kept_of_a_pattern_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archc.weights.pattern.MOST_MOVES", 5)
    pattern = Pattern(r"(\w+)\.(\d+)\.(.*)")
    for name in ("layer.1.weight", "block.22.bias", "x.0.y"):
        assert pattern.match(name, Budget(10**6)) == (name, *name.split("."))


@pytest.mark.parametrize(
    ("text", "said", "where"),
    [
        ("a(b", "the bracket `(` is not closed", (1, 2)),
        ("a)b", "the bracket `)` closes nothing", (1, 2)),
        ("a[b", "the bracket `[` is not closed", (1, 2)),
        ("[b-a]", "the range runs backwards", (1, 4)),
        ("*a", "`*` repeats nothing", (0, 1)),
        ("a**", "`*` repeats what is repeated", (2, 3)),
        ("(a*)*", "what is repeated here may be nothing", (4, 5)),
        ("(a|b?)+", "what is repeated here may be nothing", (6, 7)),
        (r"(a)\1", r"`\1` does not exist", (3, 5)),
        (r"a\b", r"`\b` does not exist", (1, 3)),
        ("(?=a)", "this kind of group does not exist", (0, 3)),
        ("(?P<a b>c)", "the group's name `a b` is not a name", (4, 7)),
        ("(?P<a>c)(?P<a>d)", "the group's name `a` is given twice", (12, 13)),
        ("a{x}", "this is no number of turns", (1, 2)),
        ("a{3,2}", "turns go from 0 to 200, upwards", (1, 6)),
        ("a{201}", "turns go from 0 to 200, upwards", (1, 6)),
        ("a^b", "`^` stands inside", (1, 2)),
        ("(" * 30, "the pattern nests deeper than 20", (20, 21)),
        ("a" * 501, "the pattern has more than 500 characters", (0, 501)),
        ("a\\", "`\\` does not exist", (1, 2)),
    ],
)
def test_a_wrong_pattern_is_shown_where_it_is_wrong(text: str, said: str, where: tuple[int, int]) -> None:
    with pytest.raises(PatternError) as caught:
        Pattern(text)
    assert caught.value.message.startswith(said)
    assert (caught.value.start, caught.value.end) == where


def test_a_pattern_that_unfolds_to_too_much_is_refused() -> None:
    with pytest.raises(PatternTooLarge):
        Pattern("((a{50}){50}){50}")


def test_anchors_at_the_ends_say_nothing_new() -> None:
    assert match(r"^a\.(b)$", "a.b") == ("a.b", "b")


def test_templates() -> None:
    pattern = Pattern(r"h\.(?P<i>\d+)\.(.*)")
    groups = pattern.match("h.12.weight", Budget(10**6))
    assert groups is not None
    assert template(r"blocks.\g<i>.\2", pattern).name(groups) == "blocks.12.weight"
    assert template(r"\0\\x", pattern).name(groups) == "h.12.weight\\x"
    for text, where in ((r"a.\3", (2, 4)), (r"\g<j>", (0, 5)), (r"\q", (0, 2)), ("\\", (0, 1))):
        with pytest.raises(PatternError) as caught:
            template(text, pattern)
        assert (caught.value.start, caught.value.end) == where

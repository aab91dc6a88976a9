"""What expressions mean, and what is said of those that mean nothing."""

from __future__ import annotations

import ast
import operator
import random

import pytest

from archc.sizes import Condition, Expr, symbol
from archc.source import Diagnostic, Source, Span
from archc.spec.evaluate import evaluate
from archc.spec.expression import Expression, ExpressionError
from archc.spec.expression_parser import parse_expression
from archc.spec.expression_text import to_text
from archc.spec.limits import Limits
from archc.spec.template import evaluate_template, expression_of, parse_template
from archc.spec.tree import Mapping, Scalar
from archc.spec.yaml_reader import read_yaml

T, H = symbol("T"), symbol("H")
NAMES: dict[str, object] = {
    "planes": 64,
    "i": 0,
    "depths": [3, 4, 6, 3],
    "wide": True,
    "mode": "same",
    "rate": 0.5,
    "rows": [{"c": 16, "k": 3}, {"c": 24, "k": 5}],
    "big": 2**60,
    "nothing": None,
    "T": T,
    "H": H,
}


def parse(text: str) -> Expression:
    return parse_expression(text, Span(Source("e", text), 0, len(text)))


def value(text: str) -> object:
    return evaluate(parse(text), NAMES)


def mistake(text: str, names: dict[str, object] | None = None, **options: object) -> Diagnostic:
    with pytest.raises(ExpressionError) as caught:
        evaluate(parse(text), NAMES if names is None else names, **options)  # type: ignore[arg-type]
    return caught.value.diagnostic


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("4 * planes", 256),
        ("2 if i == 0 else 1", 2),
        ("1 if wide else 1 // 0", 1),
        ("wide or 1 // 0 == 1", True),
        ("not wide and 1 // 0 == 1", False),
        ("7 // 2 + 7 % 4", 6),
        ("-7 // 2", -4),
        ("-7 % 4", 1),
        ("7 / 2", 3.5),
        ("4 / 2", 2.0),
        ("-2 ** 2", -4),
        ("2 ** 3 ** 2", 512),
        ("2 ** -1", 0.5),
        ("0 ** 0", 1),
        ("round(2.5)", 2),
        ("round(3.5)", 4),
        ("floor(-0.5)", -1),
        ("ceil(0.1)", 1),
        ("int(7 / 2)", 3),
        ("float(3)", 3.0),
        ("abs(-3)", 3),
        ("sqrt(16)", 4.0),
        ("log2(8)", 3.0),
        ("min(3, 1, 2)", 1),
        ("max(depths)", 6),
        ("sum(depths)", 16),
        ("sum([])", 0),
        ("len(depths)", 4),
        ("range(3)", [0, 1, 2]),
        ("range(4, 0, -1)", [4, 3, 2, 1]),
        ("make_divisible(32 * 0.75)", 24),
        ("make_divisible(15)", 16),
        ("make_divisible(9)", 16),
        ("make_divisible(33, divisor=16)", 32),
        ("make_divisible(3, 4, min_value=16)", 16),
        ("depths[0]", 3),
        ("depths[-1]", 3),
        ("depths[1:3]", [4, 6]),
        ("depths[::-1]", [3, 6, 4, 3]),
        ("depths[:-1] + [9]", [3, 4, 6, 9]),
        ("[0] * 3", [0, 0, 0]),
        ("rows[1].c", 24),
        ("rows[0]['k']", 3),
        ("[r.c for r in rows if r.k > 3]", [24]),
        ("[[x * y for y in range(2)] for x in range(2)]", [[0, 0], [0, 1]]),
        ("sum([2 ** d for d in depths])", 96),
        ("mode == 'same'", True),
        ("mode == 3", False),
        ("nothing == null", True),
        ("1 < 2 < 3", True),
        ("1 < 3 < 2", False),
        ("3 in depths", True),
        ("5 not in depths", True),
        ("'a' + \"b\"", "ab"),
        ("true", True),
        ("null", None),
        ("1e-5", 1e-5),
        (".5 + 1.", 1.5),
        ("(1 if wide else 0) + 1", 2),
        ("T + T", T * 2),
        ("(H - 1) // 2 + 1", (H - 1) // 2 + 1),
        ("T * 0", 0),
        ("T - T", 0),
        ("max(T, T + 1)", T + 1),
        ("int(T)", T),
        ("sum([T, 1, T])", T * 2 + 1),
        ("T == T", True),
        ("T + 1 > T", True),
        ("T != T", False),
        ("[T, 2] == [T, 2]", True),
        ("T == 'x'", False),
    ],
)
def test_values(text: str, result: object) -> None:
    found = value(text)
    assert found == result
    assert type(found) is type(result)


@pytest.mark.parametrize(
    ("text", "code", "place", "help_"),
    [
        ("planes = 4", "E0601", "=", "=="),
        ("wide && true", "E0601", "&&", "`and`"),
        ("wide || true", "E0601", "||", "`or`"),
        ("2 ^ 3", "E0601", "^", "`**`"),
        ("!wide", "E0601", "!", "`not`"),
        ("wide ? 1 : 2", "E0601", "?", "if"),
        ("i <> 3", "E0601", "<>", "`!=`"),
        ("i => 3", "E0601", "=>", "`>=`"),
        ("planes \u00d7 2", "E0601", "\u00d7", "`*`"),
        ("True", "E0601", "True", "`true`"),
        ("None", "E0601", "None", "`null`"),
        ("(1, 2)", "E0601", ",", "`[`"),
        ("[1, 2", "E0601", "2", ""),
        ("1 +", "E0601", "+", ""),
        ("1 + + * 2", "E0601", "*", ""),
        ("planes depth", "E0601", "depth", "operator"),
        ("sum(x for x in depths)", "E0601", "for", "list"),
        ("depths.sum()", "E0601", "sum", "`sum(...)`"),
        ("(len)(depths)", "E0601", "(", "by name"),
        ("1 + not wide", "E0601", "not", "brackets"),
        ("lambda x: x", "E0601", "lambda", ""),
        ("'abc", "E0601", "'abc", "closing"),
        ("gr\u00f6\u00dfe", "E0601", "\u00f6", "a-z"),
        ("1 if wide", "E0601", "e", "else"),
        ("$(planes)+1$", "E0601", "$", ""),
        ("012", "E0602", "012", "`12`"),
        ("12:30", "E0602", "12:30", ""),
        ("1_000", "E0602", "1_000", "`1000`"),
        ("2planes", "E0602", "2planes", "`2 * planes`"),
        ("0x10", "E0602", "0x10", "`16`"),
        ("2 * plnes", "E0603", "plnes", "`planes`"),
        ("no", "E0603", "no", "`false`"),
        ("max", "E0603", "max", "max(...)"),
        ("maxx(1, 2)", "E0604", "maxx", "`max`"),
        ("len()", "E0604", "len()", ""),
        ("len(1, 2)", "E0604", "len(1, 2)", ""),
        ("make_divisible(3, divsor=4)", "E0604", "make_divisible(3, divsor=4)", "`divisor`"),
        ("make_divisible(3, v=4)", "E0604", "make_divisible(3, v=4)", ""),
        ("1 if planes else 2", "E0605", "planes", "`planes != 0`"),
        ("planes and wide", "E0605", "planes", "!= 0"),
        ("planes + wide", "E0605", "wide", "1 if wide else 0"),
        ("mode + 1", "E0605", "mode + 1", "$(...)"),
        ("mode < 'x'", "E0605", "mode < 'x'", ""),
        ("T / 2", "E0605", "T / 2", "`//`"),
        ("T * 0.5", "E0605", "T * 0.5", "T // 2"),
        ("sqrt(T)", "E0605", "sqrt(T)", "parameter"),
        ("range(T)", "E0605", "range(T)", "parameter"),
        ("depths[T]", "E0605", "T", ""),
        ("depths[1.0]", "E0605", "1.0", ""),
        ("planes[0]", "E0605", "planes", ""),
        ("planes.c", "E0605", "planes.c", ""),
        ("len(3)", "E0605", "len(3)", ""),
        ("sum([mode])", "E0605", "sum([mode])", ""),
        ("-mode", "E0605", "-mode", ""),
        ("1 // 0", "E0606", "1 // 0", ""),
        ("1 % (i * 2)", "E0606", "1 % (i * 2)", ""),
        ("T // 0", "E0606", "T // 0", ""),
        ("sqrt(-1)", "E0606", "sqrt(-1)", ""),
        ("log2(0)", "E0606", "log2(0)", ""),
        ("(-8) ** 0.5", "E0606", "(-8) ** 0.5", ""),
        ("1e300 * 1e300", "E0606", "1e300 * 1e300", ""),
        ("min([])", "E0606", "min([])", ""),
        ("range(1, 2, 0)", "E0606", "range(1, 2, 0)", ""),
        ("depths[::0]", "E0606", "depths[::0]", ""),
        ("T > 4", "E0607", "T > 4", "`T`"),
        ("1 if H == T else 2", "E0607", "H == T", "`H` and `T`"),
        ("depths[4]", "E0608", "4", ""),
        ("rows[0].kk", "E0608", "rows[0].kk", "`k`"),
        ("range(70000)", "E0805", "range(70000)", ""),
        ("depths * 100000", "E0805", "depths * 100000", ""),
        ("2 ** 63", "E0806", "2 ** 63", ""),
        ("2 ** 62 * 2", "E0806", "2 ** 62 * 2", ""),
        ("2 ** 10 ** 10", "E0806", "2 ** 10 ** 10", ""),
        ("9223372036854775808", "E0806", "9223372036854775808", ""),
        ("big * 1.5", "E0806", "big", "2^53"),
        ("int(1e300)", "E0806", "int(1e300)", ""),
        ("1e400", "E0806", "1e400", ""),
    ],
)
def test_mistakes(text: str, code: str, place: str, help_: str) -> None:
    found = mistake(text)
    assert found.code == code, found
    assert found.span is not None
    assert found.span.text == place
    assert help_ in " ".join(found.help)


def test_values_of_layers_have_a_message_of_their_own() -> None:
    found = mistake("2 * conv1", known_layers=("conv1", "enc.0"))
    assert (found.code, found.span and found.span.text) == ("E0603", "conv1")
    assert "expr" in found.help[0]
    inner = mistake("enc.0 + 1", known_layers=("enc.0",))
    assert inner.span is not None
    assert inner.span.text == "enc.0"


def test_decide_is_asked_about_symbols() -> None:
    asked: list[str] = []

    def decide(condition: Condition) -> bool | None:
        asked.append(str(condition))
        return len(asked) == 1

    assert evaluate(parse("[T >= 4, T == 3]"), NAMES, decide) == [True, False]
    assert asked == ["T >= 4", "T == 3"]


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000,
        "[" * 10_000 + "]" * 10_000,
        "-" * 900 + "1",
        "not " * 900 + "true",
        "1 if true else " * 300 + "1",
        "2 ** " * 400 + "1",
        " + ".join(["1"] * 450),
        "1 +" * 100_000,
        "f(" * 500,
        "a[" * 400,
        "[x for x in " * 150,
    ],
)
def test_long_and_deep_expressions_are_refused(text: str) -> None:
    assert mistake(text).code in ("E0804", "E0601")


def test_work_is_bounded() -> None:
    assert mistake("[[x for x in range(1000)] for y in range(1100)]").code == "E0805"
    assert mistake("len([1 for a in range(300) for b in range(2)])").code == "E0601"
    doubled: object = [1]
    for _ in range(40):
        doubled = [doubled, doubled]
    assert mistake("a == b", {"a": doubled, "b": doubled}).code == "E0805"
    deep: object = [1]
    for _ in range(5_000):
        deep = [deep]
    assert mistake("a == b", {"a": deep, "b": deep}).code == "E0805"
    with pytest.raises(ExpressionError):
        evaluate(parse("sum(range(50))"), {}, limits=Limits(expression_steps=20))


def test_free_names() -> None:
    assert parse("[x * k for x in depths if x > low] + [y]").names() == {"k", "depths", "low", "y"}
    assert parse("posterior.mean + f(layer1.0.out, dim=d)").names() == {"posterior", "layer1", "d"}


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("(a+b)*c", "(a + b) * c"),
        ("a+(b+c)", "a + (b + c)"),
        ("((a*b)//c)", "a * b // c"),
        ("-(a**2)", "-(a**2)"),
        ("(-a)**2", "(-a) ** 2"),
        ("(2**3)**2", "(2**3) ** 2"),
        ("2**(3**2)", "2**3**2"),
        ("2 ** -1", "2**-1"),
        ("f(x)**2", "f(x) ** 2"),
        ("not (a and b)", "not (a and b)"),
        ("(not a) and b", "not a and b"),
        ("(a or b) and c", "(a or b) and c"),
        ("a if b else (c if d else e)", "a if b else c if d else e"),
        ("(a if b else c) if d else e", "(a if b else c) if d else e"),
        ("a < (b < c)", "a < (b < c)"),
        ("a[x+1:]", "a[x + 1 :]"),
        ("a[1:2]", "a[1:2]"),
        ("a[::-1]", "a[::-1]"),
        ("[x*y for x in xs if x>1]", "[x * y for x in xs if x > 1]"),
        ("'it\\'s'", '"it\'s"'),
        ("true or null == false", "True or None == False"),
        ("posterior.mean ** 2", "posterior.mean**2"),
        ("clamp(x, min=0)", "clamp(x, min=0)"),
    ],
)
def test_printing(text: str, printed: str) -> None:
    assert to_text(parse(text)) == printed


def test_printing_renames_what_is_free() -> None:
    expression = parse("[i * n for i in items] + a.b")
    assert to_text(expression, lambda name: f"self.{name}") == "[i * self.n for i in self.items] + self.a.b"


BINARY = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
COMPARE = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Gt: operator.gt,
}


def random_tree(random_: random.Random, depth: int) -> tuple[ast.expr, int]:
    """A syntax tree of Python, and its value."""
    kind = random_.randrange(8) if depth else 0
    if kind == 0:
        number = random_.randrange(10)
        return ast.Constant(number), number
    if kind == 1:
        operand, number = random_tree(random_, depth - 1)
        return ast.UnaryOp(ast.USub(), operand), -number
    left, a = random_tree(random_, depth - 1)
    right, b = random_tree(random_, depth - 1)
    if kind == 2:
        test = random_.choice(list(COMPARE))
        third, c = random_tree(random_, depth - 1)
        compared = ast.Compare(left, [test()], [right])
        return ast.IfExp(compared, third, left), c if COMPARE[test](a, b) else a
    sign = random_.choice(list(BINARY))
    if sign is ast.Pow and not (0 <= b < 4 and abs(a) < 100):
        sign = ast.Add
    if sign in (ast.FloorDiv, ast.Mod) and b == 0:
        sign = ast.Mult
    return ast.BinOp(left, sign(), right), BINARY[sign](a, b)


def test_arithmetic_is_python_s() -> None:
    random_ = random.Random(1)
    checked = 0
    while checked < 1_500:
        tree, number = random_tree(random_, random_.randint(1, 5))
        text = ast.unparse(tree)
        if abs(number) >= 2**31 or len(text) > 600:
            continue
        expression = parse(text)
        assert evaluate(expression, {}) == number
        assert ast.dump(ast.parse(to_text(expression), mode="eval").body) == ast.dump(
            ast.parse(text, mode="eval").body
        )
        checked += 1


def scalar(text: str) -> Scalar:
    from archc.source import Diagnostics

    tree = read_yaml(Source("f", text), Diagnostics(), Limits())
    assert isinstance(tree, Mapping)
    found = tree.entries[0].value
    assert isinstance(found, Scalar)
    return found


@pytest.mark.parametrize(
    "text",
    [
        "a: 1 + oops",
        "a: '1 + oops'",
        'a: "1 + oops"',
        'a: "\\x31 + oops"',
        "a: 1 +\n  2 +\n    oops",
        "a: '1 +\n\n  oops'",
        "a: |\n  1 +\n  oops\n",
        "a: >-\n  1 +\n  oops\n",
        "a: $(1 + oops)",
        "a: 'it''s' # no\nb: 2",
    ],
)
def test_the_place_of_a_mistake_in_every_style_of_scalar(text: str) -> None:
    one = scalar(text)
    with pytest.raises(ExpressionError) as caught:
        evaluate(expression_of(one), {})
    span = caught.value.diagnostic.span
    assert span is not None
    assert span.text in ("oops", "''s")


def test_templates() -> None:
    def result(text: str) -> object:
        return evaluate_template(parse_template(text, Span(Source("t", text), 0, len(text))), NAMES)

    assert result("plain text") == "plain text"
    assert result("$(planes)") == 64
    assert result("stage$(i + 1)") == "stage1"
    assert result("$(i).$(depths[1]).x") == "0.4.x"
    assert result("$(mode)/$(wide)") == "same/true"
    assert result("$((1 + 2) * 3)") == 9
    assert result("a$(')')b") == "a)b"
    assert isinstance(result("$(T + 1)"), Expr)
    for text, code, place in (
        ("a$(i", "E0601", "$("),
        ("a$()b", "E0601", "("),
        ("a$(i +)", "E0601", "+"),
        ("a$(depths)", "E0605", "depths"),
        ("a$(T)", "E0605", "T"),
        ("a$(jj)", "E0603", "jj"),
    ):
        with pytest.raises(ExpressionError) as caught:
            result(text)
        found = caught.value.diagnostic
        assert (found.code, found.span and found.span.text) == (code, place)


def test_numbers_written_for_yaml_are_expressions_too() -> None:
    for text, number in (
        ("a: 0x10", 16),
        ("a: 1e-5", 1e-5),
        ("a: -3", -3),
        ("a: true", True),
        ("a: .inf", float("inf")),
    ):
        assert evaluate(expression_of(scalar(text)), {}) == number

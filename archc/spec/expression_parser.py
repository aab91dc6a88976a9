"""Reads expressions. Bounded in words and depth; nothing here runs anything."""

from __future__ import annotations

from archc.source import Span
from archc.spec.expression import (
    Binary,
    Call,
    Comparison,
    Comprehension,
    Conditional,
    Constant,
    Expression,
    ExpressionError,
    Field,
    Index,
    ListOf,
    Literal,
    Logical,
    Name,
    Slice,
    Unary,
)
from archc.spec.expression_tokens import Token, mistake, tokens
from archc.spec.limits import Limits
from archc.spec.placement import Placement

_DEFAULT = Limits()
_CONSTANTS: dict[str, Constant] = {"true": True, "false": False, "null": None}
_PYTHON = {
    "True": "true",
    "False": "false",
    "None": "null",
    "TRUE": "true",
    "FALSE": "false",
    "NULL": "null",
    "Null": "null",
}
_WORDS = frozenset(("and", "or", "not", "if", "else", "for", "in", "is", "lambda"))
_COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">=", "in", "not in"))
LARGEST_INT = 2**63

# How tightly each operator binds; comparisons are collected into chains.
_CONDITIONAL, _OR, _AND, _NOT, _COMPARE, _SIGN, _POWER = 1, 2, 3, 4, 5, 8, 9
_BINARY = {"+": 6, "-": 6, "*": 7, "/": 7, "//": 7, "%": 7, "**": _POWER}


def parse_expression(text: str, span: Span, limits: Limits = _DEFAULT) -> Expression:
    """Read a text as an expression; raises `ExpressionError` with the smallest place."""
    place = Placement(text, span)
    if (
        text.isidentifier()
        and text.isascii()
        and text not in _WORDS
        and text not in _CONSTANTS
        and text not in _PYTHON
    ):
        return Name(place, 0, len(text), text)
    return parse_tokens(place, tokens(place, 0, limits), limits)


def parse_tokens(place: Placement, words: list[Token], limits: Limits) -> Expression:
    """Read the words of a whole expression."""
    parser = _Parser(place, words, limits)
    result = parser.expression(_CONDITIONAL)
    if parser.kind != "end":
        raise parser.unexpected("after the end of the expression")
    return result


class _Parser:
    """Precedence climbing over a list of words."""

    def __init__(self, place: Placement, words: list[Token], limits: Limits) -> None:
        self.place = place
        self.words = words
        self.limits = limits
        self.index = 0
        self.open = 0

    @property
    def kind(self) -> str:
        return self.words[self.index][0]

    @property
    def word(self) -> str:
        """The next word, unless it is a text or a number: those are never operators."""
        kind, word, _, _ = self.words[self.index]
        return word if kind in ("name", "sign") else ""

    def take(self) -> Token:
        token = self.words[self.index]
        self.index += 1
        return token

    def skip(self, word: str) -> bool:
        if self.word == word:
            self.index += 1
            return True
        return False

    def expect(self, word: str, why: str, *help_: str) -> Token:
        if self.word != word:
            raise self.unexpected(why, *help_)
        return self.take()

    def unexpected(self, where: str, *help_: str) -> ExpressionError:
        kind, word, start, end = self.words[self.index]
        if kind == "end":
            return mistake(self.place, max(start - 1, 0), start, f"the expression ends {where}", *help_)
        if word == "=":
            help_ = ("write `==` to compare, as in Python",)
        elif word in ("lambda", "is"):
            help_ = ("expressions know no `lambda`",) if word == "lambda" else ("write `==`",)
        elif not help_ and kind in ("name", "number", "text") and where.startswith("after"):
            help_ = ("is an operator or a comma missing before it?",)
        return mistake(self.place, start, end, f"`{word}` is not expected {where}", *help_)

    def checked(self, node: Expression) -> Expression:
        if node.depth > self.limits.expression_depth:
            raise self.too_deep(node.start, node.end)
        return node

    def too_deep(self, start: int, end: int) -> ExpressionError:
        message = f"an expression that nests deeper than {self.limits.expression_depth}"
        return mistake(self.place, start, end, message, "give parts of it names with `let`", code="E0804")

    def expression(self, level: int) -> Expression:
        """Read operands and the operators between them that bind at least as tightly as `level`."""
        self.open += 1
        if self.open > self.limits.expression_depth:
            raise self.too_deep(self.words[self.index][2], self.words[self.index][3])
        left = self.operand(level)
        while True:
            word = self.word
            power = _BINARY.get(word, 0)
            if power and power >= level:
                self.take()
                right = self.expression(_POWER if word == "**" else power + 1)
                left = self.checked(Binary(self.place, word, left, right))
            elif level <= _COMPARE and self.comparison():
                left = self.comparisons(left)
            elif word == "and" and level <= _AND:
                left = self.logical(left, "and", _NOT)
            elif word == "or" and level <= _OR:
                left = self.logical(left, "or", _AND)
            elif word == "if" and level <= _CONDITIONAL:
                left = self.conditional(left)
            else:
                break
        self.open -= 1
        return left

    def comparison(self) -> str:
        """Give the comparison that comes next, without taking it."""
        word = self.word
        if word == "not" and self.words[self.index + 1][1] == "in":
            return "not in"
        return word if word in _COMPARISONS else ""

    def comparisons(self, left: Expression) -> Expression:
        operators: list[str] = []
        operands = [left]
        while operator := self.comparison():
            self.index += 2 if operator == "not in" else 1
            operators.append(operator)
            operands.append(self.expression(_COMPARE + 1))
        return self.checked(Comparison(self.place, tuple(operators), tuple(operands)))

    def logical(self, left: Expression, word: str, level: int) -> Expression:
        operands = [left]
        while self.skip(word):
            operands.append(self.expression(level))
        return self.checked(Logical(self.place, word, tuple(operands)))

    def conditional(self, then: Expression) -> Expression:
        self.take()
        condition = self.expression(_OR)
        self.expect("else", "where `else` should be", "write `a if condition else b`")
        return self.checked(Conditional(self.place, then, condition, self.expression(_CONDITIONAL)))

    def operand(self, level: int) -> Expression:
        word, start = self.word, self.words[self.index][2]
        if word in ("-", "+"):
            self.take()
            return self.checked(Unary(self.place, start, word, self.expression(_SIGN)))
        if word == "not":
            if level > _NOT:
                raise self.unexpected("after an operator", "put it in brackets: `(not a)`")
            self.take()
            return self.checked(Unary(self.place, start, word, self.expression(_NOT)))
        return self.postfix(self.primary())

    def primary(self) -> Expression:
        kind, word, start, end = self.words[self.index]
        if kind == "number":
            self.take()
            return self.number(word, start, end)
        if kind == "text":
            self.take()
            return Literal(self.place, start, end, _unquoted(word))
        if kind == "name" and word not in _WORDS:
            self.take()
            return self.name(word, start, end)
        if word == "(":
            return self.brackets()
        if word == "[":
            return self.list()
        raise self.unexpected("where a value should be")

    def number(self, word: str, start: int, end: int) -> Expression:
        if word.isdigit():
            if len(word) > 19 or int(word) >= LARGEST_INT:
                message = "a number of 2^63 or more"
                raise mistake(self.place, start, end, message, code="E0806")
            return Literal(self.place, start, end, int(word))
        if float(word) == float("inf"):
            raise mistake(self.place, start, end, f"`{word}` is too large for a float", code="E0806")
        return Literal(self.place, start, end, float(word))

    def name(self, word: str, start: int, end: int) -> Expression:
        if word in _PYTHON:
            right = _PYTHON[word]
            message = f"`{word}` is not a word of expressions"
            raise mistake(self.place, start, end, message, f"write `{right}`", instead=right)
        if word in _CONSTANTS:
            return Literal(self.place, start, end, _CONSTANTS[word])
        if self.word == "(":
            return self.call(word, start)
        return Name(self.place, start, end, word)

    def brackets(self) -> Expression:
        opening = self.take()[2]
        inner = self.expression(_CONDITIONAL)
        if self.word == ",":
            raise self.unexpected("inside brackets", "write a list with `[` and `]`")
        inner.opening, inner.closing = opening, self.expect(")", "where `)` should be")[3]
        return inner

    def call(self, function: str, start: int) -> Expression:
        self.take()
        arguments: list[Expression] = []
        keywords: list[tuple[str, Expression]] = []
        while self.word != ")":
            if self.kind == "name" and self.words[self.index + 1][1] == "=":
                keyword = self.take()[1]
                self.take()
                keywords.append((keyword, self.expression(_CONDITIONAL)))
            elif keywords:
                raise self.unexpected("after an argument with a keyword", "put it before those with keywords")
            else:
                arguments.append(self.expression(_CONDITIONAL))
            if self.word == "for":
                raise self.unexpected("in a call", "put the loop in a list: `sum([f(x) for x in list])`")
            if not self.skip(","):
                break
        end = self.expect(")", "where `)` or `,` should be")[3]
        return self.checked(Call(self.place, start, end, function, tuple(arguments), tuple(keywords)))

    def list(self) -> Expression:
        start = self.take()[2]
        items: list[Expression] = []
        while self.word != "]":
            items.append(self.expression(_CONDITIONAL))
            if self.word == "for" and len(items) == 1:
                return self.comprehension(start, items[0])
            if not self.skip(","):
                break
        end = self.expect("]", "where `]` or `,` should be")[3]
        return self.checked(ListOf(self.place, start, end, tuple(items)))

    def comprehension(self, start: int, element: Expression) -> Expression:
        self.take()
        if self.kind != "name" or self.word in _WORDS:
            raise self.unexpected("where the loop's name should be")
        variable = self.take()[1]
        self.expect("in", "where `in` should be", "a loop has one name: `[f(x) for x in list]`")
        items = self.expression(_OR)
        condition = self.expression(_OR) if self.skip("if") else None
        if self.word == "for":
            raise self.unexpected("after a loop", "nest the lists: `[[f(x, y) for y in b] for x in a]`")
        end = self.expect("]", "where `]` should be")[3]
        return self.checked(Comprehension(self.place, start, end, element, variable, items, condition))

    def postfix(self, base: Expression) -> Expression:
        while True:
            if self.word == "[":
                base = self.checked(self.subscript(base))
            elif self.word == ".":
                base = self.checked(self.field(base))
            elif self.word == "(":
                raise self.unexpected("here", "only functions can be called, by name")
            else:
                return base

    def field(self, base: Expression) -> Expression:
        self.take()
        if self.kind != "name":
            raise self.unexpected("where a field's name should be")
        _, word, _, end = self.take()
        if self.word == "(":
            start = end - len(word)
            raise mistake(
                self.place,
                start,
                end,
                f"`{word}` is called as a method",
                f"write `{word}(...)`: there are no methods",
            )
        return Field(self.place, end, base, word)

    def subscript(self, base: Expression) -> Expression:
        self.take()
        bounds: list[Expression | None] = [None]
        while self.word != "]":
            if self.skip(":"):
                bounds.append(None)
            elif bounds[-1] is None:
                bounds[-1] = self.expression(_CONDITIONAL)
            else:
                break
        end = self.expect("]", "where `]` should be")[3]
        if len(bounds) == 1 and bounds[0] is not None:
            return Index(self.place, end, base, bounds[0])
        if len(bounds) in (2, 3):
            return Slice(self.place, end, base, (*bounds, None, None)[:3])
        raise mistake(self.place, base.end, end, "an index is one expression or `start:stop:step`")


def _unquoted(word: str) -> str:
    return "\\".join(piece.replace("\\", "") for piece in word[1:-1].split("\\\\"))

"""Prints expressions as Python, with as few brackets as the meaning allows."""

from __future__ import annotations

from collections.abc import Callable

from archc.spec.expression import (
    Binary,
    Call,
    Comparison,
    Comprehension,
    Conditional,
    Expression,
    Field,
    Index,
    ListOf,
    Literal,
    Logical,
    Name,
    Slice,
    Unary,
)

# How tightly what is printed binds, as in the grammar of Python.
_CONDITIONAL, _OR, _AND, _NOT, _COMPARE, _SIGN, _POWER, _ATOM = 1, 2, 3, 4, 5, 8, 9, 10
_BINARY = {"+": 6, "-": 6, "*": 7, "/": 7, "//": 7, "%": 7}
_SPELLED = {float("inf"): 'float("inf")', float("-inf"): '-float("inf")'}

Rename = Callable[[str], str]


def to_text(expression: Expression, rename: Rename = str) -> str:
    """Print an expression; `rename` is asked for each free name, and for dotted paths as a whole."""
    return _Printer(rename).text(expression)


class _Printer:
    def __init__(self, rename: Rename) -> None:
        self.rename = rename
        self.bound: list[str] = []

    def text(self, node: Expression, level: int = 0) -> str:
        """Print a piece, in brackets if it binds less tightly than its place asks."""
        printed, power = _PRINTERS[type(node)](self, node)
        return f"({printed})" if power < level else printed

    def free(self, name: str) -> str:
        return name if name.partition(".")[0] in self.bound else self.rename(name)

    def literal(self, node: Literal) -> tuple[str, int]:
        value = node.value
        if isinstance(value, str):
            return _quoted(value), _ATOM
        if isinstance(value, float) and value != value:
            return 'float("nan")', _ATOM
        printed = _SPELLED.get(value, repr(value)) if isinstance(value, float) else repr(value)
        return printed, _SIGN if printed.startswith("-") else _ATOM

    def name(self, node: Name) -> tuple[str, int]:
        return self.free(node.name), _ATOM

    def list_of(self, node: ListOf) -> tuple[str, int]:
        return f"[{', '.join(self.text(item) for item in node.items)}]", _ATOM

    def comprehension(self, node: Comprehension) -> tuple[str, int]:
        items = self.text(node.items, _OR)
        self.bound.append(node.variable)
        condition = f" if {self.text(node.condition, _OR)}" if node.condition else ""
        printed = f"[{self.text(node.element)} for {node.variable} in {items}{condition}]"
        self.bound.pop()
        return printed, _ATOM

    def unary(self, node: Unary) -> tuple[str, int]:
        if node.operator == "not":
            return f"not {self.text(node.operand, _NOT)}", _NOT
        power = isinstance(node.operand, Binary) and node.operand.operator == "**"
        return f"{node.operator}{self.text(node.operand, _ATOM if power else _SIGN)}", _SIGN

    def binary(self, node: Binary) -> tuple[str, int]:
        if node.operator == "**":
            sign = "**" if _hugs(node) else " ** "
            return f"{self.text(node.left, _ATOM)}{sign}{self.text(node.right, _SIGN)}", _POWER
        power = _BINARY[node.operator]
        return f"{self.text(node.left, power)} {node.operator} {self.text(node.right, power + 1)}", power

    def logical(self, node: Logical) -> tuple[str, int]:
        power = _AND if node.operator == "and" else _OR
        return f" {node.operator} ".join(self.text(operand, power + 1) for operand in node.operands), power

    def comparison(self, node: Comparison) -> tuple[str, int]:
        first, *others = (self.text(operand, _COMPARE + 1) for operand in node.operands)
        rest = (f" {word} {operand}" for word, operand in zip(node.operators, others, strict=True))
        return first + "".join(rest), _COMPARE

    def conditional(self, node: Conditional) -> tuple[str, int]:
        then, condition = self.text(node.then, _OR), self.text(node.condition, _OR)
        return f"{then} if {condition} else {self.text(node.otherwise, _CONDITIONAL)}", _CONDITIONAL

    def index(self, node: Index) -> tuple[str, int]:
        return f"{self.text(node.base, _ATOM)}[{self.text(node.index)}]", _ATOM

    def slice(self, node: Slice) -> tuple[str, int]:
        space = "" if all(_is_simple(bound) for bound in node.bounds if bound) else " "
        printed = self.text(node.bounds[0]) if node.bounds[0] else ""
        for bound in node.bounds[1:] if node.bounds[2] else node.bounds[1:2]:
            printed += (space if printed.strip(": ") and not printed.endswith(":") else "") + ":"
            printed += space + self.text(bound) if bound else ""
        return f"{self.text(node.base, _ATOM)}[{printed}]", _ATOM

    def field(self, node: Field) -> tuple[str, int]:
        path = node.path()
        if path:
            return self.free(path), _ATOM
        return f"{self.text(node.base, _ATOM)}.{node.field}", _ATOM

    def call(self, node: Call) -> tuple[str, int]:
        arguments = [self.text(argument) for argument in node.arguments]
        arguments += [f"{name}={self.text(value)}" for name, value in node.keywords]
        return f"{node.function}({', '.join(arguments)})", _ATOM


def _hugs(power: Binary) -> bool:
    """Whether formatters of Python write `a**b` without spaces."""
    right = power.right
    chained = isinstance(right, Binary) and right.operator == "**" and _hugs(right)
    return _is_simple(power.left) and not isinstance(power.left, Unary) and (chained or _is_simple(right))


def _is_simple(node: Expression) -> bool:
    """Whether formatters of Python write no spaces between the piece and a `**` or `:` beside it."""
    if isinstance(node, Unary):
        return node.operator != "not" and _is_simple(node.operand)
    if isinstance(node, Field):
        return _is_simple(node.base)
    return isinstance(node, Name) or (isinstance(node, Literal) and not isinstance(node.value, str))


def _quoted(text: str) -> str:
    """Give a text as Python's formatters write it: in double quotes unless that costs escapes."""
    printed = repr(text)
    return (
        f'"{printed[1:-1]}"' if printed[0] == "'" and '"' not in printed and "\\" not in printed else printed
    )


_PRINTERS: dict[type[Expression], Callable[..., tuple[str, int]]] = {
    Literal: _Printer.literal,
    Name: _Printer.name,
    ListOf: _Printer.list_of,
    Comprehension: _Printer.comprehension,
    Unary: _Printer.unary,
    Binary: _Printer.binary,
    Logical: _Printer.logical,
    Comparison: _Printer.comparison,
    Conditional: _Printer.conditional,
    Index: _Printer.index,
    Slice: _Printer.slice,
    Field: _Printer.field,
    Call: _Printer.call,
}

"""The syntax tree of expressions: small classes, each with its place in the spec."""

from __future__ import annotations

from collections.abc import Iterator

from archc.source import Diagnostic, Span
from archc.spec.placement import Placement

Constant = None | bool | int | float | str


class ExpressionError(Exception):
    """A mistake in an expression, found while reading or evaluating it."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class Expression:
    """A piece of an expression. `depth` counts the levels of the tree from here down.

    It stands from `start` to `end`; with the brackets around it, from `opening` to `closing`.
    """

    __slots__ = ("closing", "depth", "end", "opening", "place", "start")

    def __init__(self, place: Placement, start: int, end: int) -> None:
        self.place = place
        self.start = self.opening = start
        self.end = self.closing = end
        self.depth: int = 1 + max((child.depth for child in self.children()), default=0)

    @property
    def span(self) -> Span:
        """The place in the spec."""
        return self.place.span(self.start, self.end)

    @property
    def text(self) -> str:
        """The piece as it was written."""
        return self.place.text[self.start : self.end]

    def children(self) -> Iterator[Expression]:
        """Give the pieces that this one is made of."""
        yield from ()

    def names(self) -> set[str]:
        """Give the names that have to be known to evaluate this."""
        return set().union(*(child.names() for child in self.children()))


class Literal(Expression):
    """A number, a text in quotes, `true`, `false` or `null`."""

    __slots__ = ("value",)

    def __init__(self, place: Placement, start: int, end: int, value: Constant) -> None:
        self.value = value
        super().__init__(place, start, end)


class Name(Expression):
    """A name; in a formula, the first part of a path."""

    __slots__ = ("name",)

    def __init__(self, place: Placement, start: int, end: int, name: str) -> None:
        self.name = name
        super().__init__(place, start, end)

    def names(self) -> set[str]:
        """Give the name itself."""
        return {self.name}


class ListOf(Expression):
    """`[a, b]`."""

    __slots__ = ("items",)

    def __init__(self, place: Placement, start: int, end: int, items: tuple[Expression, ...]) -> None:
        self.items = items
        super().__init__(place, start, end)

    def children(self) -> Iterator[Expression]:
        """Give the items."""
        yield from self.items


class Comprehension(Expression):
    """`[element for variable in items if condition]`."""

    __slots__ = ("condition", "element", "items", "variable")

    def __init__(
        self,
        place: Placement,
        start: int,
        end: int,
        element: Expression,
        variable: str,
        items: Expression,
        condition: Expression | None,
    ) -> None:
        self.element = element
        self.variable = variable
        self.items = items
        self.condition = condition
        super().__init__(place, start, end)

    def children(self) -> Iterator[Expression]:
        """Give the element, the list and the condition."""
        yield self.element
        yield self.items
        if self.condition:
            yield self.condition

    def names(self) -> set[str]:
        """Leave out the variable, which is bound here."""
        inner = self.element.names() | (self.condition.names() if self.condition else set())
        return (inner - {self.variable}) | self.items.names()


class Unary(Expression):
    """`-a`, `+a`, `not a`."""

    __slots__ = ("operand", "operator")

    def __init__(self, place: Placement, start: int, operator: str, operand: Expression) -> None:
        self.operator = operator
        self.operand = operand
        super().__init__(place, start, operand.closing)

    def children(self) -> Iterator[Expression]:
        """Give the operand."""
        yield self.operand


class Binary(Expression):
    """Arithmetic: `+ - * / // % **`."""

    __slots__ = ("left", "operator", "right")

    def __init__(self, place: Placement, operator: str, left: Expression, right: Expression) -> None:
        self.operator = operator
        self.left = left
        self.right = right
        super().__init__(place, left.opening, right.closing)

    def children(self) -> Iterator[Expression]:
        """Give both operands."""
        yield self.left
        yield self.right


class Logical(Expression):
    """`a and b and c`, `a or b`; evaluated as far as needed."""

    __slots__ = ("operands", "operator")

    def __init__(self, place: Placement, operator: str, operands: tuple[Expression, ...]) -> None:
        self.operator = operator
        self.operands = operands
        super().__init__(place, operands[0].opening, operands[-1].closing)

    def children(self) -> Iterator[Expression]:
        """Give the operands."""
        yield from self.operands


class Comparison(Expression):
    """`a < b <= c`: each operator compares the operands on either side of it."""

    __slots__ = ("operands", "operators")

    def __init__(
        self, place: Placement, operators: tuple[str, ...], operands: tuple[Expression, ...]
    ) -> None:
        self.operators = operators
        self.operands = operands
        super().__init__(place, operands[0].opening, operands[-1].closing)

    def children(self) -> Iterator[Expression]:
        """Give the operands."""
        yield from self.operands


class Conditional(Expression):
    """`then if condition else otherwise`; only one of the two is evaluated."""

    __slots__ = ("condition", "otherwise", "then")

    def __init__(
        self, place: Placement, then: Expression, condition: Expression, otherwise: Expression
    ) -> None:
        self.then = then
        self.condition = condition
        self.otherwise = otherwise
        super().__init__(place, then.opening, otherwise.closing)

    def children(self) -> Iterator[Expression]:
        """Give the three parts, as they are written."""
        yield self.then
        yield self.condition
        yield self.otherwise


class Index(Expression):
    """`base[index]`."""

    __slots__ = ("base", "index")

    def __init__(self, place: Placement, end: int, base: Expression, index: Expression) -> None:
        self.base = base
        self.index = index
        super().__init__(place, base.opening, end)

    def children(self) -> Iterator[Expression]:
        """Give the base and the index."""
        yield self.base
        yield self.index


class Slice(Expression):
    """`base[lower:upper:step]`, each of the three optional."""

    __slots__ = ("base", "bounds")

    def __init__(
        self, place: Placement, end: int, base: Expression, bounds: tuple[Expression | None, ...]
    ) -> None:
        self.base = base
        self.bounds = bounds
        super().__init__(place, base.opening, end)

    def children(self) -> Iterator[Expression]:
        """Give the base and the bounds that are written."""
        yield self.base
        yield from (bound for bound in self.bounds if bound)


class Field(Expression):
    """`base.field`: a field of a record; in a formula, a further part of a path."""

    __slots__ = ("base", "field")

    def __init__(self, place: Placement, end: int, base: Expression, field: str) -> None:
        self.base = base
        self.field = field
        super().__init__(place, base.opening, end)

    def children(self) -> Iterator[Expression]:
        """Give the base."""
        yield self.base

    def path(self) -> str | None:
        """Give the dotted path, where the base is a name or a path."""
        if isinstance(self.base, Name):
            return f"{self.base.name}.{self.field}"
        base = self.base.path() if isinstance(self.base, Field) else None
        return f"{base}.{self.field}" if base else None


class Call(Expression):
    """`function(arguments, keyword=...)`; which functions there are is the reader's business."""

    __slots__ = ("arguments", "function", "keywords")

    def __init__(
        self,
        place: Placement,
        start: int,
        end: int,
        function: str,
        arguments: tuple[Expression, ...],
        keywords: tuple[tuple[str, Expression], ...],
    ) -> None:
        self.function = function
        self.arguments = arguments
        self.keywords = keywords
        super().__init__(place, start, end)

    def children(self) -> Iterator[Expression]:
        """Give the arguments, those with keywords last."""
        yield from self.arguments
        for _, value in self.keywords:
            yield value

    @property
    def function_span(self) -> Span:
        """The place of the function's name."""
        return self.place.span(self.start, self.start + len(self.function))

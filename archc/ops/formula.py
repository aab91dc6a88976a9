"""Formulas: elementwise ops in one expression over named values."""

from __future__ import annotations

from typing import NoReturn

from archc.opdef import Example, Free, OnnxBuilder, Op, Rule, RuleError, attr, op, text
from archc.opdef.python import Input, Py, PyTorch, Site
from archc.ops.operands import Number, Weak, number
from archc.sizes import Facts, TensorType
from archc.source import Record


class Term(Record):
    """A piece of a formula."""


class Given(Term):
    """The value of an input of the formula."""

    index: int


class Constant(Term):
    """A number that is known at compile time, or a size."""

    value: Number


class Apply(Term):
    """An op on other pieces, None for an input that is left out; where it stands in the text."""

    op: Op
    args: tuple[Term | None, ...]
    start: int
    end: int

    @property
    def place(self) -> str:
        """The name of the place, for messages."""
        return f"{self.start}:{self.end}"


class Formula(Record):
    """A formula as written, and as a tree."""

    text: str
    root: Term

    def __str__(self) -> str:
        return self.text


class Typed(Record):
    """A piece with its type and its parts."""

    term: Term
    type: TensorType
    parts: tuple[Typed | None, ...] = ()

    @property
    def types(self) -> tuple[TensorType | None, ...]:
        """The types of the parts."""
        return tuple(None if part is None else part.type for part in self.parts)


@op("expr")
class Expr(Free):
    """Compute a formula, element by element, over named values: `mean + exp(0.5 * logvar) * eps`."""

    inputs = ("*values",)
    formula: Formula = attr(
        text(), main=True, doc="arithmetic, comparisons and elementwise functions over the names of values"
    )

    examples = (
        Example("mean + exp(0.5 * logvar) * eps", {"mean": "[N, 20]", "logvar": "[N, 20]", "eps": "[20]"}),
        Example("1 - z", {"z": "[N, 8]"}),
        Example("-x ** 2 / 2", {"x": "[N, 8]"}),
        Example("j <= i", {"i": "int64[T, 1]", "j": "int64[T]"}),
        Example("0 < x < 1 or not keep", {"x": "[N, T]", "keep": "bool[T]"}),
        Example('"where(mask != 0, x, -1e9)"', {"mask": "int64[N, T]", "x": "[N, T]"}),
        Example('"clamp(x, min=0) * sigmoid(z) + minimum(x, 2)"', {"x": "[N, 8]", "z": "[N, 8]"}),
        Example("2 ** n // 3 % 5", {"n": "uint8[N]"}),
        Example("x * H - W // 2 + 0.5", {"x": "[N, H, W]"}),
        Example("\"gelu(x, approximate='tanh') + sqrt(2) * abs(x)\"", {"x": "[N, 8]"}),
    )

    def infer(self, rule: Rule, *types: TensorType) -> TensorType:
        """Infer the ops from the inside out."""
        return typed(rule, self.formula, self.formula.root, types).type

    def pytorch(self, _site: Site, *types: TensorType) -> PyTorch:
        """Give one expression."""
        tree = typed(Rule(Facts()), self.formula, self.formula.root, types)
        support: dict[str, str] = {}
        return PyTorch(_python(tree, support), support=tuple(support.items()))

    def onnx(self, g: OnnxBuilder, *names: str) -> str:
        """Give the nodes of all ops."""
        types = tuple(each for each in g.types if each is not None)
        tree = typed(Rule(Facts()), self.formula, self.formula.root, types)
        return _nodes(g, tree, names) if isinstance(tree.term, Apply) else g.emit("Identity", names[0])


def typed(rule: Rule, formula: Formula, term: Term, types: tuple[TensorType, ...]) -> Typed:
    """Give a piece of a formula with the types of all its parts."""
    if isinstance(term, Given):
        return Typed(term, types[term.index])
    if isinstance(term, Constant):
        return Typed(term, Weak(term.value))
    assert isinstance(term, Apply)
    parts = tuple(None if arg is None else typed(rule, formula, arg, types) for arg in term.args)
    made = Typed(term, Weak(0), parts)
    inner = Rule(rule.facts, term.op.name)
    try:
        result = term.op.infer(inner, *made.types)
    except RuleError as error:
        _refuse(error, formula, made)
    for need in inner.needs:
        rule.needs.append(need.replace(error=_located(need.error, formula, made)))
    rule.limits.extend(inner.limits)
    assert isinstance(result, TensorType)
    return made.replace(type=result)


def _refuse(error: RuleError, formula: Formula, piece: Typed) -> NoReturn:
    raise _located(error, formula, piece) from None


def _located(error: RuleError, formula: Formula, piece: Typed) -> RuleError:
    """Point at the piece of the formula; say of each part what the op says of its inputs."""
    assert isinstance(piece.term, Apply)
    show: list[tuple[int, str]] = []
    notes: list[str] = []
    for position, words in error.show:
        part = piece.parts[position] if position < len(piece.parts) else None
        if part is not None and isinstance(part.term, Given):
            show.append((part.term.index, words))
        elif part is not None and isinstance(part.term, Apply):
            notes.append(f"`{formula.text[part.term.start : part.term.end]}` is {part.type}")
    place = piece.term.place
    return RuleError(error.code, error.message, place, show, error.help, (*error.notes, *notes))


def _python(piece: Typed, support: dict[str, str]) -> Py:
    term = piece.term
    if isinstance(term, Given):
        return Input(term.index)
    if isinstance(term, Constant):
        return number(term.value)
    assert isinstance(term, Apply)
    form = term.op.pytorch(Site((piece.type,), (True,)), *piece.types)
    support.update(form.support)
    args = [None if part is None else _python(part, support) for part in piece.parts]
    made = substituted(form.forward, args)
    assert isinstance(made, Py)
    return made


def substituted(tree: object, args: list[Py | None]) -> object:
    """Put expressions in the place of inputs."""
    if isinstance(tree, Input):
        return args[tree.index]
    if isinstance(tree, tuple):
        return tuple(substituted(each, args) for each in tree)
    if isinstance(tree, Py):
        return type(tree)(*(substituted(getattr(tree, name), args) for name in tree._fields))
    return tree


def _nodes(g: OnnxBuilder, piece: Typed, names: tuple[str, ...]) -> str:
    term = piece.term
    if isinstance(term, Given):
        return names[term.index]
    if not isinstance(term, Apply):
        return ""
    args = ["" if part is None else _nodes(g, part, names) for part in piece.parts]
    outer = (g.types, g.outputs)
    g.types, g.outputs = piece.types, (piece.type,)
    made = term.op.onnx(g, *args)
    g.types, g.outputs = outer
    assert isinstance(made, str)
    return made

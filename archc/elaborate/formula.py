"""Formulas (`expr: mean + exp(0.5 * logvar) * eps`): from text and names to a tree of elementwise ops."""

from __future__ import annotations

import math
from collections.abc import Callable

from archc import ops
from archc.elaborate.attributes import Attributes
from archc.elaborate.binding import Binding
from archc.elaborate.context import Context, Mistake
from archc.elaborate.evaluation import decide, evaluate_template
from archc.elaborate.references import Given, Inputs, read_inputs, require_input, resolve, single
from archc.elaborate.values import attribute_value
from archc.ir.program import Value
from archc.opdef import Op
from archc.ops.formula import Apply, Constant, Formula, Term
from archc.ops.formula import Given as Named
from archc.sizes import Expr
from archc.source import Diagnostic, Span, did_you_mean, respelled
from archc.spec.document import LayerDecl
from archc.spec.evaluate import evaluate
from archc.spec.expression import (
    Binary,
    Call,
    Comparison,
    Conditional,
    Expression,
    ExpressionError,
    Field,
    Literal,
    Logical,
    Name,
    Unary,
)
from archc.spec.expression_functions import FUNCTIONS
from archc.spec.expression_parser import parse_expression
from archc.spec.tree import Mapping, Scalar, describe

ARITHMETIC = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "div",
    "//": "floor_divide",
    "%": "remainder",
    "**": "pow",
}
COMPARISONS = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
LOGIC = {"and": "logical_and", "or": "logical_or"}
INSTEAD = {
    "min": "`minimum` gives the smaller of two values, `amin` as a layer the smallest of one",
    "max": "`maximum` gives the larger of two values, `amax` as a layer the largest of one",
    "matmul": "give it a layer of its own: `{name: ..., matmul: [a, b]}`",
    "int": "`cast(x, 'int64')` converts",
    "float": "`cast(x, 'float32')` converts",
}


def read_formula(decl: LayerDecl, context: Context) -> tuple[Inputs, Attributes]:
    """Read the formula of an item; its values, in order of first use, are the inputs."""
    scalar = _scalar(decl)
    text = evaluate_template(scalar, context) if "$(" in scalar.text else scalar.text
    reader = _Reader(context, _local(decl, context))
    try:
        expression = parse_expression(str(text), scalar.span, context.body.compilation.limits)
        root = reader.term(expression)
    except ExpressionError as error:
        wrong = error.diagnostic
        help_ = (INSTEAD["matmul"],) if wrong.span is not None and wrong.span.text == "@" else wrong.help
        raise Mistake(wrong.replace(help=help_)) from None
    if not reader.values:
        message = "the formula reads no value: all of it is known at compile time"
        raise Mistake(Diagnostic("E0641", message, scalar.span, help=("use `constant` or `full`",)))
    inputs = Inputs(tuple(reader.values.values()), written=True)
    return inputs, Attributes(
        {"formula": Formula(str(text), root)}, (), {"formula": scalar.span, **reader.places}
    )


def _scalar(decl: LayerDecl) -> Scalar:
    tree = decl.arguments
    if isinstance(tree, Mapping) and tree.get("formula") is not None and len(tree.entries) == 1:
        tree = tree.get("formula")
    if isinstance(tree, Scalar) and tree.text.strip():
        return tree
    found = "nothing" if tree is None else describe(tree)
    place = decl.op.span if tree is None or not tree.span.text else tree.span
    message = f"`expr` takes a formula, this is {found}"
    raise Mistake(Diagnostic("E0701", message, place, help=("for example `expr: a + 0.5 * b`",)))


def _local(decl: LayerDecl, context: Context) -> dict[str, Given]:
    """Give the names that a mapping under `from` gives to values."""
    if decl.from_ is None:
        return {}
    if not isinstance(decl.from_, Mapping):
        message = "a formula names its values itself, `from` is not needed"
        help_ = ("remove `from`", "or give the values names for the formula: `from: {x: value}`")
        raise Mistake(Diagnostic("E0642", message, decl.from_.span, help=help_))
    return {name: given for name, given, _ in read_inputs(decl.from_, context).named}


class _Reader:
    """One formula while it is read."""

    def __init__(self, context: Context, local: dict[str, Given]) -> None:
        self.context = context
        self.local = local
        self.values: dict[str, Given] = {}
        self.places: dict[str, Span] = {}
        self.indices: dict[str, int] = {}
        self.known: dict[int, Term] = {}

    def term(self, node: Expression) -> Term:
        """Read a piece, once."""
        if id(node) not in self.known:
            read = _READERS.get(type(node))
            self.known[id(node)] = read(self, node) if read is not None else self.compile_time(node)
        return self.known[id(node)]

    def compile_time(self, node: Expression) -> Constant:
        """Evaluate a piece that has to be known at compile time."""
        for name in node.names():
            if name in self.local or self.context.scope.find(name) is not None:
                message = f"`{node.text}` is not elementwise: a formula has no indexing and no lists"
                help_ = (f"take parts of `{name}` in a layer of its own: `select`, `slice`, `chunk`",)
                raise Mistake(Diagnostic("E0643", message, node.span, help=help_))
        return self.constant(node, self.evaluated(node, self.context.names))

    def evaluated(self, node: Expression, names: dict[str, object]) -> object:
        """Evaluate a piece over compile-time values."""
        limits = self.context.body.compilation.limits
        return evaluate(node, names, lambda c: decide(c, self.context), limits=limits)

    def constant(self, node: Expression, value: object) -> Constant:
        """Give a compile-time value, which has to be a number."""
        if isinstance(value, bool | int | float | Expr):
            return Constant(value)
        message = f"a formula computes with numbers, `{node.text}` is `{value}`"
        raise Mistake(Diagnostic("E0643", message, node.span))

    def folded(self, node: Expression, **operands: Term) -> Constant:
        """Compute with numbers as expressions do."""
        names = {name: term.value for name, term in operands.items() if isinstance(term, Constant)}
        return self.constant(node, self.evaluated(node, dict(names)))

    def apply(self, node: Expression, name: str, *args: Term | None, **attributes: object) -> Apply:
        """Give an op on pieces, and note where it stands."""
        made = Apply(ops.find(name)(**attributes), args, node.start, node.end)
        self.places[made.place] = node.span
        return made

    def name(self, node: Name) -> Term:
        return self.named(node, node.name)

    def field(self, node: Field) -> Term:
        path = node.path()
        return self.compile_time(node) if path is None else self.named(node, path)

    def named(self, node: Expression, path: str) -> Term:
        """Give a value by its path, else what is known by that name at compile time."""
        if path not in self.local and self.context.scope.find(path) is None:
            if path.partition(".")[0] in self.context.names:
                return self.compile_time(node)
            if path in FUNCTIONS or self.is_function(path):
                help_ = (f"write `{path}(...)`",)
                message = f"`{path}` is a function, not a value"
                raise Mistake(Diagnostic("E0643", message, node.span, help=help_))
        if path not in self.indices:
            given = self.local.get(path) or resolve(Scalar(path, True, node.span), self.context)
            value = self.value(given, node, path)
            self.indices[path] = len(self.values)
            self.values[path] = Given(Binding(value), node.span)
        return Named(self.indices[path])

    def value(self, given: Given, node: Expression, path: str) -> Value:
        """Give the one value that a name stands for."""
        return single(require_input(given, node.span, path), node.span, "expr")

    def literal(self, node: Literal) -> Term:
        return self.constant(node, node.value)

    def unary(self, node: Unary) -> Term:
        operand = self.term(node.operand)
        if isinstance(operand, Constant):
            operand_name = Name(node.place, node.start, node.end, "a")
            return self.folded(Unary(node.place, node.start, node.operator, operand_name), a=operand)
        if node.operator == "+":
            return operand
        return self.apply(node, "neg" if node.operator == "-" else "logical_not", operand)

    def binary(self, node: Binary) -> Term:
        left, right = self.term(node.left), self.term(node.right)
        if isinstance(left, Constant) and isinstance(right, Constant):
            a, b = (Name(node.place, e.start, e.end, n) for e, n in ((node.left, "a"), (node.right, "b")))
            return self.folded(Binary(node.place, node.operator, a, b), a=left, b=right)
        return self.apply(node, ARITHMETIC[node.operator], left, right)

    def comparison(self, node: Comparison) -> Term:
        operands = [self.term(operand) for operand in node.operands]
        if all(isinstance(operand, Constant) for operand in operands):
            return self.compile_time(node)
        if not all(operator in COMPARISONS for operator in node.operators):
            message = "a formula compares values with `==`, `!=`, `<`, `<=`, `>` and `>=`"
            raise Mistake(Diagnostic("E0643", message, node.span))
        pairs = zip(node.operators, operands, operands[1:], strict=False)
        made = [self.apply(node, COMPARISONS[operator], a, b) for operator, a, b in pairs]
        return made[0] if len(made) == 1 else self.apply(node, "logical_and", *made)

    def logical(self, node: Logical) -> Term:
        operands = [self.term(operand) for operand in node.operands]
        if all(isinstance(operand, Constant) for operand in operands):
            return self.compile_time(node)
        return self.apply(node, LOGIC[node.operator], *operands)

    def conditional(self, node: Conditional) -> Term:
        condition = self.term(node.condition)
        if isinstance(condition, Constant) and isinstance(condition.value, bool):
            return self.term(node.then if condition.value else node.otherwise)
        message = f"`if` in a formula is decided at compile time, `{node.condition.text}` is not known then"
        help_ = (f"write `where({node.condition.text}, {node.then.text}, {node.otherwise.text})`",)
        raise Mistake(Diagnostic("E0644", message, node.condition.span, help=help_))

    def call(self, node: Call) -> Term:
        if not self.is_function(node.function):
            return self.number_of(node)
        cls = ops.find(node.function)
        args, attributes = self._arguments(node, cls)
        if all(arg is None or isinstance(arg, Constant) for arg in args):
            return self.number_of(node)
        for place, arg in enumerate(args):
            if isinstance(arg, Constant) and not cls.takes_numbers:
                message = f"`{node.function}` needs a value as its input `{cls.input_list()[place].name}`"
                raise Mistake(Diagnostic("E0645", message, node.span))
        return self.apply(node, node.function, *args, **attributes)

    def number_of(self, node: Call) -> Term:
        """Give the value of a function of numbers; refuse one that does not exist."""
        numbers = [self.term(each) for each in node.arguments]
        known = [term.value for term in numbers if isinstance(term, Constant)]
        if len(known) == len(numbers) and node.function in FUNCTIONS:
            return self.compile_time(node)
        if not self.is_function(node.function):
            raise Mistake(_no_function(node, losses=self.context.body.step_ops is not None))
        function: Callable[..., float] | None = getattr(math, node.function, None)
        try:
            assert function is not None
            return Constant(function(*known))
        except (AssertionError, ValueError, TypeError, OverflowError):
            message = f"`{node.text}` is not known as a number at compile time"
            raise Mistake(Diagnostic("E0645", message, node.span)) from None

    def _arguments(self, node: Call, cls: type[Op]) -> tuple[list[Term | None], dict[str, object]]:
        """Give the pieces and the attributes that stand in the brackets of a call."""
        declared = cls.input_list()
        many = declared[-1].many
        takes = len(node.arguments) if many else len(declared)
        args: list[Term | None] = [self.term(each) for each in node.arguments[:takes]]
        args += [None] * (len(declared) - len(args))
        names = [name for name in cls.attributes if name not in {each.name for each in declared}]
        keywords = dict(node.keywords)
        keywords.update(zip(names, node.arguments[takes:], strict=False))
        if len(node.arguments) - takes > len(names):
            message = f"`{node.function}` takes at most {takes + len(names)} arguments"
            raise Mistake(Diagnostic("E0645", message, node.span))
        attributes: dict[str, object] = {}
        for name, each in keywords.items():
            places = [index for index, one in enumerate(declared) if one.name == name]
            if places:
                args[places[0]] = self.term(each)
            elif name in names:
                attributes[name] = self._attribute(cls, name, each)
            else:
                known = [one.name for one in declared] + names
                message = f"`{node.function}` has no argument `{name}`"
                raise Mistake(Diagnostic("E0645", message, each.span, help=did_you_mean(name, known)))
        self._require(node, cls, args, attributes)
        return args, attributes

    def is_function(self, name: str) -> bool:
        """Whether a formula may call an op; in a step of training it may call losses too."""
        return _is_function(name, losses=self.context.body.step_ops is not None)

    def _attribute(self, cls: type[Op], name: str, node: Expression) -> object:
        text = node.value if isinstance(node, Literal) and isinstance(node.value, str) else node.text
        quoted = isinstance(node, Literal) and isinstance(node.value, str)
        scalar = Scalar(str(text), not quoted, node.span)
        return attribute_value(scalar, cls.attributes[name].kind, f"`{name}`", self.context)

    def _require(
        self, node: Call, cls: type[Op], args: list[Term | None], attributes: dict[str, object]
    ) -> None:
        missing = [
            one.name
            for one, given in zip(cls.input_list(), args, strict=False)
            if given is None and not one.optional
        ] + [n for n, declared in cls.attributes.items() if declared.required and n not in attributes]
        if missing:
            message = f"`{node.function}` is missing its argument `{missing[0]}`"
            raise Mistake(Diagnostic("E0645", message, node.span))


FAMILIES = ("elementwise", "arithmetic", "comparison", "choosing", "activation", "casting")
LOSSES = ("loss", "loss_classes", "loss_pairs")


def _is_function(name: str, losses: bool = False) -> bool:
    return name in ops.names() and (ops.find(name).elementwise or (losses and ops.find(name).loss))


def _no_function(node: Call, losses: bool) -> Diagnostic:
    families = (*FAMILIES, *LOSSES) if losses else FAMILIES
    known = [name for family in families for name in ops.families().get(family, ())]
    help_ = did_you_mean(node.function, [name for name in known if _is_function(name, losses)])
    if node.function in INSTEAD:
        help_ = (INSTEAD[node.function],)
    elif node.function in ops.names():
        help_ = (f"give it a layer of its own: `{{name: ..., {node.function}: ...}}`",)
    message = f"`{node.function}` is not a function of formulas"
    notes = ("the functions are the ops that act on each element alone",)
    fix = respelled(node.function_span, filter(_is_function, known)) if node.function not in INSTEAD else None
    return Diagnostic("E0640", message, node.function_span, notes=notes, help=help_, fix=fix)


_READERS: dict[type[Expression], Callable[..., Term]] = {
    Name: _Reader.name,
    Field: _Reader.field,
    Literal: _Reader.literal,
    Unary: _Reader.unary,
    Binary: _Reader.binary,
    Comparison: _Reader.comparison,
    Logical: _Reader.logical,
    Conditional: _Reader.conditional,
    Call: _Reader.call,
}

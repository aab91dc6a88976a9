"""Arguments of one class: expressions that give a value in each of its specialisations.

A value that is equal in all of them is written as it is. Else an expression that the spec wrote there,
or one that is known to give the same values, or a new argument of the class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from archc.backends.pytorch.names import local
from archc.backends.pytorch.syntax import (
    Argument,
    Binary,
    Call,
    Item,
    Lit,
    Presence,
    Py,
    Ternary,
    Tuple,
    Unary,
)
from archc.source import Span
from archc.spec import expression as spec
from archc.spec.evaluate import evaluate, path_of
from archc.spec.expression_parser import parse_expression
from archc.spec.presence import PRESENT


class Absent:
    """Stands for the value of a specialisation that lacks the place."""

    def __repr__(self) -> str:
        return "absent"


ABSENT: Final = Absent()
Values = tuple[object, ...]

# What the sizes of a block's signature are called as arguments where no layer's keyword says it.
_SIZE_WORDS = {"C": "channels", "D": "dim", "T": "length", "F": "features", "L": "length", "S": "length"}
_TURNED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_FUNCTIONS = frozenset(("min", "max", "abs", "len", "int", "float", "sum", "round"))
_PLAIN = (bool, int, float, str, type(None))
_DERIVED_BY = (2, 3, 4)


class Inexpressible(Exception):  # noqa: N818 - it says what is the matter
    """A value that no argument can carry."""


class Parameter:
    """An argument of a class: its value in each specialisation.

    `inferred` marks one that no parameter of the block gives, and `source` the value whose size it was
    inferred from; `torch_default` is what the layer that it is for takes without it.
    """

    def __init__(self, name: str, values: Values, inferred: bool) -> None:
        self.name = name
        self.values = values
        self.inferred = inferred
        self.torch_default: object = ABSENT
        self.default: object = ABSENT
        self.source: object = None

    @property
    def annotation(self) -> str:
        """The type to write in the signature."""
        values = [value for value in self.values if value is not ABSENT]
        found = dict.fromkeys(_annotation(value) for value in values)
        inside = {_annotation(item) for value in values if isinstance(value, tuple | list) for item in value}
        if len(found) > 1 and len(inside) == 1 and all(isinstance(value, tuple | list) for value in values):
            return f"tuple[{inside.pop()}, ...]"
        return " | ".join(sorted(found, key=lambda name: name == "None"))


def _annotation(value: object) -> str:
    if isinstance(value, tuple | list):
        return f"tuple[{', '.join(_annotation(item) for item in value)}]" if value else "tuple[()]"
    return "None" if value is None else type(value).__name__


class Arguments:
    """The arguments of a class and the expressions over them that are in use.

    `reading` is the value that the layer at hand reads; `derived` are the block's names that no use gives.
    """

    def __init__(self, environments: Sequence[Mapping[str, object]], sizes: frozenset[str]) -> None:
        self.environments = environments
        self.sizes = sizes
        self.parameters: dict[str, Parameter] = {}
        self.bank: list[tuple[Py, Values]] = []
        self.origin: dict[str, str] = {}
        self.reading: object = None
        self.derived: frozenset[str] = frozenset()

    def express(self, values: Values, hint: str, written: Sequence[str], span: Span) -> Py:
        """Give an expression with these values, one a specialisation, ABSENT where it does not matter."""
        values = tuple(tuple(v) if isinstance(v, list) else v for v in values)
        if all_equal(values):
            telling = self._telling(values, hint, written, span) if ABSENT in values else None
            return telling or Lit(next(value for value in values if value is not ABSENT))
        for text in written:
            if matches(self.evaluated(text, span), values):
                found = self.convert(text, span)
                if found is not None:
                    self._bank(found, self.evaluated(text, span))
                    return found
        known = next((tree for tree, its in self.bank if matches(its, values)), None)
        if known is not None:
            return known
        derived = self._derived(values) if not written else None
        return derived or self._new(values, hint)

    def _telling(self, values: Values, hint: str, written: Sequence[str], span: Span) -> Py | None:
        """Give what stands for a value that is equal only because some specialisations lack it."""
        known = self.parameters.get(hint)
        same_value = known is not None and known.source is not None and known.source == self.reading
        if same_value and known is not None and not written and matches(known.values, values):
            return Argument(hint)
        for text in written:
            found = self.evaluated(text, span)
            if ABSENT not in found and not all_equal(found) and matches(found, values):
                return self.convert(text, span)
        return None

    def _bank(self, tree: Py, values: Values) -> None:
        if not any(known == tree for known, _ in self.bank):
            self.bank.append((tree, values))

    def _derived(self, values: Values) -> Py | None:
        for parameter in self.parameters.values():
            for factor in _DERIVED_BY:
                scaled = tuple(v * factor if type(v) is int else ABSENT for v in parameter.values)
                if ABSENT not in scaled and matches(scaled, values):
                    tree = Binary("*", Lit(factor), Argument(parameter.name))
                    self._bank(tree, scaled)
                    return tree
        return None

    def _new(self, values: Values, hint: str) -> Py:
        for name in (hint, *self.environments[0]):
            own = self._environment(name)
            if own is not None and matches(own, values) and (name == hint or not all_equal(own)):
                return self.named(name)
        if hint == "size":
            for name in sorted(self.sizes):
                if matches(tuple(each.get(name, ABSENT) for each in self.environments), values):
                    return self.named(name)
        return self._add(hint, self._completed(values), True)

    def _completed(self, values: Values) -> Values:
        """Fill in what some specialisations lack from a size of the signature that is the same elsewhere."""
        for name in self.sizes if ABSENT in values else ():
            found = tuple(each.get(name, ABSENT) for each in self.environments)
            if all(type(value) is int for value in found) and matches(found, values):
                return found
        return values

    def _environment(self, name: str) -> Values | None:
        if name in self.sizes or not all(name in each for each in self.environments):
            return None
        found = tuple(each[name] for each in self.environments)
        return tuple(tuple(v) if isinstance(v, list) else v for v in found)

    def _add(self, hint: str, values: Values, inferred: bool) -> Py:
        if not all(is_plain(value) for value in values if value is not ABSENT):
            raise Inexpressible(hint)
        some = next(value for value in values if value is not ABSENT)
        name = local(hint, shadow=True)
        number = 2
        while name in self.parameters:
            name = local(f"{hint}{number}", shadow=True)
            number += 1
        filled = tuple(some if value is ABSENT else value for value in values)
        self.parameters[name] = Parameter(name, filled, inferred)
        self.parameters[name].source = self.reading
        tree = Argument(name)
        self._bank(tree, filled)
        return tree

    def named(self, name: str) -> Py:
        """Give the expression for a parameter of the block or a size of its signature."""
        if not all(name in each for each in self.environments):
            raise Inexpressible(name)
        values = tuple(each[name] for each in self.environments)
        values = tuple(tuple(v) if isinstance(v, list) else v for v in values)
        if all_equal(values):
            return Lit(values[0])
        name = self._plainer(name, values)
        known = next((Argument(p) for p, source in self.origin.items() if source == name), None)
        if known is not None:
            return known
        if name in self.sizes:
            same = next((tree for tree, its in self.bank if matches(its, values)), None)
            return same or self._add(_SIZE_WORDS.get(name, name.lower()), values, True)
        tree = self._add(name, values, False)
        assert isinstance(tree, Argument)
        self.origin[tree.name] = name
        return tree

    def _plainer(self, name: str, values: Values) -> str:
        """Give the parameter that a derived name always equals, or the name itself."""
        given = [each for each in self.environments[0] if each not in self.derived | self.sizes]
        equal = (each for each in given if self._environment(each) == values)
        return next(equal, name) if name in self.derived else name

    def evaluated(self, text: str, span: Span) -> Values:
        """Give what a text of the spec gives in each specialisation; ABSENT where it gives nothing."""
        return values_of(text, span, self.environments)

    def convert(self, text: str, span: Span) -> Py | None:
        """Give a text of the spec as Python over the class's arguments; None where that cannot be."""
        try:
            return self._converted(parse_expression(text, span))
        except (Inexpressible, spec.ExpressionError):
            return None

    def _converted(self, node: spec.Expression) -> Py:
        values = tuple(_value(node, each) for each in self.environments)
        if ABSENT not in values and all_equal(values) and is_plain(values[0]):
            return Lit(values[0])
        if isinstance(node, spec.Name):
            return self.named(node.name)
        if isinstance(node, spec.Unary):
            operand = self._converted(node.operand)
            if node.operator == "not" and isinstance(operand, Presence):
                return operand.replace(there=not operand.there)
            return Unary(node.operator, operand)
        if isinstance(node, spec.Binary):
            return Binary(node.operator, self._converted(node.left), self._converted(node.right))
        if isinstance(node, spec.Logical):
            return self._logical(node)
        if isinstance(node, spec.Comparison):
            return self._comparison(node)
        if isinstance(node, spec.Conditional):
            test, then, otherwise = (self._converted(part) for part in node.children())
            return Ternary(then, test, otherwise)
        if isinstance(node, spec.Index):
            return Item(self._converted(node.base), self._converted(node.index))
        if isinstance(node, spec.ListOf):
            return Tuple(tuple(self._converted(item) for item in node.items))
        if isinstance(node, spec.Call) and not node.keywords:
            return self._call(node)
        raise Inexpressible(node.text)

    def _call(self, node: spec.Call) -> Py:
        if node.function == PRESENT:
            return Presence(path_of(node.arguments[0]))
        args = tuple(self._converted(argument) for argument in node.arguments)
        if node.function in _FUNCTIONS:
            return Call(node.function, args)
        if node.function in ("sqrt", "log2", "floor", "ceil"):
            return Call(f"math.{node.function}", args)
        raise Inexpressible(node.function)

    def _logical(self, node: spec.Logical) -> Py:
        neutral = node.operator == "and"
        trees = [self._converted(operand) for operand in node.operands]
        if Lit(not neutral) in trees:
            return Lit(not neutral)
        kept = [tree for tree in trees if tree != Lit(neutral)] or [Lit(neutral)]
        result = kept[0]
        for tree in kept[1:]:
            result = Binary(node.operator, result, tree)
        return result

    def _comparison(self, node: spec.Comparison) -> Py:
        trees = [self._converted(operand) for operand in node.operands]
        pairs = zip(node.operators, trees, trees[1:], strict=False)
        first, *others = [_compared(operator, left, right) for operator, left, right in pairs]
        result = first
        for other in others:
            result = Binary("and", result, other)
        return result


def _compared(operator: str, left: Py, right: Py) -> Py:
    """Give a comparison, a number last: `width == 8`."""
    turned = _TURNED.get(operator)
    if turned is not None and isinstance(left, Lit) and not isinstance(right, Lit):
        return Binary(turned, right, left)
    return Binary(operator, left, right)


def values_of(text: str, span: Span, environments: Sequence[Mapping[str, object]]) -> Values:
    """Give what a text of the spec gives under several meanings of its names; ABSENT for nothing."""
    try:
        parsed = parse_expression(text, span)
    except spec.ExpressionError:
        return (ABSENT,) * len(environments)
    return tuple(_value(parsed, each) for each in environments)


def _value(node: spec.Expression, environment: Mapping[str, object]) -> object:
    try:
        value = evaluate(node, environment)
    except spec.ExpressionError:
        return ABSENT
    return tuple(value) if isinstance(value, list) else value


def is_plain(value: object) -> bool:
    """Whether a value can be an argument of a class."""
    if isinstance(value, tuple | list):
        return all(is_plain(item) for item in value)
    return isinstance(value, _PLAIN)


def same(left: object, right: object) -> bool:
    """Whether two values are equal and of one type: 1 is neither 1.0 nor True."""
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right, strict=True))
    return type(left) is type(right) and left == right


def all_equal(values: Values) -> bool:
    """Whether all values that are there are equal."""
    present = [value for value in values if value is not ABSENT]
    return all(same(value, present[0]) for value in present)


def matches(found: Values, wanted: Values) -> bool:
    """Whether values are the wanted ones wherever something is wanted."""
    return all(want is ABSENT or same(have, want) for have, want in zip(found, wanted, strict=True))

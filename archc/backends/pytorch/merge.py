"""Merges the expressions that one op has in several specialisations into one tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archc.backends.pytorch.arguments import ABSENT, Arguments, Values, all_equal
from archc.backends.pytorch.sizes import SizeWriter
from archc.backends.pytorch.syntax import (
    Argument,
    Attribute,
    Binary,
    Call,
    Input,
    Item,
    Lit,
    Method,
    Name,
    Own,
    Py,
    Size,
    SizeOf,
    Slice,
    Ternary,
    Tuple,
    Unary,
    replaced,
)
from archc.ir.program import OpNode
from archc.opdef import shortened
from archc.opdef.python import Made
from archc.sizes import Expr


class Mismatch(Exception):  # noqa: N818 - it says what is the matter
    """Two specialisations that one class cannot stand for."""


class Leaf(Py):
    """A compile-time value in each specialisation, and the keyword that it is for."""

    values: tuple[object, ...]
    hint: str
    is_size: bool = False


_CONVOLUTION = ("in_channels", "out_channels", "kernel_size", "stride", "padding")
_POSITIONAL = {
    **{f"nn.Conv{rank}d": _CONVOLUTION for rank in (1, 2, 3)},
    **{f"nn.ConvTranspose{rank}d": _CONVOLUTION for rank in (1, 2, 3)},
    **{f"nn.BatchNorm{rank}d": ("num_features",) for rank in (1, 2, 3)},
    **{f"nn.InstanceNorm{rank}d": ("num_features",) for rank in (1, 2, 3)},
    "nn.Linear": ("in_features", "out_features"),
    "nn.Bilinear": ("in1_features", "in2_features", "out_features"),
    "nn.Embedding": ("num_embeddings", "embedding_dim"),
    "nn.LayerNorm": ("dim",),
    "nn.RMSNorm": ("dim",),
    "nn.GroupNorm": ("num_groups", "num_channels"),
    "nn.Dropout": ("p",),
    "nn.PReLU": ("num_parameters",),
    "nn.LSTM": ("input_size", "hidden_size"),
    "nn.GRU": ("input_size", "hidden_size"),
    "nn.RNN": ("input_size", "hidden_size"),
    "nn.MultiheadAttention": ("embed_dim", "num_heads"),
}


class Merger:
    """Merges trees position by position; None stands for a specialisation without the op."""

    def __init__(self, nodes: Sequence[OpNode | None]) -> None:
        some = next(node for node in nodes if node is not None)
        self.defaults = {name: shortened(declared.default) for name, declared in some.op.attributes.items()}
        self.some = some

    def merge(self, trees: Sequence[Py | None], hint: str = "size") -> Py:
        """Give one tree whose differing values are leaves; raises Mismatch where the forms differ."""
        present = [tree for tree in trees if tree is not None]
        first = present[0]
        if all(isinstance(tree, Lit | Size) for tree in present):
            return self._leaf(trees, hint)
        if any(type(tree) is not type(first) for tree in present):
            raise Mismatch
        if isinstance(first, Input | Own | Name | Made):
            self._agree(present)
            return first
        return self._inside(first, trees)

    def _agree(self, found: Sequence[object]) -> None:
        if any(each != found[0] for each in found):
            raise Mismatch

    def _leaf(self, trees: Sequence[Py | None], hint: str) -> Py:
        is_size = any(isinstance(tree, Size) for tree in trees)
        values = tuple(_leaf_value(tree) for tree in trees)
        if any(isinstance(value, Expr) for value in values):
            return SizeOf(values, tuple(text for _, text in self.some.written))
        return Leaf(values, hint, is_size)

    def _inside(self, first: Py, trees: Sequence[Py | None]) -> Py:
        if isinstance(first, Call):
            return self._call(trees)
        if isinstance(first, Method):
            self._agree([tree.name for tree in trees if isinstance(tree, Method)])
            args, kwargs = self._arguments(trees, "")
            return Method(self._part(trees, "target"), first.name, args, kwargs)
        if isinstance(first, Attribute):
            self._agree([tree.name for tree in trees if isinstance(tree, Attribute)])
            return Attribute(self._part(trees, "target"), first.name)
        if isinstance(first, Binary | Unary):
            self._agree([getattr(tree, "operator", None) for tree in trees if tree is not None])
            if isinstance(first, Unary):
                return Unary(first.operator, self._part(trees, "operand"))
            return Binary(first.operator, self._part(trees, "left"), self._part(trees, "right"))
        if isinstance(first, Item):
            return Item(self._part(trees, "target"), self._part(trees, "index"))
        if isinstance(first, Slice):
            return Slice(*(self._bound(trees, name) for name in ("start", "stop", "step")))
        if isinstance(first, Ternary):
            return Ternary(*(self._part(trees, name) for name in ("test", "then", "otherwise")))
        assert isinstance(first, Tuple)
        self._agree([tree.brackets for tree in trees if isinstance(tree, Tuple)])
        return Tuple(
            self._each([tree.items if isinstance(tree, Tuple) else None for tree in trees], ""),
            first.brackets,
        )

    def _part(self, trees: Sequence[Py | None], name: str) -> Py:
        return self.merge([None if tree is None else getattr(tree, name) for tree in trees])

    def _bound(self, trees: Sequence[Py | None], name: str) -> Py | None:
        found = [None if tree is None else getattr(tree, name) for tree in trees]
        if all(bound is None for bound in found):
            return None
        if any(bound is None for bound, tree in zip(found, trees, strict=True) if tree is not None):
            raise Mismatch
        return self.merge(found)

    def _call(self, trees: Sequence[Py | None]) -> Py:
        functions = [tree.function if isinstance(tree, Call) else None for tree in trees]
        present = [function for function in functions if function is not None]
        if all(isinstance(function, str) for function in present):
            self._agree(present)
            function: str | Py = present[0]
        else:
            if any(isinstance(each, str) for each in present):
                raise Mismatch
            function = self.merge([each if isinstance(each, Py) else None for each in functions])
        args, kwargs = self._arguments(trees, function if isinstance(function, str) else "")
        return Call(function, args, kwargs)

    def _arguments(
        self, trees: Sequence[Py | None], function: str
    ) -> tuple[tuple[Py, ...], tuple[tuple[str, Py], ...]]:
        args = self._each([t.args if isinstance(t, Call | Method) else None for t in trees], function)
        keywords = [dict(t.kwargs) if isinstance(t, Call | Method) else None for t in trees]
        names = list(dict.fromkeys(name for each in keywords if each is not None for name in each))
        names.sort(key=lambda name: list(self.defaults).index(name) if name in self.defaults else -1)
        return args, tuple((name, self._keyword(name, keywords)) for name in names)

    def _keyword(self, name: str, keywords: Sequence[Mapping[str, Py] | None]) -> Py:
        found: list[Py | None] = []
        for each in keywords:
            if each is None or name in each:
                found.append(None if each is None else each[name])
            elif name in self.defaults:
                found.append(Lit(self.defaults[name]))
            else:
                raise Mismatch
        return self.merge(found, name)

    def _each(self, lists: Sequence[tuple[Py, ...] | None], function: str) -> tuple[Py, ...]:
        lengths = [len(items) for items in lists if items is not None]
        self._agree(lengths)
        hints = _POSITIONAL.get(function, ())
        columns = range(lengths[0])
        return tuple(
            self.merge(
                [None if items is None else items[i] for items in lists],
                hints[i] if i < len(hints) else "size",
            )
            for i in columns
        )


def _leaf_value(tree: Py | None) -> object:
    if tree is None:
        return ABSENT
    return tree.value if isinstance(tree, Lit) else tree.dim if isinstance(tree, Size) else ABSENT


def resolved(tree: Py, node: OpNode, arguments: Arguments, sizes: SizeWriter) -> Py:
    """Put expressions over the class's arguments and its inputs' sizes in the place of leaves."""

    def change(part: Py) -> Py | None:
        if isinstance(part, SizeOf):
            return sizes.write(part.dims, part.written, node.span)
        if isinstance(part, Leaf):
            known = (
                sizes.known(part.values, tuple(text for _, text in node.written), node.span)
                if part.is_size
                else None
            )
            return known or _expressed(part, node, arguments)
        return None

    return replaced(tree, change)


def _expressed(leaf: Leaf, node: OpNode, arguments: Arguments) -> Py:
    written = dict(node.written)
    declared = node.op.attributes.get(leaf.hint)
    if declared is not None or leaf.is_size:
        texts = [written[leaf.hint]] if leaf.hint in written else list(written.values())
        tree = arguments.express(leaf.values, leaf.hint, texts, node.span)
        if declared is not None and not declared.required and isinstance(tree, Argument):
            arguments.parameters[tree.name].torch_default = shortened(declared.default)
        return tree
    if leaf.hint == "size" and not all_equal(leaf.values):
        return arguments.express(
            leaf.values, _attribute_of(leaf.values, node), list(written.values()), node.span
        )
    return arguments.express(leaf.values, leaf.hint, (), node.span)


def _attribute_of(values: Values, node: OpNode) -> str:
    """Give the attribute that a value comes from, by its name in the op."""
    some = next(value for value in values if value is not ABSENT)
    return next((name for name, value in node.op.values.items() if shortened(value) == some), "size")

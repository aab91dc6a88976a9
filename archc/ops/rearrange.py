"""Axes split, moved and joined, as einops writes it."""

from __future__ import annotations

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, op, size, text
from archc.opdef.python import Input, Item, Lit, Method, Py, PyTorch, Site, Slice, Tuple
from archc.ops.pattern import Axis, Pattern, PatternError, parse
from archc.ops.regroup import reshaped
from archc.ops.reshaping import dimension
from archc.sizes import Dim, Expr, TensorType, at_least, divides, floor_div, product
from archc.sizes import text as size_text


@op("rearrange")
class Rearrange(Free):
    """Split, move and join axes, in einops' notation; sizes that are not inferred stand beside it."""

    strided = True
    gathers = "sizes"
    pattern: str = attr(text(), main=True, doc="both sides: `n t (h d) -> n h t d`")
    sizes: tuple[tuple[str, Dim], ...] = attr(size(min=1), (), doc="sizes of the pattern's names, by name")

    examples = (
        Example('{pattern: "n t (h d) -> n h t d", h: 4}', ("[N, T, 8]",)),
        Example('"n h t d -> n t (h d)"', ("[N, 4, T, 2]",)),
        Example('"n t -> n 1 1 t"', ("int64[N, T]",)),
        Example('"n 1 t 1 -> t n"', ("[N, 1, T, 1]",)),
        Example('{pattern: "n t (c h d) -> c n h t d", c: 3, h: 2}', ("[N, T, 12]",)),
        Example('{pattern: "n c (h p) (w q) -> n (h w) (p q c)", p: 2, q: 2}', ("[N, 3, H, W]",)),
        Example('"n c ... -> n ... c"', ("[N, 3, H, W]",)),
        Example('"n ... -> n (...)"', ("[N, 3, H, W]",)),
        Example('"... d -> d ..."', ("[N, T, 8]",)),
        Example('{pattern: "(n k) t -> n (k t)", n: N}', ("[3*N, 4]",)),
    )

    def parsed(self, rank: int) -> Pattern:
        """Give the pattern for an input of this many axes."""
        return parse(self.pattern).spread(rank)

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Find the size of each name, then multiply them up again."""
        try:
            pattern = parse(self.pattern)
        except PatternError as error:
            rule.fail("E0750", f"the pattern `{self.pattern}` cannot be read: {error}", "pattern")
        self._check_names(rule, x, pattern)
        known = self._named_sizes(rule, x, pattern.spread(x.rank))
        shape = tuple(product(known[name] for name in axis) for axis in pattern.spread(x.rank).right)
        return x.with_shape(shape)

    def _check_names(self, rule: Rule, x: TensorType, pattern: Pattern) -> None:
        axes = len(pattern.left) - pattern.open
        if x.rank < axes or (x.rank > axes and not pattern.open):
            least = "at least " if pattern.open else ""
            message = f"the pattern's left side has {least}{axes} axes, the input has {x.rank}"
            rule.fail("E0458", message, "pattern", [(0, f"this is {x}")])
        for name, _ in self.sizes:
            if name not in pattern.names:
                known = ", ".join(f"`{each}`" for each in pattern.names)
                message = f"`{name}` is no name of the pattern `{self.pattern}`"
                rule.fail("E0751", message, None, (), (), (f"its names: {known}",))

    def _named_sizes(self, rule: Rule, x: TensorType, pattern: Pattern) -> dict[str, Dim]:
        given = dict(self.sizes)
        found: dict[str, Dim] = {}
        for axis, total in zip(pattern.left, x.shape, strict=True):
            found.update(self._split(rule, x, axis, total, {n: given[n] for n in axis if n in given}))
        return found

    def _split(
        self, rule: Rule, x: TensorType, axis: Axis, total: Dim, given: dict[str, Dim]
    ) -> dict[str, Dim]:
        """Give the sizes of the names that make up one axis."""
        unknown = [name for name in axis if name not in given]
        taken = product(given.values())
        written = f"({' '.join(axis)})" if len(axis) != 1 else axis[0]
        show = [(0, f"this is {x}")]
        for name, each in given.items():
            message = f"`{name}` must be at least 1, it is {size_text(each)}"
            rule.require(at_least(each, 1), "E0742", message, name)
        if len(unknown) > 1:
            names = " and ".join(f"`{name}`" for name in unknown)
            help_ = (f"write the size of one: `{unknown[0]}: ...`",)
            message = f"the sizes of {names} in `{written}` cannot both be inferred"
            rule.fail("E0752", message, "pattern", show, help_)
        if not unknown:
            message = (
                f"`{written if axis else 1}` stands for {size_text(taken)}, the axis has {size_text(total)}"
            )
            rule.same(total, taken, "E0459", message, "pattern", show)
            return given
        if given:
            message = (
                f"`{written}` needs a multiple of {size_text(taken)} ({_product(given)}), "
                f"the axis has {size_text(total)}"
            )
            rule.require(divides(taken, total), "E0459", message, "pattern", show)
        return {**given, unknown[0]: floor_div(total, taken)}

    def pytorch(self, _site: Site, x: TensorType) -> PyTorch:
        """Give `unflatten`, `transpose` and `flatten`, as far as they are needed."""
        pattern = self.parsed(x.rank)
        tree = self._opened(pattern, x)
        order = _order(pattern)
        tree = _permuted(tree, order)
        return PyTorch(_closed(tree, pattern.right))

    def _opened(self, pattern: Pattern, x: TensorType) -> Py:
        """Split the groups of the left side, the last one first, and drop sizes of 1."""
        tree: Py = Input(0)
        sizes = self.sizes_of(x)
        for index in reversed(range(len(pattern.left))):
            axis = pattern.left[index]
            if not axis:
                tree = Method(tree, "squeeze", (Lit(index),))
            elif len(axis) > 1:
                tree = Method(tree, "unflatten", (Lit(index), Tuple(_parts([sizes[n] for n in axis]))))
        return tree

    def sizes_of(self, x: TensorType) -> dict[str, Dim]:
        """Give the size of each name, once they have been required to fit."""
        given, found = dict(self.sizes), {}
        for axis, total in zip(self.parsed(x.rank).left, x.shape, strict=True):
            taken = product(given[name] for name in axis if name in given)
            found.update({name: given.get(name, floor_div(total, taken)) for name in axis})
        return found

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Reshape`, `Transpose` and `Reshape`, as far as they are needed."""
        source, made = g.types[0], g.outputs[0]
        assert source is not None
        pattern = self.parsed(source.rank)
        sizes = self.sizes_of(source)
        split = tuple(sizes[name] for axis in pattern.left for name in axis)
        result = reshaped(g, x, source.shape, split)
        order = _order(pattern)
        if order != sorted(order):
            result = g.emit("Transpose", result, perm=order)
        result = reshaped(g, result, tuple(split[index] for index in order), made.shape)
        return g.emit("Identity", x) if result == x else result


def _product(given: dict[str, Dim]) -> str:
    return " * ".join(f"{name} = {size_text(each)}" for name, each in given.items())


def _order(pattern: Pattern) -> list[int]:
    """Give, for each name of the right side, its place on the left."""
    before = [name for axis in pattern.left for name in axis]
    return [before.index(name) for axis in pattern.right for name in axis]


def _parts(sizes: list[Dim]) -> tuple[Py, ...]:
    """Give sizes; a symbolic one that is alone is left to PyTorch."""
    symbolic = [each for each in sizes if isinstance(each, Expr)]
    return tuple(
        Lit(-1) if len(symbolic) == 1 and isinstance(each, Expr) else dimension(each) for each in sizes
    )


def _permuted(tree: Py, order: list[int]) -> Py:
    moved = [index for index, place in enumerate(order) if index != place]
    if not moved:
        return tree
    if len(moved) == 2:
        return Method(tree, "transpose", (Lit(moved[0]), Lit(moved[1])))
    return Method(tree, "permute", tuple(Lit(index) for index in order))


def _closed(tree: Py, axes: tuple[Axis, ...]) -> Py:
    """Join the groups of the right side, the last one first, then insert sizes of 1."""
    starts = [sum(len(axis) for axis in axes[:index]) for index in range(len(axes))]
    rank = sum(len(axis) for axis in axes)
    for axis, start in reversed(list(zip(axes, starts, strict=True))):
        if len(axis) > 1:
            last = start + len(axis) == rank
            tree = Method(tree, "flatten", (Lit(start), *(() if last else (Lit(start + len(axis) - 1),))))
            rank -= len(axis) - 1
    return _with_ones(tree, axes)


def _with_ones(tree: Py, axes: tuple[Axis, ...]) -> Py:
    """Insert axes of size 1: `x[:, None, None]`."""
    ones = [index for index, axis in enumerate(axes) if not axis]
    if not ones:
        return tree
    if len(ones) == 1:
        return Method(tree, "unsqueeze", (Lit(ones[0]),))
    index = tuple(Slice() if axis else Lit(None) for axis in axes[: ones[-1] + 1])
    return Item(tree, Tuple(index))

"""Other shapes for the same elements in the same order."""

from __future__ import annotations

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, integer, ints, op, sizes
from archc.opdef.python import Call, Input, Lit, Method, Py, PyTorch, Site, Size, Tuple, method
from archc.ops.regroup import filled, reshaped
from archc.sizes import Dim, Expr, TensorType, at_least, product, prove, shape_text, text


def dimension(size: Dim) -> Py:
    """Give a size in PyTorch."""
    return Size(size) if isinstance(size, Expr) else Lit(size)


class Reshaping(Free):
    """What ops share that only change the shape."""

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Reshape`."""
        source = g.types[0]
        assert source is not None
        made = reshaped(g, x, source.shape, g.outputs[0].shape)
        return g.emit("Identity", x) if made == x else made


@op("flatten")
class Flatten(Reshaping):
    """Join a range of axes into one; by default all but the batch, as `nn.Flatten`."""

    start_dim: int = attr(integer(), 1, main=True, doc="first axis to join")
    end_dim: int = attr(integer(), -1, doc="last axis to join, included")

    examples = (
        Example("", ("[N, 16, 5, 5]",)),
        Example("2", ("[N, 16, H, W]",)),
        Example("{start_dim: 0, end_dim: 1}", ("[N, T, 8]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Multiply the sizes of the joined axes."""
        if x.rank == 0:
            return x.with_shape((1,))
        start = rule.axis(self.start_dim, x.rank, "start_dim")
        end = rule.axis(self.end_dim, x.rank, "end_dim")
        if start > end:
            rule.fail(
                "E0705", f"`start_dim` is axis {start}, after `end_dim`, which is axis {end}", "start_dim"
            )
        return x.with_shape((*x.shape[:start], product(x.shape[start : end + 1]), *x.shape[end + 1 :]))

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `x.flatten(...)`."""
        args = (Lit(self.start_dim), *((Lit(self.end_dim),) if self.end_dim != -1 else ()))
        ends = tuple(Lit(end) for end in (self.start_dim, self.end_dim))
        module = Call("nn.Flatten", () if (self.start_dim, self.end_dim) == (1, -1) else ends)
        return PyTorch(Method(Input(0), "flatten", args), as_module=module)

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Flatten` where it makes two axes out of all, else `Reshape`."""
        source = g.types[0]
        assert source is not None
        if self.start_dim % max(source.rank, 1) == 1 and self.end_dim in (-1, source.rank - 1):
            return g.emit("Flatten", x, axis=1)
        return super().onnx(g, x)


@op("unflatten")
class Unflatten(Reshaping):
    """Split one axis into several."""

    dim: int = attr(integer(), doc="the axis to split")
    unflattened_size: tuple[Dim, ...] = attr(
        sizes(min=-1), doc="the sizes it becomes; one of them may be -1, which is inferred"
    )

    examples = (
        Example("{dim: 1, unflattened_size: [2, 4]}", ("[N, 8, H]",)),
        Example("{dim: -1, unflattened_size: [-1, 16]}", ("[N, T, 64]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Put the sizes in place of the axis."""
        rule.at_least_rank(x, 1)
        axis = rule.axis(self.dim, x.rank)
        check_sizes(rule, self.unflattened_size, "unflattened_size")
        parts = filled(rule, x.shape[axis : axis + 1], self.unflattened_size, self.name, "unflattened_size")
        return x.with_shape((*x.shape[:axis], *parts, *x.shape[axis + 1 :]))

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `x.unflatten(dim, sizes)`."""
        parts = Tuple(tuple(dimension(size) for size in self.unflattened_size))
        constant = all(isinstance(size, int) for size in self.unflattened_size)
        module = Call("nn.Unflatten", (Lit(self.dim), parts)) if constant else None
        return method("unflatten", Lit(self.dim), parts, as_module=module)


@op("reshape")
class Reshape(Reshaping):
    """Give the elements another shape; one size may be -1 and is inferred."""

    shape: tuple[Dim, ...] = attr(
        sizes(min=-1), main=True, doc="the sizes, the batch included; one of them may be -1"
    )

    examples = (
        Example("[N, 2, 4]", ("[N, 8]",)),
        Example("[-1, 6]", ("[N, 2, 3]",)),
        Example("[N, -1, 4]", ("[N, 3, 8]",)),
        Example("[N, C // 4, 4, H, W]", ("[N, C, H, W]",)),
        Example("[N, 3, H // 2, 2, W // 2, 2]", ("[N, 3, H, W]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Require as many elements as before."""
        check_sizes(rule, self.shape, "shape")
        return x.with_shape(filled(rule, x.shape, self.shape, self.name, "shape"))

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `x.reshape(...)`."""
        return method("reshape", *(dimension(size) for size in self.shape))


def check_sizes(rule: Rule, wanted: tuple[Dim, ...], at: str) -> None:
    """Refuse sizes of zero (E0742) and a second -1 (E0741); require symbolic ones to be at least 1."""
    if wanted.count(-1) > 1:
        help_ = ("write out all sizes but one",)
        rule.fail(
            "E0741", f"only one size may be -1, {shape_text(wanted)} has {wanted.count(-1)}", at, (), help_
        )
    for size in wanted:
        if size != -1:
            message = f"a size must be at least 1, or -1 to infer it, this is {text(size)}"
            rule.require(at_least(size, 1), "E0742", message, at)


@op("squeeze")
class Squeeze(Reshaping):
    """Drop axes of size 1; without `dim` all that are known to be 1."""

    dim: tuple[int, ...] | None = attr(
        ints(0, optional=True, single=True), None, main=True, doc="the axis or axes to drop"
    )

    examples = (
        Example("1", ("[N, 1, 8]",)),
        Example("[-1, -2]", ("[N, 8, 1, 1]",)),
        Example("", ("[N, 1, 8, 1]",)),
    )

    def axes(self, x: TensorType) -> tuple[int, ...]:
        """Give the axes to drop, counted from the front."""
        if self.dim is None:
            return tuple(axis for axis, size in enumerate(x.shape) if size == 1)
        return tuple(sorted({axis % max(x.rank, 1) for axis in self.dim}))

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Leave out the axes; each must be 1."""
        for each in self.dim or ():
            axis = rule.axis(each, x.rank)
            if not prove(at_least(1, x.shape[axis]), rule.facts).proved:
                rule.fail(
                    "E0442",
                    f"only an axis of size 1 can be squeezed, axis {axis} is {text(x.shape[axis])}",
                    "dim",
                    [(0, f"this is {x}")],
                    ("take one entry of it: `select`", "or join it with another axis: `flatten`"),
                )
        dropped = self.axes(x)
        return x.with_shape(tuple(size for axis, size in enumerate(x.shape) if axis not in dropped))

    def pytorch(self, _site: Site, x: TensorType) -> PyTorch:
        """Give `x.squeeze(...)`, the axes always written: which are 1 must not depend on the input."""
        axes = self.axes(x) if self.dim is None else self.dim
        if not axes:
            return PyTorch(Input(0))
        return method("squeeze", Lit(axes[0] if len(axes) == 1 else axes))


@op("unsqueeze")
class Unsqueeze(Reshaping):
    """Insert an axis of size 1."""

    dim: int = attr(integer(), main=True, doc="where the new axis stands in the result")

    examples = (Example("1", ("[N, 8]",)), Example("-1", ("int64[N, T]",)))

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Add an axis."""
        axis = rule.axis(self.dim, x.rank + 1)
        return x.with_shape((*x.shape[:axis], 1, *x.shape[axis:]))

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `x.unsqueeze(dim)`."""
        return method("unsqueeze", Lit(self.dim))

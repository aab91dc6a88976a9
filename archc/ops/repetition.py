"""The same elements several times."""

from __future__ import annotations

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, op
from archc.opdef import sizes as several
from archc.opdef.python import PyTorch, Site, method
from archc.ops.regroup import reshaped
from archc.ops.reshaping import dimension
from archc.sizes import Dim, TensorType, at_least, shape_text, text


@op("expand")
class Expand(Free):
    """Repeat along axes of size 1, without copying; new axes may come first."""

    strided = True
    sizes: tuple[Dim, ...] = attr(several(min=-1), main=True, doc="the sizes of the result; -1 keeps a size")

    examples = (
        Example("[N, 3, -1]", ("[N, 1, 8]",)),
        Example("[4, -1, 5]", ("[N, 1]",)),
        Example("[H, -1, H]", ("[1, H, 1]",)),
        Example("[2, 3]", ("int64[1, 1]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Require sizes of 1 where they change."""
        new = len(self.sizes) - x.rank
        if new < 0:
            message = f"`expand` needs a size for each axis, {len(self.sizes)} are given for {x.rank} axes"
            rule.fail("E0445", message, "sizes", [(0, f"this is {x}")], ("write -1 for a size that stays",))
        before: list[Dim | None] = [*([None] * new), *x.shape]
        return x.with_shape(tuple(self._size(rule, x, a, b) for a, b in zip(before, self.sizes, strict=True)))

    def _size(self, rule: Rule, x: TensorType, before: Dim | None, size: Dim) -> Dim:
        if size == -1:
            if before is None:
                message = f"a new axis of `expand` needs its size, -1 keeps that of an axis of {x}"
                rule.fail("E0445", message, "sizes", [(0, f"this is {x}")])
            return before
        rule.require(at_least(size, 1), "E0742", f"a size must be at least 1, this is {text(size)}", "sizes")
        if before is None or before == 1:
            return size
        message = (
            f"`expand` repeats axes of size 1, {shape_text(x.shape)} has {text(before)} "
            f"where {text(size)} is written"
        )
        return rule.same(before, size, "E0446", message, "sizes", [(0, f"this is {x}")])

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `x.expand(...)`."""
        return method("expand", *(dimension(size) for size in self.sizes))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Expand`; 1 stands for a size that stays."""
        source = g.types[0]
        assert source is not None
        target = g.outputs[0].shape
        kept = (*([None] * (len(target) - source.rank)), *source.shape)
        return g.emit("Expand", x, g.sizes([1 if a == b else b for a, b in zip(kept, target, strict=True)]))


@op("tile")
class Tile(Free):
    """Repeat the whole along each axis."""

    dims: tuple[Dim, ...] = attr(
        several(min=1), main=True, doc="how often along each axis, the last one last"
    )

    examples = (
        Example("[1, 2]", ("[N, 8]",)),
        Example("[3]", ("int64[N, T]",)),
        Example("[2, 1, 3]", ("[N, 4]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Multiply the sizes."""
        for count in self.dims:
            message = f"`tile` repeats at least once, this is {text(count)}"
            rule.require(at_least(count, 1), "E0742", message, "dims")
        shape, counts = self._aligned(x.shape)
        return x.with_shape(tuple(size * count for size, count in zip(shape, counts, strict=True)))

    def _aligned(self, shape: tuple[Dim, ...]) -> tuple[tuple[Dim, ...], tuple[Dim, ...]]:
        missing = len(self.dims) - len(shape)
        return (1,) * max(missing, 0) + shape, (1,) * max(-missing, 0) + self.dims

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `x.tile(...)`."""
        return method("tile", *(dimension(count) for count in self.dims))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Tile`."""
        source = g.types[0]
        assert source is not None
        shape, counts = self._aligned(source.shape)
        return g.emit("Tile", reshaped(g, x, source.shape, shape), g.sizes(counts))

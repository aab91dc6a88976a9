"""Other orders of the axes."""

from __future__ import annotations

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, integer, ints, op
from archc.opdef.python import Lit, PyTorch, Site, method
from archc.sizes import TensorType


class Permutation(Free):
    """What ops share that only move axes."""

    def order(self, rank: int) -> list[int]:
        """Give, for each axis of the result, the axis of the input."""
        return list(range(rank))

    def moved(self, x: TensorType) -> TensorType:
        """Give the type with its axes in the new order."""
        return x.with_shape(tuple(x.shape[axis] for axis in self.order(x.rank)))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `Transpose`."""
        return g.emit("Transpose", x, perm=self.order(g.outputs[0].rank))


@op("permute")
class Permute(Permutation):
    """Put the axes in another order."""

    strided = True
    dims: tuple[int, ...] = attr(ints(0), main=True, doc="the axes of the input in the order of the result")

    examples = (Example("[0, 2, 1]", ("[N, T, 8]",)), Example("[0, -1, 1, 2]", ("[N, H, W, 3]",)))

    def order(self, rank: int) -> list[int]:
        """Count the axes from the front."""
        return [axis % rank for axis in self.dims]

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Require each axis once."""
        if sorted(rule.axis(axis, x.rank, "dims") for axis in self.dims) != list(range(x.rank)):
            rule.fail(
                "E0443",
                f"`permute` needs each of the {x.rank} axes once, {list(self.dims)} is given",
                "dims",
                [(0, f"this is {x}")],
            )
        return self.moved(x)

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `x.permute(...)`."""
        return method("permute", *(Lit(axis) for axis in self.dims))


@op("transpose")
class Transpose(Permutation):
    """Swap two axes."""

    strided = True
    dim0: int = attr(integer(), doc="one axis")
    dim1: int = attr(integer(), doc="the other axis")

    examples = (
        Example("{dim0: 1, dim1: 2}", ("[N, T, 8]",)),
        Example("{dim0: -1, dim1: 0}", ("[N, 3, H, W]",)),
    )

    def order(self, rank: int) -> list[int]:
        """Swap."""
        axes = list(range(rank))
        axes[self.dim0], axes[self.dim1] = axes[self.dim1], axes[self.dim0]
        return axes

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Swap the sizes."""
        rule.axis(self.dim0, x.rank, "dim0")
        rule.axis(self.dim1, x.rank, "dim1")
        return self.moved(x)

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `x.transpose(...)`."""
        return method("transpose", Lit(self.dim0), Lit(self.dim1))


@op("movedim")
class Movedim(Permutation):
    """Move axes to other places; the rest keep their order."""

    strided = True
    source: tuple[int, ...] = attr(ints(0, single=True), doc="the axis or axes to move")
    destination: tuple[int, ...] = attr(ints(0, single=True), doc="where each stands in the result")

    examples = (
        Example("{source: 1, destination: -1}", ("[N, 3, H, W]",)),
        Example("{source: [0, 1], destination: [1, 2]}", ("[T, N, 8]",)),
    )

    def order(self, rank: int) -> list[int]:
        """Place the moved axes, then the others in between."""
        placed = {to % rank: axis % rank for axis, to in zip(self.source, self.destination, strict=True)}
        others = iter(axis for axis in range(rank) if axis not in placed.values())
        return [placed[index] if index in placed else next(others) for index in range(rank)]

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Require as many places as axes, each once."""
        source = [rule.axis(axis, x.rank, "source") for axis in self.source]
        destination = [rule.axis(axis, x.rank, "destination") for axis in self.destination]
        if len(source) != len(destination):
            counts = f"{len(source)} axes and {len(destination)} places are given"
            rule.fail("E0444", f"`movedim` needs a place for each axis, {counts}", "destination")
        for axes, name in ((source, "source"), (destination, "destination")):
            if len(set(axes)) != len(axes):
                rule.fail("E0444", f"`{name}` names an axis twice", name)
        return self.moved(x)

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `x.movedim(...)`."""
        if len(self.source) == 1:
            return method("movedim", Lit(self.source[0]), Lit(self.destination[0]))
        return method("movedim", Lit(self.source), Lit(self.destination))

"""Entries that change places along their axes."""

from __future__ import annotations

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, ints, op
from archc.opdef import sizes as several
from archc.opdef.python import Call, Input, Lit, Py, PyTorch, Site, Tuple, method
from archc.ops.operands import input_type
from archc.ops.reshaping import dimension
from archc.sizes import Dim, TensorType, product

BEFORE_FIRST = -(2**62)
"""An end for a `Slice` that runs backwards: before every entry."""


@op("roll")
class Roll(Free):
    """Move entries along axes; what leaves at the end comes in at the front."""

    shifts: tuple[Dim, ...] = attr(
        several(single=True), main=True, doc="how far, for each of `dims`; negative moves to the front"
    )
    dims: tuple[int, ...] | None = attr(
        ints(0, optional=True, single=True), None, doc="the axes; null rolls all values in a row"
    )

    examples = (
        Example("{shifts: 1, dims: 1}", ("[N, 8]",)),
        Example("{shifts: [-3, 2], dims: [1, 2]}", ("[N, H, W, 4]",)),
        Example("{shifts: T // 2, dims: -1}", ("int64[N, T]",)),
        Example("2", ("[3, 4]",)),
        Example("{shifts: 11, dims: 1}", ("bool[N, 8]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the type; there is an axis for each shift."""
        wanted = 1 if self.dims is None else len(self.dims)
        if len(self.shifts) != wanted:
            message = f"`roll` needs a shift for each axis, {len(self.shifts)} are given for {wanted}"
            rule.fail("E0755", message, "shifts")
        for dim in self.dims or ():
            rule.axis(dim, x.rank, "dims")
        return x

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `x.roll(shifts, dims)`."""
        if len(self.shifts) == 1:
            shift = dimension(self.shifts[0])
            return method("roll", shift, *(() if self.dims is None else (Lit(self.dims[0]),)))
        shifts: Py = Tuple(tuple(dimension(each) for each in self.shifts))
        return method("roll", shifts, Lit(self.dims))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Cut the axis where it begins and ends, and join the parts the other way round."""
        source = input_type(g)
        if self.dims is None:
            flat = g.emit("Reshape", x, g.ints(-1))
            moved = self._rolled(g, flat, 0, product(source.shape), self.shifts[0])
            return g.emit("Reshape", moved, g.sizes(source.shape))
        made = x
        for shift, dim in zip(self.shifts, self.dims, strict=True):
            axis = dim % source.rank
            made = self._rolled(g, made, axis, source.shape[axis], shift)
        return g.emit("Identity", x) if made == x else made

    def _rolled(self, g: OnnxBuilder, x: str, axis: int, size: Dim, shift: Dim) -> str:
        if isinstance(size, int) and isinstance(shift, int):
            cut = -shift % size
            if not cut:
                return x
            parts = (self._slice(g, x, axis, *ends) for ends in ((cut, size), (0, cut)))
            return g.emit("Concat", *parts, axis=axis)
        counted = g.emit("Range", g.size(0), g.size(size), g.size(1))
        places = g.emit("Mod", g.emit("Sub", counted, g.size(shift)), g.size(size))
        return g.emit("Gather", x, places, axis=axis)

    def _slice(self, g: OnnxBuilder, x: str, axis: int, start: int, end: int) -> str:
        return g.emit("Slice", x, g.ints(start), g.ints(end), g.ints(axis))


@op("flip")
class Flip(Free):
    """Turn axes around, the last entry first."""

    dims: tuple[int, ...] = attr(ints(0, single=True), main=True, doc="the axis or axes")

    examples = (
        Example("1", ("[N, T]",)),
        Example("[-1, -2]", ("[N, 3, H, W]",)),
        Example("0", ("int64[T]",)),
        Example("1", ("bool[N, 4]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the type."""
        axes = [rule.axis(dim, x.rank, "dims") for dim in self.dims]
        if len(set(axes)) != len(axes):
            rule.fail("E0444", f"`dims` names an axis twice: {list(self.dims)}", "dims")
        return x

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `x.flip(dims)`."""
        if not self.dims:
            return PyTorch(Call("torch.flip", (Input(0), Tuple(()))))
        return method("flip", *(Lit(dim) for dim in self.dims))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give a `Slice` that runs backwards."""
        if not self.dims:
            return g.emit("Identity", x)
        axes = [dim % input_type(g).rank for dim in self.dims]
        every = [1] * len(axes)
        starts, ends = (g.ints(*(each * value for each in every)) for value in (-1, BEFORE_FIRST))
        return g.emit("Slice", x, starts, ends, g.ints(*axes), g.ints(*(-each for each in every)))

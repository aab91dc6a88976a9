"""Pools undone: values go back to where they were the largest."""

from __future__ import annotations

from typing import ClassVar

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, ints, op
from archc.opdef import sizes as several
from archc.opdef.python import Call, Input, Lit, Py, PyTorch, Site, Tuple
from archc.ops.gathering import require_int64
from archc.ops.operands import constant, input_type
from archc.ops.reshaping import dimension
from archc.ops.window import AXIS_NAMES, PER_AXIS, for_rank, layout
from archc.sizes import Condition, Dim, TensorType, at_least, product, text


class MaxUnpool(Free):
    """What these ops share; the positions are those of a max pool with `return_indices`."""

    rank: ClassVar[int]
    inputs = ("input", "indices")
    kernel_size: tuple[int, ...] = attr(
        ints(PER_AXIS, min=1), main=True, doc="size of the windows along each axis"
    )
    stride: tuple[int, ...] | None = attr(
        ints(PER_AXIS, min=1, optional=True), None, doc="step between windows; the kernel's size by default"
    )
    padding: tuple[int, ...] = attr(ints(PER_AXIS, min=0), 0, doc="the padding of the pool")
    output_size: tuple[Dim, ...] | None = attr(
        several(min=1, optional=True), None, doc="the sizes before the pool, where its windows do not tell"
    )

    def __init_subclass__(cls, rank: int) -> None:
        super().__init_subclass__()
        cls.rank = rank
        cls.attributes = for_rank(cls.attributes, rank)

    def infer(self, rule: Rule, x: TensorType, indices: TensorType) -> TensorType:
        """Give (size - 1) * stride + kernel - 2 * padding along each axis, or `output_size`."""
        rule.float_input(x)
        rule.rank(x, self.rank + 2, layout=layout(self.rank))
        rule.integer_input(indices, 1)
        require_int64(rule, self.name, indices)
        rule.rank(indices, x.rank, at=1)
        for a, b in zip(x.shape, indices.shape, strict=True):
            message = f"`{self.name}` needs a position for each value, the shapes are {x} and {indices}"
            rule.same(a, b, "E0453", message, 1, [(0, f"this is {x}"), (1, f"this is {indices}")])
        sizes = self._sizes(rule, x)
        plane = product(sizes)
        message = f"`{self.name}` puts values into {text(plane)} places, its indices must be below"
        rule.index_below(indices, plane, message, 1)
        return x.with_shape((*x.shape[:2], *sizes))

    def _sizes(self, rule: Rule, x: TensorType) -> tuple[Dim, ...]:
        steps = self.kernel_size if self.stride is None else self.stride
        usual: list[Dim] = [
            (size - 1) * step + kernel - 2 * pad
            for size, step, kernel, pad in zip(
                x.shape[2:], steps, self.kernel_size, self.padding, strict=True
            )
        ]
        if self.output_size is None:
            for axis, size in enumerate(usual):
                message = f"`{self.name}` leaves nothing of the {AXIS_NAMES[self.rank][axis]}, {text(size)}"
                rule.require(at_least(size, 1), "E0420", message, "padding", [(0, f"this is {x}")])
            return tuple(usual)
        if len(self.output_size) != self.rank:
            message = f"`output_size` takes {self.rank} sizes, {len(self.output_size)} are given"
            rule.fail("E0726", message, "output_size")
        for size, wanted, step in zip(usual, self.output_size, steps, strict=True):
            message = (
                f"`output_size` must be less than a stride of {step} away from {text(size)}, "
                f"it is {text(wanted)}"
            )
            rule.require(Condition(wanted + step, ">=", size + 1), "E0495", message, "output_size")
            rule.require(Condition(size + step, ">=", wanted + 1), "E0495", message, "output_size")
        return self.output_size

    def pytorch(self, _site: Site, *_types: TensorType) -> PyTorch:
        """Give `F.max_unpool1d`, `F.max_unpool2d` or `F.max_unpool3d`."""
        written = self.written_values
        keywords: tuple[tuple[str, Py], ...] = tuple(
            (name, Lit(written[name])) for name in ("stride", "padding") if name in written
        )
        if self.output_size is not None:
            sizes: Py = Tuple(tuple(dimension(each) for each in self.output_size), "[]")
            keywords = (*keywords, ("output_size", sizes))
        args = (Input(0), Input(1), Lit(self.kernel_size))
        return PyTorch(Call(f"F.{self.name}", args, keywords))

    def onnx(self, g: OnnxBuilder, x: str, indices: str) -> str:
        """Give `ScatterElements` into zeros: the positions count within a channel, which it has alike."""
        source, made = input_type(g), g.outputs[0]
        outer, plane = source.shape[:2], product(made.shape[2:])
        row = g.sizes((*outer, product(source.shape[2:])))
        zeros = g.emit("Expand", constant(g, 0, made.dtype), g.sizes((*outer, plane)))
        values, places = g.emit("Reshape", x, row), g.emit("Reshape", indices, row)
        return g.emit(
            "Reshape", g.emit("ScatterElements", zeros, places, values, axis=2), g.sizes(made.shape)
        )


@op("max_unpool1d")
class MaxUnpool1d(MaxUnpool, rank=1):
    """Put the values of a max pool back into a length, and zeros between them."""

    examples = (Example("2", ("[N, 3, T]", "int64[N, 3, T]")),)


@op("max_unpool2d")
class MaxUnpool2d(MaxUnpool, rank=2):
    """Put the values of a max pool back into an image, and zeros between them."""

    examples = (
        Example("2", ("[N, 2, H, W]", "int64[N, 2, H, W]")),
        Example(
            "{kernel_size: 3, stride: 2, padding: 1, output_size: [6, 8]}",
            ("[N, 2, 3, 4]", "int64[N, 2, 3, 4]"),
        ),
    )


@op("max_unpool3d")
class MaxUnpool3d(MaxUnpool, rank=3):
    """Put the values of a max pool back into a volume, and zeros between them."""

    examples = (Example("2", ("[N, 1, 2, H, 2]", "int64[N, 1, 2, H, 2]")),)

"""Values put, or added up, at places that are values themselves."""

from __future__ import annotations

import math
from collections.abc import Callable

from archc.opdef import Example, Free, Kind, OnnxBuilder, Rule, attr, boolean, integer, number, op, text
from archc.opdef.python import Input, Lit, Method, Py, PyTorch, Site, method
from archc.ops.gathering import fits_inside, index_values, require_int64, same_axes
from archc.ops.matmul import require_one_dtype
from archc.ops.operands import Weak, constant, input_type, result_dtype, wide
from archc.sizes import BOOL, Dim, DType, TensorType
from archc.sizes import text as size_text

EXTREMES_SINCE = 18
ONNX_REDUCTIONS = {"sum": "add", "prod": "mul", "mean": "add", "amax": "max", "amin": "min"}


class Scattering(Free):
    """What ops share that put a source at the places of an index of as many axes."""

    inputs = ("input", "index", "src")
    dim: int = attr(integer(), main=True, doc="the axis along which the index says where")

    def check(self, rule: Rule, x: TensorType, index: TensorType, src: TensorType | None) -> TensorType:
        """Require an index that fits into the input and the source."""
        rule.at_least_rank(x, 1)
        axis = rule.axis(self.dim, x.rank)
        require_int64(rule, self.name, index)
        same_axes(rule, self.name, x, index)
        index_values(rule, self.name, index, x.shape[axis])
        fits_inside(rule, self.name, index, x, axis, 0)
        if src is not None:
            require_one_dtype(rule, self.name, (x, index.with_dtype(x.dtype), src))
            same_axes(rule, self.name, src, index)
            fits_inside(rule, self.name, index, src, None, 2)
        return x.with_dtype(x.dtype)

    def place(self, g: OnnxBuilder, x: str, index: str, values: str, reduction: str | None = None) -> str:
        """Give `ScatterElements`."""
        axis = self.dim % g.outputs[0].rank
        return g.emit("ScatterElements", x, index, values, axis=axis, reduction=reduction)

    def source(self, g: OnnxBuilder, src: str) -> str:
        """Give the part of the source that the index covers."""
        index, whole = input_type(g, 1), input_type(g, 2)
        if index.shape == whole.shape:
            return src
        axes = range(index.rank)
        return g.emit("Slice", src, g.ints(*[0] * index.rank), g.sizes(index.shape), g.ints(*axes))


@op("scatter")
class Scatter(Scattering):
    """Put values at the places of an index; where it names a place twice the last one stays."""

    inputs = ("input", "index", "src?")
    value: float | int | bool | None = attr(
        Kind("scalar", optional=True), None, doc="a number in place of the source"
    )

    examples = (
        Example("1", ("[N, 8]", "int64[N, 1]", "[N, 1]")),
        Example("{dim: -1, value: 1.0}", ("[N, T, 5]", "int64[N, T, 1]")),
        Example("{dim: 0, value: true}", ("bool[4, T]", "int64[1, T]")),
        Example("1", ("int64[N, 8]", "int64[N, 1]", "int64[N, 4]")),
    )

    def infer(self, rule: Rule, x: TensorType, index: TensorType, src: TensorType | None) -> TensorType:
        """Keep the type of the input."""
        if (src is None) == (self.value is None):
            given = "neither is" if src is None else "both are"
            rule.fail("E0754", f"`scatter` takes either a source or a `value`, {given} given", "value")
        if self.value is not None:
            kind = result_dtype([TensorType(x.dtype, (1,)), Weak(self.value)])
            if kind is not x.dtype:
                message = f"`scatter` puts {self.value} into a tensor of {x.dtype}, which cannot hold it"
                rule.fail("E0543", message, "value", [(0, f"this is {x}")], ("convert the tensor: `cast`",))
        return self.check(rule, x, index, src)

    def pytorch(self, _site: Site, *_types: TensorType | None) -> PyTorch:
        """Give `x.scatter(dim, index, src)`."""
        what: Py = Input(2) if self.value is None else Lit(self.value)
        return method("scatter", Lit(self.dim), Input(1), what)

    def onnx(self, g: OnnxBuilder, x: str, index: str, src: str) -> str:
        """Give `ScatterElements`."""
        if self.value is None:
            return self.place(g, x, index, self.source(g, src))
        value = constant(g, self.value, g.outputs[0].dtype)
        return self.place(g, x, index, g.emit("Expand", value, g.sizes(input_type(g, 1).shape)))


@op("scatter_add")
class ScatterAdd(Scattering):
    """Add values at the places of an index; a place may be named many times."""

    examples = (
        Example("1", ("[N, 8]", "int64[N, T]", "[N, T]")),
        Example("0", ("[5, 4]", "int64[K, 4]", "[K, 4]")),
        Example("-1", ("int64[N, 8]", "int64[N, 2]", "int64[N, 3]")),
    )

    def infer(self, rule: Rule, x: TensorType, index: TensorType, src: TensorType) -> TensorType:
        """Keep the type of the input."""
        _refuse_bool(rule, self.name, x)
        return self.check(rule, x, index, src)

    def pytorch(self, _site: Site, *_types: TensorType) -> PyTorch:
        """Give `x.scatter_add(dim, index, src)`."""
        return method("scatter_add", Lit(self.dim), Input(1), Input(2))

    def onnx(self, g: OnnxBuilder, x: str, index: str, src: str) -> str:
        """Give `ScatterElements` that adds."""
        dtype = g.outputs[0].dtype
        return _widened(g, dtype, (x, self.source(g, src)), lambda a, b: self.place(g, a, index, b, "add"))


@op("scatter_reduce")
class ScatterReduce(Scattering):
    """Combine values at the places of an index: their sum, product, mean, largest or smallest."""

    reduce: str = attr(text("sum", "prod", "mean", "amax", "amin"), doc="how to combine them")
    include_self: bool = attr(boolean(), True, doc="count what the input holds there too")

    examples = (
        Example("{dim: 1, reduce: sum}", ("[N, 8]", "int64[N, T]", "[N, T]")),
        Example("{dim: 1, reduce: mean}", ("[N, 8]", "int64[N, T]", "[N, T]")),
        Example("{dim: 0, reduce: mean, include_self: false}", ("[5, 4]", "int64[K, 4]", "[K, 4]")),
        Example("{dim: 0, reduce: sum, include_self: false}", ("int64[5, 4]", "int64[K, 4]", "int64[K, 4]")),
        Example("{dim: -1, reduce: prod, include_self: false}", ("[N, 3]", "int64[N, 2]", "[N, 2]")),
        Example("{dim: 1, reduce: amax}", ("[N, 8]", "int64[N, T]", "[N, T]")),
        Example("{dim: 0, reduce: amin, include_self: false}", ("[5, 4]", "int64[K, 4]", "[K, 4]")),
    )

    def infer(self, rule: Rule, x: TensorType, index: TensorType, src: TensorType) -> TensorType:
        """Keep the type of the input; means are of floats."""
        _refuse_bool(rule, self.name, x)
        if self.reduce == "mean":
            rule.float_input(x)
        return self.check(rule, x, index, src)

    def pytorch(self, _site: Site, *_types: TensorType) -> PyTorch:
        """Give `x.scatter_reduce(dim, index, src, reduce)`."""
        args = (Lit(self.dim), Input(1), Input(2), Lit(self.reduce))
        return PyTorch(Method(Input(0), "scatter_reduce", args, self.keywords("include_self")))

    def onnx(self, g: OnnxBuilder, x: str, index: str, src: str) -> str:
        """Give `ScatterElements` with a reduction; a place that does not count itself starts neutral."""
        reduction = ONNX_REDUCTIONS[self.reduce]
        if reduction in ("max", "min") and g.opset < EXTREMES_SINCE:
            g.refuse(f"`ScatterElements` keeps no extremes before opset {EXTREMES_SINCE}")
        dtype = wide(g.outputs[0].dtype)
        made = _widened(
            g,
            g.outputs[0].dtype,
            (x, self.source(g, src)),
            lambda a, b: self._combined(g, a, index, b, dtype),
        )
        return self._mean(g, made, index, dtype) if self.reduce == "mean" else made

    def _combined(self, g: OnnxBuilder, x: str, index: str, src: str, dtype: DType) -> str:
        shape = input_type(g, 1).shape
        if not self.include_self:
            start = constant(g, _neutral(self.reduce, dtype), dtype)
            x = self.place(g, x, index, g.emit("Expand", start, g.sizes(shape)))
        return self.place(g, x, index, src, ONNX_REDUCTIONS[self.reduce])

    def _mean(self, g: OnnxBuilder, total: str, index: str, dtype: DType) -> str:
        one, zero = constant(g, 1, dtype), constant(g, 0, dtype)
        start = g.emit("Expand", one if self.include_self else zero, g.sizes(g.outputs[0].shape))
        ones = g.emit("Expand", one, g.sizes(input_type(g, 1).shape))
        count = g.emit("Max", self.place(g, start, index, ones, "add"), one)
        return g.emit("Div", total, count)


@op("index_add")
class IndexAdd(Free):
    """Add the entries of a source, times a factor, to those of an axis that a list of indices names."""

    inputs = ("input", "index", "source")
    dim: int = attr(integer(), main=True, doc="the axis to add along")
    alpha: float = attr(number(), 1.0, doc="what the source is multiplied by")

    examples = (
        Example("0", ("[5, 4]", "int64[K]", "[K, 4]")),
        Example("{dim: 1, alpha: 0.5}", ("[N, 8, T]", "int64[3]", "[N, 3, T]")),
    )

    def infer(self, rule: Rule, x: TensorType, index: TensorType, source: TensorType) -> TensorType:
        """Keep the type; the source has the input's sizes, and as many entries as there are indices."""
        rule.float_input(x)
        require_one_dtype(rule, self.name, (x, index.with_dtype(x.dtype), source))
        rule.at_least_rank(x, 1)
        axis = rule.axis(self.dim, x.rank)
        rule.rank(index, 1, at=1)
        rule.rank(source, x.rank, at=2)
        index_values(rule, self.name, index, x.shape[axis])
        wanted: tuple[Dim, ...] = (*x.shape[:axis], index.shape[0], *x.shape[axis + 1 :])
        for place, (found, size) in enumerate(zip(source.shape, wanted, strict=True)):
            message = (
                f"the source of `index_add` needs {size_text(size)} entries along axis {place}, "
                f"it has {size_text(found)}"
            )
            rule.same(found, size, "E0490", message, 2, [(0, f"this is {x}"), (2, f"this is {source}")])
        return x

    def pytorch(self, _site: Site, *_types: TensorType) -> PyTorch:
        """Give `x.index_add(dim, index, source)`."""
        args = (Lit(self.dim), Input(1), Input(2))
        return PyTorch(Method(Input(0), "index_add", args, self.keywords("alpha")))

    def onnx(self, g: OnnxBuilder, x: str, index: str, source: str) -> str:
        """Give `ScatterElements` that adds, with the index in every place."""
        given, made = input_type(g, 2), g.outputs[0]
        axis = self.dim % made.rank
        aligned = g.emit("Reshape", index, g.ints(*[-1 if each == axis else 1 for each in range(made.rank)]))
        places = g.emit("Expand", aligned, g.sizes(given.shape))
        if self.alpha != 1:
            source = g.emit("Mul", source, constant(g, self.alpha, made.dtype))
        return g.emit("ScatterElements", x, places, source, axis=axis, reduction="add")


def _refuse_bool(rule: Rule, name: str, x: TensorType) -> None:
    if x.dtype is BOOL:
        help_ = ("convert it first: `cast: int64`",)
        rule.fail("E0540", f"`{name}` has no meaning for booleans", 0, [(0, f"this is {x}")], help_)


def _widened(
    g: OnnxBuilder, dtype: DType, values: tuple[str, str], combine: Callable[[str, str], str]
) -> str:
    """Combine narrow integers as wider ones."""
    computed = wide(dtype)
    if computed is dtype:
        return combine(*values)
    return g.cast(combine(g.cast(values[0], computed), g.cast(values[1], computed)), dtype)


def _neutral(reduce: str, dtype: DType) -> float | int:
    """Give the value that changes nothing when it is combined with others."""
    if reduce in ("sum", "mean"):
        return 0
    if reduce == "prod":
        return 1
    least = -math.inf if dtype.is_float else -(2 ** (dtype.bits - 1))
    return least if reduce == "amax" else -least - (0 if dtype.is_float else 1)

"""Tensors out of nothing, and out of the shape of another."""

from __future__ import annotations

import math
from typing import ClassVar

from archc.opdef import Example, Free, Kind, OnnxBuilder, Rule, attr, known, op, sizes, text
from archc.opdef.python import Call, Input, Lit, Name, Py, PyTorch, Site, Tuple
from archc.ops.operands import Weak, as_dtype, constant, number
from archc.ops.reshaping import dimension
from archc.sizes import (
    BOOL,
    DTYPES,
    FLOAT32,
    INT64,
    Dim,
    DType,
    Expr,
    TensorType,
    ValueRange,
    at_least,
    ceil_div,
    shape_text,
)
from archc.sizes import text as size_text

DTYPE = text(*DTYPES, optional=True)
FLOATS = text("float64", "float32", "float16", "bfloat16", optional=True)
QUANTITY = Kind("quantity")


def dtype_keyword(name: str | None, default: str = "float32") -> tuple[tuple[str, Py], ...]:
    """Give `dtype=torch.int64`, unless it is the default."""
    return () if name in (None, default) else (("dtype", Name(f"torch.{name}")),)


def require_sizes(rule: Rule, shape: tuple[Dim, ...], at: str) -> None:
    """Require sizes of at least 1 (E0742)."""
    for each in shape:
        rule.require(at_least(each, 1), "E0742", f"a size must be at least 1, this is {size_text(each)}", at)


def filled(g: OnnxBuilder, value: float | int | bool) -> str:
    """Give a tensor of one value, of the type and shape of the node's output."""
    made = g.outputs[0]
    scalar = constant(g, value, made.dtype)
    return g.emit("Expand", scalar, g.sizes(made.shape)) if made.rank else g.emit("Identity", scalar)


class Source(Free):
    """What ops without inputs share that take a list of sizes."""

    inputs = ()
    size: tuple[Dim, ...] = attr(sizes(min=1, single=True), main=True, doc="the sizes")
    dtype: str | None = attr(DTYPE, None, doc="the element type; float32 by default")

    examples: ClassVar[tuple[Example, ...]] = (
        Example("[2, 3]", ()),
        Example("[N, 4]", ()),
        Example("{size: [1, N], dtype: int64}", ()),
    )

    @property
    def elements(self) -> DType:
        """The element type."""
        return DTYPES[self.dtype or "float32"]

    def infer(self, rule: Rule) -> TensorType:
        """Give the sizes."""
        require_sizes(rule, self.size, "size")
        return TensorType(self.elements, self.size, self.values_made())

    def values_made(self) -> ValueRange | None:
        """Give the range of integer values."""
        return None

    def shape(self) -> tuple[Py, ...]:
        """Give the sizes as arguments."""
        return tuple(dimension(each) for each in self.size)

    def pytorch(self, _site: Site) -> PyTorch:
        """Give the function of `torch`."""
        args = self.shape() or (Tuple(()),)
        return PyTorch(Call(f"torch.{self.name}", args, dtype_keyword(self.dtype)))


@op("zeros")
class Zeros(Source):
    """Give zeros."""

    def values_made(self) -> ValueRange | None:
        """Give 0 to 0."""
        return ValueRange(0, 0) if self.elements.is_integer else None

    def onnx(self, g: OnnxBuilder) -> str:
        """Expand a constant."""
        return filled(g, 0)


@op("ones")
class Ones(Source):
    """Give ones."""

    def values_made(self) -> ValueRange | None:
        """Give 1 to 1."""
        return ValueRange(1, 1) if self.elements.is_integer else None

    def onnx(self, g: OnnxBuilder) -> str:
        """Expand a constant."""
        return filled(g, 1)


@op("full")
class Full(Source):
    """Give one number everywhere."""

    size: tuple[Dim, ...] = attr(sizes(min=1, single=True), doc="the sizes")
    fill_value: float | int | bool = attr(Kind("scalar"), doc="the number")
    dtype: str | None = attr(DTYPE, None, doc="the element type; by default that of the number")

    examples = (
        Example("{size: [N, 4], fill_value: 0.5}", ()),
        Example("{size: [2], fill_value: 7}", ()),
        Example("{size: [N], fill_value: true}", ()),
        Example("{size: [2, N], fill_value: -1, dtype: float32}", ()),
    )

    @property
    def elements(self) -> DType:
        """The element type."""
        return DTYPES[self.dtype] if self.dtype else Weak(self.fill_value).dtype

    def values_made(self) -> ValueRange | None:
        """Give the number, where it is whole."""
        whole = isinstance(self.fill_value, int) and self.elements.is_integer
        return ValueRange(int(self.fill_value), int(self.fill_value)) if whole else None

    def pytorch(self, _site: Site) -> PyTorch:
        """Give `torch.full`."""
        keywords = dtype_keyword(self.dtype, str(Weak(self.fill_value).dtype))
        return PyTorch(Call("torch.full", (Tuple(self.shape()), Lit(self.fill_value)), keywords))

    def onnx(self, g: OnnxBuilder) -> str:
        """Expand a constant."""
        return filled(g, self.fill_value)


class RandomSource(Source):
    """What `rand` and `randn` share."""

    random = True
    dtype: str | None = attr(FLOATS, None, doc="the element type; float32 by default")
    onnx_op: ClassVar[str]

    examples = (Example("[2, 3]", ()), Example("[N, 4]", ()))

    def onnx(self, g: OnnxBuilder) -> str:
        """Draw numbers of the type and shape of zeros."""
        return g.emit(self.onnx_op, filled(g, 0))


@op("rand")
class Rand(RandomSource):
    """Draw uniformly between 0 and 1."""

    onnx_op = "RandomUniformLike"


@op("randn")
class Randn(RandomSource):
    """Draw from the standard normal distribution."""

    onnx_op = "RandomNormalLike"


class Like(Free):
    """What ops share that take the shape and element type of another tensor."""

    dtype: str | None = attr(DTYPE, None, doc="the element type; by default that of the input")
    examples: ClassVar[tuple[Example, ...]] = (
        Example("", ("[N, 8]",)),
        Example("", ("int64[N, T]",)),
        Example("{dtype: int64}", ("[N, 8]",)),
    )

    def infer(self, _rule: Rule, x: TensorType) -> TensorType:
        """Keep the shape."""
        return TensorType(DTYPES[self.dtype] if self.dtype else x.dtype, x.shape)

    def pytorch(self, _site: Site, x: TensorType) -> PyTorch:
        """Give the function of `torch`."""
        return PyTorch(Call(f"torch.{self.name}", (Input(0),), dtype_keyword(self.dtype, str(x.dtype))))


@op("zeros_like")
class ZerosLike(Like):
    """Give zeros in the shape of the input."""

    def onnx(self, g: OnnxBuilder, _x: str) -> str:
        """Expand a constant."""
        return filled(g, 0)


@op("ones_like")
class OnesLike(Like):
    """Give ones in the shape of the input."""

    def onnx(self, g: OnnxBuilder, _x: str) -> str:
        """Expand a constant."""
        return filled(g, 1)


class RandomLike(Like):
    """What `rand_like` and `randn_like` share."""

    random = True
    dtype: str | None = attr(FLOATS, None, doc="the element type; by default that of the input")
    onnx_op: ClassVar[str]

    examples = (Example("", ("[N, 8]",)), Example("{dtype: float32}", ("int64[N, T]",)))

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Draw floats only."""
        made = super().infer(rule, x)
        if not made.dtype.is_float:
            message = f"`{self.name}` draws floats, the input holds {x.dtype}"
            rule.fail("E0501", message, 0, [(0, f"this is {x}")], ("say which: `dtype: float32`",))
        return made

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Draw numbers of the type and shape of the input."""
        return g.emit(self.onnx_op, as_dtype(g, x, g.types[0], g.outputs[0].dtype))


@op("rand_like")
class RandLike(RandomLike):
    """Draw uniformly between 0 and 1, in the shape of the input."""

    onnx_op = "RandomUniformLike"


@op("randn_like")
class RandnLike(RandomLike):
    """Draw from the standard normal distribution, in the shape of the input."""

    onnx_op = "RandomNormalLike"


Quantity = int | float | Expr


@op("arange")
class Arange(Free):
    """Count from `start` (0) up to `end`, which is left out, by `step`."""

    inputs = ()
    end: Quantity = attr(QUANTITY, main=True, doc="where to stop, left out")
    start: Quantity = attr(QUANTITY, 0, doc="the first number")
    step: float | int = attr(Kind("scalar"), 1, doc="the distance between numbers")
    dtype: str | None = attr(
        text(*(n for n in DTYPES if n != "bool"), optional=True),
        None,
        doc="the element type; int64 by default, float32 where a number is a float",
    )

    examples = (
        Example("5", ()),
        Example("N", ()),
        Example("{start: N, end: 2 * N + 1}", ()),
        Example("{start: 0, end: 16, step: 2, dtype: float32}", ()),
        Example("{start: 0.5, end: 2.0, step: 0.1}", ()),
        Example("{start: 9, end: 0, step: -2}", ()),
        Example("{end: N, dtype: int32}", ()),
    )

    @property
    def default(self) -> DType:
        """The element type where none is written."""
        numbers = (self.start, self.end, self.step)
        return FLOAT32 if any(isinstance(each, float) for each in numbers) else INT64

    @property
    def elements(self) -> DType:
        """The element type."""
        return DTYPES[self.dtype] if self.dtype else self.default

    def infer(self, rule: Rule) -> TensorType:
        """Count the numbers, at least one."""
        if not self.step or isinstance(self.step, bool):
            rule.fail("E0746", "the `step` of `arange` must not be zero", "step")
        for name in ("start", "end", "step"):
            given = getattr(self, name)
            if self.elements.is_integer and isinstance(given, float) and not given.is_integer():
                rule.fail("E0746", f"`arange` of {self.elements} counts in whole numbers, not {given}", name)
        count = self._count(rule)
        shown = f"from {self.start} to {self.end} by {self.step}"
        message = f"`arange` {shown} gives no number, at least one is needed"
        rule.require(at_least(count, 1), "E0456", message, "end")
        return TensorType(self.elements, (count,), self._range(count))

    def _count(self, rule: Rule) -> Dim:
        start, end, step = self.start, self.end, self.step
        if isinstance(step, int) and not isinstance(start, float) and not isinstance(end, float):
            return ceil_div(end - start, step) if step > 0 else ceil_div(start - end, -step)
        if isinstance(start, Expr) or isinstance(end, Expr):
            rule.fail("E0746", "`arange` to a symbolic size needs whole numbers", "step")
        return math.ceil((end - start) / step)

    def _range(self, count: Dim) -> ValueRange | None:
        start, step = self.start, self.step
        if not self.elements.is_integer or isinstance(start, float) or not isinstance(step, int):
            return None
        last = start + (count - 1) * step
        return ValueRange(start, last) if step > 0 else ValueRange(last, start)

    def pytorch(self, _site: Site) -> PyTorch:
        """Give `torch.arange`."""
        args = [self.start] if self.start != 0 or self.step != 1 else []
        args += [self.end, self.step] if self.step != 1 else [self.end]
        theirs = "float32" if any(isinstance(each, float) for each in args) else "int64"
        keywords = dtype_keyword(str(self.elements), theirs)
        return PyTorch(Call("torch.arange", tuple(number(each) for each in args), keywords))

    def onnx(self, g: OnnxBuilder) -> str:
        """Give `Range` of whole numbers; floats, which all are known, become a constant."""
        made, start, end, step = g.outputs[0], self.start, self.end, self.step
        if isinstance(start, float) or isinstance(end, float) or isinstance(step, float):
            count = known(made.shape[0])
            assert not isinstance(start, Expr)
            return g.constant([start + index * step for index in range(count)], made.dtype, (count,))
        whole = g.emit("Range", g.size(start), g.size(end), g.scalar(step, INT64))
        return whole if made.dtype is INT64 else g.cast(whole, made.dtype)


@op("constant")
class Constant(Free):
    """Give a number, or nested lists of numbers; it has no key in the state_dict."""

    inputs = ()
    value: object = attr(Kind("data"), main=True, doc="the number or numbers")
    dtype: str | None = attr(DTYPE, None, doc="the element type; by default that of the numbers")

    examples = (
        Example("2.5", ()),
        Example("[1, 2, 3]", ()),
        Example("[[1.0, 2], [3, 4]]", ()),
        Example("{value: [true, false], dtype: bool}", ()),
        Example("{value: [0, 1], dtype: float32}", ()),
    )

    def infer(self, rule: Rule) -> TensorType:
        """Require lists of equal lengths."""
        shape = self._shape(rule, self.value)
        numbers = _flat(self.value)
        whole = [int(each) for each in numbers] if self.elements.is_integer else []
        return TensorType(self.elements, shape, ValueRange(min(whole), max(whole)) if whole else None)

    def _shape(self, rule: Rule, value: object) -> tuple[int, ...]:
        if not isinstance(value, tuple):
            return ()
        inner = [self._shape(rule, each) for each in value]
        if not inner or len(set(inner)) > 1:
            found = "an empty list" if not inner else f"lists of {shape_text(inner[0])} and others"
            rule.fail("E0747", f"`constant` needs lists of equal lengths, this has {found}", "value")
        return (len(value), *inner[0])

    @property
    def natural(self) -> DType:
        """The element type that the numbers have by themselves."""
        numbers = _flat(self.value)
        if any(isinstance(each, float) for each in numbers):
            return FLOAT32
        return BOOL if all(isinstance(each, bool) for each in numbers) else INT64

    @property
    def elements(self) -> DType:
        """The element type."""
        return DTYPES[self.dtype] if self.dtype else self.natural

    def pytorch(self, _site: Site) -> PyTorch:
        """Give `torch.tensor`."""
        keywords = dtype_keyword(self.dtype, str(self.natural))
        return PyTorch(Call("torch.tensor", (Lit(_listed(self.value)),), keywords))

    def onnx(self, g: OnnxBuilder) -> str:
        """Give an initializer."""
        made = g.outputs[0]
        return g.constant(_flat(self.value), made.dtype, [known(size) for size in made.shape])


def _flat(value: object) -> list[float]:
    if isinstance(value, tuple):
        return [number for each in value for number in _flat(each)]
    assert isinstance(value, int | float)
    return [value]


def _listed(value: object) -> object:
    return [_listed(each) for each in value] if isinstance(value, tuple) else value

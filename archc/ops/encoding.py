"""Numbers as classes, and as places among bounds."""

from __future__ import annotations

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, boolean, floats, integer, op
from archc.opdef.python import Call, Input, Lit, Method, PyTorch, Site, Tuple
from archc.ops.operands import as_dtype, input_type, wide
from archc.ops.reduction import reduce
from archc.sizes import BOOL, INT64, Dim, TensorType, ValueRange, text


@op("one_hot")
class OneHot(Free):
    """Give a one at the place that each integer names and zeros elsewhere, along a new last axis."""

    num_classes: int = attr(integer(min=1), main=True, doc="size of the new axis; the integers are below it")

    examples = (Example("5", ("int64[N, T]",)), Example("3", ("int64[N]",)))

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Add an axis of `num_classes`."""
        if x.dtype is not INT64:
            message = f"the input of `one_hot` must be int64, it holds {x.dtype}"
            rule.fail("E0502", message, 0, [(0, f"this is {x}")], ("convert it: `cast: int64`",))
        rule.at_least_rank(x, 1)
        count = self.num_classes
        message = f"`one_hot` has {count} classes, its input must be in 0..{count - 1}"
        rule.index_below(x, count, message)
        return TensorType(INT64, (*x.shape, count), ValueRange(0, 1))

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `F.one_hot`."""
        return PyTorch(Call("F.one_hot", (Input(0), Lit(self.num_classes))))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Give `OneHot`."""
        return g.emit("OneHot", x, g.scalar(self.num_classes, INT64), g.ints(0, 1))


class Placing(Free):
    """What ops share that find places among bounds in ascending order."""

    right: bool = attr(boolean(), False, doc="a value that equals a bound belongs after it")

    def numbers(self, rule: Rule, x: TensorType, at: int) -> None:
        """Refuse booleans."""
        if x.dtype is BOOL:
            message = f"`{self.name}` compares numbers, this input holds booleans"
            rule.fail("E0540", message, at, [(at, f"this is {x}")], ("convert it: `cast: int64`",))

    def counted(self, g: OnnxBuilder, bounds: str, values: str) -> str:
        """Count the bounds, along the last axis, that lie before a value."""
        before = g.emit("LessOrEqual" if self.right else "Less", bounds, values)
        return reduce(g, "ReduceSum", g.cast(before, INT64), [-1], False)


@op("bucketize")
class Bucketize(Placing):
    """Say for each value how many boundaries lie before it."""

    boundaries: tuple[float, ...] = attr(floats(0), main=True, doc="numbers in ascending order")

    examples = (
        Example("[-1, 0, 0.5]", ("[N, T]",)),
        Example("{boundaries: [0, 1, 3], right: true}", ("int64[N, T]",)),
    )

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the shape; give int64."""
        self.numbers(rule, x, 0)
        bounds = self.boundaries
        if not bounds or list(bounds) != sorted(bounds):
            message = "`boundaries` of `bucketize` are numbers in ascending order, at least one"
            rule.fail("E0757", message, "boundaries")
        if x.dtype.is_integer and any(each != int(each) for each in bounds):
            message = f"`boundaries` must be whole numbers for values of {x.dtype}"
            help_ = ("convert the values first: `cast: float32`",)
            rule.fail("E0543", message, "boundaries", [(0, f"this is {x}")], help_)
        return TensorType(INT64, x.shape, ValueRange(0, len(bounds)))

    def pytorch(self, _site: Site, x: TensorType) -> PyTorch:
        """Give `torch.bucketize`, with boundaries of the values' type."""
        numbers = tuple(Lit(int(each) if x.dtype.is_integer else each) for each in self.boundaries)
        bounds = Method(Input(0), "new_tensor", (Tuple(numbers, "[]"),))
        return PyTorch(Call("torch.bucketize", (Input(0), bounds), self.keywords("right")))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Compare each value with all boundaries, and count."""
        source = input_type(g)
        dtype = wide(source.dtype)
        column = g.emit("Reshape", as_dtype(g, x, source, dtype), g.sizes((*source.shape, 1)))
        numbers = [int(each) if dtype.is_integer else each for each in self.boundaries]
        return self.counted(g, g.constant(numbers, dtype, (len(numbers),)), column)


@op("searchsorted")
class Searchsorted(Placing):
    """Say for each value how many entries of a sequence lie before it; sequences are in ascending order."""

    inputs = ("sorted_sequence", "input")

    examples = (
        Example("", ("[K]", "[N, T]")),
        Example("{right: true}", ("[N, 6]", "[N, T]")),
        Example("", ("int64[N, 3, K]", "int64[N, 3, 2]")),
    )

    def infer(self, rule: Rule, sequence: TensorType, x: TensorType) -> TensorType:
        """Keep the shape of the values; all axes but the last are those of the sequences."""
        self.numbers(rule, sequence, 0)
        self.numbers(rule, x, 1)
        if sequence.dtype is not x.dtype:
            message = (
                f"`searchsorted` needs inputs of one element type, they are {sequence.dtype} and {x.dtype}"
            )
            show = [(0, f"this is {sequence}"), (1, f"this is {x}")]
            rule.fail("E0544", message, 1, show, (f"convert one of them: `cast: {sequence.dtype}`",))
        rule.at_least_rank(sequence, 1)
        if sequence.rank > 1:
            rule.rank(x, sequence.rank, at=1)
            for axis, (a, b) in enumerate(zip(sequence.shape[:-1], x.shape[:-1], strict=True)):
                self._same(rule, sequence, x, axis, a, b)
        return TensorType(INT64, x.shape, ValueRange(0, sequence.shape[-1]))

    def _same(self, rule: Rule, sequence: TensorType, x: TensorType, axis: int, a: Dim, b: Dim) -> None:
        message = f"each sequence of `searchsorted` has its values, axis {axis} is {text(a)} and {text(b)}"
        rule.same(a, b, "E0453", message, None, [(0, f"this is {sequence}"), (1, f"this is {x}")])

    def pytorch(self, _site: Site, *_types: TensorType) -> PyTorch:
        """Give `torch.searchsorted`."""
        return PyTorch(Call("torch.searchsorted", (Input(0), Input(1)), self.keywords("right")))

    def onnx(self, g: OnnxBuilder, sequence: str, x: str) -> str:
        """Compare each value with its whole sequence, and count."""
        bounds, source = input_type(g), input_type(g, 1)
        dtype = wide(source.dtype)
        column = g.emit("Reshape", as_dtype(g, x, source, dtype), g.sizes((*source.shape, 1)))
        rows = as_dtype(g, sequence, bounds, dtype)
        if bounds.rank > 1:
            rows = g.emit("Reshape", rows, g.sizes((*bounds.shape[:-1], 1, bounds.shape[-1])))
        return self.counted(g, rows, column)

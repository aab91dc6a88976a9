"""Products of vectors and matrices that are no sums: across, and block by block."""

from __future__ import annotations

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, integer, op
from archc.opdef.python import Call, Input, PyTorch, Site
from archc.ops.binary import refuse_bool
from archc.ops.matmul import require_one_dtype
from archc.ops.operands import as_dtype, constant, input_type, result_dtype, wide
from archc.sizes import INT64, Dim, TensorType, text


@op("cross")
class Cross(Free):
    """Give the vectors that stand upright on two others in space, with broadcasting."""

    inputs = ("input", "other")
    combines = True
    dim: int = attr(integer(), -1, main=True, doc="the axis of the three coordinates")

    examples = (Example("", ("[N, 3]", "[N, 3]")), Example("1", ("[N, 3, T]", "[1, 3, 1]")))

    def infer(self, rule: Rule, a: TensorType, b: TensorType) -> TensorType:
        """Broadcast; both have three coordinates."""
        rule.float_input(a)
        require_one_dtype(rule, self.name, (a, b))
        rule.rank(b, a.rank, at=1)
        axis = rule.axis(self.dim, a.rank)
        for place, each in enumerate((a, b)):
            message = f"`cross` takes vectors of 3 coordinates, axis {axis} has {text(each.shape[axis])}"
            rule.same(each.shape[axis], 3, "E0496", message, place, [(place, f"this is {each}")])
        return TensorType(a.dtype, rule.broadcast((a.shape, b.shape), self.name))

    def pytorch(self, _site: Site, *_types: TensorType) -> PyTorch:
        """Give `torch.linalg.cross`."""
        return PyTorch(Call("torch.linalg.cross", (Input(0), Input(1)), self.keywords("dim")))

    def onnx(self, g: OnnxBuilder, a: str, b: str) -> str:
        """Multiply the coordinates in turn, both ways round."""
        axis = self.dim % g.outputs[0].rank
        turns = [g.constant(order, INT64, (3,)) for order in ([1, 2, 0], [2, 0, 1])]
        (a1, a2), (b1, b2) = ([g.emit("Gather", x, turn, axis=axis) for turn in turns] for x in (a, b))
        return g.emit("Sub", g.emit("Mul", a1, b2), g.emit("Mul", a2, b1))


@op("kron")
class Kron(Free):
    """Put a copy of the second tensor in the place of each value of the first, times that value."""

    inputs = ("input", "other")
    combines = True

    examples = (
        Example("", ("[N, 3]", "[2, T]")),
        Example("", ("int64[3]", "int64[2, 4]")),
        Example("", ("[2, 2, 3]", "[N]")),
    )

    def infer(self, rule: Rule, a: TensorType, b: TensorType) -> TensorType:
        """Multiply the sizes, axis by axis from the last on."""
        refuse_bool(rule, self.name, (a, b), any)
        pairs = zip(*self._aligned(a, b), strict=True)
        return TensorType(result_dtype((a, b)), tuple(x * y for x, y in pairs))

    def _aligned(self, a: TensorType, b: TensorType) -> tuple[tuple[Dim, ...], tuple[Dim, ...]]:
        rank = max(a.rank, b.rank)
        return (1,) * (rank - a.rank) + a.shape, (1,) * (rank - b.rank) + b.shape

    def pytorch(self, _site: Site, *_types: TensorType) -> PyTorch:
        """Give `torch.kron`."""
        return PyTorch(Call("torch.kron", (Input(0), Input(1))))

    def onnx(self, g: OnnxBuilder, a: str, b: str) -> str:
        """Multiply with the axes of both in turn, and join them."""
        result = g.outputs[0]
        dtype = wide(result.dtype)
        left, right = self._aligned(input_type(g), input_type(g, 1))
        spread = [size for each in left for size in (each, 1)], [size for each in right for size in (1, each)]
        values = [
            g.emit("Reshape", as_dtype(g, name, input_type(g, place), dtype), g.sizes(shape))
            for place, (name, shape) in enumerate(zip((a, b), spread, strict=True))
        ]
        made = g.emit("Reshape", g.emit("Mul", *values), g.sizes(result.shape))
        return made if dtype is result.dtype else g.cast(made, result.dtype)


@op("logaddexp")
class LogAddExp(Free):
    """Give log(exp(a) + exp(b)) without overflow, with broadcasting."""

    inputs = ("input", "other")
    combines = True

    examples = (Example("", ("[N, 8]", "[N, 8]")), Example("", ("[N, T]", "[T]")))

    def infer(self, rule: Rule, a: TensorType, b: TensorType) -> TensorType:
        """Broadcast."""
        rule.float_input(a)
        require_one_dtype(rule, self.name, (a, b))
        return TensorType(a.dtype, rule.broadcast((a.shape, b.shape), self.name))

    def pytorch(self, _site: Site, *_types: TensorType) -> PyTorch:
        """Give `torch.logaddexp`."""
        return PyTorch(Call("torch.logaddexp", (Input(0), Input(1))))

    def onnx(self, g: OnnxBuilder, a: str, b: str) -> str:
        """Add to the larger one what the smaller one adds; infinities have no difference."""
        apart = g.emit("Abs", g.emit("Sub", a, b))
        apart = g.emit("Where", g.emit("Equal", a, b), constant(g, 0, g.outputs[0].dtype), apart)
        return g.emit("Add", g.emit("Max", a, b), g.emit("Softplus", g.emit("Neg", apart)))

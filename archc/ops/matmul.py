"""Products of matrices."""

from __future__ import annotations

from archc.opdef import Example, OnnxBuilder, Rule, Weightless, op
from archc.opdef.python import Binary, Call, Input, PyTorch, Site
from archc.ops.binary import refuse_bool
from archc.ops.operands import wide
from archc.sizes import Dim, TensorType, product, text


class Product(Weightless):
    """What matrix products share."""

    inputs = ("input", "other")
    combines = True

    def check(self, rule: Rule, a: TensorType, b: TensorType) -> None:
        """Refuse booleans, and unequal element types as PyTorch does (E0544)."""
        refuse_bool(rule, self.name, (a, b), any)
        require_one_dtype(rule, self.name, (a, b))
        if 0 in (a.rank, b.rank):
            at = 0 if a.rank == 0 else 1
            rule.fail("E0401", f"`{self.name}` needs inputs with axes", at, [(at, "this has none")])

    def inner(self, rule: Rule, a: TensorType, b: TensorType) -> None:
        """Require the axes that are summed over to be equal."""
        left, right = a.shape[-1], b.shape[-2] if b.rank > 1 else b.shape[0]
        message = (
            f"`{self.name}` sums over the last axis of the first input, {text(left)}, "
            f"and the {'second last' if b.rank > 1 else 'only'} axis of the second, {text(right)}: "
            "they must be equal"
        )
        rule.same(left, right, "E0454", message, None, [(0, f"this is {a}"), (1, f"this is {b}")])

    def onnx(self, g: OnnxBuilder, a: str, b: str) -> str:
        """Give `MatMul`."""
        result = g.outputs[0].dtype
        dtype = wide(result)
        if dtype is result:
            return g.emit("MatMul", a, b)
        return g.cast(g.emit("MatMul", g.cast(a, dtype), g.cast(b, dtype)), result)

    def multiply_adds(self, out: TensorType, a: TensorType, _b: TensorType) -> Dim:
        """Count the summed axis for each value of the output."""
        return product(out.shape) * a.shape[-1]


def require_one_dtype(rule: Rule, name: str, types: tuple[TensorType, ...]) -> None:
    """Refuse element types that differ (E0544)."""
    for index, each in enumerate(types):
        if each.dtype is not types[0].dtype:
            rule.fail(
                "E0544",
                f"`{name}` needs inputs of one element type, they are {types[0].dtype} and {each.dtype}",
                index,
                [(0, f"this is {types[0]}"), (index, f"this is {each}")],
                (f"convert one of them: `cast: {types[0].dtype}`",),
            )


@op("matmul")
class Matmul(Product):
    """Multiply matrices along the last two axes; axes before them broadcast, single axes are vectors."""

    examples = (
        Example("", ("[N, T, 8]", "[8, 5]")),
        Example("", ("[N, 4, T, 8]", "[N, 1, 8, T]")),
        Example("", ("[N, 8]", "[8]")),
        Example("", ("[8]", "[N, 8, 3]")),
        Example("", ("[8]", "[8]")),
    )

    def infer(self, rule: Rule, a: TensorType, b: TensorType) -> TensorType:
        """Sum over the inner axes; broadcast the outer ones."""
        self.check(rule, a, b)
        self.inner(rule, a, b)
        outer = rule.broadcast((a.shape[:-2], b.shape[:-2]), self.name) if a.rank > 2 or b.rank > 2 else ()
        rows = a.shape[-2:-1] if a.rank > 1 else ()
        columns = b.shape[-1:] if b.rank > 1 else ()
        return TensorType(a.dtype, (*outer, *rows, *columns))

    def pytorch(self, _site: Site, _a: TensorType, _b: TensorType) -> PyTorch:
        """Give `a @ b`."""
        return PyTorch(Binary("@", Input(0), Input(1)))


@op("bmm")
class Bmm(Product):
    """Multiply matrices of two equal batches."""

    inputs = ("input", "mat2")

    examples = (Example("", ("[N, T, 8]", "[N, 8, 5]")), Example("", ("[4, 2, 8]", "[4, 8, 3]")))

    def infer(self, rule: Rule, a: TensorType, b: TensorType) -> TensorType:
        """Require three axes and equal batches."""
        self.check(rule, a, b)
        rule.rank(a, 3)
        rule.rank(b, 3, at=1)
        message = f"`bmm` needs equal batches, they are {text(a.shape[0])} and {text(b.shape[0])}"
        show = [(0, f"this is {a}"), (1, f"this is {b}")]
        batch = rule.same(a.shape[0], b.shape[0], "E0453", message, None, show)
        self.inner(rule, a, b)
        return TensorType(a.dtype, (batch, a.shape[1], b.shape[2]))

    def pytorch(self, _site: Site, _a: TensorType, _b: TensorType) -> PyTorch:
        """Give `torch.bmm`."""
        return PyTorch(Call("torch.bmm", (Input(0), Input(1))))

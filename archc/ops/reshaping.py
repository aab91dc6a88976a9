"""Other shapes for the same elements in the same order."""

from __future__ import annotations

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, integer, op
from archc.opdef.python import Call, Input, Lit, Method, PyTorch, Site
from archc.sizes import TensorType, product


@op("flatten")
class Flatten(Free):
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
            rule.fail("E0705", f"`start_dim` is axis {start}, after `end_dim`, which is axis {end}", "start_dim")
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
        return g.emit("Reshape", x, g.sizes(g.outputs[0].shape))

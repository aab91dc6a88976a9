"""Weights that stand alone: their key is the layer's own path."""

from __future__ import annotations

from archc.opdef import (
    ZEROS,
    Example,
    Init,
    Kind,
    OnnxBuilder,
    Op,
    Param,
    Rule,
    attr,
    boolean,
    known,
    op,
    sizes,
    text,
)
from archc.opdef.python import Call, Lit, Made, Own, Py, PyTorch, Site
from archc.ops.creation import dtype_keyword
from archc.sizes import DTYPES, Dim, DType, TensorType

INITIALIZER = Kind("init")


class Owned(Op):
    """What `parameter` and `buffer` share."""

    inputs = ()
    shape: tuple[Dim, ...] = attr(sizes(min=1), main=True, doc="the sizes, all of them numbers")
    init: Init = attr(INITIALIZER, ZEROS, doc="the first values, by a name of `torch.nn.init`")

    @property
    def elements(self) -> DType:
        """The element type."""
        return DTYPES["float32"]

    def infer(self, rule: Rule) -> TensorType:
        """Require numbers."""
        return TensorType(self.elements, self.numbers(rule))

    def numbers(self, rule: Rule) -> tuple[int, ...]:
        """Give the sizes, which have to be numbers."""
        return tuple(rule.number(size, f"a size of a `{self.name}`", "shape") for size in self.shape)

    def made(self) -> Py:
        """Give the constructor of the first values; other ones than zeros and ones are set after it."""
        if self.init.name == "computed":
            return Made()
        maker = {"zeros": "torch.zeros", "ones": "torch.ones"}.get(self.init.name, "torch.empty")
        sizes_: tuple[Py, ...] = tuple(Lit(size) for size in self.shape)
        return Call(maker, sizes_ or (Lit(()),), dtype_keyword(str(self.elements)))

    def onnx(self, g: OnnxBuilder) -> str:
        """Give the initializer."""
        return g.param("")

    def multiply_adds(self, *_: TensorType) -> Dim:
        """Compute nothing."""
        return 0


@op("parameter")
class Parameter(Owned):
    """Give a learned tensor of its own."""

    examples = (
        Example("[1, 1, 8]", ()),
        Example("{shape: [4, 8], init: {normal: {std: 0.02}}}", ()),
        Example("{shape: [8], init: ones}", ()),
    )

    def weights(self) -> tuple[Param, ...]:
        """Give the tensor, under the path of the layer itself."""
        return (Param("", tuple(known(size) for size in self.shape), self.init),)

    def pytorch(self, _site: Site) -> PyTorch:
        """Give `nn.Parameter`."""
        return PyTorch(Own(), Call("nn.Parameter", (self.made(),)))


@op("buffer")
class Buffer(Owned):
    """Give a tensor that is kept beside the weights and not trained."""

    dtype: str | None = attr(text(*DTYPES, optional=True), None, doc="the element type; float32 by default")
    persistent: bool = attr(boolean(), True, doc="whether it is in the state_dict")

    examples = (
        Example("[8]", ()),
        Example("{shape: [2, 3], init: ones, dtype: int64}", ()),
        Example("{shape: [4], init: ones, persistent: false}", ()),
    )

    @property
    def elements(self) -> DType:
        """The element type."""
        return DTYPES[self.dtype or "float32"]

    def weights(self) -> tuple[Param, ...]:
        """Give the tensor, under the path of the layer itself."""
        shape = tuple(known(size) for size in self.shape)
        return (Param("", shape, self.init, self.elements, True, self.persistent),)

    def pytorch(self, _site: Site) -> PyTorch:
        """Give `nn.Buffer`."""
        return PyTorch(Own(), Call("nn.Buffer", (self.made(),), self.keywords("persistent")))

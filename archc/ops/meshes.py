"""Every entry of one vector with every entry of another."""

from __future__ import annotations

from archc.opdef import Example, Free, OnnxBuilder, Rule, attr, op, text
from archc.opdef.python import Call, Input, Lit, PyTorch, Site
from archc.ops.binary import refuse_bool
from archc.ops.operands import as_dtype, input_type, result_dtype, wide
from archc.sizes import Dim, TensorType


@op("meshgrid")
class Meshgrid(Free):
    """Give the coordinates of a grid out of its axes: for each vector, its values over the whole grid."""

    strided = True
    inputs = ("*tensors",)
    outputs = ()
    combines = True
    indexing: str | None = attr(
        text("ij", "xy", optional=True),
        None,
        main=True,
        doc="`ij`: the first vector runs along axis 0; `xy`: along axis 1; null is `ij`",
    )

    examples = (
        Example("", ("[H]", "[W]")),
        Example("xy", ("[H]", "[W]", "[3]")),
        Example("ij", ("int64[4]", "int64[T]")),
    )

    def infer(self, rule: Rule, *types: TensorType) -> tuple[TensorType, ...]:
        """Give the sizes of all vectors, as often as there are vectors."""
        rule.results(len(types))
        for index, each in enumerate(types):
            rule.rank(each, 1, at=index)
            if each.dtype is not types[0].dtype:
                found = f"{types[0].dtype} and {each.dtype}"
                message = f"`meshgrid` needs vectors of one element type, they are {found}"
                show = [(0, f"this is {types[0]}"), (index, f"this is {each}")]
                rule.fail("E0544", message, index, show, (f"convert one: `cast: {types[0].dtype}`",))
        shape: list[Dim] = [types[place].shape[0] for place in self._order(len(types))]
        return tuple(each.with_shape(tuple(shape)) for each in types)

    def _order(self, count: int) -> list[int]:
        """Give which vector runs along each axis."""
        order = list(range(count))
        return [1, 0, *order[2:]] if self.indexing == "xy" and count > 1 else order

    def pytorch(self, _site: Site, *types: TensorType) -> PyTorch:
        """Give `torch.meshgrid`."""
        args = tuple(Input(index) for index in range(len(types)))
        return PyTorch(Call("torch.meshgrid", args, (("indexing", Lit(self.indexing or "ij")),)))

    def onnx(self, g: OnnxBuilder, *names: str) -> tuple[str, ...]:
        """Give each vector, turned into its axis and expanded."""
        order = self._order(len(names))
        target = g.sizes(g.outputs[0].shape)
        made = []
        for place, name in enumerate(names):
            axis = order.index(place)
            turned = [-1 if each == axis else 1 for each in range(len(names))]
            made.append(g.emit("Expand", g.emit("Reshape", name, g.ints(*turned)), target))
        return tuple(made)


@op("outer")
class Outer(Free):
    """Multiply every entry of one vector with every entry of another."""

    inputs = ("input", "vec2")
    combines = True

    examples = (Example("", ("[T]", "[4]")), Example("", ("int64[3]", "[K]")))

    def infer(self, rule: Rule, a: TensorType, b: TensorType) -> TensorType:
        """Give a matrix of both sizes."""
        rule.rank(a, 1)
        rule.rank(b, 1, at=1)
        refuse_bool(rule, self.name, (a, b), any)
        return TensorType(result_dtype((a, b)), (a.shape[0], b.shape[0]))

    def pytorch(self, _site: Site, *_types: TensorType) -> PyTorch:
        """Give `torch.outer`."""
        return PyTorch(Call("torch.outer", (Input(0), Input(1))))

    def onnx(self, g: OnnxBuilder, a: str, b: str) -> str:
        """Give `Mul` of a column and a row."""
        result = g.outputs[0].dtype
        dtype = wide(result)
        column = g.emit("Reshape", as_dtype(g, a, input_type(g), dtype), g.ints(-1, 1))
        made = g.emit("Mul", column, as_dtype(g, b, input_type(g, 1), dtype))
        return made if dtype is result else g.cast(made, result)

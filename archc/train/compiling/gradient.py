"""`grad`: the gradient of a value inside a step."""

from __future__ import annotations

from archc.ir.program import Module, Node, OpNode, Value
from archc.opdef import Example, Free, OnnxBuilder, Rule, op
from archc.opdef.python import Call, Input, Item, Lit, Method, PyTorch, Site
from archc.sizes import TensorType


@op("grad")
class Grad(Free):
    """Give the gradient of the sum of `outputs` by `inputs`; it can be differentiated further."""

    inputs = ("outputs", "inputs")
    outputs = ("gradient",)
    examples = (Example("", ("[N, 1]", "[N, 8]")),)

    def infer(self, rule: Rule, outputs: TensorType, inputs: TensorType) -> TensorType:
        """Give a gradient of the shape of `inputs`."""
        rule.float_input(outputs)
        rule.float_input(inputs, 1)
        return inputs

    def pytorch(self, _site: Site, outputs: TensorType, _inputs: TensorType) -> PyTorch:
        """Give `torch.autograd.grad`."""
        total = Method(Input(0), "sum") if outputs.rank else Input(0)
        keep = (("create_graph", Lit(True)),)
        return PyTorch(Item(Call("torch.autograd.grad", (total, Input(1)), keep), Lit(0)))

    def onnx(self, g: OnnxBuilder, outputs: str, _inputs: str) -> str:
        """Refuse: steps are not exported."""
        g.refuse("`grad` belongs to training")
        return outputs


@op("requires_grad")
class RequiresGrad(Free):
    """Let gradients by a value be taken."""

    examples = (Example("", ("[N, 8]",)),)

    def infer(self, rule: Rule, x: TensorType) -> TensorType:
        """Keep the type."""
        rule.float_input(x)
        return x

    def pytorch(self, _site: Site, _x: TensorType) -> PyTorch:
        """Give `x.requires_grad_()`."""
        return PyTorch(Method(Input(0), "requires_grad_"))

    def onnx(self, g: OnnxBuilder, x: str) -> str:
        """Refuse: steps are not exported."""
        g.refuse("`grad` belongs to training")
        return x


STEP_OPS = {"grad": Grad}
"""The ops that only a step has."""


def takes_gradients(module: Module) -> bool:
    """Whether a step takes a gradient itself."""
    return any(isinstance(node, OpNode) and isinstance(node.op, Grad) for node in module.nodes)


def track_gradients(module: Module) -> Module:
    """Let every value by which a gradient is taken require one, from where it is made."""
    wanted = dict.fromkeys(
        node.inputs[1] for node in module.nodes if isinstance(node, OpNode) and isinstance(node.op, Grad)
    )
    nodes: list[Node] = list(module.nodes)
    for value in wanted:
        assert value is not None
        nodes = _tracked(nodes, value)
    return module.replace(nodes=tuple(nodes))


def _tracked(nodes: list[Node], value: Value) -> list[Node]:
    made = [index for index, node in enumerate(nodes) if value in node.outputs]
    at = made[0] + 1 if made else 0
    near = nodes[at - 1] if made else nodes[0]
    name = f"{value.name}_tracked"
    tracked = value.replace(name=name)
    node = OpNode(name, (value,), (tracked,), near.span, near.origin, (), RequiresGrad())
    later = [_reading(each, value, tracked) for each in nodes[at:]]
    return [*nodes[:at], node, *later]


def _reading(node: Node, value: Value, instead: Value) -> Node:
    return node.replace(inputs=tuple(instead if each == value else each for each in node.inputs))

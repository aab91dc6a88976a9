"""The graph as one op sees it while it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn

import onnx

from archc.backends.onnx.attributes import attribute
from archc.backends.onnx.constants import Constants
from archc.backends.onnx.fragment import Emission, Fragment, Steps, Use, Way, Weight
from archc.backends.onnx.shapes import Shapes, UnknownSizeError
from archc.backends.onnx.types import Types
from archc.ir.program import Node, OpNode, join
from archc.opdef import OnnxBuilder, Param
from archc.sizes import FLOAT32, Dim, DType, TensorType
from archc.source import Diagnostic, SpecError


class Setting:
    """What all nodes of one export share."""

    __slots__ = ("constants", "node_metadata", "opset", "shapes", "types")

    def __init__(
        self, opset: int, types: Types, constants: Constants, shapes: Shapes, node_metadata: bool
    ) -> None:
        self.opset = opset
        self.node_metadata = node_metadata
        self.types = types
        self.constants = constants
        self.shapes = shapes


class Builder:
    """Writes the nodes of one op; implements `archc.opdef.OnnxBuilder`."""

    def __init__(
        self,
        setting: Setting,
        fragment: Fragment,
        node: OpNode,
        used: tuple[bool, ...],
        supplied: Mapping[str, str],
    ) -> None:
        fixed = setting.types.fixed
        self.opset = setting.opset
        self.types = tuple(None if value is None else fixed(value.type) for value in node.operands)
        self.outputs: tuple[TensorType, ...] = tuple(fixed(value.type) for value in node.outputs)
        self.used = used
        self.emissions: list[Emission | Steps] = []
        self._setting = setting
        self._fragment = fragment
        self._node = node
        self._supplied = supplied
        self._params: dict[str, Param] = {param.name: param for param in node.params}

    def emit(self, op_type: str, *inputs: str, **attributes: object) -> str:
        """Add a node with one output; give the output's name."""
        return self.emit_many(1, op_type, *inputs, **attributes)[0]

    def emit_many(self, count: int, op_type: str, *inputs: str, **attributes: object) -> tuple[str, ...]:
        """Add a node with several outputs."""
        template = onnx.NodeProto(op_type=op_type)
        for name, value in attributes.items():
            if value is not None:
                template.attribute.append(attribute(name, value))
        base = f"{self._node.name}/{op_type}"
        names = [self._fragment.fresh(base) for _ in range(count)]
        given = list(inputs)
        while given and not given[-1]:
            given.pop()
        self.emissions.append(Emission(template, given, names, self._node.name))
        return tuple(names)

    def param(self, name: str) -> str:
        """Give the initializer of one of the op's weights, or the value that stands for it."""
        if name in self._supplied:
            return self._supplied[name]
        return self._weight(name, None)

    def param_rows(self, name: str, start: int, stop: int) -> str:
        """Give rows of a weight along its first axis, as a place in the same file."""
        if name in self._supplied:
            return self.emit("Slice", self._supplied[name], self.ints(start), self.ints(stop), self.ints(0))
        return self._weight(name, (start, stop))

    def _weight(self, name: str, rows: tuple[int, int] | None) -> str:
        param = self._params[name]
        key = join(self._node.shares or self._node.name, name)
        label = key if rows is None else f"{key}[{rows[0]}:{rows[1]}]"
        self._fragment.weights.setdefault(label, Weight(label, key, param, rows))
        self._fragment.names.add(label)
        return label

    def ints(self, *values: int) -> str:
        """Give a one-dimensional int64 constant."""
        return self._setting.constants.ints(values)

    def scalar(self, value: float | int | bool, dtype: DType | None = None) -> str:
        """Give a scalar constant; of the output's float, else of the model's, unless a dtype is given."""
        made = self.outputs[0].dtype
        chosen = dtype or (made if made.is_float else FLOAT32)
        return self._setting.constants.tensor([value], self._setting.types.dtype(chosen), ())

    def constant(self, values: object, dtype: DType, shape: Sequence[int]) -> str:
        """Give a constant from a flat list of numbers."""
        flat = list(values)  # type: ignore[call-overload]
        return self._setting.constants.tensor(flat, self._setting.types.dtype(dtype), shape)

    def size(self, dim: Dim) -> str:
        """Give a size as an int64 scalar."""
        try:
            return self._setting.shapes.scalar(self._setting.types.dim(dim))
        except UnknownSizeError as missing:
            raise unknown_size(missing, self._node) from None

    def sizes(self, dims: Sequence[Dim]) -> str:
        """Give sizes as a one-dimensional int64 tensor."""
        try:
            return self._setting.shapes.vector([self._setting.types.dim(dim) for dim in dims])
        except UnknownSizeError as missing:
            raise unknown_size(missing, self._node) from None

    def scan(
        self,
        body: Callable[[OnnxBuilder, Sequence[str]], Sequence[str]],
        sequences: Sequence[tuple[str, TensorType]],
        states: Sequence[tuple[str, TensorType]],
        constants: Sequence[tuple[str, TensorType]],
        outputs: Sequence[TensorType],
        reverse: bool = False,
    ) -> tuple[str, ...]:
        """Run a body over the first axis of sequences; give its outputs of all steps, then the final states.

        The body takes names for one step of the sequences, the states and the constants, and gives its
        outputs and the next states. Types are those of one step.
        """
        given = [*sequences, *states, *constants]
        names = [*(f"x{n}" for n in range(len(sequences))), *(f"h{n}" for n in range(len(states)))]
        names += [f"c{number}" for number in range(len(constants))]
        inner = Fragment([f"{self._node.name}/{name}" for name in names])
        builder = Builder(self._setting, inner, self._node, self.used, self._supplied)
        inner.results = list(body(builder, inner.inputs))
        inner.items = list(builder.emissions)
        first, count = len(sequences), len(outputs)
        way = Way(
            0,
            reverse,
            tuple(range(first)),
            tuple((first + number, count + number) for number in range(len(states))),
            tuple(type_ for _, type_ in given),
            (*outputs, *(type_ for _, type_ in states)),
            (*(True for _ in outputs), *(False for _ in states)),
        )
        made = [self._fragment.fresh(f"{self._node.name}/Scan") for _ in (*outputs, *states, *states)]
        use = Use(inner, [name for name, _ in given], made, "", "")
        self.emissions.append(Steps(use, way, self._node.name))
        return (*made[:count], *made[count + len(states) :])

    def cast(self, value: str, dtype: DType) -> str:
        """Convert a value."""
        return self.emit("Cast", value, to=self._setting.types.dtype(dtype))

    def refuse(self, reason: str) -> NoReturn:
        """End the export: ONNX cannot say this op exactly at this opset."""
        message = f"`{self._node.op.name}` cannot be written as ONNX: {reason}"
        raise SpecError([Diagnostic("E0905", message, self._node.span, path=self._node.name)])


def unknown_size(missing: UnknownSizeError, node: Node) -> SpecError:
    """Give the error for a size that no input tells (E0906)."""
    message = f"the size `{missing.symbol}` cannot be computed from the shapes of the inputs"
    help_ = (f"fix it: `--dim {missing.symbol}=...`",)
    return SpecError([Diagnostic("E0906", message, node.span, path=node.name, help=help_)])

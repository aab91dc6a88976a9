"""What an op sees of the ONNX graph that is being written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from archc.sizes import Dim, DType, TensorType


class OnnxBuilder(Protocol):
    """The graph, from inside one node. Values are names; an absent optional input is ''."""

    opset: int
    types: tuple[TensorType | None, ...]
    """The types of the node's inputs, in order."""
    outputs: tuple[TensorType, ...]
    """The types of the node's outputs, in order."""
    used: tuple[bool, ...]
    """Which outputs anything reads."""

    def emit(self, op_type: str, *inputs: str, **attributes: object) -> str:
        """Add a node with one output; give the output's name."""
        ...

    def emit_many(self, count: int, op_type: str, *inputs: str, **attributes: object) -> tuple[str, ...]:
        """Add a node with several outputs."""
        ...

    def param(self, name: str) -> str:
        """Give the initializer of one of the op's weights, by its `Param.name`."""
        ...

    def param_rows(self, name: str, start: int, stop: int) -> str:
        """Give rows of a weight along its first axis, as a place in the same file."""
        ...

    def ints(self, *values: int) -> str:
        """Give a one-dimensional int64 constant."""
        ...

    def scalar(self, value: float | int | bool, dtype: DType | None = None) -> str:
        """Give a scalar constant; of the output's float, else of the model's, unless a dtype is given."""
        ...

    def constant(self, values: object, dtype: DType, shape: Sequence[int]) -> str:
        """Give a constant from a flat list of numbers."""
        ...

    def size(self, dim: Dim) -> str:
        """Give a size as an int64 scalar; computed from shapes where it is symbolic."""
        ...

    def sizes(self, dims: Sequence[Dim]) -> str:
        """Give sizes as a one-dimensional int64 tensor."""
        ...

    def cast(self, value: str, dtype: DType) -> str:
        """Convert a value."""
        ...

    def refuse(self, reason: str) -> None:
        """Say that ONNX cannot express this op exactly, at this opset; ends the export with E0905."""
        ...

"""What an op sees of the ONNX graph that is being written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
        ...

    def cast(self, value: str, dtype: DType) -> str:
        """Convert a value."""
        ...

    def refuse(self, reason: str) -> None:
        """Say that ONNX cannot express this op exactly, at this opset; ends the export with E0905."""
        ...

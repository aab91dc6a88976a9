"""An LSTM with a projection in ONNX: its operator has none, so each direction is a Scan of the cell."""

from __future__ import annotations

from collections.abc import Sequence

from archc.opdef import OnnxBuilder
from archc.sizes import FLOAT32, INT64, Dim, TensorType
from archc.source import Record


class Projected(Record):
    """What the layers of a projected LSTM are; `suffixes` are the ends of the weights' names, by layer.

    `inputs` are the numbers of features that come in, by layer; `steps` and `batch` sizes.
    """

    hidden: int
    projected: int
    bias: bool
    batch_first: bool
    suffixes: tuple[tuple[str, ...], ...]
    inputs: tuple[int, ...]
    steps: Dim
    batch: Dim

    def state(self, size: int) -> TensorType:
        """Give the type of a state of one direction."""
        return TensorType(FLOAT32, (self.batch, size))


def projected_layers(
    g: OnnxBuilder, layout: Projected, x: str, states: tuple[str, ...], lengths: str
) -> tuple[str, ...]:
    """Write the layers one after the other, their directions side by side."""
    x = g.emit("Transpose", x, perm=[1, 0, 2]) if layout.batch_first else x
    finals: list[tuple[str, str]] = []
    for layer, suffixes in enumerate(layout.suffixes):
        outputs = []
        for direction, suffix in enumerate(suffixes):
            first = _first(g, layout, states, len(finals))
            output, *last = _direction(g, layout, layer, suffix, x, first, lengths, direction == 1)
            outputs.append(output)
            finals.append((last[0], last[1]))
        x = outputs[0] if len(outputs) == 1 else g.emit("Concat", *outputs, axis=2)
    x = g.emit("Transpose", x, perm=[1, 0, 2]) if layout.batch_first else x
    ends = [[g.emit("Unsqueeze", each, g.ints(0)) for each in column] for column in zip(*finals, strict=True)]
    return (x, *(each[0] if len(each) == 1 else g.emit("Concat", *each, axis=0) for each in ends))


def _first(g: OnnxBuilder, layout: Projected, states: tuple[str, ...], number: int) -> tuple[str, ...]:
    """Give the first states of a direction: zeros, or rows of what is given."""
    if all(states):
        return tuple(g.emit("Gather", state, g.scalar(number, INT64), axis=0) for state in states)
    zero = g.scalar(0.0)
    sizes = (layout.projected, layout.hidden)
    return tuple(g.emit("Expand", zero, g.sizes((layout.batch, size))) for size in sizes)


def _direction(
    g: OnnxBuilder,
    layout: Projected,
    layer: int,
    suffix: str,
    x: str,
    first: tuple[str, ...],
    lengths: str,
    reverse: bool,
) -> tuple[str, ...]:
    h, c = layout.state(layout.projected), layout.state(layout.hidden)
    sequences = [(x, layout.state(layout.inputs[layer]))]
    constants = []
    if lengths:
        zero, one = (g.scalar(number, INT64) for number in (0, 1))
        sequences.append((g.emit("Range", zero, g.size(layout.steps), one), TensorType(INT64, ())))
        column = g.emit("Unsqueeze", g.cast(lengths, INT64), g.ints(1))
        constants.append((column, TensorType(INT64, (layout.batch, 1))))

    def body(inner: OnnxBuilder, names: Sequence[str]) -> tuple[str, str, str]:
        if not lengths:
            new_h, new_c = _cell(inner, layout, suffix, *names)
            return new_h, new_h, new_c
        step, now, old_h, old_c, ends = names
        new_h, new_c = _cell(inner, layout, suffix, step, old_h, old_c)
        valid = inner.emit("Less", now, ends)
        output = inner.emit("Where", valid, new_h, inner.scalar(0.0))
        return output, inner.emit("Where", valid, new_h, old_h), inner.emit("Where", valid, new_c, old_c)

    states = list(zip(first, (h, c), strict=True))
    return g.scan(body, sequences, states, constants, [h], reverse)


def _cell(g: OnnxBuilder, layout: Projected, suffix: str, x: str, h: str, c: str) -> tuple[str, str]:
    """Write one step, with PyTorch's weights as they are: gates in its order, biases apart."""

    def product(value: str, kind: str) -> str:
        bias = g.param(f"bias_{kind}{suffix}") if layout.bias else ""
        return g.emit("Gemm", value, g.param(f"weight_{kind}{suffix}"), bias, transB=1)

    gates = g.emit("Add", product(x, "ih"), product(h, "hh"))
    parts = g.emit_many(4, "Split", gates, g.ints(*[layout.hidden] * 4), axis=1)
    i, f, o = (g.emit("Sigmoid", parts[number]) for number in (0, 1, 3))
    kept, added = g.emit("Mul", f, c), g.emit("Mul", i, g.emit("Tanh", parts[2]))
    c = g.emit("Add", kept, added)
    shown = g.emit("Mul", o, g.emit("Tanh", c))
    return g.emit("Gemm", shown, g.param(f"weight_hr{suffix}"), transB=1), c

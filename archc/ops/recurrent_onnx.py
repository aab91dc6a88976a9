"""Recurrent layers as ONNX operators: weights in ONNX's order, layers joined."""

from __future__ import annotations

from archc.opdef import OnnxBuilder
from archc.sizes import INT32
from archc.source import Record


class Layout(Record):
    """What the layers of a recurrent op are in ONNX.

    `suffixes` are the ends of the weights' names and `inputs` the numbers of features that come in,
    by layer; `gate_order` is PyTorch's gates in ONNX's order.
    """

    operator: str
    attributes: tuple[tuple[str, object], ...]
    gate_order: tuple[int, ...]
    hidden: int
    bias: bool
    suffixes: tuple[tuple[str, ...], ...]
    inputs: tuple[int, ...]
    batch_first: bool

    @property
    def directions(self) -> int:
        """The number of directions of each layer."""
        return len(self.suffixes[0])

    @property
    def rows(self) -> int:
        """The number of rows of a weight."""
        return len(self.gate_order) * self.hidden


class Sequences(Record):
    """The inputs of a recurrent op by name, '' for an absent one."""

    values: str
    states: tuple[str, ...]
    lengths: str


def recurrent_layers(g: OnnxBuilder, layout: Layout, given: Sequences) -> tuple[str, ...]:
    """Write one operator a layer; give the output and the last states, '' for those that nothing reads."""
    x = g.emit("Transpose", given.values, perm=[1, 0, 2]) if layout.batch_first else given.values
    lengths = g.cast(given.lengths, INT32) if given.lengths else ""
    finals: list[tuple[str, ...]] = []
    wanted = max((index for index, used in enumerate(g.used) if used), default=0)
    for index in range(len(layout.suffixes)):
        states = [_part(g, state, index, layout) for state in given.states]
        outputs = _layer(g, layout, index, [x, lengths, *states], wanted + 1)
        last = index + 1 == len(layout.suffixes)
        if not last or g.used[0]:
            x = _joined(g, outputs[0], layout, last)
        finals.append(outputs[1:])
    columns = zip(*finals, strict=True)
    ends = [each[0] if len(each) == 1 else g.emit("Concat", *each, axis=0) for each in columns]
    return (x, *ends, *[""] * (len(given.states) - len(ends)))


def _layer(g: OnnxBuilder, layout: Layout, index: int, inputs: list[str], count: int) -> tuple[str, ...]:
    x, lengths, *states = inputs
    bias = _bias(g, layout, index) if layout.bias else ""
    weights = (_matrix(g, layout, index, "ih"), _matrix(g, layout, index, "hh"), bias)
    names = [x, *weights, lengths, *states]
    while not names[-1]:
        names.pop()
    return g.emit_many(
        count,
        layout.operator,
        *names,
        direction="bidirectional" if layout.directions == 2 else "forward",
        hidden_size=layout.hidden,
        **dict(layout.attributes),
    )


def _matrix(g: OnnxBuilder, layout: Layout, index: int, kind: str) -> str:
    columns = layout.inputs[index] if kind == "ih" else layout.hidden
    parts = [
        part for suffix in layout.suffixes[index] for part in _gates(g, layout, f"weight_{kind}{suffix}")
    ]
    return g.emit("Reshape", _concat(g, parts), g.ints(layout.directions, layout.rows, columns))


def _bias(g: OnnxBuilder, layout: Layout, index: int) -> str:
    names = [f"bias_{kind}{suffix}" for suffix in layout.suffixes[index] for kind in ("ih", "hh")]
    parts = [part for name in names for part in _gates(g, layout, name)]
    return g.emit("Reshape", _concat(g, parts), g.ints(layout.directions, 2 * layout.rows))


def _gates(g: OnnxBuilder, layout: Layout, name: str) -> list[str]:
    if len(layout.gate_order) == 1:
        return [g.param(name)]
    size = layout.hidden
    return [g.param_rows(name, gate * size, (gate + 1) * size) for gate in layout.gate_order]


def _concat(g: OnnxBuilder, parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else g.emit("Concat", *parts, axis=0)


def _part(g: OnnxBuilder, state: str, index: int, layout: Layout) -> str:
    """Give one layer's rows of the initial state of all layers."""
    if not state or len(layout.suffixes) == 1:
        return state
    start = index * layout.directions
    return g.emit("Slice", state, g.ints(start), g.ints(start + layout.directions), g.ints(0))


def _joined(g: OnnxBuilder, y: str, layout: Layout, last: bool) -> str:
    """Put [time, directions, batch, hidden] into the form of the next layer, or of the output."""
    batch_first = last and layout.batch_first
    if layout.directions == 1:
        flat = g.emit("Squeeze", y, g.ints(1))
        return g.emit("Transpose", flat, perm=[1, 0, 2]) if batch_first else flat
    turned = g.emit("Transpose", y, perm=[2, 0, 1, 3] if batch_first else [0, 2, 1, 3])
    return g.emit("Reshape", turned, g.ints(0, 0, 2 * layout.hidden))

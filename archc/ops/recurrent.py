"""Recurrent layers: Elman's, long short-term memory, gated recurrent units."""

from __future__ import annotations

from math import sqrt
from typing import ClassVar

from archc.opdef import (
    Example,
    OnnxBuilder,
    Op,
    Param,
    Rule,
    attr,
    boolean,
    integer,
    number,
    op,
    text,
    uniform,
)
from archc.opdef.python import Call, Input, Lit, Own, Py, PyTorch, Site, Tuple, layer
from archc.ops.recurrent_onnx import Layout, Sequences, recurrent_layers
from archc.ops.recurrent_projected import Projected, projected_layers
from archc.ops.recurrent_torch import RESET_FIRST_GRU, packed_function
from archc.sizes import Dim, TensorType, at_least, product
from archc.sizes import text as size_text


class Recurrent(Op):
    """What recurrent layers share; a leaf says its module, its gates and its states."""

    operator: ClassVar[str]
    """The name of ONNX's operator, and of the module in torch.nn."""
    gates: ClassVar[int] = 1
    gate_order: ClassVar[tuple[int, ...]] = (0,)
    """PyTorch's gates in the order that ONNX wants."""
    inputs: ClassVar[tuple[str, ...]] = ("input", "hx?", "lengths?")
    outputs: ClassVar[tuple[str, ...]] = ("output", "h_n")
    written_out: ClassVar[str] = "write the cell as a block with `linear`, which takes them, and `scan` it"
    proj_size: int = 0

    hidden_size: int = attr(integer(min=1), main=True, doc="number of features of the state")
    num_layers: int = attr(integer(min=1, max=1000), 1, doc="number of layers, each fed by the one before")
    bias: bool = attr(boolean(), True, doc="add learned biases to the gates")
    batch_first: bool = attr(
        boolean(), False, doc="the sequences are [batch, time, features], not [time, batch, features]"
    )
    dropout: float = attr(number(min=0, max=1), 0.0, doc="dropout between layers, in training")
    bidirectional: bool = attr(boolean(), False, doc="also run from the end to the start, and join both")

    @property
    def directions(self) -> int:
        """One, or two where the layer also runs backwards."""
        return 2 if self.bidirectional else 1

    @property
    def state_size(self) -> int:
        """The number of features that a direction of a layer gives at each step."""
        return self.proj_size or self.hidden_size

    def infer(self, rule: Rule, x: TensorType, *others: TensorType | None) -> tuple[TensorType, ...]:
        """Give the output of the last layer at all steps, and the last states of every layer."""
        *states, lengths = others
        rule.float_input(x)
        rule.rank(x, 3, layout="[batch, time, features]" if self.batch_first else "[time, batch, features]")
        rule.number(x.shape[2], f"the number of input features of `{self.name}`")
        batch, steps = (x.shape[0], x.shape[1]) if self.batch_first else (x.shape[1], x.shape[0])
        sizes = (self.state_size, self.hidden_size)
        finals = tuple(
            x.with_shape((self.num_layers * self.directions, batch, sizes[index]))
            for index in range(len(states))
        )
        for index, (state, wanted) in enumerate(zip(states, finals, strict=True)):
            self._check_state(rule, x, state, wanted, index + 1)
        if lengths is not None:
            _check_lengths(rule, lengths, batch, steps, len(states) + 1)
        return (x.with_shape((*x.shape[:2], self.directions * self.state_size)), *finals)

    def _check_state(
        self, rule: Rule, x: TensorType, state: TensorType | None, wanted: TensorType, at: int
    ) -> None:
        if state is None:
            return
        name = self.inputs[at].rstrip("?")
        message = f"`{name}` of `{self.name}` must be {wanted}, it is {state}"
        shown = [(at, f"this is {state}"), (0, f"the sequences are {x}")]
        helps = ("a state is [layers * directions, batch, features], also where `batch_first` is true",)
        if state.dtype is not x.dtype or state.rank != 3:
            rule.fail("E0470", message, at, shown, helps)
        for found, needed in zip(state.shape, wanted.shape, strict=True):
            rule.same(found, needed, "E0470", message, at, shown, helps)

    def _inputs_of(self, layer_index: int, features: int) -> int:
        return features if layer_index == 0 else self.state_size * self.directions

    def weights(self, x: TensorType, *_: TensorType | None) -> tuple[Param, ...]:
        """Give each direction's matrices and biases by PyTorch's names, uniform in 1/sqrt(hidden_size)."""
        init = uniform(1 / sqrt(self.hidden_size))
        rows = self.gates * self.hidden_size
        params: list[Param] = []
        for index in range(self.num_layers):
            for suffix in self.suffixes(index):
                params.append(
                    Param(f"weight_ih{suffix}", (rows, self._inputs_of(index, int(str(x.shape[2])))), init)
                )
                params.append(Param(f"weight_hh{suffix}", (rows, self.state_size), init))
                if self.bias:
                    params.extend(Param(f"bias_{kind}{suffix}", (rows,), init) for kind in ("ih", "hh"))
                if self.proj_size:
                    params.append(Param(f"weight_hr{suffix}", (self.proj_size, self.hidden_size), init))
        return tuple(params)

    def suffixes(self, index: int) -> tuple[str, ...]:
        """Give the ends of the names of a layer's weights, one a direction."""
        return (f"_l{index}", f"_l{index}_reverse")[: self.directions]

    @property
    def module(self) -> str:
        """The class in PyTorch."""
        return f"nn.{self.operator}"

    def constructor(self, x: TensorType, *names: str) -> Call:
        """Give the module's constructor; dropout between layers is not written where there is one layer."""
        shared = ["num_layers", "bias", "batch_first", "dropout", "bidirectional"]
        if self.num_layers == 1:
            shared.remove("dropout")
        return Call(self.module, (Lit(x.shape[2]), Lit(self.hidden_size)), self.keywords(*shared, *names))

    def pytorch(self, _site: Site, x: TensorType, *others: TensorType | None) -> PyTorch:
        """Give the module of `torch.nn`; sequences of several lengths are packed around it."""
        *states, lengths = others
        initial: tuple[Py, ...] = ()
        if states[0] is not None:
            both = tuple(Input(index + 1) for index in range(len(states)))
            initial = (both[0] if len(both) == 1 else Tuple(both),)
        unpack = (0, (1, 2)) if len(states) == 2 else ()
        own = tuple(name for name in ("nonlinearity", "proj_size") if name in self.attributes)
        module = self.constructor(x, *own)
        if lengths is None:
            return layer(module, Input(0), *initial).replace(unpack=unpack)
        name, source = packed_function(self.operator, len(states))
        call = Call(name, (Own(), Input(0), Input(len(states) + 1), *initial))
        return PyTorch(call, module, ((name, source),), unpack)

    def onnx_activations(self) -> tuple[str, ...]:
        """Give the activations of one direction where they are not ONNX's defaults."""
        return ()

    def onnx_attributes(self) -> dict[str, object]:
        """Give the attributes that only this operator has."""
        return {}

    def onnx(self, g: OnnxBuilder, x: str, *others: str) -> tuple[str, ...]:
        """Give one operator a layer, both directions in it; its weights are rows of PyTorch's, joined."""
        *states, lengths = others
        if self.proj_size:
            return projected_layers(g, self._projected(g), x, tuple(states), lengths)
        activations = self.onnx_activations() * self.directions
        attributes = {**self.onnx_attributes(), **({"activations": list(activations)} if activations else {})}
        layout = Layout(
            operator=self.operator,
            attributes=tuple(attributes.items()),
            gate_order=self.gate_order,
            hidden=self.hidden_size,
            bias=self.bias,
            suffixes=tuple(self.suffixes(index) for index in range(self.num_layers)),
            inputs=tuple(self._inputs_of(index, _features(g)) for index in range(self.num_layers)),
            batch_first=self.batch_first,
        )
        return recurrent_layers(g, layout, Sequences(x, tuple(states), lengths))

    def _projected(self, g: OnnxBuilder) -> Projected:
        sequences = g.types[0]
        assert sequences is not None
        batch, steps = sequences.shape[:2] if self.batch_first else sequences.shape[1::-1]
        return Projected(
            hidden=self.hidden_size,
            projected=self.proj_size,
            bias=self.bias,
            batch_first=self.batch_first,
            suffixes=tuple(self.suffixes(index) for index in range(self.num_layers)),
            inputs=tuple(self._inputs_of(index, _features(g)) for index in range(self.num_layers)),
            steps=steps,
            batch=batch,
        )

    def multiply_adds(self, _out: TensorType, x: TensorType, *_: TensorType | None) -> Dim:
        """Count the matrix products of every step, layer and direction."""
        step = 0
        for index in range(self.num_layers):
            features = self._inputs_of(index, int(str(x.shape[2])))
            step += (
                self.gates * self.hidden_size * (features + self.state_size)
                + self.proj_size * self.hidden_size
            )
        return product(x.shape[:2]) * step * self.directions


def _features(g: OnnxBuilder) -> int:
    sequences = g.types[0]
    assert sequences is not None
    return int(str(sequences.shape[2]))


def _check_lengths(rule: Rule, lengths: TensorType, batch: Dim, steps: Dim, at: int) -> None:
    rule.integer_input(lengths, at)
    rule.rank(lengths, 1, at=at, layout="[batch]")
    message = f"`lengths` has {size_text(lengths.shape[0])} entries for {size_text(batch)} sequences"
    rule.same(lengths.shape[0], batch, "E0471", message, at, [(at, f"this is {lengths}")])
    values = lengths.range
    if values is None:
        return
    if values.source is not None and values.low is None and values.high is None:
        rule.limits.append((values.source, 1, steps))
        return
    message = f"`lengths` must lie between 1 and the number of steps, which is {size_text(steps)}"
    for bound, condition in (
        (values.low, None if values.low is None else at_least(values.low, 1)),
        (values.high, None if values.high is None else at_least(steps, values.high)),
    ):
        if bound is not None and condition is not None:
            rule.require(condition, "E0570", message, at, [(at, f"a value may be {size_text(bound)}")])


@op("rnn")
class RNN(Recurrent):
    """Run Elman's recurrent layers: the state is the activation of its product and the input's."""

    operator = "RNN"
    nonlinearity: str = attr(text("tanh", "relu"), "tanh", doc="the activation of the state")

    examples = (
        Example("5", ("[T, N, 4]",)),
        Example("{hidden_size: 5, nonlinearity: relu, batch_first: true}", ("[N, T, 4]",)),
        Example(
            "{hidden_size: 5, num_layers: 2, bidirectional: true, bias: false}", ("[T, N, 4]", "[4, N, 5]")
        ),
        Example(
            "{hidden_size: 5, batch_first: true, bidirectional: true}",
            {"input": "[N, T, 4]", "lengths": "int64[N]"},
        ),
    )

    def onnx_activations(self) -> tuple[str, ...]:
        """Give the activation; tanh is ONNX's default."""
        return ("Relu",) if self.nonlinearity == "relu" else ()


@op("lstm")
class LSTM(Recurrent):
    """Run layers of long short-term memory (Hochreiter and Schmidhuber, 1997)."""

    operator = "LSTM"
    gates = 4
    gate_order = (0, 3, 1, 2)
    inputs = ("input", "hx?", "cx?", "lengths?")
    outputs = ("output", "h_n", "c_n")
    proj_size: int = attr(
        integer(min=0), 0, doc="project the output and state to this many features; 0 for none"
    )

    examples = (
        Example("5", ("[T, N, 4]",)),
        Example(
            "{hidden_size: 5, num_layers: 2, bidirectional: true, batch_first: true, dropout: 0.3}",
            ("[N, T, 4]",),
        ),
        Example("{hidden_size: 5, bias: false, num_layers: 2}", ("[T, N, 4]", "[2, N, 5]", "[2, N, 5]")),
        Example(
            "{hidden_size: 5, batch_first: true, bidirectional: true}",
            {"input": "[N, T, 4]", "lengths": "int64[N]"},
        ),
    )

    def infer(self, rule: Rule, x: TensorType, *others: TensorType | None) -> tuple[TensorType, ...]:
        """Give the output of the last layer at all steps, and the last states and cells of every layer."""
        if (others[0] is None) != (others[1] is None):
            missing = "hx" if others[0] is None else "cx"
            rule.fail("E0472", f"`lstm` takes both `hx` and `cx` or neither, `{missing}` is missing", None)
        if self.proj_size >= self.hidden_size:
            message = (
                f"`proj_size` must be below `hidden_size`, {self.proj_size} is not below {self.hidden_size}"
            )
            rule.fail("E0770", message, "proj_size")
        return super().infer(rule, x, *others)


@op("gru")
class GRU(Recurrent):
    """Run layers of gated recurrent units (Cho et al., 2014)."""

    operator = "GRU"
    gates = 3
    gate_order = (1, 0, 2)
    reset_after: bool = attr(
        boolean(),
        True,
        doc="reset after the state's product, as PyTorch; false: before it, as Cho et al. (2014)",
    )

    examples = (
        Example("5", ("[T, N, 4]",)),
        Example("{hidden_size: 5, num_layers: 2, bidirectional: true, batch_first: true}", ("[N, T, 4]",)),
        Example("{hidden_size: 5, reset_after: false, num_layers: 2}", ("[T, N, 4]", "[2, N, 5]")),
        Example(
            "{hidden_size: 5, batch_first: true, bidirectional: true}",
            {"input": "[N, T, 4]", "lengths": "int64[N]"},
        ),
        Example(
            "{hidden_size: 5, reset_after: false, bidirectional: true, bias: false}",
            {"input": "[T, N, 4]", "lengths": "int64[N]"},
        ),
    )

    @property
    def module(self) -> str:
        """The class; torch.nn has none that resets first."""
        return "nn.GRU" if self.reset_after else RESET_FIRST_GRU[0]

    def pytorch(self, site: Site, x: TensorType, *others: TensorType | None) -> PyTorch:
        """Give `nn.GRU`, or a class of the same parameters that resets before the product."""
        if self.reset_after:
            return super().pytorch(site, x, *others)
        given = [
            (index, name) for index, name in ((1, "hx"), (2, "lengths")) if others[index - 1] is not None
        ]
        kwargs = tuple((name, Input(index)) for index, name in given)
        return PyTorch(Call(Own(), (Input(0),), kwargs), self.constructor(x), (RESET_FIRST_GRU,))

    def onnx_attributes(self) -> dict[str, object]:
        """Say where the reset gate applies."""
        return {"linear_before_reset": int(self.reset_after)}

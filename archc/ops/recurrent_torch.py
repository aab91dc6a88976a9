"""Source text that recurrent ops put into an emitted file where torch.nn has no form of theirs."""

from __future__ import annotations

_PACKED = '''\
def run_packed_{kind}(
    {kind}: nn.{module}, x: Tensor, lengths: Tensor, hx: {state} | None = None
) -> tuple[Tensor, {state}]:
    """Stop each sequence at its length; the output is zero from there on."""
    steps = x.size(1 if {kind}.batch_first else 0)
    packed = nn.utils.rnn.pack_padded_sequence(
        x, lengths.cpu(), batch_first={kind}.batch_first, enforce_sorted=False
    )
    packed, state = {kind}(packed, hx)
    output, _ = nn.utils.rnn.pad_packed_sequence(
        packed, batch_first={kind}.batch_first, total_length=steps
    )
    return output, state
'''


def packed_function(module: str, states: int) -> tuple[str, str]:
    """Give the name and source of the function that runs a module over sequences of several lengths."""
    kind = module.lower()
    state = "Tensor" if states == 1 else "tuple[Tensor, Tensor]"
    return f"run_packed_{kind}", _PACKED.format(kind=kind, module=module, state=state)


RESET_FIRST_GRU = (
    "ResetFirstGRU",
    '''\
class ResetFirstGRU(nn.RNNBase):
    """A GRU that resets the state before its product (Cho et al., 2014)."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
    ) -> None:
        options = (num_layers, bias, batch_first, dropout, bidirectional)
        super().__init__("GRU", input_size, hidden_size, *options)

    def forward(
        self, x: Tensor, hx: Tensor | None = None, lengths: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        if self.batch_first:
            x = x.transpose(0, 1)
        directions = 2 if self.bidirectional else 1
        if hx is None:
            states = self.num_layers * directions
            hx = x.new_zeros(states, x.size(1), self.hidden_size)
        last = []
        for layer in range(self.num_layers):
            outputs = []
            for index in range(layer * directions, (layer + 1) * directions):
                reverse = index % directions == 1
                output, h = self.run(x, hx[index], index, lengths, reverse)
                outputs.append(output)
                last.append(h)
            x = torch.cat(outputs, dim=2)
            if layer + 1 < self.num_layers:
                x = nn.functional.dropout(x, self.dropout, self.training)
        return x.transpose(0, 1) if self.batch_first else x, torch.stack(last)

    def run(
        self, x: Tensor, h: Tensor, index: int, lengths: Tensor | None, reverse: bool
    ) -> tuple[Tensor, Tensor]:
        """Run one direction of a layer; give its output and its last state."""
        size = 2 * self.hidden_size
        w_ih, w_hh, *biases = self.all_weights[index]
        b_ih, b_hh = biases if biases else (None, x.new_zeros(3 * self.hidden_size))
        gates_x = nn.functional.linear(x, w_ih, b_ih)
        outputs = [h] * x.size(0)
        for t in reversed(range(x.size(0))) if reverse else range(x.size(0)):
            gates_h = nn.functional.linear(h, w_hh[:size], b_hh[:size])
            r, z = torch.sigmoid(gates_x[t, :, :size] + gates_h).chunk(2, dim=1)
            n = nn.functional.linear(r * h, w_hh[size:], b_hh[size:])
            new = (1 - z) * torch.tanh(gates_x[t, :, size:] + n) + z * h
            if lengths is None:
                outputs[t] = h = new
            else:
                valid = (t < lengths).unsqueeze(1)
                outputs[t] = torch.where(valid, new, 0.0)
                h = torch.where(valid, new, h)
        return torch.stack(outputs), h
''',
)

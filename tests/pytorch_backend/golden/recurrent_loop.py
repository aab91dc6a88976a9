"""A loop over layers whose results are nested.

Inputs
    x: float32[N, T, 16]
Outputs
    sequence: float32[N, T, 16]
    last: float32[1, T, 16]

Load the weights with

    model = Model()
    model.load_state_dict(safetensors.torch.load_file("model.safetensors"))
"""

from typing import NamedTuple

from torch import Tensor, nn


class RecurrentLoopOutput(NamedTuple):
    sequence: Tensor
    last: Tensor


class RecurrentLoop(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnns = nn.ModuleList([nn.LSTM(16, 16) for _ in range(2)])

    def forward(self, x: Tensor) -> RecurrentLoopOutput:
        for rnn in self.rnns:
            x, (last, _) = rnn(x)
        return RecurrentLoopOutput(x, last)


Model = RecurrentLoop

"""Loops with several inputs, with values collected from every turn, and with one input.

Inputs
    x: float32[N, T, 8]
    mask: bool[N, 1, T]
Outputs
    logits: float32[N, T, 4]
    states_0 to states_2: float32[N, T, 16]

Load the weights with

    model = Model()
    model.load_state_dict(safetensors.torch.load_file("model.safetensors"))
"""

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn


class Layer(nn.Module):
    """Attention over what the mask allows, and a small network."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(16, 48)
        self.fc = nn.Sequential(nn.Linear(16, 32), nn.ReLU(), nn.Linear(32, 16))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        seen = x + F.scaled_dot_product_attention(q, k, v, mask)
        return seen + self.fc(seen)


class Deep(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(16)
        self.fc = nn.Linear(16, 16)

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(self.fc(self.norm(x)))


class LoopsOutput(NamedTuple):
    logits: Tensor
    states_0: Tensor
    states_1: Tensor
    states_2: Tensor


class Loops(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.start = nn.Linear(8, 16)
        self.layers = nn.ModuleList([Layer() for _ in range(3)])
        self.deep = nn.Sequential(*[Deep() for _ in range(4)])
        self.growing = nn.Sequential(
            nn.Linear(16, 16), nn.Linear(16, 20), nn.Linear(20, 24)
        )
        self.end = nn.Linear(24, 4)

    def forward(self, x: Tensor, mask: Tensor) -> LoopsOutput:
        x = self.start(x)  # [N, T, 16]
        layers_outputs: list[Tensor] = []
        for layer in self.layers:
            x = layer(x, mask)
            layers_outputs.append(x)
        h = self.deep(x)
        h = self.growing(h)  # [N, T, 24]
        logits = self.end(h)  # [N, T, 4]
        return LoopsOutput(logits, *layers_outputs)


Model = Loops

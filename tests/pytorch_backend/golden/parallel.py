"""Several layers that see the same values, and what is made of all they give.

Inputs
    x: float32[N, 8]
Outputs
    all: float32[N, 72]
    first: float32[N, 8]
    heads_0 to heads_2: float32[N, 8]
    last: float32[N, 8]

Load the weights with

    model = Model()
    model.load_state_dict(safetensors.torch.load_file("model.safetensors"))
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Mixture(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.expert = nn.ModuleList([nn.Linear(8, 8) for _ in range(2)])

    def forward(self, x: Tensor) -> Tensor:
        expert_outputs = [layer(x) for layer in self.expert]
        return torch.mean(torch.stack(expert_outputs), 0)


class Mixture2(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.expert = nn.ModuleList([nn.Linear(8, 8) for _ in range(4)])

    def forward(self, x: Tensor) -> Tensor:
        expert_outputs = [layer(x) for layer in self.expert]
        return torch.mean(torch.stack(expert_outputs), 0)


class Mix(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fa = nn.Linear(8, 8)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return b + self.fa(a)


class ParallelOutput(NamedTuple):
    all: Tensor
    first: Tensor
    heads_0: Tensor
    heads_1: Tensor
    heads_2: Tensor
    last: Tensor


class Parallel(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.two = Mixture()
        self.four = Mixture2()
        self.heads = nn.ModuleList([nn.Linear(8, 8) for _ in range(3)])
        self.pair = nn.ModuleList([nn.Linear(8, 8) for _ in range(2)])
        self.mixes = nn.ModuleList([Mix() for _ in range(3)])

    def forward(self, x: Tensor) -> ParallelOutput:
        h = self.two(x)
        four = self.four(h)
        heads_outputs = [head(four) for head in self.heads]
        pair_outputs = [layer(four) for layer in self.pair]
        mixes_outputs = [mixe(x, four) for mixe in self.mixes]
        sum_ = heads_outputs[0] + heads_outputs[2] + mixes_outputs[1]
        all_ = torch.cat([sum_, *heads_outputs, *pair_outputs, *mixes_outputs], dim=1)
        return ParallelOutput._make(
            [all_, heads_outputs[0], *heads_outputs, pair_outputs[1]]
        )


Model = Parallel

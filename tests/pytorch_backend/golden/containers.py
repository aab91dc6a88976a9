"""Named containers that read values from outside, and of which the outside reads inner
values.

Inputs
    x: float32[N, T, 8]
Outputs
    out: float32[N, T, 16]
    mixed: float32[N, T, 16]

Load the weights with

    model = Model()
    model.load_state_dict(safetensors.torch.load_file("model.safetensors"))
"""

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn


class Part(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(16, 16)
        self.b = nn.Linear(16, 8)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mixed = x + F.relu(self.a(x))
        b = self.b(mixed)  # [N, T, 8]
        return b, mixed


class Head(nn.ModuleDict):
    def __init__(self) -> None:
        super().__init__({"0": nn.Linear(8, 16), "2": nn.Linear(16, 16)})

    def forward(self, x: Tensor, mixed: Tensor) -> Tensor:
        _ = self["0"](x)  # [N, T, 16]
        return self["2"](mixed).tanh()


class ContainersOutput(NamedTuple):
    out: Tensor
    mixed: Tensor


class Containers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(8, 16)
        self.part = Part()
        self.head = Head()
        self.early = nn.ModuleDict({"fc": nn.Linear(8, 16), "norm": nn.LayerNorm(16)})

    def forward(self, x: Tensor) -> ContainersOutput:
        h = self.embed(x)  # [N, T, 16]
        b, mixed = self.part(h)
        sum_ = mixed + self.head(b, mixed)  # [N, T, 16]
        out = self.early["norm"](sum_ + self.early["fc"](x))
        return ContainersOutput(out, mixed)


Model = Containers

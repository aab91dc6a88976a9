"""The model `names`.

Inputs
    x: float32[N, T, 8]
    math: float32[N, 8]
    tuple: float32[N, 8]
Outputs
    a: float32[N, 1]
    b: float32[N, 1]
    c: float32[N, 6]

Load the weights with

    model = Model()
    model.load_state_dict(safetensors.torch.load_file("model.safetensors"))
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class B(nn.Module):
    def __init__(
        self, zip_: int, range_: int, int_: int, F_: int, nn_: int, min_: int
    ) -> None:
        super().__init__()
        self.zip_ = zip_
        self.range_ = range_
        self.max = nn.Linear(8, zip_)
        self.print = nn.Sequential(*[nn.Linear(zip_, zip_) for _ in range(range_)])
        self.object = nn.Linear(zip_, int_)
        self.nn1 = nn.Linear(int_, F_)
        self.nn2 = nn.Linear(F_, nn_ * 2)
        self.nn3 = nn.Linear(nn_ * 2, min_)

    def forward(self, list_: Tensor) -> Tensor:
        x = self.max(list_)  # [N, zip_]
        x = self.print(x)
        x = self.object(x)  # [N, int_]
        x = self.nn1(x)  # [N, F_]
        x = self.nn2(x)  # [N, nn_ * 2]
        x = self.nn3(x)  # [N, min_]
        if self.zip_ == 4:
            x = F.relu(x)
        return torch.sum(x, 1, keepdim=True) * self.zip_ + self.range_  # [N, 1]


class Cell(nn.Module):
    def __init__(self, in_features: int, reversed_: int) -> None:
        super().__init__()
        self.range = nn.Linear(in_features, reversed_)

    def forward(self, zip_: Tensor, h: Tensor) -> Tensor:
        return self.range(torch.cat([zip_, h], dim=1))  # [N, reversed_]


class NamesOutput(NamedTuple):
    a: Tensor
    b: Tensor
    c: Tensor


class Names(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.torch = B(4, 2, int_=4, F_=3, nn_=2, min_=8)
        self.zips = B(5, 3, int_=8, F_=4, nn_=3, min_=4)
        self.len = Cell(16, 8)
        self.len2 = Cell(14, 6)

    def forward(self, x: Tensor, math_: Tensor, tuple_: Tensor) -> NamesOutput:
        n = x.shape[0]
        b = self.torch(math_)  # [N, 1]
        a = self.zips(tuple_)  # [N, 1]
        h = x.new_zeros(n, 8)  # [N, 8]
        len_outputs: list[Tensor] = []
        for x_t in x.unbind(1):
            h = self.len(x_t, h)
            len_outputs.append(h)
        len_ = torch.stack(len_outputs, dim=1)  # [N, T, 8]
        h = x.new_zeros(n, 6)  # [N, 6]
        len2_outputs: list[Tensor] = []
        for len__t in reversed(len_.unbind(1)):
            h = self.len2(len__t, h)
            len2_outputs.append(h)
        c = torch.mean(torch.stack(len2_outputs[::-1], dim=1), 1)  # [N, 6]
        return NamesOutput(a, b, c)


Model = Names

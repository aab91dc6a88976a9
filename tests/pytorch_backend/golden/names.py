"""Names that clash: with what the file imports, with builtins, with Python's words; and
\"\"\" in a text \\

Inputs
    input: float32[N, 4]
    F: float32[N, 4]
    nn: float32[N, 4]
Outputs
    count: float32[N, 8]
    index: float32[N, 8]
    _private: float32[N, 8]

Load the weights with

    model = Model()
    model.load_state_dict(safetensors.torch.load_file("model.safetensors"))
"""

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn


class ModelBlock(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.sum = nn.Linear(8, 8)
        self.int = nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        x = self.sum(x)
        return self.int(x)


class TorchOutput(NamedTuple):
    count_: Tensor
    index_: Tensor
    private: Tensor


class Torch(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.Tensor = nn.Linear(4, 8)
        self.super = nn.Linear(4, 8)
        self.models = ModelBlock()
        self.print = nn.Linear(4, 8)

    def forward(self, input: Tensor, F_: Tensor, nn_: Tensor) -> TorchOutput:
        Tensor_ = self.Tensor(input)  # [N, 8]
        self_ = F.relu(Tensor_)
        _private = Tensor_.tanh()
        index = self_ + _private
        x = index + self.super(F_)
        x = self.models(x)
        count = x + self.print(nn_)
        return TorchOutput(count, index, _private)


Model = Torch

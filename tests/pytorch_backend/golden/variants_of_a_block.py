"""One block in several forms: a layer that is there or not, another number of turns,
other initial values, and a form that differs too much for one class.

Inputs
    x: float32[N, C, 16]
Outputs
    output: float32[N, C, 12]

Requires
    C >= 2

Load the weights with

    model = Model()
    model.load_state_dict(safetensors.torch.load_file("model.safetensors"))
"""

import torch.nn.functional as F
from torch import Tensor, nn


class Unit(nn.Module):
    """A projection, perhaps a norm, some layers, and a shortcut."""

    def __init__(
        self,
        in_features: int,
        width: int,
        norm: bool = False,
        depth: int = 1,
        std: float = 0.02,
    ) -> None:
        super().__init__()
        self.project = nn.Linear(in_features, width)
        self.norm_ = nn.LayerNorm(width) if norm else None
        self.tail = nn.Sequential(*[nn.Linear(width, width) for _ in range(depth)])
        self.shortcut = nn.Linear(in_features, width) if in_features != width else None
        nn.init.normal_(self.project.weight, std=std)

    def forward(self, x: Tensor) -> Tensor:
        h = self.project(x)  # [N, C, width]
        if self.norm_ is not None:
            h = self.norm_(h)
        h = self.tail(F.relu(h))  # [N, C, width]
        shortcut = x if self.shortcut is None else self.shortcut(x)
        return h + shortcut


class Unit2(nn.Module):
    """A projection, perhaps a norm, some layers, and a shortcut."""

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(16, 12)
        self.tail = nn.Sequential(nn.Linear(12, 12))
        self.shortcut = nn.Linear(16, 12)
        nn.init.normal_(self.project.weight, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        h = self.project(x).tanh()  # [N, C, 12]
        h = self.tail(h)
        return h + self.shortcut(x)


class VariantsOfABlock(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one = Unit(16, 8)
        self.two = Unit(8, 8, norm=True, depth=3)
        self.three = Unit(8, 16, norm=True, std=0.1)
        self.four = Unit2()

    def forward(self, x: Tensor) -> Tensor:
        x = self.one(x)  # [N, C, 8]
        x = self.two(x)
        x = self.three(x)  # [N, C, 16]
        return self.four(x)  # [N, C, 12]


Model = VariantsOfABlock

"""One name twice, of which a parameter chooses one.

Inputs
    x: float32[N, 8, 4]
Outputs
    output: float32[N, 8, 4]

Load the weights with

    model = Model()
    model.load_state_dict(safetensors.torch.load_file("model.safetensors"))
"""

import torch.nn.functional as F
from torch import Tensor, nn


class Activated(nn.Module):
    def __init__(self, kind: str, normed: bool = False) -> None:
        super().__init__()
        self.kind = kind
        self.norm = nn.LayerNorm(4) if normed else None
        self.fc = nn.Linear(4, 4)
        self.out = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        if self.norm is not None:
            x = self.norm(x)
        fc = self.fc(x)  # [N, 8, 4]
        if self.kind == "tanh":
            act = fc.tanh()  # [N, 8, 4]
        elif self.kind == "gelu":
            act = F.gelu(fc)
        else:
            act = F.relu(fc)
        return self.out(act)  # [N, 8, 4]


class Projected(nn.Module):
    def __init__(self, kind: int, more: bool = False) -> None:
        super().__init__()
        self.kind = kind
        self.extra = nn.Sequential(nn.Linear(4, 4), nn.ReLU()) if more else None
        if kind == 0:
            self.proj = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        if self.kind == 2:
            h = x  # [N, 8, 4]
        if self.extra is not None:
            h = self.extra(h)
        if self.kind > 0:
            h = h.tanh()  # [N, 8, 4]
        if self.kind == 0:
            proj = self.proj(x)  # [N, 8, 4]
            h = F.relu(proj)
        return h + x  # [N, 8, 4]


class Projected2(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.proj = nn.Conv1d(8, 8, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.proj(x).tanh()


class Twins(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.plain = Activated(kind="relu")
        self.smooth = Activated(kind="gelu")
        self.bounded = Activated(kind="tanh", normed=True)
        self.linear = Projected(0)
        self.convolved = Projected2()
        self.none_ = Projected(2)
        self.deeper = Projected(2, more=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.plain(x)
        x = self.smooth(x)
        x = self.bounded(x)
        x = self.linear(x)
        x = self.convolved(x)
        x = self.none_(x)
        return self.deeper(x)


Model = Twins

"""The model `masked`.

Inputs
    x: float32[N, T, 8]
    mask: bool[N, T] or None
Outputs
    y: float32[N, T, 8]

Load the weights with

    model = Model()
    model.load_state_dict(safetensors.torch.load_file("model.safetensors"))
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(8)
        self.qkv = nn.Linear(8, 24)
        self.proj = nn.Linear(8, 8)

    def forward(self, x: Tensor, keep: Tensor | None = None) -> Tensor:
        h = self.qkv(self.norm1(x))  # [N, T, 24]
        q, k, v = torch.unflatten(h, 2, (3, 2, 4)).permute(2, 0, 3, 1, 4).unbind()
        h = F.scaled_dot_product_attention(q, k, v, keep).transpose(1, 2).flatten(2)
        return x + self.proj(h)


class Masked(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.block = nn.ModuleList([Encoder() for _ in range(2)])
        self.norm = nn.LayerNorm(8)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        keep = mask[:, None, None] if mask is not None else None
        for layer in self.block:
            x = layer(x, keep)
        return self.norm(x)


Model = Masked

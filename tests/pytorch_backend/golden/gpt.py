"""A small decoder-only transformer, normalized before each part, that predicts the next
token (Radford et al., 2019, Language models are unsupervised multitask learners).

Inputs
    ids: int64[N, T]
Outputs
    logits: float32[N, T, 256]

Requires
    T <= 128

Load the weights with

    model = Model()
    model.load_state_dict(safetensors.torch.load_file("model.safetensors"))
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def init_weights(module: nn.Module) -> None:
    """Set the initial weights of a layer, where they are not PyTorch's own."""
    if isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)


class CausalAttention(nn.Module):
    """Each position attends to itself and those before it."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(96, 288)
        self.proj = nn.Linear(96, 96)
        self.dropout = nn.Dropout(0.1)
        nn.init.normal_(self.qkv.weight, std=0.02)
        nn.init.zeros_(self.qkv.bias)
        nn.init.normal_(self.proj.weight, std=0.0070710678118654745)
        nn.init.zeros_(self.proj.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.qkv(x).unflatten(-1, (3, 6, -1)).permute(2, 0, 3, 1, 4)
        q, k, v = x.unbind()
        x = F.scaled_dot_product_attention(
            q, k, v, dropout_p=0.1 if self.training else 0.0, is_causal=True
        )
        x = self.proj(x.transpose(1, 2).flatten(2))  # [N, T, 96]
        return self.dropout(x)


class DecoderBlock(nn.Module):
    """Causal self-attention and a network of four times the width, each added to what
    came in (Radford et al., 2019).
    """

    def __init__(self) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(96)
        self.attn = CausalAttention()
        self.norm2 = nn.LayerNorm(96)
        self.expand = nn.Linear(96, 384)
        self.contract = nn.Linear(384, 96)
        self.dropout = nn.Dropout(0.1)
        nn.init.normal_(self.expand.weight, std=0.02)
        nn.init.zeros_(self.expand.bias)
        nn.init.normal_(self.contract.weight, std=0.0070710678118654745)
        nn.init.zeros_(self.contract.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        h = F.gelu(self.expand(self.norm2(x)), approximate="tanh")  # [N, T, 384]
        return x + self.dropout(self.contract(h))  # [N, T, 96]


class Gpt(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.token_embedding = nn.Embedding(256, 96)
        self.position_embedding = nn.Embedding(128, 96)
        self.dropout = nn.Dropout(0.1)
        self.blocks = nn.Sequential(*[DecoderBlock() for _ in range(4)])
        self.norm = nn.LayerNorm(96)
        self.head = nn.Linear(96, 256, bias=False)
        nn.init.normal_(self.head.weight, std=0.02)
        self.apply(init_weights)

    def forward(self, ids: Tensor) -> Tensor:
        token_embedding = self.token_embedding(ids)  # [N, T, 96]
        position_embedding = self.position_embedding(
            torch.arange(ids.shape[1], device=ids.device)
        )  # [T, 96]
        x = self.blocks(self.dropout(token_embedding + position_embedding))
        return self.head(self.norm(x))  # [N, T, 256]


Model = Gpt

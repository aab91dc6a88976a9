"""A transformer encoder over token ids that classifies by its first position; the
layers have the keys of nn.TransformerEncoderLayer (Vaswani et al., 2017, Attention
is all you need).

Inputs
    tokens: int64[N, T]
Outputs
    scores: float32[N, 4]

Requires
    T <= 256

Load the weights with

    model = Model()
    model.load_state_dict(safetensors.torch.load_file("model.safetensors"))
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def additive_mask(mask: Tensor, x: Tensor) -> Tensor:
    """Turn a mask into one that is added to the scores.

    With a boolean mask, the fast path of nn.MultiheadAttention gives NaN where all keys
    are masked; with an additive one it gives zeros, in training and evaluation alike.
    """
    return torch.zeros_like(mask, dtype=x.dtype).masked_fill(mask, -torch.inf)


class EncoderLayer(nn.Module):
    """The layer of nn.TransformerEncoder, with its keys; batch first. With `causal` it
    is the layer of a decoder alone. `padded` is true where there is no token.
    """

    def __init__(self) -> None:
        super().__init__()
        self.self_attn = nn.MultiheadAttention(64, 4, dropout=0.1, batch_first=True)
        self.dropout1 = nn.Dropout(0.1)
        self.norm1 = nn.LayerNorm(64)
        self.linear1 = nn.Linear(64, 256)
        self.dropout = nn.Dropout(0.1)
        self.linear2 = nn.Linear(256, 64)
        self.dropout2 = nn.Dropout(0.1)
        self.norm2 = nn.LayerNorm(64)

    def forward(self, x: Tensor, padded: Tensor) -> Tensor:
        attn_output, _ = self.self_attn(
            x, x, x, key_padding_mask=additive_mask(padded, x), need_weights=False
        )
        norm1 = self.norm1(x + self.dropout1(attn_output))
        x = self.dropout(F.relu(self.linear1(norm1)))  # [N, T, 256]
        return self.norm2(norm1 + self.dropout2(self.linear2(x)))


class EncoderClassifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(1000, 64, padding_idx=0)
        self.position = nn.Embedding(256, 64)
        self.embedding_dropout = nn.Dropout(0.1)
        self.layers = nn.ModuleList([EncoderLayer() for _ in range(3)])
        self.head = nn.Linear(64, 4)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.embedding(tokens)  # [N, T, 64]
        x = x + self.position(torch.arange(tokens.shape[1], device=tokens.device))
        x = self.embedding_dropout(x)
        padded = tokens == 0
        for layer in self.layers:
            x = layer(x, padded)
        return self.head(x[:, 0])  # [N, 4]


Model = EncoderClassifier

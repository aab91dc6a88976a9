"""BERT with the keys of transformers' BertModel (Devlin et al., 2019, BERT); with a
mask and types of tokens by parameter

Inputs
    input_ids: int64[N, T]
Outputs
    last_hidden_state: float32[N, T, 768]
    pooler_output: float32[N, 768]

Requires
    T <= 512

Load the weights with

    model = Model()
    model.load_state_dict(safetensors.torch.load_file("model.safetensors"))
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def init_weights(module: nn.Module) -> None:
    """Set the initial weights of a layer, where they are not PyTorch's own."""
    if isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
    elif isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=0.02)
        nn.init.zeros_(module.bias)


class BertEmbeddings(nn.Module):
    """Words, their places and their types, summed."""

    def __init__(self) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(30522, 768, padding_idx=0)
        self.token_type_embeddings = nn.Embedding(2, 768)
        self.position_embeddings = nn.Embedding(512, 768)
        self.LayerNorm = nn.LayerNorm(768, eps=1e-12)
        self.dropout = nn.Dropout(0.1)

    def forward(self, input_ids: Tensor) -> Tensor:
        t = input_ids.shape[1]
        word_embeddings = self.word_embeddings(input_ids)  # [N, T, 768]
        type_ids = torch.zeros(1, t, dtype=torch.int64, device=input_ids.device)
        token_type_embeddings = self.token_type_embeddings(type_ids)  # [1, T, 768]
        position_embeddings = self.position_embeddings(
            torch.arange(t, device=input_ids.device)
        )  # [T, 768]
        x = word_embeddings + token_type_embeddings + position_embeddings
        return self.dropout(self.LayerNorm(x))


class AddAndNorm(nn.Module):
    """Brings a value to the width of the shortcut, adds them and normalizes the sum."""

    def __init__(self, in_features: int) -> None:
        super().__init__()
        self.dense = nn.Linear(in_features, 768)
        self.dropout = nn.Dropout(0.1)
        self.LayerNorm = nn.LayerNorm(768, eps=1e-12)

    def forward(self, x: Tensor, shortcut: Tensor) -> Tensor:
        return self.LayerNorm(shortcut + self.dropout(self.dense(x)))  # [N, T, 768]


class AttentionSelf(nn.Module):
    """Each position attends to all that `keep` allows."""

    def __init__(self) -> None:
        super().__init__()
        self.query = nn.Linear(768, 768)
        self.key = nn.Linear(768, 768)
        self.value = nn.Linear(768, 768)

    def forward(self, x: Tensor) -> Tensor:
        q = self.query(x).unflatten(2, (12, 64)).transpose(1, 2)  # [N, 12, T, 64]
        k = self.key(x).unflatten(2, (12, 64)).transpose(1, 2)  # [N, 12, T, 64]
        v = self.value(x).unflatten(2, (12, 64)).transpose(1, 2)  # [N, 12, T, 64]
        x = F.scaled_dot_product_attention(
            q, k, v, dropout_p=0.1 if self.training else 0.0
        )
        return x.transpose(1, 2).flatten(2)  # [N, T, 768]


class Attention(nn.Module):
    """Attention, and what came in added to it."""

    def __init__(self) -> None:
        super().__init__()
        self.self = AttentionSelf()
        self.output = AddAndNorm(768)

    def forward(self, x: Tensor) -> Tensor:
        h = self.self(x)
        return self.output(h, x)


class Intermediate(nn.Module):
    """Widens the features."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(768, 3072)

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(self.dense(x))  # [N, T, 3072]


class BertLayer(nn.Module):
    """Self-attention and a network for each position, each added to what came in and
    normalized after.
    """

    def __init__(self) -> None:
        super().__init__()
        self.attention = Attention()
        self.intermediate = Intermediate()
        self.output = AddAndNorm(3072)

    def forward(self, x: Tensor) -> Tensor:
        attention = self.attention(x)
        intermediate = self.intermediate(attention)  # [N, T, 3072]
        return self.output(intermediate, attention)  # [N, T, 768]


class BertPooler(nn.Module):
    """What the first token says of the text."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(768, 768)

    def forward(self, x: Tensor) -> Tensor:
        return self.dense(x[:, 0]).tanh()  # [N, 768]


class Encoder(nn.Module):
    """All layers, one after another."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Sequential(*[BertLayer() for _ in range(12)])

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x)


class BertOutput(NamedTuple):
    last_hidden_state: Tensor
    pooler_output: Tensor


class Bert(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embeddings = BertEmbeddings()
        self.encoder = Encoder()
        self.pooler = BertPooler()
        self.apply(init_weights)

    def forward(self, input_ids: Tensor) -> BertOutput:
        x = self.embeddings(input_ids)  # [N, T, 768]
        last_hidden_state = self.encoder(x)
        pooler_output = self.pooler(last_hidden_state)  # [N, 768]
        return BertOutput(last_hidden_state, pooler_output)


Model = Bert

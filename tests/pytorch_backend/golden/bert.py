"""transformers' BertModel (embeddings, encoder, pooler), with an attention mask

Inputs
    input_ids: int64[N, T]
Outputs
    last_hidden_state: float32[N, T, 768]
    pooler_output: float32[N, 768]
    hidden_states_0 to hidden_states_11: float32[N, T, 768]

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


class AttentionSelf(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.query = nn.Linear(768, 768)
        self.key = nn.Linear(768, 768)
        self.value = nn.Linear(768, 768)

    def forward(self, x: Tensor) -> Tensor:
        q = self.query(x).unflatten(2, (12, 64)).transpose(1, 2)  # [N, 12, T, 64]
        k = self.key(x).unflatten(2, (12, 64)).transpose(1, 2)  # [N, 12, T, 64]
        v = self.value(x).unflatten(2, (12, 64)).transpose(1, 2)  # [N, 12, T, 64]
        return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)


class AttentionOutput(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(768, 768)
        self.dropout = nn.Dropout(0.1)
        self.LayerNorm = nn.LayerNorm(768, eps=1e-12)

    def forward(self, h: Tensor, x: Tensor) -> Tensor:
        return self.LayerNorm(x + self.dropout(self.dense(h)))


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.self = AttentionSelf()
        self.output = AttentionOutput()

    def forward(self, x: Tensor) -> Tensor:
        h = self.self(x)
        return self.output(h, x)


class Intermediate(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(768, 3072)

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(self.dense(x))  # [N, T, 3072]


class BertLayerOutput(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(3072, 768)
        self.dropout = nn.Dropout(0.1)
        self.LayerNorm = nn.LayerNorm(768, eps=1e-12)

    def forward(self, x: Tensor, attention: Tensor) -> Tensor:
        return self.LayerNorm(attention + self.dropout(self.dense(x)))  # [N, T, 768]


class BertLayer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = Attention()
        self.intermediate = Intermediate()
        self.output = BertLayerOutput()

    def forward(self, x: Tensor) -> Tensor:
        attention = self.attention(x)
        intermediate = self.intermediate(attention)  # [N, T, 3072]
        return self.output(intermediate, attention)  # [N, T, 768]


class Embeddings(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(30522, 768)
        self.position_embeddings = nn.Embedding(512, 768)
        self.token_type_embeddings = nn.Embedding(2, 768)
        self.LayerNorm = nn.LayerNorm(768, eps=1e-12)
        self.dropout = nn.Dropout(0.1)

    def forward(self, input_ids: Tensor) -> Tensor:
        t = input_ids.shape[1]
        word_embeddings = self.word_embeddings(input_ids)  # [N, T, 768]
        position_embeddings = self.position_embeddings(
            torch.arange(t, device=input_ids.device)
        )  # [T, 768]
        no_types = torch.zeros(1, t, dtype=torch.int64, device=input_ids.device)
        token_type_embeddings = self.token_type_embeddings(no_types)  # [1, T, 768]
        x = word_embeddings + token_type_embeddings + position_embeddings
        return self.dropout(self.LayerNorm(x))


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.ModuleList([BertLayer() for _ in range(12)])

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        layer_outputs: list[Tensor] = []
        for layer in self.layer:
            x = layer(x)
            layer_outputs.append(x)
        return x, *layer_outputs[:11]


class Pooler(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(768, 768)

    def forward(self, x: Tensor) -> Tensor:
        return self.dense(x).tanh()


class BertOutput(NamedTuple):
    last_hidden_state: Tensor
    pooler_output: Tensor
    hidden_states_0: Tensor
    hidden_states_1: Tensor
    hidden_states_2: Tensor
    hidden_states_3: Tensor
    hidden_states_4: Tensor
    hidden_states_5: Tensor
    hidden_states_6: Tensor
    hidden_states_7: Tensor
    hidden_states_8: Tensor
    hidden_states_9: Tensor
    hidden_states_10: Tensor
    hidden_states_11: Tensor


class Bert(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embeddings = Embeddings()
        self.encoder = Encoder()
        self.pooler = Pooler()

    def forward(self, input_ids: Tensor) -> BertOutput:
        x = self.embeddings(input_ids)  # [N, T, 768]
        encoder_outputs = self.encoder(x)
        x = encoder_outputs[0][:, 0]  # [N, 768]
        pooler_output = self.pooler(x)
        return BertOutput._make(
            [
                encoder_outputs[0],
                pooler_output,
                *encoder_outputs[1:],
                encoder_outputs[0],
            ],
        )


Model = Bert

"""Llama 3.2 with the keys of transformers' LlamaForCausalLM (Grattafiori et al., 2024,
The Llama 3 herd of models); grouped-query attention, rotary positions, and by
parameter a mask or a cache of keys and values

Inputs
    input_ids: int64[N, T]
Outputs
    logits: float32[N, T, 128256]

Load the weights with

    model = Model()
    safetensors.torch.load_model(model, "model.safetensors")
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def rope_angles(position: Tensor, freq: Tensor) -> tuple[Tensor, Tensor]:
    """Cosines and sines of positions times frequencies."""
    angle = position.unsqueeze(1) * freq  # [T, 32]
    both = torch.cat([angle, angle], dim=-1)  # [T, 64]
    cos = torch.cos(both)
    sin = torch.sin(both)
    return cos, sin


def rope_table_llama3(position: Tensor) -> tuple[Tensor, Tensor]:
    """Like `rope_table`, but wavelengths beyond the training length are stretched by
    `factor`, with a smooth passage (Grattafiori et al., 2024, The Llama 3 herd of
    models).
    """
    step = torch.arange(0, 64, 2, dtype=torch.float32, device=position.device)  # [32]
    freq = 1.0 / 500000.0 ** (step / 64)
    keep = ((8192 * freq / 6.283185307179586 - 1.0) / 3.0).clamp(0, 1)
    scaled = freq * (keep + (1 - keep) / 32.0)
    return rope_angles(position, scaled)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn each pair of features, one of either half, by the angle of its position."""
    a, b = x.chunk(2, dim=-1)
    return x * cos + torch.cat([-b, a], dim=-1) * sin


class GroupedQueryAttention(nn.Module):
    """Causal self-attention with rotary positions, in which several heads of queries
    share one of keys and values (Ainslie et al., 2023, GQA); Llama's keys.
    """

    def __init__(self) -> None:
        super().__init__()
        self.q_proj = nn.Linear(2048, 2048, bias=False)
        self.k_proj = nn.Linear(2048, 512, bias=False)
        self.v_proj = nn.Linear(2048, 512, bias=False)
        self.o_proj = nn.Linear(2048, 2048, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        h = self.q_proj(x).unflatten(2, (32, 64)).transpose(1, 2)  # [N, 32, T, 64]
        q = rotate(h, cos, sin)
        h = self.k_proj(x).unflatten(2, (8, 64)).transpose(1, 2)  # [N, 8, T, 64]
        k_new = rotate(h, cos, sin)
        v_new = self.v_proj(x).unflatten(2, (8, 64)).transpose(1, 2)  # [N, 8, T, 64]
        x = F.scaled_dot_product_attention(
            q, k_new, v_new, is_causal=True, enable_gqa=True
        )
        return self.o_proj(x.transpose(1, 2).flatten(2))  # [N, T, 2048]


class Swiglu(nn.Module):
    """A network whose width is gated, without biases (Shazeer, 2020, GLU variants
    improve transformer); Llama's keys.
    """

    def __init__(self) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(2048, 8192, bias=False)
        self.up_proj = nn.Linear(2048, 8192, bias=False)
        self.down_proj = nn.Linear(8192, 2048, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate = F.silu(self.gate_proj(x))  # [N, T, 8192]
        x = gate * self.up_proj(x)
        return self.down_proj(x)  # [N, T, 2048]


class LlamaLayer(nn.Module):
    """Attention and a gated network, each added to what came in."""

    def __init__(self) -> None:
        super().__init__()
        self.input_layernorm = nn.RMSNorm(2048, eps=1e-5)
        self.self_attn = GroupedQueryAttention()
        self.post_attention_layernorm = nn.RMSNorm(2048, eps=1e-5)
        self.mlp = Swiglu()

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        attended = x + self.self_attn(self.input_layernorm(x), cos, sin)
        return attended + self.mlp(self.post_attention_layernorm(attended))


class LlamaModel(nn.Module):
    """From words to features, through all layers."""

    def __init__(self) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(128256, 2048)
        self.layers = nn.ModuleList([LlamaLayer() for _ in range(16)])
        self.norm = nn.RMSNorm(2048, eps=1e-5)

    def forward(self, input_ids: Tensor) -> Tensor:
        x = self.embed_tokens(input_ids)  # [N, T, 2048]
        position = torch.arange(input_ids.shape[1], device=input_ids.device)  # [T]
        cos, sin = rope_table_llama3(position)
        for layer in self.layers:
            x = layer(x, cos, sin)
        return self.norm(x)


class Llama(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.model = LlamaModel()
        self.lm_head = nn.Linear(2048, 128256, bias=False)
        self.lm_head.weight = self.model.embed_tokens.weight

    def forward(self, input_ids: Tensor) -> Tensor:
        x = self.model(input_ids)  # [N, T, 2048]
        return self.lm_head(x)  # [N, T, 128256]


Model = Llama

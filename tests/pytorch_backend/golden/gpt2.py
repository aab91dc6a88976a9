"""GPT-2 with the state_dict keys of transformers' GPT2LMHeadModel (Radford et al.,
2019, Language models are unsupervised multitask learners)

Inputs
    input_ids: int64[N, T]
Outputs
    logits: float32[N, T, 50257]

Requires
    T <= 1024

Load the weights with

    model = Model()
    safetensors.torch.load_model(model, "model.safetensors")
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def init_weights(module: nn.Module) -> None:
    """Set the initial weights of a layer, where they are not PyTorch's own."""
    if isinstance(module, nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)


class Conv1dHf(nn.Module):
    """A linear layer whose weight is [in, out]."""

    def __init__(self, dim: int, out: int, std: float = 0.02) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(dim, out))
        self.bias = nn.Parameter(torch.zeros(out))
        nn.init.normal_(self.weight, std=std)

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.weight + self.bias  # [N, T, out]


class Attn(nn.Module):
    """Each position attends to itself and those before it."""

    def __init__(self) -> None:
        super().__init__()
        self.c_attn = Conv1dHf(768, 2304)
        self.c_proj = Conv1dHf(768, 768, std=0.004082482904638631)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.c_attn(x).unflatten(2, (3, 12, 64)).permute(2, 0, 3, 1, 4)
        q, k, v = x.unbind()
        x = F.scaled_dot_product_attention(
            q, k, v, dropout_p=0.1 if self.training else 0.0, is_causal=True
        )
        x = self.c_proj(x.transpose(1, 2).flatten(2))  # [N, T, 768]
        return self.dropout(x)


class Mlp(nn.Module):
    """A network for each position."""

    def __init__(self) -> None:
        super().__init__()
        self.c_fc = Conv1dHf(768, 3072)
        self.c_proj = Conv1dHf(3072, 768, std=0.004082482904638631)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.gelu(self.c_fc(x), approximate="tanh")  # [N, T, 3072]
        return self.dropout(self.c_proj(x))  # [N, T, 768]


class Gpt2Block(nn.Module):
    """Causal self-attention and a network of four times the width, each added to what
    came in.
    """

    def __init__(self) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(768)
        self.attn = Attn()
        self.ln_2 = nn.LayerNorm(768)
        self.mlp = Mlp()

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class Transformer(nn.Module):
    """Words and their places, through all layers."""

    def __init__(self) -> None:
        super().__init__()
        self.wte = nn.Embedding(50257, 768)
        self.wpe = nn.Embedding(1024, 768)
        self.dropout = nn.Dropout(0.1)
        self.h = nn.Sequential(*[Gpt2Block() for _ in range(12)])
        self.ln_f = nn.LayerNorm(768)

    def forward(self, input_ids: Tensor) -> Tensor:
        wte = self.wte(input_ids)  # [N, T, 768]
        x = wte + self.wpe(torch.arange(input_ids.shape[1], device=input_ids.device))
        return self.ln_f(self.h(self.dropout(x)))


class Gpt2(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.transformer = Transformer()
        self.lm_head = nn.Linear(768, 50257, bias=False)
        self.apply(init_weights)
        self.lm_head.weight = self.transformer.wte.weight

    def forward(self, input_ids: Tensor) -> Tensor:
        x = self.transformer(input_ids)  # [N, T, 768]
        return self.lm_head(x)  # [N, T, 50257]


Model = Gpt2

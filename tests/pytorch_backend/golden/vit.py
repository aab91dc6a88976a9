"""A vision transformer with the keys of transformers' ViTForImageClassification
(Dosovitskiy et al., 2021, An image is worth 16x16 words)

Inputs
    pixel_values: float32[N, 3, 224, 224]
Outputs
    logits: float32[N, 1000]

Load the weights with

    model = Model()
    model.load_state_dict(safetensors.torch.load_file("model.safetensors"))
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def init_weights(module: nn.Module) -> None:
    """Set the initial weights of a layer, where they are not PyTorch's own."""
    if isinstance(module, nn.Conv2d):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        nn.init.zeros_(module.bias)


class PatchEmbedding(nn.Module):
    """One vector for each square patch of an image, row by row (Dosovitskiy et al.,
    2021, ViT).
    """

    def __init__(self) -> None:
        super().__init__()
        self.projection = nn.Conv2d(3, 768, 16, stride=16)

    def forward(self, image: Tensor) -> Tensor:
        return self.projection(image).permute(0, 2, 3, 1).flatten(1, 2)  # [N, 196, 768]


class VitEmbeddings(nn.Module):
    """Patches behind a learned token, and where each of them is."""

    def __init__(self) -> None:
        super().__init__()
        self.patch_embeddings = PatchEmbedding()
        self.cls_token = nn.Parameter(torch.empty(1, 1, 768))
        self.position_embeddings = nn.Parameter(torch.empty(1, 197, 768))
        nn.init.trunc_normal_(self.cls_token, std=0.02)
        nn.init.trunc_normal_(self.position_embeddings, std=0.02)

    def forward(self, image: Tensor) -> Tensor:
        patch_embeddings = self.patch_embeddings(image)  # [N, 196, 768]
        first = self.cls_token.expand(image.shape[0], -1, -1)  # [N, 1, 768]
        return torch.cat([first, patch_embeddings], dim=1) + self.position_embeddings


class MultiHeadAttention(nn.Module):
    """Several heads, each with queries, keys and values of its own; of what comes in,
    or of `memory`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.q_proj = nn.Linear(768, 768)
        self.k_proj = nn.Linear(768, 768)
        self.v_proj = nn.Linear(768, 768)
        self.o_proj = nn.Linear(768, 768)

    def forward(self, x: Tensor) -> Tensor:
        q = self.q_proj(x).unflatten(2, (12, 64)).transpose(1, 2)  # [N, 12, 197, 64]
        k = self.k_proj(x).unflatten(2, (12, 64)).transpose(1, 2)  # [N, 12, 197, 64]
        v = self.v_proj(x).unflatten(2, (12, 64)).transpose(1, 2)  # [N, 12, 197, 64]
        x = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        return self.o_proj(x)


class Mlp(nn.Module):
    """Two linear layers on the last axis with an activation between them; as wide at
    the end as at the start.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(768, 3072)
        self.fc2 = nn.Linear(3072, 768)

    def forward(self, x: Tensor) -> Tensor:
        x = F.gelu(self.fc1(x))  # [N, 197, 3072]
        return self.fc2(x)  # [N, 197, 768]


class VitLayer(nn.Module):
    """Attention and a network for each position, each normalized before and added to
    what came in.
    """

    def __init__(self) -> None:
        super().__init__()
        self.layernorm_before = nn.LayerNorm(768, eps=1e-12)
        self.attention = MultiHeadAttention()
        self.layernorm_after = nn.LayerNorm(768, eps=1e-12)
        self.mlp = Mlp()

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.layernorm_before(x))
        return x + self.mlp(self.layernorm_after(x))


class VitVit(nn.Module):
    """From an image to features of its patches."""

    def __init__(self) -> None:
        super().__init__()
        self.embeddings = VitEmbeddings()
        self.layers = nn.Sequential(*[VitLayer() for _ in range(12)])
        self.layernorm = nn.LayerNorm(768, eps=1e-12)

    def forward(self, pixel_values: Tensor) -> Tensor:
        x = self.embeddings(pixel_values)  # [N, 197, 768]
        return self.layernorm(self.layers(x))


class Vit(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.vit = VitVit()
        self.classifier = nn.Linear(768, 1000)
        self.apply(init_weights)

    def forward(self, pixel_values: Tensor) -> Tensor:
        x = self.vit(pixel_values)[:, 0]  # [N, 768]
        return self.classifier(x)  # [N, 1000]


Model = Vit

"""ViT-B/16 with the keys of torchvision's vit_b_16 (Dosovitskiy et al., 2021, An image
is worth 16x16 words)

Inputs
    image: float32[N, 3, 224, 224]
Outputs
    logits: float32[N, 1000]

Load the weights with

    model = Model()
    model.load_state_dict(safetensors.torch.load_file("model.safetensors"))
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn


class EncoderBlock(nn.Module):
    """Attention and a network for each position, each normalized before and added to
    what came in.
    """

    def __init__(self) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(768, eps=1e-6)
        self.self_attention = nn.MultiheadAttention(768, 12, batch_first=True)
        self.dropout = nn.Dropout(0.0)
        self.ln_2 = nn.LayerNorm(768, eps=1e-6)
        self.mlp = nn.Sequential(
            nn.Linear(768, 3072),
            nn.GELU(),
            nn.Dropout(0.0),
            nn.Linear(3072, 768),
            nn.Dropout(0.0),
        )
        nn.init.xavier_uniform_(self.get_parameter("mlp.0.weight"))
        nn.init.normal_(self.get_parameter("mlp.0.bias"), std=1e-6)
        nn.init.xavier_uniform_(self.get_parameter("mlp.3.weight"))
        nn.init.normal_(self.get_parameter("mlp.3.bias"), std=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        h = self.ln_1(x)
        attn_output, _ = self.self_attention(h, h, h, need_weights=False)
        x = x + self.dropout(attn_output)
        return x + self.mlp(self.ln_2(x))


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.pos_embedding = nn.Parameter(torch.empty(1, 197, 768))
        self.dropout = nn.Dropout(0.0)
        self.layers = nn.Sequential(
            OrderedDict((f"encoder_layer_{i}", EncoderBlock()) for i in range(12))
        )
        self.ln = nn.LayerNorm(768, eps=1e-6)
        nn.init.normal_(self.pos_embedding, std=0.02)

    def forward(self, x: Tensor) -> Tensor:
        return self.ln(self.layers(self.dropout(x + self.pos_embedding)))


class Heads(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(768, 1000)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(x)  # [N, 1000]


class VitB16(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv_proj = nn.Conv2d(3, 768, 16, stride=16)
        self.class_token = nn.Parameter(torch.zeros(1, 1, 768))
        self.encoder = Encoder()
        self.heads = Heads()
        nn.init.trunc_normal_(self.conv_proj.weight, std=0.036084391824351615)
        nn.init.zeros_(self.get_parameter("conv_proj.bias"))

    def forward(self, image: Tensor) -> Tensor:
        patches = self.conv_proj(image).permute(0, 2, 3, 1).flatten(1, 2)
        first = self.class_token.expand(image.shape[0], -1, -1)  # [N, 1, 768]
        x = torch.cat([first, patches], dim=1)  # [N, 197, 768]
        x = self.encoder(x)[:, 0]  # [N, 768]
        return self.heads(x)  # [N, 1000]


Model = VitB16

"""A U-Net whose block holds itself, one level down (Ronneberger et al., 2015, U-Net).

Inputs
    image: float32[N, 3, H, W]
Outputs
    output: float32[N, 2, H, W]

Requires
    H % 16 == 0
    W % 16 == 0

Load the weights with

    model = Model()
    model.load_state_dict(safetensors.torch.load_file("model.safetensors"))
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class DoubleConv(nn.Module):
    """Two 3x3 convolutions, each with batch norm and ReLU."""

    def __init__(self, in_channels: int, out: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(x)))


class Level(nn.Module):
    """Two convolutions, and between them the next level, half as large and twice as
    wide.
    """

    def __init__(self, in_channels: int, width: int, depth: int) -> None:
        super().__init__()
        self.enc = DoubleConv(in_channels, width)
        self.inner = Inner(width, depth) if depth > 0 else None

    def forward(self, x: Tensor) -> Tensor:
        x = self.enc(x)  # [N, width, H, W]
        if self.inner is not None:
            x = self.inner(x)
        return x


class Inner(nn.Module):
    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        self.level = Level(width, 2 * width, depth=depth - 1)
        self.up = nn.ConvTranspose2d(2 * width, width, 2, stride=2)
        self.dec = DoubleConv(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        h = F.max_pool2d(x, 2)
        h = self.level(h)
        h = torch.cat([self.up(h), x], dim=1)  # [N, 2 * width, H, W]
        return self.dec(h)  # [N, width, H, W]


class UnetRecursive(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = Level(3, 64, depth=4)
        self.head = nn.Conv2d(64, 2, 1)

    def forward(self, image: Tensor) -> Tensor:
        x = self.net(image)  # [N, 64, H, W]
        return self.head(x)  # [N, 2, H, W]


Model = UnetRecursive

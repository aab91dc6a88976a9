"""A small one-stage detector with a feature pyramid and a head for each of three scales
(Lin et al., 2017, Feature pyramid networks; Redmon and Farhadi, 2018, YOLOv3).

Inputs
    image: float32[N, 3, H, W]
Outputs
    small: float32[N, 75, (H - 1)//8 + 1, (W - 1)//8 + 1]
    medium: float32[N, 75, (H - 1)//16 + 1, (W - 1)//16 + 1]
    large: float32[N, 75, (H - 1)//32 + 1, (W - 1)//32 + 1]

Requires
    H >= 25
    W >= 25
    H % 32 in {0, 25..31}
    W % 32 in {0, 25..31}

Load the weights with

    model = Model()
    model.load_state_dict(safetensors.torch.load_file("model.safetensors"))
"""

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn


class ConvNorm(nn.Module):
    """3x3 convolution, batch norm, SiLU."""

    def __init__(
        self, in_channels: int, out: int, kernel: int = 3, stride: int = 1
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels, out, kernel, stride=stride, padding=kernel // 2, bias=False
        )
        self.norm = nn.BatchNorm2d(out)

    def forward(self, x: Tensor) -> Tensor:
        return F.silu(self.norm(self.conv(x)))


class ResidualBlock(nn.Module):
    """A squeeze and a 3x3 convolution with a shortcut (Redmon and Farhadi, 2018)."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.squeeze = ConvNorm(in_channels, in_channels // 2, kernel=1)
        self.filter = ConvNorm(in_channels // 2, in_channels)

    def forward(self, x: Tensor) -> Tensor:
        h = self.squeeze(x)  # [N, in_channels // 2, H, W]
        return x + self.filter(h)  # [N, in_channels, H, W]


class Head(nn.Module):
    """Smooth a level of the pyramid and predict box, objectness and classes for each
    anchor.
    """

    def __init__(self) -> None:
        super().__init__()
        self.smooth = ConvNorm(64, 64)
        self.predict = nn.Conv2d(64, 75, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.smooth(x)
        return self.predict(x)  # [N, 75, H, W]


class DetectorOutput(NamedTuple):
    small: Tensor
    medium: Tensor
    large: Tensor


class Detector(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = ConvNorm(3, 32, stride=2)
        self.down1 = ConvNorm(32, 64, stride=2)
        self.stage1 = nn.Sequential(ResidualBlock(64))
        self.down2 = ConvNorm(64, 128, stride=2)
        self.stage2 = nn.Sequential(*[ResidualBlock(128) for _ in range(2)])
        self.down3 = ConvNorm(128, 256, stride=2)
        self.stage3 = nn.Sequential(*[ResidualBlock(256) for _ in range(2)])
        self.down4 = ConvNorm(256, 512, stride=2)
        self.stage4 = nn.Sequential(ResidualBlock(512))
        self.lateral4 = nn.Conv2d(512, 64, 1)
        self.lateral3 = nn.Conv2d(256, 64, 1)
        self.lateral2 = nn.Conv2d(128, 64, 1)
        self.head = nn.ModuleList([Head() for _ in range(3)])

    def forward(self, image: Tensor) -> DetectorOutput:
        x = self.stem(image)  # [N, 32, (H - 1)//2 + 1, (W - 1)//2 + 1]
        x = self.down1(x)  # [N, 64, (H - 1)//4 + 1, (W - 1)//4 + 1]
        x = self.stage1(x)
        x = self.down2(x)  # [N, 128, (H - 1)//8 + 1, (W - 1)//8 + 1]
        stage2 = self.stage2(x)
        x = self.down3(stage2)  # [N, 256, (H - 1)//16 + 1, (W - 1)//16 + 1]
        stage3 = self.stage3(x)
        x = self.down4(stage3)  # [N, 512, (H - 1)//32 + 1, (W - 1)//32 + 1]
        x = self.stage4(x)
        lateral4 = self.lateral4(x)  # [N, 64, (H - 1)//32 + 1, (W - 1)//32 + 1]
        lateral3 = self.lateral3(stage3)  # [N, 64, (H - 1)//16 + 1, (W - 1)//16 + 1]
        merged3 = lateral3 + F.interpolate(lateral4, scale_factor=2.0)
        lateral2 = self.lateral2(stage2)  # [N, 64, (H - 1)//8 + 1, (W - 1)//8 + 1]
        x = lateral2 + F.interpolate(merged3, scale_factor=2.0)
        small = self.head[0](x)  # [N, 75, (H - 1)//8 + 1, (W - 1)//8 + 1]
        medium = self.head[1](merged3)  # [N, 75, (H - 1)//16 + 1, (W - 1)//16 + 1]
        large = self.head[2](lateral4)  # [N, 75, (H - 1)//32 + 1, (W - 1)//32 + 1]
        return DetectorOutput(small, medium, large)


Model = Detector

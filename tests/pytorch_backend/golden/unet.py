"""U-Net for segmentation with padded convolutions and batch norm (Ronneberger et al.,
2015, U-Net).

Inputs
    image: float32[N, 3, H, W]
Outputs
    output: float32[N, 1, H, W]

Requires
    H % 16 == 0
    W % 16 == 0

Load the weights with

    model = Model()
    model.load_state_dict(safetensors.torch.load_file("model.safetensors"))
"""

from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ConvTwice(nn.Sequential):
    """Two 3x3 convolutions, each with batch norm and ReLU."""

    def __init__(self, in_channels: int, out: int, prefix: str) -> None:
        super().__init__(
            OrderedDict(
                [
                    (
                        f"{prefix}conv1",
                        nn.Conv2d(in_channels, out, 3, padding=1, bias=False),
                    ),
                    (f"{prefix}norm1", nn.BatchNorm2d(out)),
                    ("relu", nn.ReLU()),
                    (f"{prefix}conv2", nn.Conv2d(out, out, 3, padding=1, bias=False)),
                    (f"{prefix}norm2", nn.BatchNorm2d(out)),
                    ("relu_1", nn.ReLU()),
                ],
            ),
        )


class Unet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder1 = ConvTwice(3, 32, prefix="enc1")
        self.encoder2 = ConvTwice(32, 64, prefix="enc2")
        self.encoder3 = ConvTwice(64, 128, prefix="enc3")
        self.encoder4 = ConvTwice(128, 256, prefix="enc4")
        self.bottleneck = ConvTwice(256, 512, prefix="bottleneck")
        self.upconv4 = nn.ConvTranspose2d(512, 256, 2, stride=2)
        self.decoder4 = ConvTwice(512, 256, prefix="dec4")
        self.upconv3 = nn.ConvTranspose2d(256, 128, 2, stride=2)
        self.decoder3 = ConvTwice(256, 128, prefix="dec3")
        self.upconv2 = nn.ConvTranspose2d(128, 64, 2, stride=2)
        self.decoder2 = ConvTwice(128, 64, prefix="dec2")
        self.upconv1 = nn.ConvTranspose2d(64, 32, 2, stride=2)
        self.decoder1 = ConvTwice(64, 32, prefix="dec1")
        self.conv = nn.Conv2d(32, 1, 1)

    def forward(self, image: Tensor) -> Tensor:
        encoder1 = self.encoder1(image)  # [N, 32, H, W]
        x = F.max_pool2d(encoder1, 2)  # [N, 32, H/2, W/2]
        encoder2 = self.encoder2(x)  # [N, 64, H/2, W/2]
        x = F.max_pool2d(encoder2, 2)  # [N, 64, H/4, W/4]
        encoder3 = self.encoder3(x)  # [N, 128, H/4, W/4]
        x = F.max_pool2d(encoder3, 2)  # [N, 128, H/8, W/8]
        encoder4 = self.encoder4(x)  # [N, 256, H/8, W/8]
        x = F.max_pool2d(encoder4, 2)  # [N, 256, H/16, W/16]
        x = self.bottleneck(x)  # [N, 512, H/16, W/16]
        x = torch.cat([self.upconv4(x), encoder4], dim=1)  # [N, 512, H/8, W/8]
        x = self.decoder4(x)  # [N, 256, H/8, W/8]
        x = torch.cat([self.upconv3(x), encoder3], dim=1)  # [N, 256, H/4, W/4]
        x = self.decoder3(x)  # [N, 128, H/4, W/4]
        x = torch.cat([self.upconv2(x), encoder2], dim=1)  # [N, 128, H/2, W/2]
        x = self.decoder2(x)  # [N, 64, H/2, W/2]
        x = torch.cat([self.upconv1(x), encoder1], dim=1)  # [N, 64, H, W]
        x = self.decoder1(x)  # [N, 32, H, W]
        return self.conv(x).sigmoid()  # [N, 1, H, W]


Model = Unet

"""The U-Net of the paper, unpadded, with centre-cropped skips, 572 in and 388 out
(Ronneberger et al., 2015, U-Net).

Inputs
    image: float32[N, 1, H, W]
Outputs
    output: float32[N, 2, 16*((H - 12)//16) - 172, 16*((W - 12)//16) - 172]

Requires
    H >= 188
    W >= 188

Load the weights with

    model = Model()
    model.load_state_dict(safetensors.torch.load_file("model.safetensors"))
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class DoubleConv(nn.ModuleDict):
    """Two unpadded 3x3 convolutions, after a pool where one is asked for."""

    def __init__(self, in_channels: int, out: int, pool: bool = False) -> None:
        super().__init__(
            {"0": nn.Conv2d(in_channels, out, 3), "2": nn.Conv2d(out, out, 3)}
        )
        self.pool = pool

    def forward(self, x: Tensor) -> Tensor:
        if self.pool:
            x = F.max_pool2d(x, 2)
        x = F.relu(self["0"](x))
        return F.relu(self["2"](x))


def crop_like(skip: Tensor, x: Tensor) -> Tensor:
    """The centre of `skip`, as large as `x`."""
    _, _, height, width = skip.shape
    _, _, h, w = x.shape
    x = skip[:, :, (height - h) // 2 : (height - h) // 2 + h]  # [N, C, h, W]
    return x[:, :, :, (width - w) // 2 : (width - w) // 2 + w]  # [N, C, h, w]


class Unet2015(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList(
            [
                DoubleConv(1, 64),
                DoubleConv(64, 128, pool=True),
                DoubleConv(128, 256, pool=True),
                DoubleConv(256, 512, pool=True),
                DoubleConv(512, 1024, pool=True),
            ],
        )
        self.up = nn.ModuleList(
            [
                nn.ConvTranspose2d(1024, 512, 2, stride=2),
                nn.ConvTranspose2d(512, 256, 2, stride=2),
                nn.ConvTranspose2d(256, 128, 2, stride=2),
                nn.ConvTranspose2d(128, 64, 2, stride=2),
            ],
        )
        self.merge = nn.ModuleList(
            [
                DoubleConv(1024, 512),
                DoubleConv(512, 256),
                DoubleConv(256, 128),
                DoubleConv(128, 64),
            ],
        )
        self.out = nn.Conv2d(64, 2, 1)

    def forward(self, image: Tensor) -> Tensor:
        down_outputs: list[Tensor] = []
        for layer in self.down:
            image = layer(image)
            down_outputs.append(image)
        x = self.up[0](image)  # [N, 512, 2*((H - 12)//16) - 14, 2*((W - 12)//16) - 14]
        x = torch.cat([crop_like(down_outputs[3], x), x], dim=1)
        x = self.merge[0](x)  # [N, 512, 2*((H - 12)//16) - 18, 2*((W - 12)//16) - 18]
        x = self.up[1](x)  # [N, 256, 4*((H - 12)//16) - 36, 4*((W - 12)//16) - 36]
        x = torch.cat([crop_like(down_outputs[2], x), x], dim=1)
        x = self.merge[1](x)  # [N, 256, 4*((H - 12)//16) - 40, 4*((W - 12)//16) - 40]
        x = self.up[2](x)  # [N, 128, 8*((H - 12)//16) - 80, 8*((W - 12)//16) - 80]
        x = torch.cat([crop_like(down_outputs[1], x), x], dim=1)
        x = self.merge[2](x)  # [N, 128, 8*((H - 12)//16) - 84, 8*((W - 12)//16) - 84]
        x = self.up[3](x)  # [N, 64, 16*((H - 12)//16) - 168, 16*((W - 12)//16) - 168]
        x = torch.cat([crop_like(down_outputs[0], x), x], dim=1)
        x = self.merge[3](x)
        return self.out(x)  # [N, 2, 16*((H - 12)//16) - 172, 16*((W - 12)//16) - 172]


Model = Unet2015

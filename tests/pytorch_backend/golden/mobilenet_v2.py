"""MobileNetV2 with torchvision's keys (Sandler et al., 2018, Inverted residuals and
linear bottlenecks).

Inputs
    image: float32[N, 3, H, W]
Outputs
    output: float32[N, 1000]

Load the weights with

    model = Model()
    model.load_state_dict(safetensors.torch.load_file("model.safetensors"))
"""

import torch.nn.functional as F
from torch import Tensor, nn


def init_weights(module: nn.Module) -> None:
    """Set the initial weights of a layer, where they are not PyTorch's own."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out")
    elif isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=0.01)
        nn.init.zeros_(module.bias)


class ConvNorm(nn.Sequential):
    """Convolution, batch norm, ReLU6."""

    def __init__(
        self,
        in_channels: int,
        out: int,
        kernel: int = 3,
        stride: int = 1,
        groups: int = 1,
    ) -> None:
        super().__init__(
            nn.Conv2d(
                in_channels,
                out,
                kernel,
                stride=stride,
                padding=(kernel - 1) // 2,
                groups=groups,
                bias=False,
            ),
            nn.BatchNorm2d(out),
            nn.ReLU6(),
        )


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project; added to its input where the shape
    stays.
    """

    def __init__(self, in_channels: int, out: int, stride: int, expand: int) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.out = out
        self.stride = stride
        self.conv = nn.Sequential(
            *(
                [ConvNorm(in_channels, expand * in_channels, kernel=1)]
                if expand != 1
                else []
            ),
            ConvNorm(
                expand * in_channels,
                expand * in_channels,
                stride=stride,
                groups=expand * in_channels,
            ),
            nn.Conv2d(expand * in_channels, out, 1, bias=False),
            nn.BatchNorm2d(out),
        )

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv(x)
        if self.stride == 1 and self.in_channels == self.out:
            h = h + x
        return h


class MobilenetV2(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            ConvNorm(3, 32, stride=2),
            InvertedResidual(32, 16, stride=1, expand=1),
            InvertedResidual(16, 24, stride=2, expand=6),
            InvertedResidual(24, 24, stride=1, expand=6),
            InvertedResidual(24, 32, stride=2, expand=6),
            *[InvertedResidual(32, 32, stride=1, expand=6) for _ in range(2)],
            InvertedResidual(32, 64, stride=2, expand=6),
            *[InvertedResidual(64, 64, stride=1, expand=6) for _ in range(3)],
            InvertedResidual(64, 96, stride=1, expand=6),
            *[InvertedResidual(96, 96, stride=1, expand=6) for _ in range(2)],
            InvertedResidual(96, 160, stride=2, expand=6),
            *[InvertedResidual(160, 160, stride=1, expand=6) for _ in range(2)],
            InvertedResidual(160, 320, stride=1, expand=6),
            ConvNorm(320, 1280, kernel=1),
        )
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, 1000))
        self.apply(init_weights)

    def forward(self, image: Tensor) -> Tensor:
        x = F.adaptive_avg_pool2d(self.features(image), 1).flatten(1)  # [N, 1280]
        return self.classifier(x)  # [N, 1000]


Model = MobilenetV2

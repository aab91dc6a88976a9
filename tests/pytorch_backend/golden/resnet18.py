"""ResNet with torchvision's keys (He et al., 2016, Deep residual learning for image
recognition; with groups Xie et al., 2017, ResNeXt; wide Zagoruyko and Komodakis,
2016); its depths and widths are variants.

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
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


class BasicBlock(nn.Module):
    """Two 3x3 convolutions with a shortcut; the stride is on the first."""

    def __init__(self, in_channels: int, planes: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(
            in_channels, planes, 3, stride=stride, padding=1, bias=False
        )
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample = (
            nn.Sequential(
                nn.Conv2d(in_channels, planes, 1, stride=stride, bias=False),
                nn.BatchNorm2d(planes),
            )
            if stride != 1 or in_channels != planes
            else None
        )

    def forward(self, x: Tensor) -> Tensor:
        h = F.relu(self.bn1(self.conv1(x)))
        h = self.bn2(self.conv2(h))
        downsample = x if self.downsample is None else self.downsample(x)
        return F.relu(h + downsample)


class Resnet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = nn.Sequential(*[BasicBlock(64, 64) for _ in range(2)])
        self.layer2 = nn.Sequential(BasicBlock(64, 128, stride=2), BasicBlock(128, 128))
        self.layer3 = nn.Sequential(
            BasicBlock(128, 256, stride=2), BasicBlock(256, 256)
        )
        self.layer4 = nn.Sequential(
            BasicBlock(256, 512, stride=2), BasicBlock(512, 512)
        )
        self.fc = nn.Linear(512, 1000)
        self.apply(init_weights)

    def forward(self, image: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(image)))
        x = F.max_pool2d(x, 3, stride=2, padding=1)
        x = self.layer1(x)
        x = self.layer2(x)  # [N, 128, (H - 1)//8 + 1, (W - 1)//8 + 1]
        x = self.layer3(x)  # [N, 256, (H - 1)//16 + 1, (W - 1)//16 + 1]
        x = F.adaptive_avg_pool2d(self.layer4(x), 1).flatten(1)  # [N, 512]
        return self.fc(x)  # [N, 1000]


Model = Resnet

"""DenseNet with torchvision's keys (Huang et al., 2017, Densely connected convolutional
networks); its depths are variants.

Inputs
    image: float32[N, 3, H, W]
Outputs
    output: float32[N, 1000]

Requires
    H >= 29
    W >= 29

Load the weights with

    model = Model()
    model.load_state_dict(safetensors.torch.load_file("model.safetensors"))
"""

from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def init_weights(module: nn.Module) -> None:
    """Set the initial weights of a layer, where they are not PyTorch's own."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight)
    elif isinstance(module, nn.Linear):
        nn.init.zeros_(module.bias)


class DenseLayer(nn.Module):
    """A 1x1 and a 3x3 convolution, whose result is added as further channels, so that
    each layer sees what all before it gave.
    """

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(num_features)
        self.conv1 = nn.Conv2d(num_features, 128, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(128)
        self.conv2 = nn.Conv2d(128, 32, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(F.relu(self.norm1(x)))  # [N, 128, H, W]
        h = self.conv2(F.relu(self.norm2(h)))  # [N, 32, H, W]
        return torch.cat([x, h], dim=1)


class Transition(nn.Module):
    """Half the channels and half the size."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(num_features)
        self.conv = nn.Conv2d(num_features, num_features // 2, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(F.relu(self.norm(x)))  # [N, num_features // 2, H, W]
        return F.avg_pool2d(x, 2)


class Features(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv0 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.norm0 = nn.BatchNorm2d(64)
        self.denseblock1 = nn.Sequential(
            OrderedDict(
                (f"denselayer{i}", DenseLayer(32 + 32 * i)) for i in range(1, 7)
            ),
        )
        self.transition1 = Transition(256)
        self.denseblock2 = nn.Sequential(
            OrderedDict(
                (f"denselayer{i}", DenseLayer(96 + 32 * i)) for i in range(1, 13)
            ),
        )
        self.transition2 = Transition(512)
        self.denseblock3 = nn.Sequential(
            OrderedDict(
                (f"denselayer{i}", DenseLayer(224 + 32 * i)) for i in range(1, 25)
            ),
        )
        self.transition3 = Transition(1024)
        self.denseblock4 = nn.Sequential(
            OrderedDict(
                (f"denselayer{i}", DenseLayer(480 + 32 * i)) for i in range(1, 17)
            ),
        )
        self.norm5 = nn.BatchNorm2d(1024)

    def forward(self, image: Tensor) -> Tensor:
        x = F.relu(self.norm0(self.conv0(image)))
        x = F.max_pool2d(x, 3, stride=2, padding=1)
        x = self.denseblock1(x)  # [N, 256, (H - 1)//4 + 1, (W - 1)//4 + 1]
        x = self.transition1(x)  # [N, 128, (H - 5)//8 + 1, (W - 5)//8 + 1]
        x = self.denseblock2(x)  # [N, 512, (H - 5)//8 + 1, (W - 5)//8 + 1]
        x = self.transition2(x)  # [N, 256, (H - 13)//16 + 1, (W - 13)//16 + 1]
        x = self.denseblock3(x)  # [N, 1024, (H - 13)//16 + 1, (W - 13)//16 + 1]
        x = self.transition3(x)  # [N, 512, (H - 29)//32 + 1, (W - 29)//32 + 1]
        return F.relu(self.norm5(self.denseblock4(x)))


class Densenet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = Features()
        self.classifier = nn.Linear(1024, 1000)
        self.apply(init_weights)

    def forward(self, image: Tensor) -> Tensor:
        x = F.adaptive_avg_pool2d(self.features(image), 1).flatten(1)  # [N, 1024]
        return self.classifier(x)  # [N, 1000]


Model = Densenet

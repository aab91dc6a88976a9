"""YOLOv8, a one-stage detector without anchors, with the keys of its authors, from the
image to boxes in pixels and the probabilities of their classes (Jocher et al., 2023,
Ultralytics YOLO); n, s, m, l and x are variants.

Inputs
    image: float32[N, 3, 32*h, 32*w]
Outputs
    boxes: float32[N, 4, 21*h*w]
    scores: float32[N, 80, 21*h*w]

Load the weights with

    model = Model()
    model.load_state_dict(safetensors.torch.load_file("model.safetensors"))
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Conv(nn.Module):
    """A convolution that keeps the size at stride 1, batch norm, SiLU."""

    def __init__(
        self, in_channels: int, out: int, kernel: int = 1, stride: int = 1
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels, out, kernel, stride=stride, padding=kernel // 2, bias=False
        )
        self.bn = nn.BatchNorm2d(out, eps=0.001, momentum=0.03)

    def forward(self, x: Tensor) -> Tensor:
        return F.silu(self.bn(self.conv(x)))


class Bottleneck(nn.Module):
    """Two 3x3 convolutions, added to their input or not."""

    def __init__(self, in_channels: int, shortcut: bool) -> None:
        super().__init__()
        self.shortcut = shortcut
        self.cv1 = Conv(in_channels, in_channels, kernel=3)
        self.cv2 = Conv(in_channels, in_channels, kernel=3)

    def forward(self, x: Tensor) -> Tensor:
        h = self.cv1(x)
        h = self.cv2(h)
        return x + h if self.shortcut else h  # [N, in_channels, H, W]


class C2f(nn.Module):
    """One half of the channels goes through bottlenecks; the results of all of them are
    joined (the cross-stage partial network of Wang et al., 2020).
    """

    def __init__(
        self, in_channels: int, in_channels2: int, out: int, shortcut: bool = True
    ) -> None:
        super().__init__()
        self.cv1 = Conv(in_channels, 2 * (out // 2))
        self.m = nn.Sequential(Bottleneck(in_channels2, shortcut=shortcut))
        self.cv2 = Conv(3 * in_channels2, out)

    def forward(self, x: Tensor) -> Tensor:
        kept, first = self.cv1(x).chunk(2, dim=1)
        x = torch.cat([kept, first, self.m(first)], dim=1)
        return self.cv2(x)


class C2f2(nn.Module):
    """One half of the channels goes through bottlenecks; the results of all of them are
    joined (the cross-stage partial network of Wang et al., 2020).
    """

    def __init__(self, in_channels: int, out: int) -> None:
        super().__init__()
        self.cv1 = Conv(out, 2 * (out // 2))
        self.m = nn.ModuleList(
            [Bottleneck(in_channels, shortcut=True) for _ in range(2)]
        )
        self.cv2 = Conv(2 * out, out)

    def forward(self, x: Tensor) -> Tensor:
        kept, first = self.cv1(x).chunk(2, dim=1)
        x = first
        m_outputs: list[Tensor] = []
        for layer in self.m:
            x = layer(x)
            m_outputs.append(x)
        x = torch.cat([kept, first, m_outputs[0], x], dim=1)
        return self.cv2(x)


class Sppf(nn.Module):
    """Pools in a row, joined, see surroundings of several sizes (He et al., 2015,
    Spatial pyramid pooling).
    """

    def __init__(self) -> None:
        super().__init__()
        self.cv1 = Conv(256, 128)
        self.cv2 = Conv(512, 256)

    def forward(self, x: Tensor) -> Tensor:
        cv1 = self.cv1(x)  # [N, 128, h, w]
        x = F.max_pool2d(cv1, 5, stride=1, padding=2)
        h = F.max_pool2d(x, 5, stride=1, padding=2)
        x = torch.cat([cv1, x, h, F.max_pool2d(h, 5, stride=1, padding=2)], dim=1)
        return self.cv2(x)  # [N, 256, h, w]


class Predictions(nn.Sequential):
    """Two 3x3 convolutions, then what is predicted of each place."""

    def __init__(self, in_channels: int, width: int, out: int) -> None:
        super().__init__(
            Conv(in_channels, width, kernel=3),
            Conv(width, width, kernel=3),
            nn.Conv2d(width, out, 1),
        )


def boxes(x: Tensor, stride: int) -> Tensor:
    """Centres and sizes of boxes in pixels; each side's distance from its place is the
    mean of a distribution (Li et al., 2020, Generalized focal loss).
    """
    _, _, height, width = x.shape
    x = torch.unflatten(x, 1, (4, 16)).flatten(3).softmax(dim=2)
    bin_ = torch.arange(16, dtype=torch.float32, device=x.device)  # [16]
    left, top, right, bottom = torch.einsum("nsbp,b->nsp", x, bin_).unbind(1)
    across = torch.arange(width, dtype=torch.float32, device=x.device)  # [W]
    x_place = across.expand(height, width).reshape(1, height * width)
    x = torch.arange(height, dtype=torch.float32, device=x.device).unsqueeze(1)
    x = x.expand(height, width).reshape(1, height * width)
    center_x = stride * (x_place + 0.5 + (right - left) / 2)
    center_y = stride * (x + 0.5 + (bottom - top) / 2)
    box_width = stride * (left + right)
    return torch.stack([center_x, center_y, box_width, stride * (top + bottom)], dim=1)


class Yolov8ModelModel(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cv2 = nn.ModuleList(
            [
                Predictions(64, 64, out=64),
                Predictions(128, 64, out=64),
                Predictions(256, 64, out=64),
            ],
        )
        self.cv3 = nn.ModuleList(
            [
                Predictions(64, 80, out=80),
                Predictions(128, 80, out=80),
                Predictions(256, 80, out=80),
            ],
        )

    def forward(
        self, x: Tensor, model_18: Tensor, model_21: Tensor
    ) -> tuple[Tensor, ...]:
        cv2_0 = self.cv2[0](x)
        cv2_1 = self.cv2[1](model_18)  # [N, 64, 2*h, 2*w]
        cv2_2 = self.cv2[2](model_21)  # [N, 64, h, w]
        cv3_0 = self.cv3[0](x)  # [N, 80, 4*h, 4*w]
        cv3_1 = self.cv3[1](model_18)  # [N, 80, 2*h, 2*w]
        cv3_2 = self.cv3[2](model_21)  # [N, 80, h, w]
        return cv2_0, cv2_1, cv2_2, cv3_0, cv3_1, cv3_2


class Yolov8Model(nn.ModuleDict):
    def __init__(self) -> None:
        super().__init__(
            {
                "0": Conv(3, 16, kernel=3, stride=2),
                "1": Conv(16, 32, kernel=3, stride=2),
                "2": C2f(32, 16, out=32),
                "3": Conv(32, 64, kernel=3, stride=2),
                "4": C2f2(32, 64),
                "5": Conv(64, 128, kernel=3, stride=2),
                "6": C2f2(64, 128),
                "7": Conv(128, 256, kernel=3, stride=2),
                "8": C2f(256, 128, out=256),
                "9": Sppf(),
                "12": C2f(384, 64, out=128, shortcut=False),
                "15": C2f(192, 32, out=64, shortcut=False),
                "16": Conv(64, 64, kernel=3, stride=2),
                "18": C2f(192, 64, out=128, shortcut=False),
                "19": Conv(128, 128, kernel=3, stride=2),
                "21": C2f(384, 128, out=256, shortcut=False),
                "22": Yolov8ModelModel(),
            },
        )

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        x = self["0"](image)  # [N, 16, 16*h, 16*w]
        x = self["1"](x)  # [N, 32, 8*h, 8*w]
        x = self["2"](x)
        x = self["3"](x)  # [N, 64, 4*h, 4*w]
        c2f_4 = self["4"](x)
        x = self["5"](c2f_4)  # [N, 128, 2*h, 2*w]
        c2f_6 = self["6"](x)
        x = self["7"](c2f_6)  # [N, 256, h, w]
        x = self["8"](x)
        sppf_9 = self["9"](x)
        x = torch.cat([F.interpolate(sppf_9, scale_factor=2.0), c2f_6], dim=1)
        c2f_12 = self["12"](x)  # [N, 128, 2*h, 2*w]
        x = torch.cat([F.interpolate(c2f_12, scale_factor=2.0), c2f_4], dim=1)
        c2f_15 = self["15"](x)  # [N, 64, 4*h, 4*w]
        x = torch.cat([self["16"](c2f_15), c2f_12], dim=1)  # [N, 192, 2*h, 2*w]
        c2f_18 = self["18"](x)  # [N, 128, 2*h, 2*w]
        x = torch.cat([self["19"](c2f_18), sppf_9], dim=1)  # [N, 384, h, w]
        x = self["21"](x)  # [N, 256, h, w]
        return self["22"](c2f_15, c2f_18, x)


class Yolov8Output(NamedTuple):
    boxes: Tensor
    scores: Tensor


class Yolov8(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.model = Yolov8Model()

    def forward(self, image: Tensor) -> Yolov8Output:
        model_outputs = self.model(image)
        boxes_at_0 = boxes(model_outputs[0], stride=8)  # [N, 4, 16*h*w]
        boxes_at_1 = boxes(model_outputs[1], stride=16)  # [N, 4, 4*h*w]
        boxes_at_2 = boxes(model_outputs[2], stride=32)  # [N, 4, h*w]
        boxes_2 = torch.cat([boxes_at_0, boxes_at_1, boxes_at_2], dim=2)
        x = model_outputs[3].flatten(2)  # [N, 80, 16*h*w]
        h = model_outputs[4].flatten(2)  # [N, 80, 4*h*w]
        scores = torch.cat([x, h, model_outputs[5].flatten(2)], dim=2).sigmoid()
        return Yolov8Output(boxes_2, scores)


Model = Yolov8

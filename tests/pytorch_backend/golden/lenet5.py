"""LeNet-5 for 28x28 digits (LeCun et al., 1998, Gradient-based learning applied to
document recognition).

Inputs
    image: float32[N, 1, 28, 28]
Outputs
    output: float32[N, 10]

Load the weights with

    model = Model()
    model.load_state_dict(safetensors.torch.load_file("model.safetensors"))
"""

import torch.nn.functional as F
from torch import Tensor, nn


class Lenet5(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(400, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, image: Tensor) -> Tensor:
        x = F.avg_pool2d(self.conv1(image).tanh(), 2)  # [N, 6, 14, 14]
        x = F.avg_pool2d(self.conv2(x).tanh(), 2)  # [N, 16, 5, 5]
        x = self.fc1(x.flatten(1)).tanh()  # [N, 120]
        x = self.fc2(x).tanh()  # [N, 84]
        return self.fc3(x)  # [N, 10]


Model = Lenet5

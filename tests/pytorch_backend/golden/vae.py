"""A variational autoencoder; the noise of the reparameterisation is an input (Kingma
and Welling, 2014, Auto-encoding variational Bayes).

Inputs
    image: float32[N, 1, 28, 28]
    eps: float32[N, 20]
Outputs
    reconstruction: float32[N, 784]
    mu: float32[N, 20]
    logvar: float32[N, 20]

Load the weights with

    model = Model()
    model.load_state_dict(safetensors.torch.load_file("model.safetensors"))
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class VaeOutput(NamedTuple):
    reconstruction: Tensor
    mu: Tensor
    logvar: Tensor


class Vae(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(784, 400)
        self.fc21 = nn.Linear(400, 20)
        self.fc22 = nn.Linear(400, 20)
        self.fc3 = nn.Linear(20, 400)
        self.fc4 = nn.Linear(400, 784)

    def forward(self, image: Tensor, eps: Tensor) -> VaeOutput:
        h = F.relu(self.fc1(image.flatten(1)))  # [N, 400]
        mu = self.fc21(h)  # [N, 20]
        logvar = self.fc22(h)  # [N, 20]
        x = F.relu(self.fc3(mu + eps * torch.exp(0.5 * logvar)))  # [N, 400]
        reconstruction = self.fc4(x).sigmoid()  # [N, 784]
        return VaeOutput(reconstruction, mu, logvar)


Model = Vae

"""DCGAN's generator and discriminator for 64x64 images (Radford et al., 2016,
Unsupervised representation learning with DCGANs).

Generator

Inputs
    noise: float32[N, 100, 1, 1]
Outputs
    output: float32[N, 3, 64, 64]

Discriminator

Inputs
    image: float32[N, 3, 64, 64]
Outputs
    output: float32[N]

Load the weights with

    generator = Generator()
    generator.load_state_dict(safetensors.torch.load_file("generator.safetensors"))
    discriminator = Discriminator()
    discriminator.load_state_dict(safetensors.torch.load_file("discriminator.safetensors"))
"""

from torch import Tensor, nn


def init_weights(module: nn.Module) -> None:
    """Set the initial weights of a layer, where they are not PyTorch's own."""
    if isinstance(module, (nn.ConvTranspose2d, nn.Conv2d)):
        nn.init.normal_(module.weight, std=0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, mean=1.0, std=0.02)


class Generator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(100, 512, 4, bias=False),
            nn.BatchNorm2d(512),
            nn.ReLU(),
            nn.ConvTranspose2d(512, 256, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(256),
            nn.ReLU(),
            nn.ConvTranspose2d(256, 128, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(128),
            nn.ReLU(),
            nn.ConvTranspose2d(128, 64, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(64),
            nn.ReLU(),
            nn.ConvTranspose2d(64, 3, 4, stride=2, padding=1, bias=False),
            nn.Tanh(),
        )
        self.apply(init_weights)

    def forward(self, noise: Tensor) -> Tensor:
        return self.main(noise)  # [N, 3, 64, 64]


class Discriminator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(3, 64, 4, stride=2, padding=1, bias=False),
            nn.LeakyReLU(negative_slope=0.2),
            nn.Conv2d(64, 128, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(128),
            nn.LeakyReLU(negative_slope=0.2),
            nn.Conv2d(128, 256, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(256),
            nn.LeakyReLU(negative_slope=0.2),
            nn.Conv2d(256, 512, 4, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(512),
            nn.LeakyReLU(negative_slope=0.2),
            nn.Conv2d(512, 1, 4, bias=False),
            nn.Sigmoid(),
        )
        self.apply(init_weights)

    def forward(self, image: Tensor) -> Tensor:
        return self.main(image).flatten(0)  # [N]

"""The model `calls`.

Encoder

Inputs
    x: float32[N, T, 8]
    mask: bool[N, T] or None
Outputs
    output: float32[N, T, 8]

Both

Inputs
    x: float32[N, T, 8]
    mask: bool[N, T] or None
Outputs
    output: float32[N, T, 8]

Never

Inputs
    x: float32[N, T, 8]
Outputs
    output: float32[N, T, 3]

Load the weights with

    encoder = Encoder()
    encoder.load_state_dict(safetensors.torch.load_file("encoder.safetensors"))
    both = Both(encoder)
    never = Never(encoder)
    never.load_state_dict(safetensors.torch.load_file("never.safetensors"))
"""

from torch import Tensor, nn


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        x = self.fc(x)
        if mask is not None:
            wide = mask.unsqueeze(-1)  # [N, T, 1]
            x = x.masked_fill(wide, 0.0)  # [N, T, 8]
        return x


class Both(nn.Module):
    def __init__(self, encoder: Encoder | None = None) -> None:
        super().__init__()
        self.encoder = Encoder() if encoder is None else encoder

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        encoder = self.encoder(x, mask)
        return encoder + self.encoder(x)


class Never(nn.Module):
    def __init__(self, encoder: Encoder | None = None) -> None:
        super().__init__()
        self.encoder = Encoder() if encoder is None else encoder
        self.fc = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.encoder(x)
        return self.fc(x)  # [N, T, 3]

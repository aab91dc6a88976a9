"""Long short-term memory (Hochreiter and Schmidhuber, 1997) written gate by gate,
classifying by its last state.

Inputs
    x: float32[N, T, 8]
Outputs
    output: float32[N, 4]

Load the weights with

    model = Model()
    model.load_state_dict(safetensors.torch.load_file("model.safetensors"))
"""

from torch import Tensor, nn


class Affine(nn.Module):
    """W x + U h + b, of which each gate is an activation."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Linear(8, 32)
        self.u = nn.Linear(32, 32, bias=False)

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        x = self.w(x)  # [N, 32]
        return x + self.u(h)


class LstmCell(nn.Module):
    """Hochreiter and Schmidhuber (1997), with the forget gate of Gers et al. (2000)."""

    def __init__(self) -> None:
        super().__init__()
        self.f = Affine()
        self.i = Affine()
        self.g = Affine()
        self.o = Affine()

    def forward(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        f = self.f(x, h)  # [N, 32]
        i = self.i(x, h)  # [N, 32]
        g = self.g(x, h)  # [N, 32]
        o = self.o(x, h)  # [N, 32]
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        return h, c


class LstmGates(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn = LstmCell()
        self.fc = nn.Linear(32, 4)

    def forward(self, x: Tensor) -> Tensor:
        n = x.shape[0]
        h = x.new_zeros(n, 32)  # [N, 32]
        c = x.new_zeros(n, 32)  # [N, 32]
        for x_t in x.unbind(1):
            h, c = self.rnn(x_t, h, c)
        return self.fc(h)  # [N, 4]


Model = LstmGates

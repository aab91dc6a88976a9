"""An encoder and a decoder with global attention over the source, trained on the true
target words (Luong et al., 2015, Effective approaches to attention-based neural
machine translation).

Inputs
    source: int64[N, S]
    source_lengths: int64[N]
    target: int64[N, T]
Outputs
    logits: float32[N, T, 900]

Requires
    S <= 512

Load the weights with

    model = Model()
    model.load_state_dict(safetensors.torch.load_file("model.safetensors"))
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def run_packed_lstm(
    lstm: nn.LSTM, x: Tensor, lengths: Tensor, hx: tuple[Tensor, Tensor] | None = None
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Stop each sequence at its length; the output is zero from there on."""
    steps = x.size(1 if lstm.batch_first else 0)
    packed = nn.utils.rnn.pack_padded_sequence(
        x, lengths.cpu(), batch_first=lstm.batch_first, enforce_sorted=False
    )
    packed, state = lstm(packed, hx)
    output, _ = nn.utils.rnn.pad_packed_sequence(
        packed, batch_first=lstm.batch_first, total_length=steps
    )
    return output, state


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(800, 64)
        self.dropout = nn.Dropout(0.2)
        self.lstm = nn.LSTM(64, 96, num_layers=2, batch_first=True, dropout=0.2)

    def forward(
        self, source: Tensor, source_lengths: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        x = self.dropout(self.embedding(source))  # [N, S, 64]
        output, (h_n, c_n) = run_packed_lstm(self.lstm, x, source_lengths)
        return output, h_n, c_n


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(900, 64)
        self.dropout = nn.Dropout(0.2)
        self.lstm = nn.LSTM(64, 96, num_layers=2, batch_first=True, dropout=0.2)

    def forward(self, target: Tensor, h_n: Tensor, c_n: Tensor) -> Tensor:
        x = self.dropout(self.embedding(target))  # [N, T, 64]
        output, _ = self.lstm(x, (h_n, c_n))
        return output


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.query = nn.Linear(96, 96, bias=False)
        self.combine = nn.Linear(192, 96, bias=False)

    def forward(self, x: Tensor, encoder: Tensor, mask: Tensor) -> Tensor:
        h = self.query(x)
        h = F.scaled_dot_product_attention(h, encoder, encoder, mask, scale=1.0)
        return self.combine(torch.cat([h, x], dim=-1)).tanh()


class Translation(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.decoder = Decoder()
        self.attention = Attention()
        self.head = nn.Linear(96, 900)

    def forward(self, source: Tensor, source_lengths: Tensor, target: Tensor) -> Tensor:
        output, h_n, c_n = self.encoder(source, source_lengths)
        decoder = self.decoder(target, h_n, c_n)  # [N, T, 96]
        positions = torch.arange(source.shape[1], device=source.device)  # [S]
        mask = (positions < source_lengths.unsqueeze(-1)).unsqueeze(1)  # [N, 1, S]
        x = self.attention(decoder, output, mask)
        return self.head(x)  # [N, T, 900]


Model = Translation

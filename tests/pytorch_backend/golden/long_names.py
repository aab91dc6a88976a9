"""Several results whose names do not fit into a line.

Inputs
    x: float32[N, 8]
Outputs
    joined: float32[N, 6]
    more: float32[N, 15]

Load the weights with

    model = Model()
    model.load_state_dict(safetensors.torch.load_file("model.safetensors"))
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Thirds(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(8, 6)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        a, b, c = self.fc(x).chunk(3, dim=1)
        return a, b, c


class ABlockWithANameThatIsTooLongForALine(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(8, 9)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        a, b, c = self.fc(x).chunk(3, dim=1)
        return a, b, c


class LongNamesOutput(NamedTuple):
    joined: Tensor
    more: Tensor


class LongNames(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.an_output_with_quite_a_long_name = Thirds()
        self.an_output_that_is_long_too = ABlockWithANameThatIsTooLongForALine()

    def forward(self, x: Tensor) -> LongNamesOutput:
        (
            an_output_with_quite_a_long_name,
            another_output_with_quite_a_long_name,
            a_third_one_with_a_name,
        ) = self.an_output_with_quite_a_long_name(x)
        (
            an_output_that_is_long_too,
            another_output_that_is_long_too,
            third,
        ) = self.an_output_that_is_long_too(x)
        joined = torch.cat(
            [
                an_output_with_quite_a_long_name,
                another_output_with_quite_a_long_name,
                a_third_one_with_a_name,
            ],
            dim=1,
        )  # [N, 6]
        more = torch.cat(
            [
                third,
                another_output_that_is_long_too,
                an_output_that_is_long_too,
                joined,
            ],
            dim=1,
        )  # [N, 15]
        return LongNamesOutput(joined, more)


Model = LongNames

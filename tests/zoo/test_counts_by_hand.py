"""Numbers of parameters that are counted here from the structure that each paper gives.

For models of which no library publishes a number, or none that can be relied on.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from zoo_specs import SPECS

import archc


def linear(inputs: int, outputs: int) -> int:
    return inputs * outputs + outputs


def conv(inputs: int, outputs: int, *kernel: int) -> int:
    size = 1
    for each in kernel:
        size *= each
    return inputs * outputs * size + outputs


def ddpm() -> int:
    """Two residual blocks a level on the way down, three on the way up; attention at 16x16."""
    time = 512

    def block(inputs: int, outputs: int) -> int:
        shortcut = conv(inputs, outputs, 1) if inputs != outputs else 0
        first = 2 * inputs + conv(inputs, outputs, 3, 3) + linear(time, outputs)
        return first + 2 * outputs + conv(outputs, outputs, 3, 3) + shortcut

    def attention(width: int) -> int:
        return 2 * width + 4 * conv(width, width, 1)

    widths = [128, 256, 256, 256]
    skips, total, width = [128], linear(128, time) + linear(time, time) + conv(3, 128, 3, 3), 128
    for level, wide in enumerate(widths):
        for _ in range(2):
            total += block(width, wide) + (attention(wide) if level == 1 else 0)
            width = wide
            skips.append(width)
        if level < 3:
            total += conv(width, width, 3, 3)
            skips.append(width)
    total += 2 * block(width, width) + attention(width)
    for level, wide in reversed(list(enumerate(widths))):
        for _ in range(3):
            total += block(width + skips.pop(), wide) + (attention(wide) if level == 1 else 0)
            width = wide
        total += conv(width, width, 3, 3) if level else 0
    return total + 2 * width + conv(width, 3, 3, 3)


def nerf() -> int:
    """Figure 7 of the paper, whose input comes in again at the sixth layer."""
    point, view = 3 + 3 * 2 * 10, 3 + 3 * 2 * 4
    trunk = linear(point, 256) + 6 * linear(256, 256) + linear(256 + point, 256)
    return trunk + linear(256, 1) + linear(256, 256) + linear(256 + view, 128) + linear(128, 3)


def siamese() -> int:
    """Figure 4 of the paper; the last images have 6x6 places."""
    convs = conv(1, 64, 10, 10) + conv(64, 128, 7, 7) + conv(128, 128, 4, 4) + conv(128, 256, 4, 4)
    return convs + linear(256 * 6 * 6, 4096) + linear(4096, 1)


def pointnet() -> int:
    """Figure 2 of the paper with both transforms; its table 6 says 3.5 million."""

    def norm(width: int) -> int:
        return 2 * width

    def shared(*widths: int) -> int:
        return sum(conv(a, b, 1) + norm(b) for a, b in pairwise(widths))

    def head(outputs: int) -> int:
        return linear(1024, 512) + norm(512) + linear(512, 256) + norm(256) + linear(256, outputs)

    transforms = shared(3, 64, 128, 1024) + head(9) + shared(64, 64, 128, 1024) + head(64 * 64)
    return transforms + shared(3, 64, 128, 1024) + head(40)


def wavenet() -> int:
    """Thirty layers of 32 channels, 256 to the skips; the paper leaves the widths open."""
    layer = conv(32, 64, 2) + conv(32, 256, 1) + conv(32, 32, 1)
    return 256 * 32 + conv(32, 32, 2) + 30 * layer + conv(256, 256, 1) + conv(256, 256, 1)


def highway() -> int:
    """Ten layers of 50 units, two matrices in each."""
    return linear(784, 50) + 10 * 2 * linear(50, 50) + linear(50, 10)


def mixture_of_experts() -> int:
    """Six experts, two gates and two towers."""
    return 6 * linear(32, 16) + 2 * linear(32, 6) + 2 * (linear(16, 8) + linear(8, 1))


def two_tower() -> int:
    """One table of items for both towers, which are alike."""
    tables = 32 * (1000 + 5000 + 40)
    return tables + 2 * (linear(64, 64) + linear(64, 32))


def mlp_mixer() -> int:
    """Table 1 of the paper, B/16: 59 million."""
    block = 4 * 768 + linear(196, 384) + linear(384, 196) + linear(768, 3072) + linear(3072, 768)
    return conv(3, 768, 16, 16) + 12 * block + 2 * 768 + linear(768, 1000)


def unet_plus_plus() -> int:
    """Five levels; a unit sees the units before it in its row, and the last of the row below."""
    widths, rows = [32, 64, 128, 256, 512], 5

    def unit(inputs: int, width: int) -> int:
        return conv(inputs, width, 3, 3) + conv(width, width, 3, 3) + 2 * 2 * width

    total = sum(unit(a, b) for a, b in pairwise([3, *widths]))
    total += sum(
        unit(column * widths[row] + widths[row + 1], widths[row])
        for column in range(1, rows)
        for row in range(rows - column)
    )
    return total + conv(widths[0], 1, 1)


def gat() -> int:
    """Cora's 1,433 words and 7 classes; 8 heads of 8 features, then one of 7."""

    def layer(inputs: int, outputs: int) -> int:
        return inputs * outputs + 2 * outputs + outputs

    return layer(1433, 64) + layer(64, 7)


def realnvp() -> int:
    """Six coupling layers on 8 features, half of which say what is done to the other half."""
    return 6 * (linear(4, 64) + linear(64, 64) + linear(64, 8))


def vqvae() -> int:
    """Two convolutions down, two up, and a book of 64 entries."""
    down = conv(3, 32, 4, 4) + conv(32, 32, 4, 4) + conv(32, 8, 1)
    return down + 64 * 8 + conv(8, 32, 3, 3) + conv(32, 32, 4, 4) + conv(32, 3, 4, 4)


def dlrm() -> int:
    """Three tables; four vectors meet in six pairs."""
    tables = 16 * (1000 + 500 + 20)
    bottom = linear(13, 64) + linear(64, 32) + linear(32, 16)
    return tables + bottom + linear(16 + 6, 64) + linear(64, 32) + linear(32, 1)


MODELS: dict[str, Callable[[], int]] = {
    "basics/highway": highway,
    "generative/ddpm": ddpm,
    "generative/realnvp": realnvp,
    "generative/vqvae": vqvae,
    "geometry/gat": gat,
    "geometry/nerf": nerf,
    "geometry/pointnet": pointnet,
    "images/mlp_mixer": mlp_mixer,
    "images/siamese": siamese,
    "images/unet_plus_plus": unet_plus_plus,
    "recommenders/dlrm": dlrm,
    "recommenders/mixture_of_experts": mixture_of_experts,
    "recommenders/two_tower": two_tower,
    "sequences/wavenet": wavenet,
}


@pytest.mark.parametrize("spec", MODELS)
def test_counts(spec: str) -> None:
    [summary] = archc.compile(SPECS / f"{spec}.yaml").summary()
    assert summary.parameters == MODELS[spec]()

"""The zoo's published models have their published numbers of parameters and multiply-adds.

Every number is what a library or paper says of the model, named above each part of the table; where
multiply-adds are published, they are rounded, and compared so. torchvision's are `num_params` and
`_ops` (in 10^9) of the model's weights, counted at the size that those weights are evaluated at.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest
from zoo_specs import SPECS, variants

import archc
from archc.report.summary import Summary


class Published(NamedTuple):
    """What is said of a model: parameters, and multiply-adds in 10^9 to two or three places, at a size."""

    spec: str
    variant: str | None
    parameters: int
    giga: float | None = None
    size: int = 224

    @property
    def id(self) -> str:
        return self.variant or self.spec.rpartition("/")[2]


AUXILIARY = (768 * 128 + 2 * 128) + (128 * 5 * 5 * 768 + 2 * 768) + (768 * 1000 + 1000)
"""Inception-v3's second classifier, which is in the number of parameters and not in the multiply-adds."""

TORCHVISION = [
    Published("images/alexnet", None, 61_100_840, 0.71),
    Published("images/vgg", "vgg11", 132_863_336, 7.61),
    Published("images/vgg", "vgg13", 133_047_848, 11.31),
    Published("images/vgg", "vgg16", 138_357_544, 15.47),
    Published("images/vgg", "vgg19", 143_667_240, 19.63),
    Published("images/resnet", "resnet18", 11_689_512, 1.81),
    Published("images/resnet", "resnet34", 21_797_672, 3.66),
    Published("images/resnet", "resnet50", 25_557_032, 4.09),
    Published("images/resnet", "resnet101", 44_549_160, 7.80),
    Published("images/resnet", "resnet152", 60_192_808, 11.51),
    Published("images/resnet", "resnext50_32x4d", 25_028_904, 4.23),
    Published("images/resnet", "resnext101_32x8d", 88_791_336, 16.41),
    Published("images/resnet", "resnext101_64x4d", 83_455_272, 15.46),
    Published("images/resnet", "wide_resnet50_2", 68_883_240, 11.40),
    Published("images/resnet", "wide_resnet101_2", 126_886_696, 22.75),
    Published("images/squeezenet", "squeezenet1_0", 1_248_424, 0.82),
    Published("images/squeezenet", "squeezenet1_1", 1_235_496, 0.35),
    Published("images/densenet", "densenet121", 7_978_856, 2.83),
    Published("images/densenet", "densenet161", 28_681_000, 7.73),
    Published("images/densenet", "densenet169", 14_149_480, 3.36),
    Published("images/densenet", "densenet201", 20_013_928, 4.29),
    Published("images/googlenet", None, 6_624_904, 1.50),
    Published("images/inception_v3", "inception_v3_training", 27_161_264),
    Published("images/inception_v3", None, 27_161_264 - AUXILIARY, 5.71, 299),
    Published("images/mobilenet_v2", None, 3_504_872, 0.30),
    Published("images/mobilenet_v3", "mobilenet_v3_large", 5_483_032, 0.22),
    Published("images/mobilenet_v3", "mobilenet_v3_small", 2_542_856, 0.06),
    Published("images/mnasnet", "mnasnet0_5", 2_218_512, 0.10),
    Published("images/mnasnet", "mnasnet0_75", 3_170_208, 0.215),
    Published("images/mnasnet", "mnasnet1_0", 4_383_312, 0.31),
    Published("images/mnasnet", "mnasnet1_3", 6_282_256, 0.53),
    Published("images/shufflenet_v2", "shufflenet_v2_x0_5", 1_366_792, 0.04),
    Published("images/shufflenet_v2", "shufflenet_v2_x1_0", 2_278_604, 0.14),
    Published("images/shufflenet_v2", "shufflenet_v2_x1_5", 3_503_624, 0.30),
    Published("images/shufflenet_v2", "shufflenet_v2_x2_0", 7_393_996, 0.58),
    Published("images/efficientnet", "efficientnet_b0", 5_288_548, 0.39),
    Published("images/efficientnet", "efficientnet_b1", 7_794_184, 0.69, 240),
    Published("images/efficientnet", "efficientnet_b2", 9_109_994, 1.09, 288),
    Published("images/efficientnet", "efficientnet_b3", 12_233_232, 1.83, 300),
    Published("images/efficientnet", "efficientnet_b4", 19_341_616, 4.39, 380),
    Published("images/efficientnet", "efficientnet_b5", 30_389_784, 10.27, 456),
    Published("images/efficientnet", "efficientnet_b6", 43_040_704, 19.07, 528),
    Published("images/efficientnet", "efficientnet_b7", 66_347_960, 37.75, 600),
    Published("images/regnet", "regnet_y_400mf", 4_344_144, 0.40),
    Published("images/regnet", "regnet_y_800mf", 6_432_512, 0.83),
    Published("images/regnet", "regnet_y_1_6gf", 11_202_430, 1.61),
    Published("images/regnet", "regnet_y_3_2gf", 19_436_338, 3.18),
    Published("images/regnet", "regnet_y_8gf", 39_381_472, 8.47),
    Published("images/regnet", "regnet_x_400mf", 5_495_976, 0.41),
    Published("images/regnet", "regnet_x_800mf", 7_259_656, 0.80),
    Published("images/regnet", "regnet_x_1_6gf", 9_190_136, 1.60),
    Published("images/regnet", "regnet_x_3_2gf", 15_296_552, 3.18),
    Published("images/convnext", "convnext_tiny", 28_589_128, 4.46),
    Published("images/convnext", "convnext_small", 50_223_688, 8.68),
    Published("images/convnext", "convnext_base", 88_591_464, 15.355),
    Published("images/convnext", "convnext_large", 197_767_336, 34.36),
    Published("images/fcn", "fcn_resnet50", 35_322_218, 152.72, 520),
    Published("images/fcn", "fcn_resnet101", 54_314_346, 232.74, 520),
    Published("images/fcn", "deeplabv3_resnet50", 42_004_074, 178.72, 520),
    Published("images/fcn", "deeplabv3_resnet101", 60_996_202, 258.74, 520),
    Published("detection/ssd300_vgg16", None, 35_641_826, 34.86, 300),
    Published("transformers/swin", "swin_t", 28_288_354, 4.49),
    Published("transformers/swin", "swin_s", 49_606_258, 8.74),
    Published("transformers/swin", "swin_b", 87_768_224, 15.43),
    Published("video/r3d", "r3d_18", 33_371_472, 40.70, 112),
    Published("video/r3d", "mc3_18", 11_695_440, 43.34, 112),
    Published("video/r3d", "r2plus1d_18", 31_505_325, 40.52, 112),
]
"""torchvision's weights of version 0.15 and later, of ImageNet-1K, of COCO for what segments and detects,
of Kinetics-400 for videos of 16 frames."""

ULTRALYTICS = [
    Published("detection/yolov8", "yolov8n", 3_157_184),
    Published("detection/yolov8", "yolov8s", 11_166_544),
    Published("detection/yolov8", "yolov8m", 25_902_624),
    Published("detection/yolov8", "yolov8l", 43_691_504),
    Published("detection/yolov8", "yolov8x", 68_229_632),
]
"""The "gradients" in `yolov8.yaml` of the authors: their other 16 parameters count from 0 to 15."""

OTHERS = [
    Published("generative/ddpm", None, 35_746_307),
    Published("geometry/nerf", None, 595_844),
    Published("images/siamese", None, 38_951_745),
]
"""The paper of DDPM says 35.7 million; of NeRF it is what nerf-pytorch makes for each of its two networks.
These three and what has no published number are counted from the papers' structure in
`test_counts_by_hand.py`."""

TABLE = [*TORCHVISION, *ULTRALYTICS, *OTHERS]


def at(published: Published, spec: archc.Compiled) -> Summary:
    """Count a model at the image size of its weights."""
    [model] = spec.program.models
    symbols = {str(size) for value in model.module.inputs for size in value.type.shape}
    sizes = {
        name: size
        for name, size in (("H", published.size), ("W", published.size), ("T", 16))
        if name in symbols
    }
    [summary] = spec.summary(N=1, **sizes)
    return summary


@pytest.mark.parametrize("published", TABLE, ids=lambda each: each.id)
def test_counts(published: Published) -> None:
    spec, found = archc.check(SPECS / f"{published.spec}.yaml", variant=published.variant)
    assert spec is not None
    assert not found
    summary = at(published, spec)
    assert summary.parameters == published.parameters
    if published.giga is not None:
        assert abs(summary.multiply_adds / 1e9 - published.giga) < 0.00501


@pytest.mark.parametrize("spec", sorted({each.spec for each in TABLE}))
def test_each_variant_of_a_published_size_is_counted(spec: str) -> None:
    small = ("small", "tiny", "atto", "training")
    known = {each.variant for each in TABLE if each.spec == spec}
    missing = set(variants(SPECS / f"{spec}.yaml")) - known
    assert all(name.rpartition("_")[2] in small for name in missing), missing


@pytest.mark.parametrize(
    ("variant", "giga"), [("n", 8.7), ("s", 28.6), ("m", 78.9), ("l", 165.2), ("x", 257.8)]
)
def test_yolov8_costs_what_its_authors_say(variant: str, giga: float) -> None:
    """They count two operations for a multiply-add, at 640 pixels, and some of what is no product."""
    compiled = archc.compile(SPECS / "detection/yolov8.yaml", variant=f"yolov8{variant}")
    [summary] = compiled.summary(N=1, h=20, w=20)
    assert abs(2 * summary.multiply_adds / 1e9 - giga) < 0.1

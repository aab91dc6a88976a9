"""The zoo's published models have their published numbers of parameters, multiply-adds and keys.

Every number is what a library or a paper says of the model, named below each part of the table.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import pytest
from zoo_specs import SPECS, variants

import archc
from archc.ir.program import weights
from archc.report.summary import Summary


class Published(NamedTuple):
    """What is said of a model: parameters, and multiply-adds in 10^9 at an image size.

    `keys` is the start of a SHA-256 of all its keys with their shapes, as `digest` makes it.
    """

    spec: str
    variant: str | None
    parameters: int
    giga: float | None = None
    size: int = 224
    keys: str | None = None

    @property
    def id(self) -> str:
        return self.variant or self.spec.rpartition("/")[2]


AUXILIARY = (768 * 128 + 2 * 128) + (128 * 5 * 5 * 768 + 2 * 768) + (768 * 1000 + 1000)
"""Inception-v3's second classifier, which is in the number of parameters and not in the multiply-adds."""

TORCHVISION = [
    Published("images/alexnet", None, 61_100_840, 0.714, 224, "8f6817c9799582c5"),
    Published("images/vgg", "vgg11", 132_863_336, 7.609, 224, "dfaad4444721ce51"),
    Published("images/vgg", "vgg13", 133_047_848, 11.308, 224, "bc5b967b83e5f608"),
    Published("images/vgg", "vgg16", 138_357_544, 15.470, 224, "d2286dfb05d3e8f4"),
    Published("images/vgg", "vgg19", 143_667_240, 19.632, 224, "40b723dd68917a41"),
    Published("images/resnet", "resnet18", 11_689_512, 1.814, 224, "8e10ac3d87c91510"),
    Published("images/resnet", "resnet34", 21_797_672, 3.664, 224, "46a73ca0d49c4d56"),
    Published("images/resnet", "resnet50", 25_557_032, 4.089, 224, "86f173c1b1aab74f"),
    Published("images/resnet", "resnet101", 44_549_160, 7.801, 224, "8b8c22d0e12d6d8a"),
    Published("images/resnet", "resnet152", 60_192_808, 11.514, 224, "7b22d862f921840b"),
    Published("images/resnet", "resnext50_32x4d", 25_028_904, 4.230, 224, "a0504e0efe344d31"),
    Published("images/resnet", "resnext101_32x8d", 88_791_336, 16.414, 224, "726a1a15523c2ae4"),
    Published("images/resnet", "resnext101_64x4d", 83_455_272, 15.460, 224, "c841d5cdd86d2a1f"),
    Published("images/resnet", "wide_resnet50_2", 68_883_240, 11.398, 224, "2dd8aaa848642d4e"),
    Published("images/resnet", "wide_resnet101_2", 126_886_696, 22.753, 224, "198b790c2c0deb03"),
    Published("images/squeezenet", "squeezenet1_0", 1_248_424, 0.819, 224, "38ccac54e8656c06"),
    Published("images/squeezenet", "squeezenet1_1", 1_235_496, 0.349, 224, "504671eb7a513d62"),
    Published("images/densenet", "densenet121", 7_978_856, 2.834, 224, "2abefd8da315bec9"),
    Published("images/densenet", "densenet161", 28_681_000, 7.728, 224, "9291831e5eac5219"),
    Published("images/densenet", "densenet169", 14_149_480, 3.360, 224, "54871a158faffe03"),
    Published("images/densenet", "densenet201", 20_013_928, 4.291, 224, "9119314e9ea06754"),
    Published("images/googlenet", None, 6_624_904, 1.498, 224, "35a8a25655064fd9"),
    Published("images/inception_v3", "inception_v3_training", 27_161_264, None, 224, "c81f831e36652125"),
    Published("images/inception_v3", None, 27_161_264 - AUXILIARY, 5.713, 299, "a71d60f7c0775cf2"),
    Published("images/mobilenet_v2", None, 3_504_872, 0.301, 224, "bd1be2891cfc9bf7"),
    Published("images/mobilenet_v3", "mobilenet_v3_large", 5_483_032, 0.217, 224, "170103a6bf067a61"),
    Published("images/mobilenet_v3", "mobilenet_v3_small", 2_542_856, 0.057, 224, "197d52d3eff7a012"),
    Published("images/mnasnet", "mnasnet0_5", 2_218_512, 0.104, 224, "2b28be6ad2456287"),
    Published("images/mnasnet", "mnasnet0_75", 3_170_208, 0.215, 224, "9b631d09572c0c02"),
    Published("images/mnasnet", "mnasnet1_0", 4_383_312, 0.314, 224, "9ce830cabe2bce6d"),
    Published("images/mnasnet", "mnasnet1_3", 6_282_256, 0.526, 224, "0801db7d2f660afa"),
    Published("images/shufflenet_v2", "shufflenet_v2_x0_5", 1_366_792, 0.040, 224, "0c3da4e04efc9de2"),
    Published("images/shufflenet_v2", "shufflenet_v2_x1_0", 2_278_604, 0.145, 224, "807e10a932b27202"),
    Published("images/shufflenet_v2", "shufflenet_v2_x1_5", 3_503_624, 0.296, 224, "a37747dd92ac136f"),
    Published("images/shufflenet_v2", "shufflenet_v2_x2_0", 7_393_996, 0.583, 224, "66a59d218dcbebfe"),
    Published("images/efficientnet", "efficientnet_b0", 5_288_548, 0.386, 224, "65dc7097a4dc9dd0"),
    Published("images/efficientnet", "efficientnet_b1", 7_794_184, 0.687, 240, "74e8f1570b0f60ac"),
    Published("images/efficientnet", "efficientnet_b2", 9_109_994, 1.088, 288, "8b04410e2ce3bf88"),
    Published("images/efficientnet", "efficientnet_b3", 12_233_232, 1.827, 300, "2d1ed4105bc5e4f1"),
    Published("images/efficientnet", "efficientnet_b4", 19_341_616, 4.394, 380, "69701bb97b86ebbb"),
    Published("images/efficientnet", "efficientnet_b5", 30_389_784, 10.266, 456, "c1e06b4d0719cd73"),
    Published("images/efficientnet", "efficientnet_b6", 43_040_704, 19.068, 528, "1c8d306d648f5661"),
    Published("images/efficientnet", "efficientnet_b7", 66_347_960, 37.746, 600, "d885e1e90778c483"),
    Published("images/regnet", "regnet_y_400mf", 4_344_144, 0.402, 224, "21f639ff86dab3df"),
    Published("images/regnet", "regnet_y_800mf", 6_432_512, 0.834, 224, "64997272e1e613cd"),
    Published("images/regnet", "regnet_y_1_6gf", 11_202_430, 1.612, 224, "9bb18a3dd94cd952"),
    Published("images/regnet", "regnet_y_3_2gf", 19_436_338, 3.176, 224, "521b7fbbe5eaa566"),
    Published("images/regnet", "regnet_y_8gf", 39_381_472, 8.473, 224, "a521a0b9644346eb"),
    Published("images/regnet", "regnet_x_400mf", 5_495_976, 0.414, 224, "f6eae75fcaa772b4"),
    Published("images/regnet", "regnet_x_800mf", 7_259_656, 0.800, 224, "6877750e1a0b6dfb"),
    Published("images/regnet", "regnet_x_1_6gf", 9_190_136, 1.603, 224, "058dcf1ef9cb0e67"),
    Published("images/regnet", "regnet_x_3_2gf", 15_296_552, 3.177, 224, "5f6ac2986fc2bc50"),
    Published("images/convnext", "convnext_tiny", 28_589_128, 4.456, 224, "88efe52f73daf25f"),
    Published("images/convnext", "convnext_small", 50_223_688, 8.684, 224, "587dba99f2c420ad"),
    Published("images/convnext", "convnext_base", 88_591_464, 15.355, 224, "b0e9ed2b9837fcf0"),
    Published("images/convnext", "convnext_large", 197_767_336, 34.361, 224, "092cc37afed848c4"),
    Published("images/fcn", "fcn_resnet50", 35_322_218, 152.717, 520, "79350bdf83c49dcb"),
    Published("images/fcn", "fcn_resnet101", 54_314_346, 232.738, 520, "0b754701243f5a50"),
    Published("images/fcn", "deeplabv3_resnet50", 42_004_074, 178.722, 520, "6075b1a73c062def"),
    Published("images/fcn", "deeplabv3_resnet101", 60_996_202, 258.743, 520, "a54030cf644bbac1"),
    Published("detection/ssd300_vgg16", None, 35_641_826, 34.858, 300, "36df2d8de04ec33e"),
    Published("transformers/swin", "swin_t", 28_288_354, 4.491, 224, "4ff5cadf587d2427"),
    Published("transformers/swin", "swin_s", 49_606_258, 8.741, 224, "93674146e9ca4671"),
    Published("transformers/swin", "swin_b", 87_768_224, 15.431, 224, "a9c9a04c276690b3"),
    Published("video/r3d", "r3d_18", 33_371_472, 40.697, 112, "5829021e10be3aa4"),
    Published("video/r3d", "mc3_18", 11_695_440, 43.343, 112, "0254c06ed39f0fa5"),
    Published("video/r3d", "r2plus1d_18", 31_505_325, 40.519, 112, "cf77bcda18d292dd"),
]
"""From torchvision 0.29.1: `num_params` and `_ops` of the weights' `meta`, at the size that they are
evaluated at (videos have 16 frames), and the keys of the models' `state_dict`, with `block1.0` for RegNet's
`block1.block1-0`. The default sizes of all but
SSD were also run beside torchvision's, with the same random weights: outputs are equal bit by bit, Swin's
to 3e-7 of the largest."""

ULTRALYTICS = [
    Published("detection/yolov8", "yolov8n", 3_157_184),
    Published("detection/yolov8", "yolov8s", 11_166_544),
    Published("detection/yolov8", "yolov8m", 25_902_624),
    Published("detection/yolov8", "yolov8l", 43_691_504),
    Published("detection/yolov8", "yolov8x", 68_229_632),
]
"""The "gradients" in `yolov8.yaml` of the authors: their other 16 parameters count from 0 to 15."""

DETR_FROZEN = 9_408 + 212_992
"""The weights of DETR's first convolution and first stage, which its authors do not train or count."""

OF_SOURCES = [
    Published("images/efficientnet_v2", "efficientnet_v2_s", 21_458_488, 8.366, 384),
    Published("images/efficientnet_v2", "efficientnet_v2_m", 54_139_356, 24.582, 480),
    Published("images/efficientnet_v2", "efficientnet_v2_l", 118_515_272, 56.08, 480),
    Published("detection/retinanet", "retinanet_resnet50_fpn", 34_014_999),
    Published("detection/detr", "detr_resnet50", 41_302_368 + DETR_FROZEN),
    Published("images/convnext_v2", "convnextv2_atto", 3_708_400),
    Published("images/convnext_v2", "convnextv2_femto", 5_233_240),
    Published("images/convnext_v2", "convnextv2_pico", 9_066_280),
    Published("images/convnext_v2", "convnextv2_nano", 15_623_800),
    Published("images/convnext_v2", "convnextv2_tiny", 28_635_496),
    Published("images/convnext_v2", "convnextv2_base", 88_717_800),
    Published("images/convnext_v2", "convnextv2_large", 197_956_840),
    Published("images/convnext_v2", "convnextv2_huge", 660_289_640),
    Published("images/dinov2", "dinov2_vits14", 22_056_576),
    Published("images/dinov2", "dinov2_vits14_reg", 22_058_112),
    Published("images/dinov2", "dinov2_vitb14", 86_580_480),
    Published("images/dinov2", "dinov2_vitl14", 304_368_640),
    Published("images/segformer", "segformer_b0", 3_752_694),
    Published("images/segformer", "segformer_b1", 13_715_798),
    Published("images/segformer", "segformer_b2", 27_461_974),
    Published("images/segformer", "segformer_b3", 47_337_814),
    Published("images/segformer", "segformer_b4", 64_108_374),
    Published("images/segformer", "segformer_b5", 84_708_694),
    Published("sequences/mamba", "mamba_130m", 129_135_360),
    Published("sequences/mamba", "mamba_370m", 371_516_416),
    Published("sequences/mamba", "mamba_790m", 793_204_224),
    Published("sequences/mamba", "mamba_1_4b", 1_372_178_432),
    Published("sequences/mamba", "mamba_2_8b", 2_768_345_600),
    Published("transformers/albert", "albert_base", 11_683_584),
    Published("transformers/albert", "albert_large", 17_683_968),
    Published("transformers/albert", "albert_xlarge", 58_724_864),
    Published("transformers/albert", "albert_xxlarge", 222_595_584),
    Published("transformers/clip", "clip_vit_b_32", 151_277_313),
    Published("transformers/clip", "clip_vit_b_16", 149_620_737),
    Published("transformers/clip", "clip_vit_l_14", 427_616_513),
    Published("transformers/whisper", "whisper_tiny", 37_184_640),
    Published("transformers/whisper", "whisper_base", 71_825_920),
    Published("transformers/whisper", "whisper_small", 240_582_912),
    Published("transformers/whisper", "whisper_medium", 762_321_920),
    Published("transformers/whisper", "whisper_large", 1_541_384_960),
    Published("transformers/pythia", "pythia_70m", 70_426_624),
    Published("transformers/pythia", "pythia_160m", 162_322_944),
    Published("transformers/pythia", "pythia_410m", 405_334_016),
    Published("transformers/pythia", "pythia_1b", 1_011_781_632),
    Published("transformers/pythia", "pythia_1_4b", 1_414_647_808),
    Published("transformers/decoder", "qwen2_0_5b", 494_032_768),
    Published("transformers/decoder", "qwen2_7b", 7_615_616_512),
    Published("transformers/decoder", "qwen3_0_6b", 596_049_920),
    Published("transformers/decoder", "tinyllama", 1_100_048_384),
    Published("transformers/decoder", "mistral_7b", 7_241_732_096),
    Published("transformers/decoder", "gemma_2b", 2_506_172_416),
    Published("transformers/decoder", "gemma2_2b", 2_614_341_888),
]
"""What their authors and libraries say of them. They were written after
the libraries' source and not run beside it."""

OTHERS = [
    Published("generative/ddpm", None, 35_746_307),
    Published("geometry/nerf", None, 595_844),
    Published("images/siamese", None, 38_951_745),
]
"""The paper of DDPM says 35.7 million; of NeRF it is what nerf-pytorch makes for each of its two networks.
These three and what has no published number are counted from the papers' structure in
`test_counts_by_hand.py`."""

TABLE = [*TORCHVISION, *ULTRALYTICS, *OF_SOURCES, *OTHERS]


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


def digest(spec: archc.Compiled) -> str:
    """Give what stands for all keys and shapes: lines such as `fc.weight 1000 2048`, sorted."""
    [model] = spec.program.models
    lines = [" ".join([key, *map(str, param.shape)]) for key, param in weights(model.module)]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:16]


FIRST = {each.spec: each for each in reversed(TABLE)}
CASES = [
    pytest.param(each, id=each.id, marks=() if each is FIRST[each.spec] else pytest.mark.slow)
    for each in TABLE
]


@pytest.mark.parametrize("published", CASES)
def test_counts(published: Published) -> None:
    spec, found = archc.check(SPECS / f"{published.spec}.yaml", variant=published.variant)
    assert spec is not None
    assert not found
    summary = at(published, spec)
    assert summary.parameters == published.parameters
    if published.giga is not None:
        assert abs(summary.multiply_adds / 1e9 - published.giga) < 0.000501
    if published.keys is not None:
        assert digest(spec) == published.keys


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

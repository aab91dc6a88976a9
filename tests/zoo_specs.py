"""The specs of the zoo with their variants, for the tests that go through all of them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

SPECS = Path(__file__).parents[1] / "specs"
LARGE = {
    "albert": "albert_tiny",
    "alexnet": "",
    "bert": "bert_small",
    "bert_classifier": "bert_small_classifier",
    "clip": "clip_small",
    "convnext": "convnext_atto",
    "convnext_v2": "convnextv2_small",
    "ddpm": "ddpm_small",
    "decoder": "qwen2_tiny gemma2_tiny qwen3_tiny",
    "densenet": "densenet_small",
    "detr": "detr_small",
    "dinov2": "dinov2_tiny",
    "distilbert": "distilbert_tiny",
    "efficientnet": "efficientnet_small",
    "efficientnet_v2": "efficientnet_v2_small",
    "fcn": "",
    "googlenet": "",
    "gpt2": "gpt2_small",
    "inception_v3": "",
    "llama": "llama_small llama_small_tied",
    "mamba": "mamba_tiny",
    "mixtral": "mixtral_tiny",
    "mlp_mixer": "mixer_small",
    "mnasnet": "",
    "mobilenet_v3": "",
    "nerf": "nerf_small",
    "pointnet": "pointnet_small",
    "pythia": "pythia_tiny",
    "r3d": "r3d_small r2plus1d_small",
    "regnet": "",
    "resnet": "resnet18",
    "retinanet": "retinanet_small",
    "roberta": "roberta_tiny",
    "segformer": "segformer_small",
    "shufflenet_v2": "",
    "siamese": "siamese_small",
    "squeezenet": "",
    "ssd300_vgg16": "",
    "swin": "swin_small",
    "t5": "t5_tiny",
    "unet2015": "",
    "unet_plus_plus": "unet_plus_plus_small",
    "unet_recursive": "",
    "vgg": "",
    "vit": "vit_small",
    "vit_b_16": "",
    "wavenet": "wavenet_small",
    "whisper": "whisper_micro_tiny",
    "yolov8": "",
}
"""Specs of published size, each with its small variants."""

HUGE = ("decoder", "llama", "mixtral")

INNER = [
    "mlp",
    "lenet5",
    "resnet18",
    "unet_small",
    "detector",
    "dcgan",
    "vae",
    "lstm_gates",
    "gru_classifier",
    "translation",
    "gpt",
    "bert_small",
    "llama_small_tied",
    "mixture_of_experts",
    "digits_cnn",
]
"""What the inner loop goes through: one of each kind. The others are marked slow."""


class Zoo(NamedTuple):
    """A spec, or one variant of it."""

    path: Path
    variant: str | None

    @property
    def name(self) -> str:
        return self.variant or self.path.stem

    @property
    def large(self) -> bool:
        return self.path.stem in LARGE and self.variant not in LARGE[self.path.stem].split()

    @property
    def huge(self) -> bool:
        """Whether its weights are too many to be made in a test."""
        return self.variant is None and self.path.stem in HUGE


def variants(path: Path) -> list[str]:
    return list(yaml.safe_load(path.read_text(encoding="utf-8")).get("variants", {}))


def entries() -> list[Zoo]:
    """Give all specs and variants but the further variants of large ones, whose parts are only counted."""
    paths = sorted(SPECS.rglob("*.yaml"))
    found = [Zoo(path, variant) for path in paths for variant in (None, *variants(path))]
    return [each for each in found if each.variant is None or not each.large]


def marked(each: Zoo) -> object:
    """Give the entry as a case of a test: slow, unless the inner loop has it."""
    return pytest.param(each, id=each.name, marks=() if each.name in INNER else pytest.mark.slow)


def everything() -> list[object]:
    """Give specs and variants: for what is quick whatever the size."""
    return [marked(each) for each in entries()]


def by_size() -> list[object]:
    """Give specs and variants, but the huge: for what makes weights or runs them."""
    return [marked(each) for each in entries() if not each.huge]


def small() -> list[object]:
    """Give those that are not large."""
    return [marked(each) for each in entries() if not each.large]


def files() -> list[object]:
    """Give the files, for what does not ask for variants."""
    inner = {each.path for each in entries() if each.name in INNER}
    paths = sorted(SPECS.rglob("*.yaml"))
    return [
        pytest.param(path, id=path.stem, marks=() if path in inner else pytest.mark.slow) for path in paths
    ]

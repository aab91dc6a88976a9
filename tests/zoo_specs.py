"""The specs of the zoo with their variants, for the tests that go through all of them."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

SPECS = Path(__file__).parents[1] / "specs"
LARGE = (
    "alexnet",
    "bert",
    "bert_classifier",
    "gpt2",
    "llama",
    "resnet",
    "unet2015",
    "vgg",
    "vit",
    "vit_b_16",
)
SMALL = ("gpt2_small", "resnet18", "bert_small", "bert_small_classifier")
SMALL += ("llama_small", "llama_small_tied", "vit_small")
HUGE = ("llama",)


class Zoo(NamedTuple):
    """A spec, or one variant of it."""

    path: Path
    variant: str | None

    @property
    def name(self) -> str:
        return self.variant or self.path.stem

    @property
    def large(self) -> bool:
        return self.path.stem in LARGE and self.variant not in SMALL

    @property
    def huge(self) -> bool:
        """Whether its weights are too many to be made in a test."""
        return self.variant is None and self.path.stem in HUGE


def variants(path: Path) -> list[str]:
    return list(yaml.safe_load(path.read_text(encoding="utf-8")).get("variants", {}))


def entries() -> list[Zoo]:
    paths = sorted(SPECS.rglob("*.yaml"))
    return [Zoo(path, variant) for path in paths for variant in (None, *variants(path))]


def everything() -> list[object]:
    """Give all specs and variants, without a mark: for what is quick whatever the size."""
    return [pytest.param(each, id=each.name) for each in entries()]


def by_size() -> list[object]:
    """Give specs and variants, the large ones marked slow: for what makes weights or runs them."""
    slow = pytest.mark.slow
    made = [each for each in entries() if not each.huge]
    return [pytest.param(each, id=each.name, marks=slow if each.large else ()) for each in made]


def small() -> list[object]:
    """Give those that are not large."""
    return [pytest.param(each, id=each.name) for each in entries() if not each.large]

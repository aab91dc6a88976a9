"""The emitted files, whole: what a user reads. `--update-golden` writes them anew."""

from __future__ import annotations

from pathlib import Path

import pytest

import archc
from archc.backends.pytorch import emit

HERE = Path(__file__).parent
ZOO = HERE.parents[1] / "specs"
OWN = sorted((HERE / "specs").glob("*.yaml"))
CASES: dict[str, tuple[Path, str | None]] = {
    **{path.stem: (path, None) for path in OWN},
    "lenet5": (ZOO / "images/lenet5.yaml", None),
    "resnet18": (ZOO / "images/resnet.yaml", "resnet18"),
    "resnet50": (ZOO / "images/resnet.yaml", "resnet50"),
    "mobilenet_v2": (ZOO / "images/mobilenet_v2.yaml", None),
    "densenet121": (ZOO / "images/densenet.yaml", "densenet121"),
    "yolov8n": (ZOO / "detection/yolov8.yaml", "yolov8n"),
    "unet": (ZOO / "images/unet.yaml", None),
    "unet_recursive": (ZOO / "images/unet_recursive.yaml", None),
    "unet2015": (ZOO / "images/unet2015.yaml", None),
    "detector": (ZOO / "images/detector.yaml", None),
    "dcgan": (ZOO / "generative/dcgan.yaml", None),
    "vae": (ZOO / "generative/vae.yaml", None),
    "lstm_gates": (ZOO / "sequences/lstm_gates.yaml", None),
    "translation": (ZOO / "sequences/translation.yaml", None),
    "encoder_classifier": (ZOO / "transformers/encoder_classifier.yaml", None),
    "gpt": (ZOO / "transformers/gpt.yaml", None),
    "gpt2": (ZOO / "transformers/gpt2.yaml", None),
    "llama": (ZOO / "transformers/llama.yaml", None),
    "bert": (ZOO / "transformers/bert.yaml", None),
    "vit": (ZOO / "transformers/vit.yaml", None),
    "vit_b_16": (ZOO / "transformers/vit_b_16.yaml", None),
}


@pytest.mark.parametrize("name", CASES)
def test_text(name: str, update_golden: bool) -> None:
    path, variant = CASES[name]
    text = emit(archc.compile(path, variant=variant).program)
    golden = HERE / "golden" / f"{name}.py"
    if update_golden:
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def test_every_golden_file_has_a_case() -> None:
    assert {path.stem for path in (HERE / "golden").glob("*.py")} == set(CASES)


def test_resnet50_is_no_longer_than_torchvisions() -> None:
    text = (HERE / "golden/resnet50.py").read_text(encoding="utf-8")
    assert text.count("class Bottleneck") == 1
    assert len(text.splitlines()) <= 190


def test_gpt2_is_short() -> None:
    assert len((HERE / "golden/gpt2.py").read_text(encoding="utf-8").splitlines()) <= 130


def test_one_class_for_each_block() -> None:
    several = ("dcgan", "names", "parallel", "twins", "variants_of_a_block", "yolov8n")
    for name in set(CASES) - set(several):
        text = (HERE / f"golden/{name}.py").read_text(encoding="utf-8")
        classes = [line.split("(")[0] for line in text.splitlines() if line.startswith("class ")]
        assert not any(line.removesuffix("2") in classes for line in classes if line.endswith("2")), name


def test_emission_is_deterministic() -> None:
    path, variant = CASES["resnet50"]
    first, second = (emit(archc.compile(path, variant=variant).program) for _ in range(2))
    assert first == second

"""Every spec of the zoo: PyTorch and ONNX Runtime agree, at several sizes."""

from __future__ import annotations

from pathlib import Path

import pytest

import archc

SPECS = Path(__file__).parents[2] / "specs"
LARGE = ("alexnet", "detector", "dcgan", "mobilenet_v2", "resnet", "unet", "unet2015", "vgg")


def found() -> list[object]:
    paths = sorted(SPECS.rglob("*.yaml"))
    slow = pytest.mark.slow
    return [pytest.param(p, id=p.stem, marks=slow if p.stem in LARGE else ()) for p in paths]


@pytest.mark.parametrize("spec", found())
def test_agrees(spec: Path) -> None:
    compiled, diagnostics = archc.check(spec)
    if compiled is None:
        pytest.skip(f"does not compile yet: {diagnostics[0].message}")
    report = compiled.verify()
    assert report.agrees, (report.failures[:3], report.culprits)
    assert report.checks

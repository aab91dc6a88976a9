"""The key maps that the documentation shows, applied to published models' weights: the same numbers."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from documents import ROOT, blocks

import archc

sys.path.insert(0, str(ROOT / "tests" / "reference"))

import check

torch.set_num_threads(1)

# How older files name what newer ones have, as transformers itself converts them.
OLDER = {
    r"vit\.layers\.": "vit.encoder.layer.",
    r"\.attention\.q_proj": ".attention.attention.query",
    r"\.attention\.k_proj": ".attention.attention.key",
    r"\.attention\.v_proj": ".attention.attention.value",
    r"\.attention\.o_proj": ".attention.output.dense",
    r"\.mlp\.fc1": ".intermediate.dense",
    r"\.mlp\.fc2": ".output.dense",
}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Write the files that the page shows."""
    for block in blocks((ROOT / "docs" / "weights.md").read_text(encoding="utf-8")):
        if block.file is not None:
            (tmp_path / block.file).write_text(block.text, encoding="utf-8")
    return tmp_path


def saved(path: Path, arrays: dict[str, np.ndarray]) -> Path:
    torch.save({key: torch.from_numpy(array) for key, array in arrays.items()}, path)
    return path


@pytest.mark.parametrize("older", [False, True], ids=["newer", "older"])
def test_vit_of_transformers_in_torchvisions_form(files: Path, older: bool) -> None:
    reference = check.load("vit_small")
    arrays = dict(check.weights_of(reference))
    if older:
        for theirs, name in OLDER.items():
            arrays = {re.sub(theirs, name, key): array for key, array in arrays.items()}
        arrays["vit.pooler.dense.weight"] = np.zeros((32, 32), np.float32)
    small: dict[str, object] = {"image_size": 32, "patch": 8, "dim": 32, "depth": 2, "num_heads": 4}
    small |= {"hidden": 64, "classes": 10, "eps": 1e-12}
    compiled = archc.compile(ROOT / "specs" / "transformers" / "vit_b_16.yaml", **small)
    module = compiled.module(
        weights=saved(files / "w.pt", arrays), weights_map=files / "vit_to_torchvision.yaml"
    )
    with torch.no_grad():
        logits = module.eval()(torch.from_numpy(check.inputs_of(reference)["pixel_values"]))
    lines = check.compare_outputs(reference, "main", {"logits": logits.numpy()})
    assert [line for line in lines if line["ok"] is False] == []


@pytest.mark.parametrize("older", [False, True], ids=["newer", "older"])
def test_gpt2_with_linear_layers(files: Path, older: bool) -> None:
    reference = check.load("gpt2_small")
    arrays = dict(check.weights_of(reference, "main"))
    if older:
        arrays = {key.removeprefix("transformer."): array for key, array in arrays.items()}
        arrays["h.0.attn.bias"] = np.tril(np.ones((1, 1, 32, 32), np.uint8))
    small: dict[str, object] = {"vocab": 128, "n_positions": 32, "dim": 32, "depth": 2, "heads": 4}
    compiled = archc.compile(files / "gpt2_linear.yaml", **small)
    module = compiled.module(weights=saved(files / "w.pt", arrays), weights_map=files / "gpt2_to_linear.yaml")
    with torch.no_grad():
        logits = module.eval()(torch.from_numpy(check.inputs_of(reference)["input_ids"]))
    lines = check.compare_outputs(reference, "main", {"logits": logits.numpy()})
    assert [line for line in lines if line["ok"] is False] == []

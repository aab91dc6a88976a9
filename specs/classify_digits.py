"""Classify the digits that a run held out, by its ONNX graph: `python classify_digits.py BUILD`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import onnxruntime
from sklearn.datasets import load_digits

SHADES = " .:-=+*#%@"
SHOWN = 6


def main(build: str) -> None:
    """Print the accuracy and a few digits with what the graph takes them for."""
    digits = load_digits()
    images = (digits.images / 16).astype("float32")[:, None]
    # A run keeps the first fifth of this order for validation: seed 0, as the spec says nothing else.
    held_out = np.random.default_rng([0, 0]).permutation(len(images))[: round(0.2 * len(images))]
    session = onnxruntime.InferenceSession(Path(build) / "model.onnx")
    [scores] = session.run(None, {"image": images[held_out]})
    found = scores.argmax(1)
    right = (found == digits.target[held_out]).mean()
    print(f"{len(held_out)} digits, {right:.1%} of them right\n")
    rows = [[line(row) for row in images[index, 0]] for index in held_out[:SHOWN]]
    for each in zip(*rows, strict=True):
        print("  ".join(each))
    print("  ".join(f"a {number}".ljust(16) for number in found[:SHOWN]))


def line(pixels: np.ndarray) -> str:
    """Draw a row of pixels from 0 to 1, two letters each."""
    return "".join(2 * SHADES[int(9 * value)] for value in pixels)


if __name__ == "__main__":
    main(sys.argv[1])

"""What a trained network of `specs/learning` is worth, beyond what its run measures itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

import archc
from archc.train.data.digits import digits

SPECS = Path(__file__).parent.parent / "specs" / "learning"
WIDTH = 8
"""Of the codes of the autoencoders."""


def module_of(name: str, run: Path, model: str | None = None) -> torch.nn.Module:
    """Give a trained model, for evaluation."""
    return archc.compile(SPECS / f"{name}.yaml").module(model, weights=run).eval()


def split_digits(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Give the digits that a run of a seed learns from, and the fifth that it keeps aside: rows of 64."""
    pixels = digits()["image"].reshape(-1, 64)
    order = np.random.default_rng([seed, 0]).permutation(len(pixels))
    kept = round(len(pixels) * 0.2)
    return pixels[order[kept:]], pixels[order[:kept]]


def noisy(pixels: np.ndarray, noise: float) -> np.ndarray:
    """Add noise to pictures, always the same."""
    return (pixels + noise * np.random.default_rng(0).standard_normal(pixels.shape)).astype("float32")


def principal_error(seed: int, noise: float = 0.0) -> float:
    """Give the mean squared error of as many principal components as a code has numbers.

    The axes are those of the clean digits; those kept aside are given with noise, and held against the clean.
    """
    seen, fresh = split_digits(seed)
    mean = seen.mean(0)
    axes = np.linalg.svd(seen - mean, full_matrices=False)[2][:WIDTH]
    made = (noisy(fresh, noise) - mean) @ axes.T @ axes + mean
    return float(((made - fresh) ** 2).mean())


def reconstruction_error(name: str, run: Path, seed: int, noise: float = 0.0) -> float:
    """Give the mean squared error of an autoencoder on the digits kept aside, as `principal_error` does."""
    _, fresh = split_digits(seed)
    shape = (-1, 1, 8, 8) if "conv" in name else (-1, 64)
    with torch.no_grad():
        made = module_of(name, run)(torch.from_numpy(noisy(fresh, noise)).reshape(shape))
    return float(((made.reshape(-1, 64) - torch.from_numpy(fresh)) ** 2).mean())


def judged(name: str, run: Path, judge: torch.nn.Module) -> tuple[int, float]:
    """Let a classifier of real digits look at 1,000 samples of a generator.

    Gives how many classes have twenty samples or more, and the mean confidence.
    """
    torch.manual_seed(0)
    with torch.no_grad():
        made = module_of(name, run, "generator")(torch.randn(1000, 32))
        confidence, classes = judge(made).softmax(1).max(1)
    counts = np.bincount(classes.numpy(), minlength=10)
    return int((counts >= 20).sum()), float(confidence.mean())


def entropy(symbols: np.ndarray) -> float:
    """Give the entropy of single symbols, in nats: the loss of who knows only how frequent each is."""
    shares = np.bincount(symbols.ravel()) / symbols.size
    shares = shares[shares > 0]
    return float(-(shares * np.log(shares)).sum())

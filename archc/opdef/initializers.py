"""The initializers of `torch.nn.init` that a spec may name, with their arguments and defaults."""

from __future__ import annotations

from math import prod

from archc.opdef.attributes import REQUIRED

INITIALIZERS: dict[str, dict[str, object]] = {
    "zeros": {},
    "ones": {},
    "constant": {"val": REQUIRED},
    "uniform": {"a": 0.0, "b": 1.0},
    "normal": {"mean": 0.0, "std": 1.0},
    "trunc_normal": {"mean": 0.0, "std": 1.0, "a": -2.0, "b": 2.0},
    "xavier_uniform": {"gain": 1.0},
    "xavier_normal": {"gain": 1.0},
    "kaiming_uniform": {"a": 0.0, "mode": "fan_in", "nonlinearity": "leaky_relu"},
    "kaiming_normal": {"a": 0.0, "mode": "fan_in", "nonlinearity": "leaky_relu"},
    "orthogonal": {"gain": 1.0},
    "eye": {},
    "dirac": {"groups": 1},
    "sparse": {"sparsity": REQUIRED, "std": 0.01},
}
NEEDS_TWO_AXES = (
    "xavier_uniform",
    "xavier_normal",
    "kaiming_uniform",
    "kaiming_normal",
    "orthogonal",
    "dirac",
)
NEEDS_EXACTLY_TWO_AXES = ("eye", "sparse")


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Give fan_in and fan_out as torch.nn.init counts them; a vector counts as its own fan."""
    if len(shape) < 2:
        size = shape[0] if shape else 1
        return size, size
    receptive = prod(shape[2:])
    return shape[1] * receptive, shape[0] * receptive

"""Averaged weights: an exponential moving average of a model's own."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


class Averages:
    """The averages of some models; `models` are those that they follow, by name."""

    def __init__(self, models: dict[str, nn.Module], decays: tuple[tuple[str, float], ...]) -> None:
        self.models = models
        self.decays = decays
        self.averaged = {name: copy.deepcopy(models[name]) for name, _ in decays}

    def follow(self) -> None:
        """Move towards the models; counters are copied."""
        for name, decay in self.decays:
            own = self.models[name].state_dict()
            for key, kept in self.averaged[name].state_dict().items():
                if kept.is_floating_point():
                    kept.lerp_(own[key].to(kept.dtype), 1 - decay)
                else:
                    kept.copy_(own[key])

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Let the models have their averaged weights for a while."""
        own = {name: copy.deepcopy(self.models[name].state_dict()) for name in self.averaged}
        for name, average in self.averaged.items():
            self.models[name].load_state_dict(average.state_dict())
        try:
            yield
        finally:
            for name, state in own.items():
                self.models[name].load_state_dict(state)

    def state(self) -> dict[str, dict[str, torch.Tensor]]:
        """Give the averages' tensors."""
        return {name: model.state_dict() for name, model in self.averaged.items()}

    def restore(self, state: dict[str, dict[str, torch.Tensor]]) -> None:
        """Take the tensors of an earlier state."""
        for name, model in self.averaged.items():
            model.load_state_dict(state[name])

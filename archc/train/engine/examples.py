"""The examples of a run: loaded, split, put in order, and made into batches."""

from __future__ import annotations

import numpy as np
import torch

from archc.source import Diagnostic, SpecError
from archc.train.data import DataProblem, Examples
from archc.train.training import Data

Batch = dict[str, torch.Tensor]


class ExampleSet:
    """All examples of a source as tensors, split into those that are learned from and those kept aside."""

    def __init__(self, data: Data, seed: int) -> None:
        try:
            found = data.source.load()
        except DataProblem as problem:
            raise SpecError([Diagnostic(problem.code, problem.message, help=problem.help)]) from None
        self.data = data
        self.fields = {name: torch.from_numpy(array) for name, array in _laid_out(data, found).items()}
        count = len(next(iter(self.fields.values())))
        kept = round(count * data.validation) if data.validation < 1 else int(data.validation)
        if count - kept < 1:
            message = f"the data has {count} examples, and {kept} are kept for validation: none is left"
            raise SpecError([Diagnostic("E1043", message, help=("keep fewer: `validation: 0.1`",))])
        order = np.random.default_rng([seed, 0]).permutation(count)
        self.validation = np.sort(order[:kept])
        self.training = np.sort(order[kept:])
        self.seed = seed

    @property
    def batch_size(self) -> int:
        """How many examples one batch has; all of them where there are fewer."""
        return min(self.data.batch_size, len(self.training))

    @property
    def batches(self) -> int:
        """How many whole batches there are in an epoch; what is left over waits for the next one."""
        return len(self.training) // self.batch_size

    def order(self, epoch: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Give the examples in the order of an epoch, which follows from the seed alone."""
        if not self.data.shuffle:
            return self.training
        return np.random.default_rng([self.seed, 1, epoch]).permutation(self.training)

    def batch(self, indices: np.ndarray[tuple[int], np.dtype[np.int64]], device: torch.device) -> Batch:
        """Give the examples of these indices, on a device."""
        rows = torch.from_numpy(np.ascontiguousarray(indices))
        return {name: field[rows].to(device) for name, field in self.fields.items()}


def _laid_out(data: Data, found: Examples) -> dict[str, np.ndarray]:
    shapes = dict(data.layouts)
    return {
        name: np.ascontiguousarray(array.reshape(len(array), *shapes[name]) if name in shapes else array)
        for name, array in ((name, found[name]) for name, _ in data.types)
    }

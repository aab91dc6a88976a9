"""What one step does: batches, results, gradients, and what is said where these cannot be had."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from torch import nn

from archc.train.engine.averages import Averages
from archc.train.engine.examples import Batch, ExampleSet
from archc.train.engine.finite import Failed, explain_gradient, explain_loss, explain_refusal
from archc.train.engine.live import Live, LiveStep
from archc.train.engine.measures import Means
from archc.train.training import Training


class Stepper:
    """Runs the steps of a plan; `number` is that of the round that is running."""

    def __init__(
        self, training: Training, accelerator: Accelerator, live: Live, examples: ExampleSet
    ) -> None:
        self.training = training
        self.settings = training.settings
        self.accelerator = accelerator
        self.live = live
        self.examples = examples
        self.number = 0

    @contextmanager
    def only(self, step: LiveStep) -> Iterator[None]:
        """Let the parameters of a step have gradients, and no others."""
        own = {id(parameter) for parameter in step.parameters.values()}
        before = {key: parameter.requires_grad for key, parameter in self.live.parameters.items()}
        for parameter in self.live.parameters.values():
            parameter.requires_grad_(id(parameter) in own)
        try:
            yield
        finally:
            for key, parameter in self.live.parameters.items():
                parameter.requires_grad_(before[key])

    def update(self, step: LiveStep, batches: Sequence[Any]) -> dict[str, float]:
        """Change the weights once, from the gradients of one batch or several; give what was measured."""
        sums = Means()
        with self.only(step):
            for turn, indices in enumerate(batches):
                batch = self.batch(indices, learning=True)
                quiet: AbstractContextManager[Any] = nullcontext()
                if turn + 1 < len(batches):
                    quiet = self.accelerator.no_sync(step.module)
                with quiet, self._explained(step, batch):
                    results = self.results(step, batch)
                    self.accelerator.backward(results["loss"] / len(batches))
                sums.add(self._numbers(step, results, batch), 1)
            self._limit_gradients(step, batch)
            with self._explained(step, batch):
                step.optimizer.step()
            step.optimizer.zero_grad()
        if step.schedule is not None and not step.by_epoch:
            step.schedule.step()
        return sums.values()

    def batch(self, indices: Any, learning: bool) -> Batch:
        """Give this process's part of a batch, prepared."""
        mine = indices[self.accelerator.process_index :: self.accelerator.num_processes]
        batch = self.examples.batch(mine, self.accelerator.device)
        data = self.training.data
        pairs = ((self.live.prepare, data.prepare), (self.live.augment, data.augment if learning else None))
        for module, prepared in pairs:
            if module is not None and prepared is not None:
                with torch.no_grad():
                    made = module(**{name: batch[name] for name in prepared.inputs})
                values = made if isinstance(made, tuple) else (made,)
                batch.update(zip(prepared.outputs, values, strict=True))
        return batch

    def results(self, step: LiveStep, batch: Batch, module: nn.Module | None = None) -> Batch:
        """Run a step's graph: the loss, and the metrics by name."""
        made = (module or step.module)(**{name: batch[name] for name in step.step.inputs})
        values = made if isinstance(made, tuple) else (made,)
        return dict(zip(("loss", *step.step.metrics), values, strict=True))

    def _numbers(self, step: LiveStep, results: Batch, batch: Batch) -> dict[str, float]:
        stacked = torch.stack([value.detach().float() for value in results.values()])
        if self.accelerator.num_processes > 1:
            stacked = self.accelerator.reduce(stacked, "mean")
        numbers = dict(zip(results, stacked.tolist(), strict=True))
        if not np.isfinite(numbers["loss"]):
            raise explain_loss(self._failed(step, batch))
        return numbers

    def _failed(self, step: LiveStep, batch: Batch) -> Failed:
        model = self.live.model(step.step.model)
        given = {name: batch[name] for name in step.step.inputs}
        return Failed(self.number + 1, step.step.name, model, step.graph, given, self.accelerator.autocast)

    @contextmanager
    def _explained(self, step: LiveStep, batch: Batch) -> Iterator[None]:
        """Say what torch refuses, and where: too little memory, a class that is not there, a precision."""
        try:
            yield
        except (RuntimeError, IndexError, ValueError, TypeError) as error:
            raise explain_refusal(self._failed(step, batch), error) from None

    def _limit_gradients(self, step: LiveStep, batch: Batch) -> None:
        """Clip the gradients where that is asked for; raises SpecError (E1042) where they are not finite.

        In float16 they may be infinite: the scaler then leaves the step out and scales by less.
        """
        most = self.settings.clip_grad_norm
        parameters = list(step.parameters.values())
        if most is not None:
            norm = self.accelerator.clip_grad_norm_(parameters, most)
        elif self.settings.precision == "float16":
            return
        else:
            norm = nn.utils.get_total_norm([each.grad for each in parameters if each.grad is not None])
        if self.settings.precision != "float16" and norm is not None and not torch.isfinite(norm):
            raise explain_gradient(self._failed(step, batch))

    def validate(self, averages: Averages) -> dict[str, float]:
        """Measure the examples that were kept aside, with averaged weights where there are any."""
        kept = self.examples.validation
        if not len(kept):
            return {}
        means = Means()
        several = len(self.live.steps) > 1
        size = self.training.data.batch_size
        with averages.in_place():
            for each in self.live.steps:
                each.graph.eval()
                prefix = f"{each.step.name}." if several else ""
                for start in range(0, len(kept), size):
                    self._measure(each, kept[start : start + size], prefix, means)
                each.graph.train()
        return self._over_processes(means).values("val_")

    def _measure(self, step: LiveStep, indices: Any, prefix: str, means: Means) -> None:
        mine = indices[self.accelerator.process_index :: self.accelerator.num_processes]
        if not len(mine):
            return
        batch = self.batch(indices, learning=False)
        gradients = torch.set_grad_enabled(step.step.keeps_graph)
        with gradients, self.accelerator.autocast(), self._explained(step, batch):
            results = self.results(step, batch, step.graph)
        means.add({f"{prefix}{name}": float(value.detach()) for name, value in results.items()}, len(mine))

    def _over_processes(self, means: Means) -> Means:
        if self.accelerator.num_processes == 1:
            return means
        names = list(means.totals)
        totals = torch.tensor([means.totals[name] for name in names], device=self.accelerator.device)
        summed = self.accelerator.reduce(totals, "sum").tolist()
        return Means(dict(zip(names, summed, strict=True)))

"""The gradients of steps against finite differences."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch

from archc.train.engine.examples import Batch, ExampleSet
from archc.train.engine.live import Live, LiveStep
from archc.train.training import Training
from archc.verify.eager import in_double
from archc.verify.gradients import Gradient, compare

EXAMPLES = 4


def check_steps(training: Training, seed: int) -> Iterator[tuple[str, tuple[Gradient, ...]]]:
    """Compare the loss of each step, by the weights that it changes, on a few examples."""
    examples = ExampleSet(training.data, seed)
    live = Live(training, seed)
    for model in live.models.values():
        model.double().eval()
    batch = _batch(live, examples)
    for step in live.steps:
        step.graph.double().eval()
        yield f"the step `{step.step.name}`", compare(_loss(step, batch, seed), step.parameters, seed)


def _batch(live: Live, examples: ExampleSet) -> Batch:
    found = examples.batch(examples.training[:EXAMPLES], torch.device("cpu"))
    batch = {name: each.double() if each.is_floating_point() else each for name, each in found.items()}
    prepared = live.training.data.prepare
    if live.prepare is not None and prepared is not None:
        with torch.no_grad(), in_double():
            made = live.prepare(**{name: batch[name] for name in prepared.inputs})
        batch.update(zip(prepared.outputs, made if isinstance(made, tuple) else (made,), strict=True))
    return batch


def _loss(step: LiveStep, batch: Batch, seed: int) -> Callable[[], torch.Tensor]:
    def loss() -> torch.Tensor:
        torch.manual_seed(seed)
        with torch.enable_grad():
            made = step.graph(**{name: batch[name] for name in step.step.inputs})
        found: torch.Tensor = made[0] if isinstance(made, tuple) else made
        return found

    return loss

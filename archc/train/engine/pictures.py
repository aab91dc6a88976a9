"""What a trained model does, to be looked at: confusion, reconstructions, samples."""

from __future__ import annotations

from pathlib import Path

import torch

from archc.ir.program import CallNode, Module, OpNode, Value
from archc.passes.pipeline import run_passes
from archc.report.run_page import Gallery, Grid, Matrix
from archc.train.engine.examples import Batch, ExampleSet
from archc.train.engine.live import Live
from archc.train.training import Step, Training
from archc.weights import fill
from archc.weights.torch_state import load_filling

MOST_CLASSES = 40
SHOWN = 10
MOST_PIXELS = 64


def pictures_of(training: Training, run: Path) -> tuple[tuple[Matrix, ...], tuple[Gallery, ...]]:
    """Run the best weights on the examples kept aside. Raises SpecError where data or weights do not fit."""
    training, judged = _with_scores(training)
    live = Live(training, training.settings.seed)
    filling = fill(live.plain, training.settings.seed, run)
    for name, model in live.models.items():
        load_filling(live.plain, model, name, filling)
        model.eval()
    for each in live.steps:
        each.graph.eval()
    examples = ExampleSet(training.data, training.settings.seed)
    with torch.no_grad():
        matrices = [found for name in judged if (found := _matrix(live, examples, name)) is not None]
        galleries = [*_reconstructions(live, examples), *_samples(live)]
    return tuple(matrices), tuple(galleries)


def _with_scores(training: Training) -> tuple[Training, tuple[str, ...]]:
    """Let the steps that measure an accuracy give the scores and targets that it is taken of."""
    program, judged = training.program, []
    for step in training.steps:
        model = next(each for each in program.models if each.name == step.model)
        call = next((each for each in _calls(model.module) if each.module.name == "accuracy"), None)
        values = () if call is None else tuple(each for each in call.inputs if each is not None)
        if len(values) == 2:
            outputs = (("scores", values[0]), ("target", values[1]))
            changed = model.replace(module=model.module.replace(outputs=outputs))
            models = tuple(changed if each is model else each for each in program.models)
            program = program.replace(models=models)
            judged.append(step.name)
    return training.replace(program=run_passes(program)), tuple(judged)


def _calls(module: Module) -> list[CallNode]:
    return [node for node in module.nodes if isinstance(node, CallNode)]


def _batches(live: Live, examples: ExampleSet) -> list[Batch]:
    size = examples.data.batch_size
    kept = examples.validation
    found = []
    for start in range(0, len(kept), size):
        batch = examples.batch(kept[start : start + size], torch.device("cpu"))
        prepared = live.training.data.prepare
        if live.prepare is not None and prepared is not None:
            made = live.prepare(**{name: batch[name] for name in prepared.inputs})
            batch.update(zip(prepared.outputs, made if isinstance(made, tuple) else (made,), strict=True))
        found.append(batch)
    return found


def _matrix(live: Live, examples: ExampleSet, name: str) -> Matrix | None:
    step = next(each for each in live.steps if each.step.name == name)
    counts: torch.Tensor | None = None
    for batch in _batches(live, examples):
        scores, target = step.graph(**{field: batch[field] for field in step.step.inputs})
        classes = scores.shape[1]
        if classes > MOST_CLASSES:
            return None
        pairs = target.flatten().long() * classes + scores.argmax(1).flatten()
        found = torch.bincount(pairs, minlength=classes * classes).reshape(classes, classes)
        counts = found if counts is None else counts + found
    if counts is None:
        return None
    rows = tuple(tuple(row) for row in counts.tolist())
    return Matrix("Confusion matrix of the examples kept aside", rows)


def _grids(values: torch.Tensor) -> tuple[Grid, ...] | None:
    """Give pictures of `[N, 1 or 3, H, W]`, `[N, H, W]` or `[N, a square]`; brightness alone is shown."""
    if values.dim() == 2 and round(values.shape[1] ** 0.5) ** 2 == values.shape[1] > 16:
        side = round(values.shape[1] ** 0.5)
        values = values.reshape(-1, side, side)
    if values.dim() == 4 and values.shape[1] in (1, 3):
        values = values.mean(1)
    if values.dim() != 3 or not values.is_floating_point() or max(values.shape[1:]) > MOST_PIXELS:
        return None
    low, high = values.min(), values.max()
    scaled = (values - low) / (high - low).clamp(min=1e-12)
    return tuple(torch.nan_to_num(scaled).clamp(0, 1).tolist())


def _reconstructions(live: Live, examples: ExampleSet) -> list[Gallery]:
    found: list[Gallery] = []
    batches = _batches(live, examples)[:1]
    for model in live.plain.models if batches else ():
        names = [value.name for value in model.module.inputs]
        if len(names) != 1 or names[0] not in batches[0]:
            continue
        given = batches[0][names[0]][:SHOWN]
        made = live.models[model.name](given)
        made = made[0] if isinstance(made, tuple) else made
        above, below = _grids(given), _grids(made)
        if made.shape == given.shape and above is not None and below is not None:
            found.append(Gallery(f"Reconstructions by {model.name}: input above output", (above, below)))
    return found


def _samples(live: Live) -> list[Gallery]:
    found: dict[str, Gallery] = {}
    for step in live.training.steps:
        for call, noise in _noisy_calls(live, step):
            if call.model in found:
                continue
            generator = torch.Generator().manual_seed(live.training.settings.seed)
            sizes = [
                [each if isinstance(each, int) else SHOWN for each in value.type.shape] for value in noise
            ]
            made = live.models[call.model](*(torch.randn(size, generator=generator) for size in sizes))
            grids = _grids(made[0] if isinstance(made, tuple) else made)
            if grids is not None:
                found[call.model] = Gallery(f"Samples from {call.model}", (grids[:SHOWN],))
    return list(found.values())


def _noisy_calls(live: Live, step: Step) -> list[tuple[CallNode, list[Value]]]:
    """Give the calls of models whose only inputs are noise."""
    module = live.model(step.model).module
    noise = {
        value.name
        for node in module.nodes
        if isinstance(node, OpNode) and node.op.name == "randn"
        for value in node.outputs
    }
    return [
        (call, [value for value in call.inputs if value is not None])
        for call in _calls(module)
        if call.model
        and call.inputs
        and all(value is not None and value.name in noise for value in call.inputs)
    ]

"""What a trained model does, to be looked at: confusion, masks, reconstructions, samples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import torch

from archc.report.run_page import Gallery, Grid, Matrix
from archc.train.engine.compared import CLASSES, LOGITS, VALUES, Compared, compared_in, with_compared
from archc.train.engine.examples import Batch, ExampleSet
from archc.train.engine.live import Live
from archc.train.engine.sampling import samples_of
from archc.train.training import Training
from archc.weights import fill
from archc.weights.torch_state import load_filling

MOST_CLASSES = 40
SHOWN = 10
MOST_PIXELS = 64
Results = list[tuple[torch.Tensor, torch.Tensor]]
"""A result and its target, batch by batch."""


def pictures_of(training: Training, run: Path) -> tuple[tuple[Matrix, ...], tuple[Gallery, ...]]:
    """Run the best weights on the examples kept aside. Raises SpecError where data or weights do not fit."""
    compared = compared_in(training)
    live = Live(with_compared(training, compared), training.settings.seed)
    filling = fill(live.plain, training.settings.seed, run)
    for name, model in live.models.items():
        load_filling(live.plain, model, name, filling)
        model.eval()
    for each in live.steps:
        each.graph.eval()
    examples = ExampleSet(training.data, training.settings.seed)
    torch.manual_seed(training.settings.seed)
    with torch.no_grad():
        batches = _batches(live, examples, examples.validation)
        results = _results(live, compared, batches)
        matrices = {each: _matrix(each.kind, found) for each, found in results.items()}
        masks = [_masks(each, found, batches[0]) for each, found in results.items()]
        # What gives masks gives no picture back, though it may have the shape of one.
        rebuilt = [] if any(masks) else _reconstructions(live, batches)
        rebuilt = rebuilt or [_rebuilt(each, found) for each, found in results.items()]
        first = _batches(live, examples, examples.training[: examples.data.batch_size])
        samples = [
            Gallery(title, (grids[:SHOWN],))
            for title, made in samples_of(training, live, first[0], SHOWN)
            if (grids := _grids(made)) is not None
        ]
    meanings = training.data.source.meanings()
    found = [
        Matrix(_title(each), rows, _names(meanings, each, rows)) for each, rows in matrices.items() if rows
    ]
    return tuple(found), tuple(each for each in (*masks, *rebuilt, *samples) if each is not None)


def _batches(live: Live, examples: ExampleSet, chosen: Iterable[int]) -> list[Batch]:
    size = examples.data.batch_size
    indices = torch.as_tensor(chosen).numpy()
    found = []
    for start in range(0, len(indices), size):
        batch = examples.batch(indices[start : start + size], torch.device("cpu"))
        prepared = live.training.data.prepare
        if live.prepare is not None and prepared is not None:
            made = live.prepare(**{name: batch[name] for name in prepared.inputs})
            batch.update(zip(prepared.outputs, made if isinstance(made, tuple) else (made,), strict=True))
        found.append(batch)
    return found


def _results(live: Live, compared: tuple[Compared, ...], batches: list[Batch]) -> Mapping[Compared, Results]:
    """Run the steps that compare something, where examples were kept aside."""
    found: dict[Compared, Results] = {}
    for step in live.steps:
        own = [each for each in compared if each.step == step.step.name]
        for batch in batches if own else ():
            made = step.graph(**{field: batch[field] for field in step.step.inputs})
            for index, each in enumerate(own):
                found.setdefault(each, []).append((made[2 * index], made[2 * index + 1]))
    return found


def _title(compared: Compared) -> str:
    of = f" of `{compared.field}`" if compared.field else ""
    return f"Confusion matrix{of}, on the examples kept aside"


def _names(
    meanings: Mapping[str, object], compared: Compared, rows: tuple[tuple[int, ...], ...]
) -> tuple[str, ...]:
    """Give the names of classes, where the data has one for each."""
    names = meanings.get(compared.field)
    return tuple(map(str, names)) if isinstance(names, list) and len(names) == len(rows) else ()


def _matrix(kind: str, results: Results) -> tuple[tuple[int, ...], ...]:
    """Count what was said for what is true; nothing where that is no matter of a few classes."""
    if kind == VALUES:
        return ()
    counts: torch.Tensor | None = None
    for scores, target in results:
        said, true, classes = _said(kind, scores, target)
        if not classes or classes > MOST_CLASSES:
            return ()
        known = (true >= 0) & (true < classes)
        pairs = true[known] * classes + said[known]
        found = torch.bincount(pairs, minlength=classes * classes).reshape(classes, classes)
        counts = found if counts is None else counts + found
    return () if counts is None else tuple(tuple(row) for row in counts.tolist())


def _said(kind: str, scores: torch.Tensor, target: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, int]:
    """Give what was said, what is true, and of how many classes; of none where targets are no classes."""
    if kind == CLASSES:
        classes = 0 if target.is_floating_point() else scores.shape[1]
        return scores.argmax(1).flatten(), target.flatten().long(), classes
    binary = bool(((target == 0) | (target == 1)).all()) and scores.shape == target.shape
    said = scores > (0.0 if kind == LOGITS else 0.5)
    return said.flatten().long(), target.flatten().long(), 2 if binary else 0


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


def _masks(compared: Compared, results: Results, batch: Batch) -> Gallery | None:
    """Show masks, below the picture that they are of: one class a pixel, or true and false."""
    scores, target = (each[:SHOWN] for each in results[0])
    said, true, classes = _said(compared.kind, scores, target)
    if not classes or target.dim() < 3:
        return None
    scale = max(classes - 1, 1)
    rows = [_grids(each.reshape(target.shape).float() / scale) for each in (true, said)]
    given = [
        _grids(each[:SHOWN])
        for name, each in batch.items()
        if name != compared.field and each.dim() == 4 and each.shape[2:] == target.shape[-2:]
    ]
    shown = [each for each in (*given[:1], *rows) if each is not None]
    title = f"Masks of `{compared.field}`: what was given, above what is true, above what was said"
    return Gallery(title, tuple(shown)) if len(shown) == 3 else None


def _reconstructions(live: Live, batches: list[Batch]) -> list[Gallery | None]:
    found: list[Gallery | None] = []
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


def _rebuilt(compared: Compared, results: Results) -> Gallery | None:
    """Show a field above what the models make to be like it."""
    made, target = (each[:SHOWN] for each in results[0])
    if not compared.field or compared.kind == CLASSES or made.shape != target.shape:
        return None
    if _said(compared.kind, made, target)[2]:
        return None
    above, below = _grids(target), _grids(made.sigmoid() if compared.kind == LOGITS else made)
    if above is None or below is None:
        return None
    return Gallery(f"Reconstructions of `{compared.field}`: the field above what was made", (above, below))

"""The first half of `main`: examples, models, optimizers, schedules."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from archc.source import Diagnostic, SpecError
from archc.train.data import DataProblem, Source
from archc.train.script.naming import Naming, call, variable
from archc.train.training import Schedule, Step, Training

_PROBES = ((1_000_003, 101), (7_000_009, 1_009))
_KNOWN = (
    ("steps", lambda steps, _: steps),
    ("EPOCHS", lambda _, epochs: epochs),
    ("steps // EPOCHS", lambda steps, epochs: steps // epochs),
)


def setup_lines(training: Training, naming: Naming, folder: str | None) -> Iterator[str]:
    """Write what is made before the loop begins."""
    yield from _examples(training, _source(training.data.source, folder))
    yield ""
    yield from _models(naming)
    for step in training.steps:
        yield from _optimizer(training, naming, step)
        yield from _schedule(training, naming, step)
    yield from _averages(training, naming)
    yield "    torch.manual_seed(SEED)"


def _source(source: Source, folder: str | None) -> dict[str, Any]:
    """Give the arguments of the function that gives the examples, paths as they are seen from a folder."""
    try:
        found = dict(source.arguments())
    except DataProblem as problem:
        raise SpecError([Diagnostic(problem.code, problem.message, help=problem.help)]) from None
    for name in source.paths if folder is not None else ():
        if isinstance(found.get(name), str):
            found[name] = Path(os.path.relpath(found[name], folder)).as_posix()
    return found


def _examples(training: Training, arguments: dict[str, Any]) -> Iterator[str]:
    data, settings = training.data, training.settings
    yield from call("arrays", type(data.source).maker.__name__, (), arguments)
    yield "    fields = {name: torch.from_numpy(each) for name, each in arrays.items()}"
    for name, shape in data.layouts:
        sizes = ", ".join(str(size) for size in (-1, *shape))
        yield f'    fields["{name}"] = fields["{name}"].reshape({sizes})'
    yield f'    count = len(fields["{data.types[0][0]}"])'
    kept = f"round({data.validation} * count)" if data.validation < 1 else str(int(data.validation))
    yield f"    kept = {kept}"
    yield "    order = np.random.default_rng([SEED, 0]).permutation(count)"
    yield "    training = np.sort(order[kept:])"
    if data.validation:
        yield "    validation = np.sort(order[:kept])"
    yield "    batch_size = min(BATCH_SIZE, len(training))"
    yield "    batches = len(training) // batch_size"
    taken = settings.accumulate * max(step.repeat for step in training.steps)
    yield f"    rounds = max(1, batches // {taken})" if taken > 1 else "    rounds = batches"
    lengths = ["EPOCHS * rounds"] if settings.epochs is not None else []
    lengths += ["MAX_STEPS"] if settings.max_steps is not None else []
    yield f"    steps = {lengths[0] if len(lengths) == 1 else f'min({lengths[0]}, {lengths[1]})'}"


def _models(naming: Naming) -> Iterator[str]:
    single = len(naming.plain.models) == 1
    for name in naming.ordered_models():
        held = {path: variable(naming.variable(model)) for path, model in naming.held(name).items()}
        yield from call(naming.variable(name), naming.cls(name), (), held)
        file = "model" if single else name
        yield f'    load_model({naming.variable(name)}, "{file}.safetensors")'
    for step in naming.training.steps:
        yield from make_step(naming, step, naming.variable(step.model), {})
    data = naming.training.data
    for prepared in (data.prepare, data.augment):
        if prepared is not None:
            yield f"    {naming.variable(prepared.model)} = {naming.cls(prepared.model)}()"
            if prepared is data.prepare:
                yield f"    {naming.variable(prepared.model)}.eval()"


def make_step(naming: Naming, step: Step, target: str, instead: dict[str, str]) -> Iterator[str]:
    """Write the making of a step, from its models or from others in their place."""
    held = naming.held(step.model)
    args = {p: variable(instead.get(model, naming.variable(model))) for p, model in held.items()}
    yield from call(target, naming.cls(step.model), (), args)


def _optimizer(training: Training, naming: Naming, step: Step) -> Iterator[str]:
    settings = training.settings
    several = len(naming.plain.models) > 1
    target = naming.optimizer(step)
    variables = [naming.variable(model) for model in step.update]
    if not settings.groups and not settings.freeze:
        found = f"{variables[0]}.parameters()"
        if len(variables) > 1:
            yield f"    {target}_weights = [*{', *'.join(f'{each}.parameters()' for each in variables)}]"
            found = f"{target}_weights"
    else:
        yield f"    {target}_weights = {{"
        for name, each in zip(step.update, variables, strict=True):
            key = f'f"{name}.{{key}}"' if several else "key"
            yield f"        **{{{key}: each for key, each in {each}.named_parameters()}},"
        yield "    }"
        found = f"grouped({target}_weights)"
    yield from call(
        target, f"torch.optim.{step.optimizer.name}", (variable(found),), dict(step.optimizer.arguments)
    )


def _schedule(training: Training, naming: Naming, step: Step) -> Iterator[str]:
    warmup, chosen = training.settings.warmup, step.schedule
    home, target, optimizer = (
        "torch.optim.lr_scheduler",
        naming.schedule(step),
        variable(naming.optimizer(step)),
    )
    if warmup:
        first = "warmup" if chosen is not None else target
        linear = {"start_factor": 1 / (warmup + 1), "total_iters": warmup}
        yield from call(first, f"{home}.LinearLR", (optimizer,), linear)
    if chosen is None:
        return
    main = "main_schedule" if warmup else target
    yield from call(
        main, f"{home}.{chosen.name}", (optimizer,), _arguments(chosen, step.repeat, warmup, training)
    )
    if warmup:
        both = (optimizer, variable("[warmup, main_schedule]"), variable(f"[{warmup}]"))
        yield from call(target, f"{home}.SequentialLR", both, {})


def _arguments(chosen: Schedule, repeat: int, warmup: int, training: Training) -> dict[str, Any]:
    """Give the arguments; those that follow from the length of training as expressions over it."""
    seen = [dict(chosen.arguments(*probe)) for probe in _PROBES]
    found: dict[str, Any] = {}
    for name, value in seen[0].items():
        if value == seen[1][name]:
            found[name] = value
            continue
        word = _length(tuple(each[name] for each in seen))
        if not word or (training.settings.epochs is None and "EPOCHS" in word):
            message = f"`{name}` of `{chosen.name}` is more than `steps`, `epochs` or `steps // epochs`"
            raise SpecError([Diagnostic("E1032", message, chosen.span)])
        length = "steps" if repeat == 1 or chosen.by_epoch else f"{repeat} * steps"
        length = f"max(1, {length} - {warmup})" if warmup else length
        found[name] = variable(
            word.replace("steps", f"({length})" if "//" in word and " " in length else length)
        )
    return found


def _length(values: tuple[object, ...]) -> str:
    """Give the expression over the length of training that a value follows; empty where none does."""
    for word, follows in _KNOWN:
        if all(value == follows(*probe) for value, probe in zip(values, _PROBES, strict=True)):
            return word
    return ""


def _averages(training: Training, naming: Naming) -> Iterator[str]:
    averaged = {name: f"averaged_{name}" for name, _ in training.settings.ema}
    for name, target in averaged.items():
        yield f"    {target} = copy.deepcopy({naming.variable(name)})"
    if averaged and training.data.validation:
        for step in training.steps:
            yield from make_step(naming, step, f"averaged_{step.model}", averaged)

"""The second half of `main`: epochs, steps, validation, and the weights."""

from __future__ import annotations

from collections.abc import Iterator

from archc.train.script.naming import Naming
from archc.train.training import Prepared, Step, Training


def loop_lines(training: Training, naming: Naming) -> Iterator[str]:
    """Write the loop and what comes after it."""
    yield from _take(training, naming)
    yield ""
    several = naming.several
    if not several:
        yield '    best = float("inf")'
    if training.settings.watched.patience is not None:
        yield "    waited = 0"
    yield "    step = epoch = 0"
    yield "    while step < steps:"
    order = "np.random.default_rng([SEED, 1, epoch]).permutation(training)"
    yield f"        order = {order}" if training.data.shuffle else "        order = training"
    for each in training.steps:
        yield f"        {naming.variable(each.model)}.train()"
    yield "        totals: dict[str, float] = {}"
    yield "        for index in range(min(rounds, steps - step)):"
    for each in training.steps:
        yield from _step(training, naming, each)
    yield "            step += 1"
    yield "        epoch += 1"
    accumulate = training.settings.accumulate
    count = f"((index + 1) * {accumulate})" if accumulate > 1 else "(index + 1)"
    yield f"        measures = {{name: total / {count} for name, total in totals.items()}}"
    if training.data.validation:
        yield from _validation(training, naming)
    yield from _report(training, naming)
    if several:
        yield from _save(naming, training, 4)


def _take(training: Training, naming: Naming) -> Iterator[str]:
    data = training.data
    argument = ", learning: bool" if data.augment is not None else ""
    yield ""
    yield f"    def take(rows: np.ndarray{argument}) -> dict[str, Tensor]:"
    yield "        index = torch.from_numpy(rows)"
    if data.prepare is None and data.augment is None:
        yield "        return {name: each[index] for name, each in fields.items()}"
        return
    yield "        found = {name: each[index] for name, each in fields.items()}"
    yield "        with torch.no_grad():"
    for prepared, test in ((data.prepare, ""), (data.augment, "learning")):
        if prepared is not None:
            indent = 16 if test else 12
            if test:
                yield f"            if {test}:"
            yield from _prepare(prepared, naming, " " * indent)
    yield "        return found"


def _prepare(prepared: Prepared, naming: Naming, indent: str) -> Iterator[str]:
    given = ", ".join(f'found["{name}"]' for name in prepared.inputs)
    made = ", ".join(f'found["{name}"]' for name in prepared.outputs)
    yield f"{indent}{made} = {naming.variable(prepared.model)}({given})"


def _step(training: Training, naming: Naming, step: Step) -> Iterator[str]:
    settings = training.settings
    accumulate = settings.accumulate
    taken = accumulate * max(each.repeat for each in training.steps)
    indent = 12
    place = "index" if taken == 1 else f"index * {taken}"
    if step.repeat > 1:
        yield f"            for turn in range({step.repeat}):"
        indent += 4
        place += " + turn" + (f" * {accumulate}" if accumulate > 1 else "")
    space = " " * indent
    optimizer = naming.optimizer(step)
    yield f"{space}{optimizer}.zero_grad()"
    if accumulate > 1:
        yield f"{space}for part in range({accumulate}):"
        place += " + part"
        indent += 4
    inner = " " * indent
    wrapped = f"({place}) % batches" if taken > 1 else place
    yield f"{inner}at = {wrapped} * batch_size"
    learning = ", True" if training.data.augment is not None else ""
    yield f"{inner}batch = take(order[at : at + batch_size]{learning})"
    yield from _results(training, step, naming.variable(step.model), inner)
    yield f"{inner}(loss / {accumulate}).backward()" if accumulate > 1 else f"{inner}loss.backward()"
    if accumulate > 1:
        last = f"if turn == {step.repeat - 1}:" if step.repeat > 1 else ""
        yield from ([f"{inner}{last}"] if last else [])
        yield from _count(naming, step, inner + "    " * bool(last))
    if settings.clip_grad_norm is not None:
        yield f'{space}weights = [p for group in {optimizer}.param_groups for p in group["params"]]'
        yield f"{space}nn.utils.clip_grad_norm_(weights, {settings.clip_grad_norm})"
    yield f"{space}{optimizer}.step()"
    if (step.schedule is not None and not step.schedule.by_epoch) or settings.warmup:
        yield f"{space}{naming.schedule(step)}.step()"
    for name, _ in settings.ema if step is training.steps[-1] else ():
        yield f"            follow(averaged_{name}, {naming.variable(name)})"
    if accumulate == 1:
        yield from _count(naming, step, " " * 12)


def _count(naming: Naming, step: Step, space: str, kind: str = "", times: str = "") -> Iterator[str]:
    """Write the adding up of what was measured."""
    prefix = f"{kind}{step.name}." if naming.several else kind
    for word in ("loss", *step.metrics):
        read = "loss" if word == "loss" else f"results.{word}"
        yield f'{space}add(totals, "{prefix}{word}", {read}{times})'


def _results(training: Training, step: Step, graph: str, space: str, around: str = "") -> Iterator[str]:
    """Write the call of a step, inside of what is needed around it."""
    given = ", ".join(f'batch["{name}"]' for name in step.inputs)
    low = training.settings.precision == "bfloat16"
    within = [each for each in (around, 'torch.autocast("cpu", torch.bfloat16)' if low else "") if each]
    if within:
        yield f"{space}with {', '.join(within)}:"
        space += "    "
    if step.metrics:
        yield f"{space}results = {graph}({given})"
        yield f"{space}loss = results.loss"
    else:
        yield f"{space}loss = {graph}({given})"


def _validation(training: Training, naming: Naming) -> Iterator[str]:
    prefix = "averaged_" if training.settings.ema else ""
    yield "        totals = {}"
    for step in training.steps:
        graph = f"{prefix}{step.model}" if prefix else naming.variable(step.model)
        yield f"        {graph}.eval()"
        yield "        for at in range(0, len(validation), BATCH_SIZE):"
        learning = ", False" if training.data.augment is not None else ""
        yield f"            batch = take(validation[at : at + BATCH_SIZE]{learning})"
        around = "" if step.keeps_graph else "torch.no_grad()"
        yield from _results(training, step, graph, " " * 12, around)
        yield f'            rows = len(batch["{step.inputs[0]}"])'
        yield from _count(naming, step, " " * 12, "val_", ", rows")
    yield "        for name, total in totals.items():"
    yield "            measures[name] = total / len(validation)"


def _report(training: Training, naming: Naming) -> Iterator[str]:
    yield '        shown = "  ".join(f"{name} {value:.6g}" for name, value in measures.items())'
    yield '        print(f"epoch {epoch}: {shown}")'
    watched = training.settings.watched
    prefix = "val_" if training.data.validation else ""
    if naming.several:
        return
    sign = "-" if watched.largest else ""
    yield f'        value = {sign}measures["{prefix}{watched.metric}"]'
    for step in training.steps:
        if step.schedule is not None and step.schedule.by_epoch:
            yield f"        {naming.schedule(step)}.step({sign}value)"
    yield f"        if best - value > {watched.min_delta}:"
    yield "            best = value"
    if watched.patience is not None:
        yield "            waited = 0"
    yield from _save(naming, training, 12)
    if watched.patience is not None:
        yield "        else:"
        yield "            waited += 1"
        yield f"            if waited >= {watched.patience}:"
        yield "                break"


def _save(naming: Naming, training: Training, indent: int) -> Iterator[str]:
    averaged = {name for name, _ in training.settings.ema}
    single = len(naming.plain.models) == 1
    for model in naming.plain.models:
        held = f"averaged_{model.name}" if model.name in averaged else naming.variable(model.name)
        file = "trained" if single else f"trained_{model.name}"
        yield f'{" " * indent}save_model({held}, "{file}.safetensors")'

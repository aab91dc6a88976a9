"""The loop: rounds of steps, epochs, validation, checkpoints."""

from __future__ import annotations

import math
import operator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch

from archc.source import Diagnostic, Record, SpecError
from archc.train.engine.averages import Averages
from archc.train.engine.checkpoints import RunFolder
from archc.train.engine.examples import ExampleSet
from archc.train.engine.facts import check_same, facts_of
from archc.train.engine.live import Live, tensors_of
from archc.train.engine.measures import Log, Means, require_board
from archc.train.engine.process import accelerator_for, stopped_by
from archc.train.engine.stepping import Stepper
from archc.train.engine.watching import Begun, Silence, Watcher
from archc.train.folder import BEST, LAST, MEASURES
from archc.train.training import Training

MOST_LINES = 10_000


class Options(Record):
    """How to run a plan; what is None follows the spec."""

    out: Path
    resume: bool = False
    device: str | None = None
    tensorboard: bool = False


class Result(Record):
    """How a run ended: where its weights are, what was measured last, whether it was interrupted.

    `main`: whether this process is the one of several that tells of it.
    """

    out: Path
    step: int
    epoch: int
    measures: dict[str, float]
    best: dict[str, float]
    interrupted: bool
    main: bool


class Run:
    """One run of a plan. All processes of a distributed run make one each, and the first one writes."""

    def __init__(self, training: Training, options: Options, watcher: Watcher | None = None) -> None:
        self.training = training
        self.settings = training.settings
        self.options = options
        self.watcher = watcher or Silence()
        self.accelerator = accelerator_for(self.settings.precision, options.device)
        self.folder = RunFolder(options.out)
        if options.tensorboard:
            require_board()
        self.examples = ExampleSet(training.data, self.settings.seed)
        self.live = Live(training, self.settings.seed)
        self.averages = Averages(self.live.models, self.settings.ema)
        self.stepper = Stepper(training, self.accelerator, self.live, self.examples)
        self._measure_length()
        self._check_processes()
        torch.manual_seed(self.settings.seed + self.accelerator.process_index)
        self._place_models()
        self.epoch = self.round = self.step = self.waited = 0
        self.measures: dict[str, float] = {}
        self.best: dict[str, float] = {}
        self.means = Means()
        self.stopping = self.finished = False

    def _measure_length(self) -> None:
        settings = self.settings
        self.taken = settings.accumulate * max(step.repeat for step in self.training.steps)
        self.rounds = max(1, self.examples.batches // self.taken)
        wanted = settings.epochs * self.rounds if settings.epochs is not None else None
        self.steps = min(each for each in (wanted, settings.max_steps) if each is not None)
        self.epochs = -(-self.steps // self.rounds)
        for each in self.live.steps:
            repeat = 1 if each.by_epoch else each.step.repeat
            each.plan_schedule(settings, self.steps * repeat, self.epochs)
        self.line_every = -(-self.steps // MOST_LINES)

    def _check_processes(self) -> None:
        count = self.accelerator.num_processes
        if self.examples.batch_size % count:
            message = f"a batch of {self.examples.batch_size} cannot be shared by {count} processes"
            raise SpecError(
                [Diagnostic("E1044", message, help=(f"use a `batch_size` that {count} divides",))]
            )

    def _place_models(self) -> None:
        """Wrap each step for the strategy in use; a step's own models alone have gradients there."""
        for each in (*self.live.models.values(), *self.averages.averaged.values()):
            each.to(self.accelerator.device)
        for step in self.live.steps:
            with self.stepper.only(step):
                step.module, step.optimizer = self.accelerator.prepare(step.graph, step.optimizer)

    @property
    def strategy(self) -> str:
        """Name what the steps are really wrapped in."""
        return type(self.live.steps[0].module).__name__

    def train(self) -> Result:
        """Run until the end, or until interrupted. Raises SpecError where it cannot go on."""
        main = self.accelerator.is_main_process
        with stopped_by(self._stop), self.folder.held(not self.options.resume) if main else nullcontext():
            self._begin()
            log = self._log()
            try:
                self._epochs(log)
            finally:
                if log is not None:
                    log.close()
        interrupted = self.stopping and not self.finished
        return Result(self.folder.path, self.step, self.epoch, self.measures, self.best, interrupted, main)

    def _begin(self) -> None:
        main = self.accelerator.is_main_process
        if self.options.resume:
            self._restore()
        if main:
            self.folder.begin(self._facts())
            self.folder.keep_measures(self.step, self.epoch)
        count = sum(parameter.numel() for parameter in self.live.parameters.values())
        begun = Begun(
            len(self.examples.training),
            len(self.examples.validation),
            count,
            self.steps,
            self.epochs,
            self.step,
            str(self.accelerator.device),
            self.accelerator.num_processes,
        )
        if main:
            self.watcher.begin(begun)

    def _facts(self) -> dict[str, Any]:
        return facts_of(self.training, self.accelerator, self.strategy, self.steps, self.epochs)

    def _log(self) -> Log | None:
        if not self.accelerator.is_main_process:
            return None
        board = self.folder.path / "tensorboard" if self.options.tensorboard else None
        return Log(self.folder.path / MEASURES, board)

    def _stop(self) -> None:
        self.stopping = True

    def _stopped(self) -> bool:
        """Whether any process was told to stop: all do at the same step."""
        if self.accelerator.num_processes > 1:
            told = torch.tensor(int(self.stopping), device=self.accelerator.device)
            self.stopping = bool(self.accelerator.reduce(told, "sum") > 0)
        return self.stopping

    def _epochs(self, log: Log | None) -> None:
        if self._stopped():
            self._save()
        while self.step < self.steps and not self.stopping and not self._out_of_patience:
            order = self.examples.order(self.epoch)
            for each in self.live.steps:
                each.module.train()
            while self.round < self.rounds and self.step < self.steps:
                self._round(order, log)
                if self._stopped():
                    self._save()
                    return
            done = self._end_epoch(log)
            self._save()
            self.finished = done or self.step >= self.steps
            if done or self._stopped():
                return

    def _round(self, order: Any, log: Log | None) -> None:
        """Do every step once, as often as it repeats."""
        measures: dict[str, float] = {}
        self.stepper.number = self.step
        size = self.examples.batch_size
        several = len(self.live.steps) > 1
        for each in self.live.steps:
            rate = each.optimizer.param_groups[0]["lr"]
            for turn in range(each.step.repeat):
                first = self.round * self.taken + turn * self.settings.accumulate
                starts = [
                    (first + more) % self.examples.batches * size for more in range(self.settings.accumulate)
                ]
                found = self.stepper.update(each, [order[at : at + size] for at in starts])
            prefix = f"{each.step.name}." if several else ""
            measures.update({f"{prefix}{name}": value for name, value in found.items()})
            measures[f"{prefix}lr"] = rate
        self.step += 1
        self.round += 1
        self.averages.follow()
        self.means.add({name: value for name, value in measures.items() if not name.endswith("lr")}, size)
        if log is not None:
            if self.step % self.line_every == 0 or self.step == self.steps:
                log.write({"step": self.step}, measures)
            self.watcher.step(self.step, measures)

    def _end_epoch(self, log: Log | None) -> bool:
        """Measure, keep the best, and say whether training is over before its time."""
        self.epoch += 1
        self.round = 0
        measures = self.measures = {**self.means.values(), **self.stepper.validate(self.averages)}
        self.means = Means()
        watched = self.settings.watched
        prefix = "val_" if len(self.examples.validation) else ""
        value = measures.get(f"{prefix}{watched.metric}")
        better = value is not None and self._is_better(value)
        if better:
            self.best = measures
            self.waited = 0
            self._keep_best(measures)
        else:
            self.waited += 1
        for each in self.live.steps:
            if each.schedule is not None and each.by_epoch:
                each.schedule.step(value if value is not None else measures.get("loss", 0.0))
        if log is not None:
            log.write({"epoch": self.epoch, "step": self.step}, measures)
            log.flush()
            self.watcher.epoch(self.epoch, self.step, measures, better)
        return self._out_of_patience

    @property
    def _out_of_patience(self) -> bool:
        patience = self.settings.watched.patience
        return patience is not None and self.waited >= patience

    def _is_better(self, value: float) -> bool:
        watched = self.settings.watched
        prefix = "val_" if len(self.examples.validation) else ""
        before = self.best.get(f"{prefix}{watched.metric}")
        if before is None or not math.isfinite(value):
            return before is None and math.isfinite(value)
        gain = value - before if watched.largest else before - value
        return gain > watched.min_delta

    def weights(self) -> dict[str, torch.Tensor]:
        """Give the weights to keep: the averaged ones where there are any."""
        return tensors_of(self.live.plain, {**self.live.models, **self.averages.averaged})

    def _keep_best(self, measures: dict[str, float]) -> None:
        if self.accelerator.is_main_process:
            facts = {"epoch": self.epoch, "step": self.step, "measures": measures}
            self.folder.save(BEST, self.weights(), None, facts)

    def _save(self) -> None:
        if self.accelerator.is_main_process:
            facts = {"epoch": self.epoch, "step": self.step}
            self.folder.save(LAST, self.weights(), self._state(), facts)

    def _state(self) -> dict[str, Any]:
        return {
            "epoch": self.epoch,
            "round": self.round,
            "step": self.step,
            "waited": self.waited,
            "best": dict(self.best),
            "means": self.means.totals,
            "models": {name: model.state_dict() for name, model in self.live.models.items()},
            "averages": self.averages.state(),
            "optimizers": [each.optimizer.state_dict() for each in self.live.steps],
            "schedules": [
                None if each.schedule is None else each.schedule.state_dict() for each in self.live.steps
            ],
            "scaler": None if self.accelerator.scaler is None else self.accelerator.scaler.state_dict(),
            "random": torch.get_rng_state(),
            "random_gpu": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        }

    def _restore(self) -> None:
        check_same(self.folder.manifest(), self.training, self.folder.path)
        state = self.folder.state()
        with self.folder.restoring():
            self._take(state)

    def _take(self, state: dict[str, Any]) -> None:
        self.epoch, self.round, self.step, self.waited = (
            operator.index(state[word]) for word in ("epoch", "round", "step", "waited")
        )
        if min(self.epoch, self.round, self.step) < 0 or self.round > self.rounds:
            raise ValueError("no such step")
        self.best = {name: float(value) for name, value in state["best"].items()}
        self.means = Means(state["means"])
        for name, model in self.live.models.items():
            model.load_state_dict(state["models"][name])
        self.averages.restore(state["averages"])
        for each, optimizer, schedule in zip(
            self.live.steps, state["optimizers"], state["schedules"], strict=True
        ):
            each.optimizer.load_state_dict(optimizer)
            if each.schedule is not None:
                each.schedule.load_state_dict(schedule)
        if self.accelerator.scaler is not None:
            self.accelerator.scaler.load_state_dict(state["scaler"])
        torch.set_rng_state(state["random"])
        if state["random_gpu"] and torch.cuda.is_available():
            torch.cuda.set_rng_state_all(state["random_gpu"])

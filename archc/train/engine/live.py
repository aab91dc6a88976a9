"""The live parts of a run: models, steps, optimizers, schedules."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import torch
from torch import nn

from archc.backends.folding import folded
from archc.backends.pytorch.classes import Plan
from archc.backends.pytorch.emit import written
from archc.backends.pytorch.live import python_module
from archc.ir.program import CallNode, Model, Module, Program, join
from archc.source import Diagnostic, SpecError
from archc.train.training import Configured, Prepared, Schedule, Settings, Step, Training
from archc.weights.models import seed_key
from archc.weights.torch_state import load_initial


class LiveStep:
    """A step with its graph, and what changes its models' weights.

    `graph` is the module as it was made; `module` is what the engine wraps it in.
    """

    def __init__(
        self, step: Step, graph: nn.Module, parameters: dict[str, nn.Parameter], settings: Settings
    ) -> None:
        self.step = step
        self.graph = graph
        self.module = graph
        self.parameters = parameters
        self.optimizer = make_optimizer(step.optimizer, parameters, settings)
        self.schedule: Any = None

    @property
    def by_epoch(self) -> bool:
        """Whether its schedule looks at a measure once an epoch."""
        return self.step.schedule is not None and self.step.schedule.by_epoch

    def plan_schedule(self, settings: Settings, steps: int, epochs: int) -> None:
        """Make the schedule, now that the length of training is known."""
        self.schedule = make_schedule(self.step.schedule, self.optimizer, settings.warmup, steps, epochs)


class Live:
    """Everything that has weights or state. `parameters` are those that are learned, by key."""

    def __init__(self, training: Training, seed: int) -> None:
        plan = Plan(training.program)
        source = python_module(written(plan), training.program.name)
        self.training = training
        self.plain = folded(training.plain_program())

        def make(name: str) -> nn.Module:
            module: nn.Module = getattr(source, plan.models[name].name)()
            return module

        self.models = {model.name: make(model.name) for model in self.plain.models}
        for model in self.plain.models:
            share(self.models[model.name], model.module, self.models)
        for model in self.plain.models:
            load_initial(self.plain, self.models[model.name], model.name, seed)
        self.parameters = dict(self._named_parameters())
        for key, parameter in self.parameters.items():
            if any(fnmatchcase(key, pattern) for pattern in training.settings.freeze):
                parameter.requires_grad_(False)
        self.prepare = self._preparation(training.data.prepare, make)
        if self.prepare is not None:
            self.prepare.eval()
        self.augment = self._preparation(training.data.augment, make)
        self.steps = [self._step(step, make(step.model)) for step in training.steps]

    def _named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        for model in self.plain.models:
            for key, parameter in self.models[model.name].named_parameters():
                yield seed_key(self.plain, model, key), parameter

    def _preparation(self, prepared: Prepared | None, make: Any) -> nn.Module | None:
        return None if prepared is None else make(prepared.model)

    def _step(self, step: Step, graph: nn.Module) -> LiveStep:
        share(graph, self.model(step.model).module, self.models)
        owned = {id(p) for name in step.update for p in self.models[name].parameters()}
        own = {key: p for key, p in self.parameters.items() if id(p) in owned and p.requires_grad}
        if not own:
            raise SpecError([Diagnostic("E1046", f"`freeze` leaves `{step.name}` no weights to learn")])
        return LiveStep(step, graph, own, self.training.settings)

    def model(self, name: str) -> Model:
        """Give a graph of the plan by name."""
        return next(model for model in self.training.program.models if model.name == name)

    def state(self) -> dict[str, torch.Tensor]:
        """Give the tensors of all models by their keys in a checkpoint, each shared one once."""
        return tensors_of(self.plain, self.models)


def tensors_of(program: Program, models: dict[str, nn.Module]) -> dict[str, torch.Tensor]:
    """Give the tensors of models by key; what several keys share comes once, under the first."""
    found: dict[str, torch.Tensor] = {}
    seen: set[int] = set()
    for model in program.models:
        for key, tensor in models[model.name].state_dict(keep_vars=True).items():
            if id(tensor) not in seen:
                seen.add(id(tensor))
                found[seed_key(program, model, key)] = tensor.detach()
    return found


def share(holder: nn.Module, module: Module, models: dict[str, nn.Module]) -> None:
    """Put the models where a graph calls them, so that all calls of a model have one set of weights."""
    for path, name in _calls(module):
        holder.set_submodule(path, models[name])


def _calls(module: Module, prefix: str = "") -> Iterator[tuple[str, str]]:
    for node in module.nodes:
        if not isinstance(node, CallNode) or node.shares:
            continue
        path = join(prefix, node.name)
        if node.model:
            yield path, node.model
        else:
            yield from _calls(node.module, path)


def make_optimizer(
    chosen: Configured, parameters: dict[str, nn.Parameter], settings: Settings
) -> torch.optim.Optimizer:
    """Make an optimizer of torch's, with parameter groups by glob; the first that matches counts."""
    groups: dict[str, list[nn.Parameter]] = {"": []}
    for key, parameter in parameters.items():
        matching = (group.pattern for group in settings.groups if fnmatchcase(key, group.pattern))
        groups.setdefault(next(matching, ""), []).append(parameter)
    own = {group.pattern: group.settings for group in settings.groups}
    found = [{"params": some, **own.get(pattern, {})} for pattern, some in groups.items() if some]
    try:
        made: torch.optim.Optimizer = getattr(torch.optim, chosen.name)(found, **chosen.arguments)
    except (ValueError, RuntimeError, TypeError) as error:
        raise _refused(chosen.name, error, chosen) from None
    return made


def make_schedule(
    chosen: Schedule | None, optimizer: torch.optim.Optimizer, warmup: int, steps: int, epochs: int
) -> Any:
    """Make a schedule of torch's, after a linear warmup; None where there is neither."""
    schedulers = torch.optim.lr_scheduler
    first = schedulers.LinearLR(optimizer, 1 / (warmup + 1), 1.0, warmup) if warmup else None
    if chosen is None:
        return first
    try:
        main = getattr(schedulers, chosen.name)(optimizer, **chosen.arguments(max(1, steps - warmup), epochs))
        return main if first is None else schedulers.SequentialLR(optimizer, [first, main], [warmup])
    except (ValueError, RuntimeError, TypeError, KeyError) as error:
        raise _refused(chosen.name, error, chosen) from None


def _refused(name: str, error: Exception, chosen: Configured | Schedule) -> SpecError:
    reason = " ".join(str(error).split())
    return SpecError(
        [Diagnostic("E1017", f"torch refuses these arguments of `{name}`: {reason}", chosen.span)]
    )

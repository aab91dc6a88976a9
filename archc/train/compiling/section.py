"""The whole section: data, then steps, then what follows from both."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from archc import ops
from archc.elaborate.binding import Names
from archc.elaborate.context import Compilation, Context, Made, Mistake, Silent
from archc.elaborate.models import model_body, name_of
from archc.elaborate.program import Choices, model_of, room_for_nesting
from archc.elaborate.requirements import solve_requirements
from archc.ir.program import Module, Program, weights
from archc.passes.pipeline import run_passes
from archc.source import Diagnostics, SpecError
from archc.spec.training import StepDecl, TrainDecl
from archc.spec.tree import Scalar
from archc.train.compiling.configured import refuse, setting
from archc.train.compiling.data import Opened, Preparation, data_of, open_source, prepare
from archc.train.compiling.deployment import Deployment, Fields
from archc.train.compiling.gradient import takes_gradients
from archc.train.compiling.graphs import Types, free_name
from archc.train.compiling.metrics import with_metrics
from archc.train.compiling.settings import REPEAT, read_optimizer, read_schedule, read_settings
from archc.train.compiling.steps import StepMaker, updated
from archc.train.training import Chosen, Data, Settings, Step, Training

_T = TypeVar("_T")


def compile_training(
    decl: TrainDecl,
    compilation: Compilation,
    program: Program,
    diagnostics: Diagnostics,
    choices: Choices,
) -> Training | None:
    """Compile the section of a spec whose models are elaborated.

    Adds what is wrong to `diagnostics`, and gives None where an error was found.
    """
    before = len(diagnostics.errors)
    section = _Section(decl, compilation, program, diagnostics)
    section.chosen = Chosen(choices.parameters, choices.variant, {})
    with room_for_nesting():
        training = section.training()
    return training if len(diagnostics.errors) == before else None


class _Section:
    chosen: Chosen

    def __init__(
        self, decl: TrainDecl, compilation: Compilation, program: Program, diagnostics: Diagnostics
    ) -> None:
        self.decl = decl
        self.compilation = compilation
        self.program = program
        self.diagnostics = diagnostics
        self._name_models()
        self.names = tuple(str(model.name) for model in compilation.spec.models)
        named = zip(program.models, self.names, strict=True)
        self.program = program.replace(models=tuple(model.replace(name=name) for model, name in named))
        body = model_body(compilation)
        self.context = Context(body, Names(), body.names, None)
        self.library = compilation.library = with_metrics(compilation.library)

    def _name_models(self) -> None:
        """Give the model of a plain spec its name: a step calls it by that."""
        compilation = self.compilation
        named = []
        taken = ops.names() | compilation.library.blocks.keys()
        for model in compilation.spec.models:
            name = model.name or free_name(name_of(compilation.spec), taken)
            compilation.made.setdefault(name, compilation.made[model.name])
            key = model.key or Scalar(name, True, model.span)
            named.append(model.replace(name=name, key=key))
        compilation.spec = compilation.spec.replace(models=tuple(named))

    def attempt(self, work: Callable[[], _T]) -> _T | None:
        """Do a piece of work; report its mistake and give None."""
        try:
            return work()
        except Mistake as mistake:
            self.diagnostics.add(mistake.diagnostic)
        except Silent:
            pass
        return None

    def training(self) -> Training | None:
        """Put the plan together, as far as it goes."""
        opened = self.attempt(self._open)
        settings = self.attempt(self._settings)
        if opened is None:
            self._check_classes(settings)
            return None
        decl = self.decl.data
        assert decl is not None
        data = self.attempt(lambda: data_of(opened, decl, self.decl.several, self.context))
        made = self._prepared(opened)
        if made is None:
            return None
        found, types = made
        steps = [
            self._step(each, index, types, opened, settings) for index, each in enumerate(self.decl.steps)
        ]
        present = [each for each in steps if each is not None]
        graphs = [*found, *(each[1] for each in present)]
        complete = len(present) == len(steps) and settings is not None and data is not None
        solutions = solve_requirements(self.compilation.spec, self.compilation, graphs)
        if solutions is None or not complete:
            return None
        assert settings is not None
        assert data is not None
        models = tuple(model_of(*each) for each in zip(graphs, solutions, strict=True))
        program = run_passes(self.program.replace(models=(*self.program.models, *models)))
        return Training(
            program,
            self.names,
            self._with_preparation(data),
            tuple(each[0] for each in present),
            settings,
            self.decl.span,
            self._deployment(opened, types, tuple(each[1].module for each in present)),
            self.chosen,
        )

    def _deployment(
        self, opened: Opened, types: Types, steps: tuple[Module | None, ...]
    ) -> Callable[[], tuple[Program, dict[str, str]]]:
        """Give what makes the models that prepare their data; few ask for it."""
        decl = self.decl.data
        assert decl is not None
        found = tuple(step for step in steps if step is not None)
        fields = Fields(opened.types, decl.layers, self.preparations[0].prepared, types, opened.place)
        made = Deployment(self.compilation, self.library, self.program, found, fields)

        def work() -> tuple[Program, dict[str, str]]:
            before = len(self.diagnostics.errors)
            with room_for_nesting():
                deployed = self.attempt(made.program_with_wrappers)
            errors = self.diagnostics.errors[before:]
            if errors or deployed is None:
                raise SpecError(errors)
            return deployed

        return work

    def _open(self) -> Opened:
        data = self.decl.data
        if data is None:
            raise refuse("E1010", "`train` has no `data`", self.decl.key, "write `data: {source: digits}`")
        return open_source(data.source, data, self.context)

    def _settings(self) -> Settings:
        several = len(self.program.models) > 1
        keys = tuple(
            f"{model.name}.{key}" if several else key
            for model in self.program.models
            for key, param in weights(model.module)
            if not param.buffer
        )
        return read_settings(self.decl, self.names, keys, self.context)

    def _check_classes(self, settings: Settings | None) -> None:
        """Check what does not depend on the data."""
        warmup = settings.warmup if settings is not None else 0
        for step in self.decl.steps:
            self.attempt(lambda s=step: read_optimizer(s, self.context))  # type: ignore[misc]
            self.attempt(lambda s=step: read_schedule(s, warmup, self.context))  # type: ignore[misc]

    def _prepared(self, opened: Opened) -> tuple[list[Made], Types] | None:
        """Elaborate the preparation of fields; give the graphs and the types after it."""
        decl = self.decl.data
        assert decl is not None
        self.preparations: list[Preparation] = []
        types = opened.types
        for items, word in ((decl.layers, "prepare"), (decl.augment, "augment")):
            name = free_name(word, self.names)
            done = self.attempt(
                lambda i=items, t=types, n=name, a=word == "augment": prepare(  # type: ignore[misc]
                    self.compilation, self.library, i, t, n, opened.place, a
                )
            )
            if done is None:
                return None
            self.preparations.append(done)
            types = done.types
        return [each.made for each in self.preparations if each.made is not None], types

    def _with_preparation(self, data: Data) -> Data:
        first, second = self.preparations
        return data.replace(prepare=first.prepared, augment=second.prepared)

    def _step(
        self, decl: StepDecl, index: int, types: Types, opened: Opened, settings: Settings | None
    ) -> tuple[Step, Made] | None:
        word = (
            decl.name.text
            if decl.name is not None
            else (f"step{index + 1}" if self.decl.several else "train")
        )
        taken = {*self.names, "prepare", "augment"}
        name = free_name(f"{word}_step" if self.decl.several else "train_step", taken)
        maker = StepMaker(self.compilation, self.library, decl, types, opened.place)
        made = self.attempt(lambda: maker.made(name))
        optimizer = self.attempt(lambda: read_optimizer(decl, self.context))
        warmup = settings.warmup if settings is not None else 0
        errors = len(self.diagnostics.errors)
        schedule = self.attempt(lambda: read_schedule(decl, warmup, self.context))
        repeat = self.attempt(lambda: _repeat(decl, self.context))
        if made is None or made.module is None or optimizer is None or repeat is None:
            return None
        module = made.module
        update = self.attempt(lambda: updated(decl, module, self.names))
        if update is None or len(self.diagnostics.errors) > errors:
            return None
        inputs = tuple(value.name for value in module.inputs)
        keeps = takes_gradients(module)
        return Step(word, name, inputs, update, repeat, optimizer, schedule, maker.metrics, keeps), made


def _repeat(decl: StepDecl, context: Context) -> int:
    found = setting(decl.repeat, REPEAT, "repeat", 1, context)
    assert isinstance(found, int)
    return found

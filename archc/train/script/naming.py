"""What things are called in `train.py`, and pieces of source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from archc.backends.pytorch.classes import Plan
from archc.backends.pytorch.writer import statement
from archc.ir.program import CallNode, Model, Module
from archc.opdef.python import Call, Lit, Name, Py, Tuple
from archc.source import Diagnostic, SpecError
from archc.train.training import Step, Training

# Locals of `main`, and what the file imports.
_TAKEN = frozenset(
    (
        *("F", "Tensor", "add", "arrays", "at", "batch", "batch_size", "batches", "best", "copy", "count"),
        *("epoch", "fields", "fnmatchcase", "follow", "found", "grouped", "groups", "index", "kept"),
        *("learning", "loss", "main", "main_schedule", "math", "measures", "name", "nn", "np", "optimizer"),
        *("order", "part", "results", "rounds", "rows", "schedule", "shown", "step", "steps", "take"),
        *(
            "torch",
            "total",
            "totals",
            "training",
            "turn",
            "validation",
            "value",
            "waited",
            "warmup",
            "weights",
        ),
    )
)


class Naming:
    """The names of a plan's classes and variables."""

    def __init__(self, training: Training) -> None:
        self.training = training
        self.plain = training.plain_program()
        self.plan = Plan(training.program)
        self.several = len(training.steps) > 1

    def cls(self, model: str) -> str:
        """Give the class of a model or step."""
        return self.plan.models[model].name

    def variable(self, name: str) -> str:
        """Give the variable that holds a model or step."""
        maker = type(self.training.data.source).maker.__name__
        return f"{name}_" if name in _TAKEN or name == maker else name

    def optimizer(self, step: Step) -> str:
        """Give the variable that holds a step's optimizer."""
        return f"{step.name}_optimizer" if self.several else "optimizer"

    def schedule(self, step: Step) -> str:
        """Give the variable that holds a step's schedule."""
        return f"{step.name}_schedule" if self.several else "schedule"

    def graph(self, name: str) -> Model:
        """Give a model or step by name."""
        return next(model for model in self.training.program.models if model.name == name)

    def held(self, name: str) -> dict[str, str]:
        """Give the models that a model or step takes, by the names of its arguments."""
        return {path: model for path, model in _held(self.graph(name).module) if "." not in path}

    def ordered_models(self) -> list[str]:
        """Give the models, those that others hold first."""
        found: list[str] = []

        def visit(name: str) -> None:
            for inner in self.held(name).values():
                visit(inner)
            if name not in found:
                found.append(name)

        for model in self.plain.models:
            visit(model.name)
        return found


def _held(module: Module) -> Iterator[tuple[str, str]]:
    for node in module.nodes:
        if isinstance(node, CallNode) and node.model and not node.shares:
            yield node.name, node.model


def call(target: str, function: str, args: Sequence[Py], named: Mapping[str, object]) -> list[str]:
    """Write `target = function(...)` as the formatter would."""
    pairs = tuple((name, each if isinstance(each, Py) else literal(each)) for name, each in named.items())
    return statement(target, Call(function, tuple(args), pairs), 4)


def literal(value: object) -> Py:
    """Give a value as source. Raises SpecError (E1032) for what has no written form."""
    if isinstance(value, tuple):
        return Tuple(tuple(literal(each) for each in value))
    if isinstance(value, list):
        return Tuple(tuple(literal(each) for each in value), "[]")
    if value is not None and not isinstance(value, str | int | float):
        message = f"`train.py` does not hold a value of the type {type(value).__name__}"
        raise SpecError([Diagnostic("E1032", message)])
    return Lit(value)


def variable(name: str) -> Py:
    """Give a name as source."""
    return Name(name)

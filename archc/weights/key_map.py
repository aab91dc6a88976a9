"""Key maps: steps that turn the tensors of a checkpoint into those that a model asks for.

The steps are applied in order, each to what the ones before left. None of them reads a tensor: what
they do to elements is done when a tensor is asked for.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

from archc.source import Diagnostic, Record, Span, SpecError
from archc.weights.checkpoint import Checkpoint, Stored, check_names, shown
from archc.weights.pattern import Budget, OutOfSteps, Pattern
from archc.weights.template import Template

MOST_STEPS = 20_000_000

Match = tuple[str, tuple[str, ...]]


Tensors = dict[str, Stored]


class Made(Record):
    """Tensors that come in place of others: the names that go, the tensors that come by name."""

    gone: tuple[str, ...]
    come: tuple[tuple[str, Stored], ...]


class Step(Record):
    """One step: what it does, the names that it takes, and where it is written."""

    span: Span
    pattern: Pattern

    @abstractmethod
    def made(self, matched: list[Match], tensors: Tensors) -> Iterator[Made]:
        """Give what comes in place of the matched tensors."""

    def wrong(self, message: str, *help_: str) -> SpecError:
        """Say that the step does not fit a tensor (E0933)."""
        return SpecError([Diagnostic("E0933", message, self.span, help=help_)])


def apply_map(steps: tuple[Step, ...], checkpoint: Checkpoint) -> tuple[Checkpoint, tuple[Diagnostic, ...]]:
    """Apply steps to a checkpoint; give the new one, and warnings (W0111) of steps without effect.

    SpecError: E0933 where a step does not fit a tensor, E0934 where two tensors get one name, E0935
    where matching takes too long.
    """
    tensors = dict(checkpoint.tensors)
    budget = Budget(MOST_STEPS)
    warnings = []
    for step in steps:
        try:
            matched = _matched(step.pattern, tensors, budget)
        except OutOfSteps:
            message = f"matching the names in `{checkpoint.path}` takes too many steps"
            help_ = ("write patterns that begin with the names' own letters",)
            raise SpecError([Diagnostic("E0935", message, step.span, help=help_)]) from None
        if not matched:
            message = f"no tensor in `{checkpoint.path}` is named like `{step.pattern.text}` here"
            warnings.append(Diagnostic("W0111", message, step.span, help=_why_none(tensors)))
        tensors = _replaced(step, tensors, list(step.made(matched, tensors)))
        check_names(checkpoint.path, tensors)
    return Checkpoint(checkpoint.path, tensors), tuple(warnings)


def _matched(pattern: Pattern, tensors: Tensors, budget: Budget) -> list[Match]:
    found = ((name, pattern.match(name, budget)) for name in tensors)
    return [(name, groups) for name, groups in found if groups is not None]


def _why_none(tensors: Tensors) -> tuple[str, ...]:
    if not tensors:
        return ("no tensor is left at this step",)
    some = ", ".join(f"`{shown(name)}`" for name in list(tensors)[:3])
    return (f"a pattern is the whole name; at this step there are {some}, ...",)


def _replaced(step: Step, tensors: Tensors, made: list[Made]) -> Tensors:
    """Put new tensors where the first of those stood that they are made of."""
    places = {each.gone[0]: each for each in made}
    gone = {name for each in made for name in each.gone}
    result: Tensors = {}
    for name, stored in tensors.items():
        come = places[name].come if name in places else () if name in gone else ((name, stored),)
        for new, tensor in come:
            if new in result:
                first, second = result[new].origin, tensor.origin
                message = f"`{shown(first)}` and `{shown(second)}` both become `{shown(new)}`"
                help_ = ("let the pattern match one of them alone, or drop the other before",)
                raise SpecError([Diagnostic("E0934", message, step.span, help=help_)])
            result[new] = tensor
    return result


class Rename(Step):
    """Give tensors other names."""

    to: Template

    def made(self, matched: list[Match], tensors: Tensors) -> Iterator[Made]:
        """Keep each tensor under its new name."""
        for name, groups in matched:
            yield Made((name,), ((self.to.name(groups), tensors[name]),))


class Drop(Step):
    """Leave tensors out."""

    def made(self, matched: list[Match], tensors: Tensors) -> Iterator[Made]:  # noqa: ARG002
        """Put nothing in their places."""
        for name, _ in matched:
            yield Made((name,), ())

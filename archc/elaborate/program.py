"""From a typed spec to a Program: parameters, facts, models, requirements."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from archc import ops
from archc.elaborate.arguments import program_parameters
from archc.elaborate.binding import Names
from archc.elaborate.context import Body, Compilation, Context, Made, Mistake
from archc.elaborate.evaluation import evaluate_size
from archc.elaborate.lets import evaluate_let
from archc.elaborate.models import make_model, name_of
from archc.elaborate.requirements import solve_requirements
from archc.ir.program import Model, Program
from archc.sizes import Facts, SizeFact, Solution
from archc.source import Diagnostic, Diagnostics, Record, Span, did_you_mean
from archc.spec.document import DimDecl, Spec
from archc.spec.library import Library, load_library
from archc.spec.limits import Limits
from archc.spec.tree import Scalar, Tree

_FRAMES = 100_000  # 100 blocks, each of up to 100 nested containers, at some ten frames


class Choices(Record):
    """What is chosen from outside the spec: parameter values and a variant."""

    parameters: dict[str, object] = {}  # noqa: RUF012 - never changed
    variant: str | None = None


def elaborate(
    spec: Spec, diagnostics: Diagnostics, choices: Choices | None = None, limits: Limits | None = None
) -> Program | None:
    """Elaborate a spec; adds what is wrong to `diagnostics` and gives None where an error was found."""
    found = elaborate_models(spec, diagnostics, choices, limits)
    return None if found is None else found[0]


def elaborate_models(
    spec: Spec, diagnostics: Diagnostics, choices: Choices | None = None, limits: Limits | None = None
) -> tuple[Program, Compilation] | None:
    """Elaborate a spec as `elaborate`; gives what the models were made with too, for steps that call them."""
    chosen = choices or Choices()
    bounds = limits or Limits()
    before = len(diagnostics.errors)
    library = load_library(spec, diagnostics, bounds)
    compilation = Compilation(library, Facts(), diagnostics, bounds)
    body = Body(compilation, library, None, {}, {}, ())
    parameters = program_parameters(
        spec.params, chosen.parameters, _variant(spec, chosen, body), body, _place(spec)
    )
    names = compilation.names = dict(parameters)
    top = Context(body, Names(), names, None)
    _attempt(body, lambda: evaluate_let(spec.let, top))
    _refuse_names(library, body)
    if body.broken:
        return None
    facts_known = _read_facts(spec, compilation, top)
    with room_for_nesting():
        made = [make_model(decl, compilation) for decl in spec.models]
    _check_dims(spec, made, top)
    if not facts_known:
        return None
    solutions = solve_requirements(spec, compilation, made)
    if len(diagnostics.errors) > before or solutions is None:
        return None
    program = Program(
        name_of(spec),
        spec.doc,
        tuple(model_of(*each) for each in zip(made, solutions, strict=True)),
        tuple(parameters.items()),
        spec.source.name,
        spec.source.text,
    )
    return program, compilation


@contextmanager
def room_for_nesting() -> Iterator[None]:
    """Let blocks and containers nest as deep as the limits allow, whatever the caller's own depth is."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _place(spec: Spec) -> Span:
    return spec.name.span if spec.name is not None else Span(spec.source, 0, 0)


def _refuse_names(library: Library, body: Body) -> None:
    """Refuse blocks that take the name of an op (E0350)."""
    for name, (block, home) in library.blocks.items():
        if home is library and name in ops.names():
            message = f"the block `{name}` takes the name of an op"
            body.report(Diagnostic("E0350", message, block.key.span, help=(f"write `{name}_`",)))


def _attempt(body: Body, work: object) -> None:
    try:
        work()  # type: ignore[operator]
    except Mistake as mistake:
        body.report(mistake.diagnostic)


def _variant(spec: Spec, chosen: Choices, body: Body) -> dict[str, Tree]:
    if chosen.variant is None:
        return {}
    if chosen.variant in spec.variants:
        return spec.variants[chosen.variant].values
    known = ", ".join(f"`{name}`" for name in spec.variants) or "none"
    body.report(
        Diagnostic(
            "E0624",
            f"the spec has no variant `{chosen.variant}`",
            _place(spec),
            notes=(f"its variants: {known}",),
            help=did_you_mean(chosen.variant, spec.variants),
        )
    )
    return {}


def _read_facts(spec: Spec, compilation: Compilation, top: Context) -> bool:
    known = True
    for decl in spec.dims:
        try:
            compilation.facts = compilation.facts.with_fact(decl.name, _fact(decl, top))
        except Mistake as mistake:
            top.body.report(mistake.diagnostic)
            known = False
    return known


def _fact(decl: DimDecl, top: Context) -> SizeFact:
    def number(scalar: Scalar | None, default: int, least: int) -> int:
        if scalar is None:
            return default
        value = evaluate_size(scalar, top)
        if isinstance(value, int) and value >= least:
            return value
        message = f"a fact about a size is a whole number from {least}, this is `{value}`"
        raise Mistake(Diagnostic("E0412", message, scalar.span))

    multiple = number(decl.multiple_of, 1, 1)
    remainder = number(decl.remainder, 0, 0)
    least = number(decl.min, 1, 0)
    most = number(decl.max, -1, 1)
    fact = SizeFact(max(least, 1), None if decl.max is None else most, multiple, remainder % multiple)
    if remainder >= multiple > 1 or (fact.max is not None and fact.smallest > fact.max):
        raise Mistake(Diagnostic("E0412", f"no size satisfies the facts about `{decl.name}`", decl.span))
    return fact


def model_of(made: Made, solution: Solution) -> Model:
    """Give a model that was elaborated, with what it requires."""
    assert made.module is not None
    facts = Facts({name: fact for name, fact in solution.facts.items() if name in made.asked.symbols})
    ranges = tuple(made.asked.ranges.items())
    return Model(made.module.name, made.module, facts, solution.requirements, ranges, made.forms)


def _check_dims(spec: Spec, made: list[Made], top: Context) -> None:
    known = {name: place for each in made for name, place in each.asked.symbols.items()}
    for decl in spec.dims:
        if decl.name not in known:
            top.body.report(
                Diagnostic(
                    "E0413",
                    f"`dims` speaks of `{decl.name}`, which is not a symbolic size of any input",
                    decl.key.span,
                    help=did_you_mean(decl.name, known),
                )
            )

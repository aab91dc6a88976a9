"""What must hold of every spec: determinism, harmless passes, data in place of text, inferred types."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from torch.nn.utils.rnn import PackedSequence
from zoo_specs import Zoo, by_size, everything, files, small

import archc
from archc import ops
from archc.backends.folding import folded
from archc.backends.pytorch import load_module
from archc.elaborate.program import Choices, elaborate
from archc.ir.program import CallNode, Model, OpNode, Program, modules, walk
from archc.ir.text import program_text
from archc.passes.pipeline import STANDARD, run_passes
from archc.sizes import evaluate
from archc.source import Diagnostics, Source
from archc.spec.document_reader import read_spec
from archc.spec.files import read_source
from archc.spec.limits import Limits
from archc.spec.tree_from_data import source_from_data
from archc.verify.eager import tensors
from archc.verify.inputs import make_inputs
from archc.verify.sampling import points
from archc.weights.torch_state import load_initial

torch.set_num_threads(1)

Shapes = dict[str, set[tuple[tuple[int, ...], ...]]]
"""By path, the shapes of the results of each call; the steps of a scan are as many equal calls."""

UNUSED = """
name: unused
inputs: {x: [N, 6, H, W]}
layers:
  - {name: a, conv2d: {out_channels: 8, kernel_size: 3, padding: 1}}
  - {name: lost, from: a, relu: }
  - {name: kept, from: a, conv2d: {out_channels: 2, kernel_size: 1}}
  - {name: down, from: a, max_pool2d: 2}
  - {name: up, interpolate: {scale_factor: 2}}
  - {name: sum, add: [a, up]}
"""


def compiled(zoo: Zoo) -> archc.Compiled:
    return archc.compile(zoo.path, variant=zoo.variant)


def before_passes(spec: Path | str, variant: str | None = None) -> Program:
    source = read_source(str(spec), Limits()) if isinstance(spec, Path) else Source("<text>", spec)
    typed = read_spec(source, Diagnostics(), Limits(), ops.names())
    assert typed is not None
    program = elaborate(typed, Diagnostics(), Choices({}, variant), Limits())
    assert program is not None
    return program


def example_inputs(model: Model, at: int = -1) -> list[torch.Tensor]:
    sizes = points(model, {})[at]
    return tensors(model.module.inputs, make_inputs(model, model.module.inputs, sizes, 0))


def results(program: Program, model: Model, inputs: list[torch.Tensor]) -> list[torch.Tensor]:
    module = load_module(program, model.name).eval()
    load_initial(folded(program), module, model.name, 0)
    with torch.no_grad():
        found = module(*inputs)
    return list(found) if isinstance(found, tuple) else [found]


@pytest.mark.parametrize("zoo", by_size())
def test_building_twice_gives_the_same_bytes(zoo: Zoo, tmp_path: Path) -> None:
    digests = []
    for turn in ("one", "two"):
        result = compiled(zoo).build(tmp_path / turn, seed=3)
        manifest = (tmp_path / turn / "manifest.json").read_bytes()
        digests.append(({file.name: file.sha256 for file in result.files}, manifest))
        for file in result.files:
            (tmp_path / turn / file.name).unlink()
    assert digests[0] == digests[1]
    assert len(digests[0][0]) >= 3


@pytest.mark.parametrize("zoo", small())
def test_each_pass_keeps_the_numbers(zoo: Zoo) -> None:
    keeps_the_numbers(before_passes(zoo.path, zoo.variant))


def keeps_the_numbers(program: Program) -> None:
    for each in STANDARD:
        after = each(program)
        for old, new in zip(program.models, after.models, strict=True):
            inputs = example_inputs(new)
            for one, other in zip(results(program, old, inputs), results(after, new, inputs), strict=True):
                assert torch.equal(one, other)
        program = after


def test_what_nothing_reads_goes_but_not_its_weights() -> None:
    program = before_passes(UNUSED)
    keeps_the_numbers(program)
    [model] = run_passes(program).models
    assert [path for path, _ in walk(model.module)] == ["a", "kept", "down", "up", "sum"]


@pytest.mark.parametrize("zoo", everything())
def test_passes_change_nothing_the_second_time(zoo: Zoo) -> None:
    once = compiled(zoo).program
    twice = run_passes(once)
    assert twice == once
    assert program_text(twice) == program_text(once)


@pytest.mark.parametrize("zoo", everything())
def test_a_spec_as_data_is_the_same_spec(zoo: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(zoo.path.parent)  # where data imports from
    data = yaml.safe_load(zoo.path.read_text(encoding="utf-8"))
    as_text, as_data = compiled(zoo), archc.compile(data, variant=zoo.variant)
    assert as_data.to_pytorch() == as_text.to_pytorch()
    assert program_text(as_data.program) == program_text(as_text.program)


@pytest.mark.parametrize("path", files())
def test_data_printed_as_text_is_the_same_data(path: Path) -> None:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert yaml.safe_load(source_from_data(data, "<dict>").text) == data


@pytest.mark.parametrize("zoo", small())
def test_types_are_the_shapes_that_modules_give(zoo: Zoo) -> None:
    program = compiled(zoo).program
    for model in program.models:
        # What is applied again, to other sizes, is walked through once.
        again = any(isinstance(n, CallNode) and n.shares for m in modules(model.module) for n in m.nodes)
        for sizes in points(model, {})[:4]:
            inputs = tensors(model.module.inputs, make_inputs(model, model.module.inputs, sizes, 0))
            seen = shapes_of_modules(load_module(program, model.name).eval(), inputs)
            inferred = shapes_in_program(model, sizes)
            both = seen.keys() & inferred.keys()
            assert both
            for path in both:
                assert seen[path] == inferred[path] or (again and seen[path] > inferred[path]), path


def shapes_of_modules(module: torch.nn.Module, inputs: list[torch.Tensor]) -> Shapes:
    """Run a module; give for each layer with a path the shapes that its calls gave."""
    seen: Shapes = defaultdict(set)

    def note(path: str) -> Any:
        def hook(_module: object, inputs: object, output: object) -> None:
            if not isinstance(inputs, tuple) or any(isinstance(each, PackedSequence) for each in inputs):
                return  # what goes in and comes out is not the layer's value but a packed form of it
            seen[path].add(tuple(tuple(each.shape) for each in flat(output)))

        return hook

    for path, inner in module.named_modules():
        if not list(inner.children()):
            inner.register_forward_hook(note(path))
    with torch.no_grad():
        module(*inputs)
    return seen


def flat(output: object) -> list[torch.Tensor]:
    if isinstance(output, torch.Tensor):
        return [output]
    return [tensor for each in output for tensor in flat(each)] if isinstance(output, tuple) else []


def shapes_in_program(model: Model, sizes: dict[str, int]) -> Shapes:
    inferred: Shapes = defaultdict(set)
    for path, node in walk(model.module):
        shapes = tuple(tuple(evaluate(dim, sizes) for dim in value.type.shape) for value in node.outputs)
        shares = node.shares if isinstance(node, OpNode) else ""
        inferred[path.removesuffix(node.name) + shares if shares else path].add(shapes)
    return inferred

"""Every op with each of its examples, as one-layer specs, with sizes and inputs to try them at."""

from __future__ import annotations

import functools
import zlib
from typing import Any

import torch

import archc
from archc.backends.onnx import solution_of, symbols_of
from archc.ir.program import OpNode
from archc.opdef import Example, Op
from archc.ops import find, names
from archc.sizes import TensorType, evaluate

INTEGERS = {"int64": torch.int64, "int32": torch.int32, "int16": torch.int16, "int8": torch.int8, "uint8": torch.uint8}


class Case:
    """One example of one op."""

    def __init__(self, op: type[Op], index: int, example: Example) -> None:
        self.op = op
        self.index = index
        self.example = example

    def __repr__(self) -> str:
        return f"{self.op.name}-{self.index}"

    @property
    def inputs(self) -> dict[str, str]:
        """Names and types of the model's inputs; an op's own argument names where it has them."""
        given = self.example.inputs
        if isinstance(given, dict):
            return dict(given)
        declared = self.op.input_list()
        count = len(declared) - 1 if declared and declared[-1].many else len(declared)
        named = [each.name for each in declared[:count]] + [f"more_{i}" for i in range(len(given) - count)]
        return dict(zip(named, given, strict=False))

    def spec(self, outputs: int = 1) -> str:
        """Give the spec: the inputs, one layer, as many outputs."""
        lines = ["name: example", "inputs:"]
        lines += [f'  in_{name}: "{type_}"' for name, type_ in self.inputs.items()]
        lines += ["layers:", "  - name: layer"]
        if not self.op.inputs:
            lines[1:] = ["inputs: {in_x: [N, 2]}", "layers:", "  - name: layer"]
        elif isinstance(self.example.inputs, dict):
            lines += [f"    from: {{{', '.join(f'{name}: in_{name}' for name in self.inputs)}}}"]
        elif not (self.op.combines and self.example.arguments.startswith("[")):
            lines += [f"    from: [{', '.join(f'in_{name}' for name in self.inputs)}]"]
        lines += [f"    {self.op.name}: {self.example.arguments}"]
        if outputs > 1:
            fields = self.op.outputs or [str(index) for index in range(outputs)]
            lines += ["outputs:", *(f"  out_{field}: layer.{field}" for field in fields)]
        return "\n".join([*lines, ""])


@functools.cache
def all_cases() -> tuple[Case, ...]:
    ops = [find(name) for name in sorted(names())]
    return tuple(Case(op, index, example) for op in ops for index, example in enumerate(op.examples))


@functools.cache
def compiled(case: Case) -> archc.Compiled:
    """Compile a case with all the outputs that its op has."""
    first = archc.compile(case.spec())
    count = len(node_of(first).outputs)
    return first if count == 1 else archc.compile(case.spec(count))


def node_of(made: archc.Compiled) -> OpNode:
    """Give the one op of a compiled case."""
    nodes = [node for node in made.program.models[0].module.nodes if isinstance(node, OpNode)]
    return next(node for node in nodes if node.name == "layer")


def several_sizes(made: archc.Compiled, count: int) -> list[dict[str, int]]:
    """Give sizes for all symbols: small, odd, and spread, as the model's requirements allow."""
    solution = solution_of(made.program)
    symbols = symbols_of(*made.program.models)
    if not symbols:
        return [{}]
    samples = {name: [size for size in solution.sample(name) if size < 40] for name in symbols}
    found: list[dict[str, int]] = []
    for turn in range(40):
        sizes = {name: each[(turn + 2 * place * (turn > 0)) % len(each)] for place, (name, each) in enumerate(samples.items())}
        if solution.allows(sizes) and sizes not in found:
            found.append(sizes)
    return found[:count]


def inputs_at(made: archc.Compiled, sizes: dict[str, int]) -> dict[str, torch.Tensor]:
    """Draw inputs; integers from the ranges that the program states."""
    ranges = dict(made.program.ranges)
    drawn = {}
    for value in made.program.models[0].module.inputs:
        generator = torch.Generator().manual_seed(zlib.crc32(f"{value.name}{sizes}".encode()))
        drawn[value.name] = _draw(value.type, sizes, ranges.get(value.name), generator)
    return drawn


def shape_at(type_: TensorType, sizes: dict[str, int]) -> tuple[int, ...]:
    """Give a type's shape with numbers in place of symbols."""
    return tuple(evaluate(dim, sizes) for dim in type_.shape)


def _draw(type_: TensorType, sizes: dict[str, int], range_: Any, generator: torch.Generator) -> torch.Tensor:
    shape = shape_at(type_, sizes)
    name = type_.dtype.name
    if name == "bool":
        return torch.rand(shape, generator=generator) < 0.6
    if name in INTEGERS:
        low, high = (0, 9) if range_ is None else (evaluate(bound, sizes) for bound in range_)
        return torch.randint(low, high + 1, shape, generator=generator, dtype=INTEGERS[name])
    return torch.randn(shape, generator=generator, dtype=getattr(torch, name)) * 1.5


def float_inputs(given: dict[str, torch.Tensor], dtype: torch.dtype) -> dict[str, torch.Tensor]:
    """Convert the float inputs."""
    return {name: x.to(dtype) if x.is_floating_point() else x for name, x in given.items()}


def results(made: archc.Compiled, output: object) -> list[torch.Tensor]:
    """Give what a module returned as a list."""
    return list(output) if isinstance(output, tuple) else [output]  # type: ignore[list-item]

"""Every op with each of its examples, as one-layer specs, with sizes and inputs to try them at."""

from __future__ import annotations

import functools

import archc
from archc.backends.onnx import solution_of, symbols_of
from archc.ir.program import OpNode
from archc.opdef import Example, Op
from archc.ops import find, names
from archc.sizes import TensorType, evaluate

Sizes = dict[str, int]


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
        if not declared:
            return {f"size_{index}": type_ for index, type_ in enumerate(given or ["[N, 2]"])}
        count = len(declared) - 1 if declared and declared[-1].many else len(declared)
        named = [each.name for each in declared[:count]] + [f"more_{i}" for i in range(len(given) - count)]
        return dict(zip(named, given, strict=False))

    @property
    def use(self) -> str:
        """The op as it is written in the spec."""
        return f"{self.op.name}: {self.example.arguments}".rstrip()

    def spec(self, outputs: int = 1, sequential: bool = False) -> str:
        """Give the spec: the inputs, one layer, as many outputs; the layer may be inside a sequential."""
        lines = ["name: example", "inputs:"]
        lines += [f'  in_{name}: "{type_}"' for name, type_ in self.inputs.items()]
        lines += ["layers:", "  - name: layer"]
        if not self.op.inputs:
            lines.insert(1, f"outputs: [layer, {', '.join(f'in_{name}' for name in self.inputs)}]")
        elif isinstance(self.example.inputs, dict):
            lines += [f"    from: {{{', '.join(f'{name}: in_{name}' for name in self.inputs)}}}"]
        elif not (self.op.combines and self.example.arguments.startswith("[")):
            lines += [f"    from: [{', '.join(f'in_{name}' for name in self.inputs)}]"]
        lines += ["    sequential:", f"      - {self.use}"] if sequential else [f"    {self.use}"]
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


def several_sizes(made: archc.Compiled, count: int) -> list[Sizes]:
    """Give sizes for all symbols: small, odd, and spread, as the model's requirements allow."""
    solution = solution_of(made.program.models[0])
    symbols = symbols_of(*made.program.models)
    if not symbols:
        return [{}]
    samples = {name: [size for size in solution.sample(name) if size < 40] for name in symbols}
    found: list[Sizes] = []
    for turn in range(40):
        sizes = {
            name: each[(turn + 2 * place * (turn > 0)) % len(each)]
            for place, (name, each) in enumerate(samples.items())
        }
        if solution.allows(sizes) and sizes not in found:
            found.append(sizes)
    return found[:count]


def shape_at(type_: TensorType, sizes: Sizes) -> tuple[int, ...]:
    """Give a type's shape with numbers in place of symbols."""
    return tuple(evaluate(dim, sizes) for dim in type_.shape)
